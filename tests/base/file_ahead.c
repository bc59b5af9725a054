/* file_ahead: what is read ahead is in memory soon, with nobody touching it, and stopping is possible at any time. */
#include "base/file_ahead.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIZE = (24 << 20) + 12345, PAGE = 4096 };

/* Writes a file whose pages then are not in memory. */
static void write_cold(char *path)
{
	static char bytes[1 << 16];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	for (size_t done = 0, n; done < SIZE; done += n) {
		n = SIZE - done < sizeof bytes ? SIZE - done : sizeof bytes;
		assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	}
	assert_int_equal(fsync(fd), 0);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

static size_t resident(const struct file_map *m)
{
	static unsigned char page[SIZE / PAGE + 1];
	size_t n = 0;
	assert_int_equal(mincore((void *)(uintptr_t)m->data, m->size, page), 0);
	for (size_t i = 0; i < sizeof page; i++) n += page[i] & 1;
	return n;
}

static void pages_come_without_being_touched(void **state)
{
	(void)state;
	char path[] = "/tmp/hearth-ahead-XXXXXX";
	struct error e;
	struct file_map m;
	write_cold(path);
	assert_true(file_map_path(&m, path, &e));
	struct file_ahead a;
	file_ahead_start(&a, &m, 1);
	assert_true(a.runs);
	struct timespec moment = { .tv_nsec = 10000000 };
	for (int i = 0; i < 3000 && resident(&m) < SIZE / PAGE + 1; i++) nanosleep(&moment, NULL);
	assert_int_equal(resident(&m), SIZE / PAGE + 1);
	file_ahead_stop(&a);
	file_unmap(&m);
	unlink(path);
}

/* KiB of the map that this process has mapped; SIZE_MAX: nobody says. */
static size_t mapped(const struct file_map *m)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[512];
	unsigned long long start, end;
	size_t found = SIZE_MAX, kib;
	bool inside = false;
	while (f && found == SIZE_MAX && fgets(line, sizeof line, f)) {
		if (sscanf(line, "%llx-%llx ", &start, &end) == 2) inside = (uintptr_t)m->data == start;
		if (inside && sscanf(line, "Rss: %zu kB", &kib) == 1) found = kib;
	}
	if (f) fclose(f);
	return found;
}

/* So that memory is what was planned, whatever is read of the file. */
static void what_is_in_memory_is_mapped(void **state)
{
	(void)state;
	char path[] = "/tmp/hearth-ahead-XXXXXX";
	struct error e;
	struct file_map m;
	write_cold(path);
	assert_true(file_map_path(&m, path, &e));
	if (madvise((void *)(uintptr_t)m.data, PAGE, 22 /* MADV_POPULATE_READ */) != 0 || mapped(&m) == SIZE_MAX) {
		file_unmap(&m);
		unlink(path);
		skip();
	}
	size_t whole = (SIZE + PAGE - 1) / PAGE * PAGE / 1024;
	for (size_t at = 0; at < SIZE; at += PAGE) (void)*(const volatile uint8_t *)(m.data + at);
	file_unmap(&m);
	assert_true(file_map_path(&m, path, &e)); /* in memory, and mapped anew */
	assert_true(mapped(&m) < whole);
	struct file_ahead a;
	file_ahead_start(&a, &m, 1);
	struct timespec moment = { .tv_nsec = 10000000 };
	size_t now = mapped(&m);
	for (int i = 0; i < 3000 && now < whole; i++, now = mapped(&m)) nanosleep(&moment, NULL);
	assert_int_equal(now, whole);
	file_ahead_stop(&a);
	file_unmap(&m);
	unlink(path);
}

static void it_can_be_stopped_at_once(void **state)
{
	(void)state;
	char path[] = "/tmp/hearth-ahead-XXXXXX";
	struct error e;
	struct file_map m[2];
	write_cold(path);
	assert_true(file_map_path(&m[0], path, &e) && file_map_path(&m[1], path, &e));
	struct file_ahead a;
	for (int i = 0; i < 20; i++) {
		file_ahead_start(&a, m, 2);
		file_ahead_stop(&a);
	}
	assert_int_equal(truncate(path, 100), 0); /* what is gone is no crash */
	file_ahead_start(&a, m, 2);
	file_ahead_stop(&a);
	file_ahead_stop(&a);
	file_unmap(&m[0]);
	file_unmap(&m[1]);
	unlink(path);
}

static void without_a_file_there_is_nothing_to_do(void **state)
{
	(void)state;
	struct error e;
	struct file_map m;
	assert_true(file_map_memory(&m, "bytes", 5, "memory", &e));
	struct file_ahead a;
	file_ahead_start(&a, &m, 1);
	assert_false(a.runs);
	file_ahead_stop(&a);
	file_ahead_start(&a, NULL, 0);
	assert_false(a.runs);
	file_unmap(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(pages_come_without_being_touched),
		                            cmocka_unit_test(what_is_in_memory_is_mapped),
		                            cmocka_unit_test(it_can_be_stopped_at_once),
		                            cmocka_unit_test(without_a_file_there_is_nothing_to_do) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
