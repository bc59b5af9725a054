/* memory_file: what was written stays, nobody changes it, and it goes with its last descriptor. */
#include "base/memory_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void sealed_content_cannot_be_changed(void **state)
{
	(void)state;
	struct memory_file m;
	struct error e;
	struct stat st;
	char bytes[16] = { 0 };
	assert_true(memory_file_new(&m, 10000, "x", &e));
	assert_int_equal(pwrite(m.fd, "hello", 5, 0), 5);
	assert_true(memory_file_seal(&m, "x", &e));
	assert_int_equal(pread(m.fd, bytes, 5, 0), 5);
	assert_string_equal(bytes, "hello");
	assert_int_equal(pwrite(m.fd, "jello", 5, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(m.fd, 1), -1);
	assert_int_equal(ftruncate(m.fd, 20000), -1);
	assert_true(mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, m.fd, 0) == MAP_FAILED);
	assert_int_equal(fstat(m.fd, &st), 0);
	assert_true(st.st_nlink == 0 && st.st_size == 10000);
	if (m.locked) assert_memory_equal(m.data, "hello", 5);
	int fd = m.fd;
	memory_file_free(&m);
	memory_file_free(&m);
	assert_int_equal(fstat(fd, &st), -1);
}

static void it_is_left_out_of_core_dumps(void **state)
{
	(void)state;
	struct memory_file m;
	struct error e;
	char line[512];
	bool within = false, found = false;
	assert_true(memory_file_new(&m, 4096, "x", &e));
	assert_true(memory_file_seal(&m, "x", &e));
	if (!m.locked) {
		memory_file_free(&m);
		skip();
	}
	FILE *maps = fopen("/proc/self/smaps", "r");
	if (!maps) {
		memory_file_free(&m);
		skip();
	}
	while (fgets(line, sizeof line, maps)) {
		unsigned long from, to;
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2) within = from == (uintptr_t)m.data;
		if (within && strncmp(line, "VmFlags:", 8) == 0) found = strstr(line, " dd") != NULL;
	}
	fclose(maps);
	memory_file_free(&m);
	assert_true(found);
}

static void too_much_is_an_error_line(void **state)
{
	(void)state;
	struct memory_file m;
	struct error e;
	assert_false(memory_file_new(&m, SIZE_MAX, "x.gguf", &e));
	assert_non_null(strstr(e.text, "x.gguf: cannot get memory for it"));
	assert_int_equal(m.fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealed_content_cannot_be_changed),
		cmocka_unit_test(it_is_left_out_of_core_dumps),
		cmocka_unit_test(too_much_is_an_error_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
