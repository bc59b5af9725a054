/* file_source: what was given is found under its path and nowhere else, stays when it is unmapped, and reads as the system's. */
#include "base/file_source.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/hearth-source-XXXXXX";
static struct error e;

static void give(struct file_given *g, const char *name)
{
	int fd = file_open(path, &e);
	assert_true(fd >= 0);
	file_given_begin(g);
	assert_true(file_given_add(g, fd, name, &e));
	close(fd);
}

static void what_was_given_is_found_under_its_path(void **state)
{
	(void)state;
	struct file_given g;
	struct file_map a, b;
	give(&g, "models/a.gguf");
	assert_true(g.source.has(&g.source, "models/a.gguf"));
	assert_false(g.source.has(&g.source, path));
	assert_false(g.source.map(&g.source, path, &a, &e));
	char expected[128];
	snprintf(expected, sizeof expected, "%s: cannot open: No such file or directory", path);
	assert_string_equal(e.text, expected);
	for (int i = 0; i < 2; i++) { /* it can be taken again */
		assert_true(g.source.map(&g.source, "models/a.gguf", &a, &e));
		assert_int_equal(a.size, 5);
		assert_memory_equal(a.data, "words", 5);
		assert_string_equal(a.name, "models/a.gguf");
		assert_true(a.paged);
		file_unmap(&a);
	}
	assert_true(g.source.map(&g.source, "models/a.gguf", &b, &e));
	assert_true(file_map_intact(&b, &e));
	file_unmap(&b);
	g.hands_over = true;
	assert_true(g.source.map(&g.source, "models/a.gguf", &a, &e));
	assert_false(g.source.has(&g.source, "models/a.gguf"));
	file_given_free(&g);
	assert_memory_equal(a.data, "words", 5);
	file_unmap(&a);
}

static void both_sources_read_alike(void **state)
{
	(void)state;
	struct file_given g;
	size_t size;
	give(&g, path);
	const struct file_source *sources[] = { &g.source, &file_paths };
	for (int i = 0; i < 2; i++) {
		char *text = file_source_read(sources[i], path, 5, &size, &e);
		assert_non_null(text);
		assert_int_equal(size, 5);
		assert_string_equal(text, "words");
		memory_free(text);
		assert_null(file_source_read(sources[i], path, 4, &size, &e));
		assert_non_null(strstr(e.text, "is larger than 4 bytes"));
		assert_null(file_source_read(sources[i], "/nowhere/at-all", 5, &size, &e));
		assert_non_null(strstr(e.text, "No such file"));
		assert_true(sources[i]->has(sources[i], path));
		assert_false(sources[i]->has(sources[i], "/nowhere/at-all"));
	}
	file_given_free(&g);
}

static int make_file(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	bool ok = fd >= 0 && write(fd, "words", 5) == 5;
	return ok ? close(fd) : -1;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_given_is_found_under_its_path),
		cmocka_unit_test(both_sources_read_alike),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
