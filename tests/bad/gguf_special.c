/* gguf_special: paths that are no file, files that are mostly holes, and files that change while they are open. */
#include "made.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	static char long_path[6000];
	memset(long_path, 'p', sizeof long_path - 1);
	long_path[0] = '/';
	assert_int_equal(mkfifo(made_path("fifo"), 0600), 0);
	assert_int_equal(symlink("loop2", made_path("loop1")), 0);
	assert_int_equal(symlink("loop1", made_path("loop2")), 0);
	const struct {
		const char *name, *path, *expected;
	} cases[] = {
		{ "directory", made_folder, "is a directory, not a file" },
		{ "FIFO", made_path("fifo"), "is not a regular file" },
		{ "endless device", "/dev/zero", "is not a regular file" },
		{ "empty device", "/dev/null", "is not a regular file" },
		{ "loop of links", made_path("loop1"), "Too many levels of symbolic links" },
		{ "nothing", "/nowhere/model.gguf", "No such file" },
		{ "no path", "", "No such file" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) made_refused(cases[i].name, cases[i].path, 0, cases[i].expected);
	struct error e = { "" };
	assert_null(gguf_open(long_path, &e));
	assert_memory_equal(e.text, "/pppp", 5);
	assert_non_null(strstr(e.text, "File name too long"));
	unlink(made_path("fifo"));
	unlink(made_path("loop1"));
	unlink(made_path("loop2"));
}

static bool stretch(const char *name, off_t size)
{
	return truncate(made_path(name), size) == 0;
}

static void a_tebibyte_of_holes_is_refused(void **state)
{
	(void)state;
	made_write("sparse.gguf", "", 0);
	bool possible = stretch("sparse.gguf", (off_t)1 << 40);
	if (possible) made_refused("sparse", made_path("sparse.gguf"), 0, "not a GGUF file");
	made_write("sparse.gguf", "GGUF\3\0\0\0\xff\xff\1\0\0\0\0\0\xff\xff\0\0\0\0\0\0", 24);
	possible = possible && stretch("sparse.gguf", (off_t)1 << 40);
	if (possible) made_refused("sparse with a header", made_path("sparse.gguf"), 0, "key is empty");
	unlink(made_path("sparse.gguf"));
	if (!possible) skip();
}

/* A file that is honest about a tensor of 2^39 bytes costs what its few real bytes justify. */
static void a_tebibyte_of_honest_holes_costs_nothing(void **state)
{
	(void)state;
	struct error e = { "" };
	struct gguf_writer w = made_valid();
	made_put_info(&w, "huge", 4, 2, (uint64_t[]){ 1 << 20, 1 << 17 }, 2, TYPE_F32, w.data_size);
	assert_true(gguf_writer_save(&w, made_path("sparse.gguf"), &e));
	gguf_writer_free(&w);
	bool possible = stretch("sparse.gguf", (off_t)1 << 40);
	if (possible) {
		size_t before = memory_in_use();
		memory_peak_reset();
		struct gguf *g = gguf_open(made_path("sparse.gguf"), &e);
		if (!g) fail_msg("%s", e.text);
		assert_int_equal(gguf_tensor(g, "huge")->size, (size_t)1 << 39);
		assert_int_equal(gguf_tensor(g, "huge")->data[((size_t)1 << 39) - 1], 0);
		assert_true(memory_peak() - before < 1 << 20);
		gguf_close(g);
	}
	unlink(made_path("sparse.gguf"));
	if (!possible) skip();
}

/* A file with `n` pages of values in front of its tensors. */
static void write_large(size_t n)
{
	struct error e = { "" };
	struct gguf_writer w = made_valid();
	char *page = memory_new(n, 4096);
	memset(page, 'p', n * 4096);
	gguf_put_text(&w, "pages", page, n * 4096);
	gguf_put_texts(&w, "last", (struct gguf_text[]){ { "first", 5 }, { "second", 6 } }, 2);
	memory_free(page);
	assert_true(gguf_writer_save(&w, made_path("cut.gguf"), &e));
	gguf_writer_free(&w);
}

static void a_file_cut_between_mapping_and_reading(void **state)
{
	(void)state;
	file_guard_maps(); /* here, since cmocka puts its own handler in place for every case */
	static const off_t sizes[] = { 0, 1, 4095, 4096, 8192, 40960, 81000 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct error e = { "" };
		struct file_map map;
		size_t before = memory_in_use();
		write_large(20);
		assert_true(file_map_path(&map, made_path("cut.gguf"), &e));
		assert_true(stretch("cut.gguf", sizes[i]));
		struct gguf *g = gguf_open_maps(&map, 1, &e);
		if (g) {
			/* only what the page cache still held within the last page was read */
			assert_true(sizes[i] > 80000);
			gguf_close(g);
		} else {
			assert_non_null(strstr(e.text, "cut.gguf: "));
		}
		assert_int_equal(memory_in_use(), before);
	}
	unlink(made_path("cut.gguf"));
}

static void a_file_cut_while_open(void **state)
{
	(void)state;
	file_guard_maps();
	struct error e = { "" };
	write_large(20);
	struct gguf *g = gguf_open(made_path("cut.gguf"), &e);
	assert_non_null(g);
	assert_true(gguf_intact(g, &e));
	assert_true(stretch("cut.gguf", 4096));
	struct gguf_text last = gguf_item_text(gguf_find(g, "last"), 1);
	assert_int_equal(last.length, 6); /* lengths were kept when they were checked */
	assert_memory_equal(last.data, "\0\0\0\0\0", 6);
	assert_int_equal(gguf_tensor(g, "norm")->data[0], 0);
	assert_false(gguf_intact(g, &e));
	assert_non_null(strstr(e.text, "cut.gguf: the file was cut short while in use"));
	gguf_close(g);
	unlink(made_path("cut.gguf"));
}

/* The same bytes written to: texts keep their lengths and numbers are numbers, wherever they come from. */
static void a_file_overwritten_while_open(void **state)
{
	(void)state;
	struct error e = { "" };
	write_large(2);
	struct gguf *g = gguf_open(made_path("cut.gguf"), &e);
	assert_non_null(g);
	int fd = open(made_path("cut.gguf"), O_WRONLY);
	char *junk = memory_new(gguf_file_size(g), 1);
	memset(junk, 0xff, gguf_file_size(g));
	assert_int_equal(write(fd, junk, gguf_file_size(g)), gguf_file_size(g));
	close(fd);
	memory_free(junk);
	assert_int_equal(gguf_item_text(gguf_find(g, "last"), 0).length, 5);
	assert_int_equal(gguf_item_text(gguf_find(g, "pages"), 0).length, 8192);
	assert_string_equal(gguf_find(g, "last")->key, "last");
	for (size_t i = 0; i < gguf_value_count(g); i++) {
		char words[400];
		gguf_describe(gguf_value_at(g, i), words, sizeof words);
	}
	bool flag = false;
	assert_true(gguf_get_bool(g, "flag", &flag, &e));
	gguf_close(g);
	unlink(made_path("cut.gguf"));
}

static atomic_bool stop;

static void *cut_and_restore(void *path)
{
	while (!atomic_load(&stop)) {
		if (truncate(path, 5000) != 0 || truncate(path, 90000) != 0) return path;
	}
	return NULL;
}

/* Somebody cuts and stretches the file all the time; opening it is either possible or an error. */
static void a_file_cut_by_somebody_else_all_the_time(void **state)
{
	(void)state;
	file_guard_maps();
	write_large(20);
	char path[512];
	snprintf(path, sizeof path, "%s", made_path("cut.gguf"));
	pthread_t thread;
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&thread, NULL, cut_and_restore, path), 0);
	size_t before = memory_in_use();
	for (int i = 0; i < 300; i++) {
		struct error e = { "" };
		struct gguf *g = gguf_open(path, &e);
		if (!g) assert_true(e.text[0] != 0);
		gguf_close(g);
		assert_int_equal(memory_in_use(), before);
	}
	atomic_store(&stop, true);
	void *failed;
	pthread_join(thread, &failed);
	assert_null(failed);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(a_tebibyte_of_holes_is_refused),
		cmocka_unit_test(a_tebibyte_of_honest_holes_costs_nothing),
		cmocka_unit_test(a_file_cut_between_mapping_and_reading),
		cmocka_unit_test(a_file_cut_while_open),
		cmocka_unit_test(a_file_overwritten_while_open),
		cmocka_unit_test(a_file_cut_by_somebody_else_all_the_time),
	};
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
