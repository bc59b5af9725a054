/* gguf_writer: the bytes of a file, one by one, and what is left behind when writing fails. */
#include "format/gguf_writer.h"
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

static void the_bytes_are_those_of_the_format(void **state)
{
	(void)state;
	static const char expected[] = "GGUF\3\0\0\0"
	                               "\2\0\0\0\0\0\0\0"
	                               "\3\0\0\0\0\0\0\0"
	                               "\1\0\0\0\0\0\0\0a\4\0\0\0\x04\x03\x02\x01"
	                               "\1\0\0\0\0\0\0\0t\10\0\0\0\2\0\0\0\0\0\0\0hi"
	                               "\1\0\0\0\0\0\0\0l\11\0\0\0\2\0\0\0\2\0\0\0\0\0\0\0\5\0\6\0"
	                               "\1\0\0\0\0\0\0\0x\1\0\0\0\3\0\0\0\0\0\0\0\30\0\0\0\0\0\0\0\0\0\0\0"
	                               "\1\0\0\0\0\0\0\0y\2\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\30\0\0\0\x20\0\0\0\0\0\0\0";
	struct gguf_writer w = gguf_writer_new();
	gguf_put_u32(&w, "a", 0x01020304);
	gguf_put_text(&w, "t", "hi", 2);
	gguf_put_array(&w, "l", GGUF_U16, (uint16_t[]){ 5, 6 }, 2);
	gguf_put_tensor(&w, "x", TYPE_I8, 1, (uint64_t[]){ 3 }, "abc", 3);
	gguf_put_tensor(&w, "y", TYPE_I8, 2, (uint64_t[]){ 1, 2 }, "de", 2);
	struct buffer out = buffer_new(1000);
	struct error e = { "" };
	assert_true(gguf_writer_bytes(&w, &out, &e));
	assert_memory_equal(out.data, expected, sizeof expected - 1);
	size_t start = (sizeof expected - 1 + 31) / 32 * 32;
	assert_int_equal(out.size, start + 64);
	for (size_t i = sizeof expected - 1; i < start; i++) assert_int_equal(out.data[i], 0);
	assert_memory_equal(out.data + start, "abc", 4);
	assert_memory_equal(out.data + start + 32, "de", 3);
	struct buffer head = buffer_new(1000);
	assert_true(gguf_writer_begin(&w, &head, &e));
	assert_int_equal(head.size, start);
	assert_memory_equal(head.data, out.data, start);
	buffer_free(&head);
	buffer_free(&out);
	gguf_writer_free(&w);
}

static void a_value_is_copied_from_another_file(void **state)
{
	(void)state;
	char path[] = "/tmp/hearth-writer-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	struct error e = { "" };
	struct gguf_writer first = gguf_writer_new(), second = gguf_writer_new();
	gguf_put_f32(&first, "f", 2.5f);
	gguf_put_bool(&first, "b", true);
	gguf_put_text(&first, "t", "text", 4);
	gguf_put_texts(&first, "ts", (struct gguf_text[]){ { "a", 1 }, { "", 0 }, { "ccc", 3 } }, 3);
	gguf_put_array(&first, "is", GGUF_I32, (int32_t[]){ 1, -2 }, 2);
	assert_true(gguf_writer_save(&first, path, &e));
	struct gguf *g = gguf_open(path, &e);
	assert_non_null(g);
	for (size_t i = 0; i < gguf_value_count(g); i++) gguf_put_value(&second, gguf_value_at(g, i));
	struct buffer a = buffer_new(1000), b = buffer_new(1000);
	assert_true(gguf_writer_bytes(&first, &a, &e));
	assert_true(gguf_writer_bytes(&second, &b, &e));
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.data, b.data, a.size);
	buffer_free(&a);
	buffer_free(&b);
	gguf_close(g);
	gguf_writer_free(&first);
	gguf_writer_free(&second);
	unlink(path);
}

static bool write_one(const char *path, struct error *e)
{
	struct gguf_writer w = gguf_writer_new();
	char text[300];
	memset(text, 't', sizeof text);
	for (int i = 0; i < 10; i++) gguf_put_text(&w, "key", text, sizeof text);
	gguf_put_tensor(&w, "x", TYPE_I8, 1, (uint64_t[]){ 300 }, text, sizeof text);
	bool ok = gguf_writer_save(&w, path, e);
	gguf_writer_free(&w);
	return ok;
}

static void every_fault_is_an_error_and_leaves_nothing(void **state)
{
	(void)state;
	char folder[] = "/tmp/hearth-writer-XXXXXX", path[64], temporary[64];
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/a", folder);
	snprintf(temporary, sizeof temporary, "%s/a.tmp", folder);
	for (int kind = 0; kind < 3; kind++) {
		uint64_t n = 1;
		for (;; n++) {
			struct error e = { "" };
			size_t before = memory_in_use();
			if (kind == 0) file_fail_at(n);
			if (kind > 0) memory_fail_at(n, kind == 2);
			bool ok = write_one(path, &e);
			file_fail_at(0);
			memory_fail_at(0, false);
			assert_int_equal(memory_in_use(), before);
			assert_int_equal(access(temporary, F_OK), -1);
			assert_int_equal(access(path, F_OK), ok ? 0 : -1);
			if (ok) break;
			assert_true(e.text[0] != 0);
		}
		assert_true(n > 4 && n < 100);
		unlink(path);
	}
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_are_those_of_the_format),
		cmocka_unit_test(a_value_is_copied_from_another_file),
		cmocka_unit_test(every_fault_is_an_error_and_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
