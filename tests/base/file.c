/* file: what is read and mapped, what is refused, and files that appear whole or not at all. */
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/hearth-file-XXXXXX";
static char shown[4096];

static const char *in_folder(const char *name)
{
	snprintf(shown, sizeof shown, "%s/%s", folder, name);
	return shown;
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	static const char *const names[] = { "a", "a.tmp", "empty", "fifo", "loop", "fifo.tmp", "sparse" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(in_folder(names[i]));
	return rmdir(folder);
}

static void put(const char *name, const void *bytes, size_t size)
{
	int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void assert_error(const struct error *e, const char *place, const char *reason)
{
	if (!strstr(e->text, place) || !strstr(e->text, reason)) fail_msg("'%s' names not '%s' and '%s'", e->text, place, reason);
}

static bool exists(const char *name)
{
	struct stat st;
	return lstat(in_folder(name), &st) == 0;
}

static void a_file_is_read_whole(void **state)
{
	(void)state;
	static char bytes[300000];
	for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 31 >> 3);
	static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 131072, sizeof bytes };
	struct error e = { "" };
	size_t before = memory_in_use();
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		size_t size = 0;
		put("a", bytes, sizes[i]);
		char *text = file_read(in_folder("a"), sizes[i], &size, &e);
		assert_non_null(text);
		assert_int_equal(size, sizes[i]);
		assert_memory_equal(text, bytes, size);
		assert_int_equal(text[size], 0);
		memory_free(text);
		if (sizes[i] == 0) continue;
		assert_null(file_read(in_folder("a"), sizes[i] - 1, &size, &e));
		assert_error(&e, "/a: ", "is larger than");
	}
	assert_int_equal(memory_in_use(), before);
}

static void a_map_shows_the_bytes(void **state)
{
	(void)state;
	struct error e = { "" };
	struct file_map m;
	put("a", "mapped", 6);
	assert_true(file_map_path(&m, in_folder("a"), &e));
	assert_int_equal(m.size, 6);
	assert_memory_equal(m.data, "mapped", 6);
	assert_string_equal(m.name, in_folder("a"));
	assert_true(file_map_intact(&m, &e));
	file_unmap(&m);
	assert_null(m.data);
	put("empty", "", 0);
	assert_true(file_map_path(&m, in_folder("empty"), &e));
	assert_int_equal(m.size, 0);
	assert_null(m.data);
	file_unmap(&m);
}

static void memory_is_shown_where_it_lies(void **state)
{
	(void)state;
	static const char bytes[] = "bytes";
	struct error e = { "" };
	struct file_map m;
	assert_true(file_map_memory(&m, bytes, 5, "inside", &e));
	assert_ptr_equal(m.data, bytes);
	assert_int_equal(m.size, 5);
	assert_string_equal(m.name, "inside");
	assert_true(file_map_intact(&m, &e));
	file_unmap(&m);
	assert_null(m.data);
	assert_memory_equal(bytes, "bytes", 5);
	assert_true(file_map_memory(&m, bytes, 0, "empty", &e));
	assert_null(m.data);
	file_unmap(&m);
	memory_fail_at(1, false);
	assert_false(file_map_memory(&m, bytes, 5, "inside", &e));
	memory_fail_at(0, false);
}

static void special_files_are_refused_without_waiting(void **state)
{
	(void)state;
	struct error e = { "" };
	struct file_map m;
	size_t size;
	alarm(20);
	assert_false(file_map_path(&m, folder, &e));
	assert_error(&e, folder, "is a directory");
	assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
	assert_false(file_map_path(&m, in_folder("fifo"), &e));
	assert_error(&e, "/fifo", "not a regular file");
	assert_null(file_read(in_folder("fifo"), 10, &size, &e));
	assert_false(file_map_path(&m, "/dev/zero", &e));
	assert_error(&e, "/dev/zero", "not a regular file");
	assert_int_equal(symlink("loop", in_folder("loop")), 0);
	assert_false(file_map_path(&m, in_folder("loop"), &e));
	assert_error(&e, "/loop", strerror(ELOOP));
	assert_false(file_map_path(&m, in_folder("absent"), &e));
	assert_error(&e, "/absent", strerror(ENOENT));
	assert_int_equal(file_open("", &e), -1);
	alarm(0);
}

static void a_written_file_appears_at_the_end(void **state)
{
	(void)state;
	struct error e = { "" };
	struct file_writer w;
	size_t before = memory_in_use(), size;
	put("a", "old", 3);
	assert_true(file_create(&w, in_folder("a"), &e));
	assert_true(file_write(&w, "new ", 4, &e));
	assert_true(file_write(&w, "bytes", 5, &e));
	assert_int_equal(w.written, 9);
	char *text = file_read(in_folder("a"), 100, &size, &e);
	assert_string_equal(text, "old");
	memory_free(text);
	assert_true(exists("a.tmp"));
	assert_true(file_commit(&w, &e));
	file_abandon(&w);
	assert_false(exists("a.tmp"));
	text = file_read(in_folder("a"), 100, &size, &e);
	assert_string_equal(text, "new bytes");
	memory_free(text);
	assert_int_equal(memory_in_use(), before);
}

static void an_abandoned_file_leaves_the_old_one(void **state)
{
	(void)state;
	struct error e = { "" };
	struct file_writer w;
	size_t before = memory_in_use(), size;
	put("a", "old", 3);
	assert_true(file_create(&w, in_folder("a"), &e));
	file_write(&w, "half", 4, &e);
	file_abandon(&w);
	assert_false(exists("a.tmp"));
	char *text = file_read(in_folder("a"), 100, &size, &e);
	assert_string_equal(text, "old");
	memory_free(text);
	assert_int_equal(memory_in_use(), before);
}

static void what_lies_at_the_temporary_name_is_not_opened(void **state)
{
	(void)state;
	struct error e = { "" };
	struct file_writer w;
	put("empty", "precious", 8);
	assert_int_equal(symlink("empty", in_folder("a.tmp")), 0);
	assert_true(file_create(&w, in_folder("a"), &e));
	file_write(&w, "x", 1, &e);
	assert_true(file_commit(&w, &e));
	size_t size;
	char *text = file_read(in_folder("empty"), 100, &size, &e);
	assert_string_equal(text, "precious");
	memory_free(text);
	alarm(20);
	assert_int_equal(mkfifo(in_folder("a.tmp"), 0600), 0);
	assert_true(file_create(&w, in_folder("a"), &e));
	file_abandon(&w);
	alarm(0);
}

static void a_special_file_is_not_replaced(void **state)
{
	(void)state;
	struct error e = { "" };
	struct file_writer w;
	assert_false(file_create(&w, in_folder("fifo"), &e));
	assert_error(&e, "/fifo", "not a regular file");
	assert_true(exists("fifo"));
	assert_false(file_create(&w, "/dev/null", &e));
	assert_false(file_create(&w, folder, &e));
	assert_false(file_create(&w, in_folder("no/such/folder"), &e));
	assert_error(&e, "no/such/folder", strerror(ENOENT));
}

static void a_file_cut_while_mapped_is_an_error_and_no_crash(void **state)
{
	(void)state;
	enum { PAGES = 20 };
	static char bytes[PAGES * 4096 + 100];
	memset(bytes, 'b', sizeof bytes);
	struct error e = { "" };
	struct file_map cut, whole;
	file_guard_maps(); /* here, since cmocka puts its own handler in place for every case */
	put("a", bytes, sizeof bytes);
	put("empty", bytes, sizeof bytes);
	assert_true(file_map_path(&cut, in_folder("a"), &e));
	assert_true(file_map_path(&whole, in_folder("empty"), &e));
	assert_int_equal(truncate(in_folder("a"), 4096 * 3), 0);
	size_t read = 0;
	for (size_t i = 0; i < cut.size; i++) read += cut.data[i] == 'b';
	assert_int_equal(read, 4096 * 3);
	assert_false(file_map_intact(&cut, &e));
	assert_error(&e, "/a", "cut short");
	for (size_t i = 0; i < whole.size; i++) assert_int_equal(whole.data[i], 'b');
	assert_true(file_map_intact(&whole, &e));
	file_unmap(&cut);
	put("a", bytes, sizeof bytes);
	assert_true(file_map_path(&cut, in_folder("a"), &e));
	assert_true(file_map_intact(&cut, &e)); /* the mark belonged to the map before */
	file_unmap(&cut);
	file_unmap(&whole);
}

static void more_maps_than_can_be_guarded_are_refused(void **state)
{
	(void)state;
	enum { MOST = 5000 };
	struct file_map *maps = memory_new(MOST, sizeof *maps);
	struct error e = { "" };
	put("a", "x", 1);
	size_t n = 0;
	while (n < MOST && file_map_path(&maps[n], in_folder("a"), &e)) n++;
	assert_true(n >= 1024 && n < MOST);
	assert_error(&e, "/a", "open already");
	for (size_t i = 0; i < n; i++) file_unmap(&maps[i]);
	assert_true(file_map_path(&maps[0], in_folder("a"), &e));
	file_unmap(&maps[0]);
	memory_free(maps);
}

static void a_sparse_tebibyte_is_mapped_without_memory(void **state)
{
	(void)state;
	struct error e = { "" };
	struct file_map m;
	put("sparse", "", 0);
	if (truncate(in_folder("sparse"), (off_t)1 << 40) != 0) skip();
	size_t before = memory_in_use();
	assert_true(file_map_path(&m, in_folder("sparse"), &e));
	assert_int_equal(m.size, (size_t)1 << 40);
	assert_int_equal(m.data[m.size - 1], 0);
	assert_true(memory_in_use() - before < 10000);
	file_unmap(&m);
}

static bool write_all(struct error *e)
{
	struct file_writer w;
	if (!file_create(&w, in_folder("a"), e)) return false;
	if (file_write(&w, "new", 3, e) && file_commit(&w, e)) return true;
	file_abandon(&w);
	return false;
}

static bool read_all(struct error *e)
{
	size_t size;
	char *text = file_read(in_folder("a"), 100, &size, e);
	memory_free(text);
	return text != NULL;
}

static bool map_all(struct error *e)
{
	struct file_map m;
	bool ok = file_map_path(&m, in_folder("a"), e);
	if (ok) file_unmap(&m);
	return ok;
}

/* Each call of the system, then each allocation, made to fail once: an error, nothing left behind, the old file whole. */
static void every_fault_is_an_error(void **state)
{
	(void)state;
	bool (*const work[])(struct error *) = { write_all, read_all, map_all };
	for (size_t i = 0; i < 3; i++) {
		for (int kind = 0; kind < 2; kind++) {
			uint64_t n = 1;
			put("a", "old", 3);
			for (;; n++) {
				struct error e = { "" };
				size_t before = memory_in_use(), size;
				if (kind == 0) file_fail_at(n);
				if (kind == 1) memory_fail_at(n, false);
				bool ok = work[i](&e);
				file_fail_at(0);
				memory_fail_at(0, false);
				assert_int_equal(memory_in_use(), before);
				assert_false(exists("a.tmp"));
				if (ok) break;
				assert_true(e.text[0] != 0);
				char *text = file_read(in_folder("a"), 10, &size, &e);
				assert_string_equal(text, "old");
				memory_free(text);
			}
			assert_true(n > 1 && n < 20);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole),
		cmocka_unit_test(a_map_shows_the_bytes),
		cmocka_unit_test(memory_is_shown_where_it_lies),
		cmocka_unit_test(special_files_are_refused_without_waiting),
		cmocka_unit_test(a_written_file_appears_at_the_end),
		cmocka_unit_test(an_abandoned_file_leaves_the_old_one),
		cmocka_unit_test(what_lies_at_the_temporary_name_is_not_opened),
		cmocka_unit_test(a_special_file_is_not_replaced),
		cmocka_unit_test(a_file_cut_while_mapped_is_an_error_and_no_crash),
		cmocka_unit_test(more_maps_than_can_be_guarded_are_refused),
		cmocka_unit_test(a_sparse_tebibyte_is_mapped_without_memory),
		cmocka_unit_test(every_fault_is_an_error),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
