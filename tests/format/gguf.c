/* gguf: values and tensors come out of a file as they were written, in one part or several, and typed reading is strict. */
#include "format/gguf.h"
#include "base/memory.h"
#include "format/gguf_writer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/hearth-gguf-XXXXXX";

/* A path in the folder, in a buffer that the next call but three reuses. */
static const char *in_folder(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void save(const struct gguf_writer *w, const char *name)
{
	struct error e = { "" };
	if (!gguf_writer_save(w, in_folder(name), &e)) fail_msg("%s", e.text);
}

static struct gguf *open_made(const char *name)
{
	struct error e = { "" };
	struct gguf *g = gguf_open(in_folder(name), &e);
	if (!g) fail_msg("%s", e.text);
	return g;
}

/* Writes, opens and unlinks. */
static struct gguf *written(struct gguf_writer *w)
{
	save(w, "a.gguf");
	gguf_writer_free(w);
	struct gguf *g = open_made("a.gguf");
	unlink(in_folder("a.gguf"));
	return g;
}

static void put_number(struct gguf_writer *w, const char *key, enum gguf_type type, const void *bytes, size_t size)
{
	gguf_put_raw(w, key, strlen(key), type, bytes, size);
}

static struct gguf *with_every_type(void)
{
	struct gguf_writer w = gguf_writer_new();
	const uint8_t u8 = 200;
	const int8_t i8 = -100;
	const int16_t i16 = -30000;
	const int64_t i64 = -5000000000;
	const double f64 = 0.1;
	put_number(&w, "u8", GGUF_U8, &u8, 1);
	put_number(&w, "i8", GGUF_I8, &i8, 1);
	gguf_put_u16(&w, "u16", 60000);
	put_number(&w, "i16", GGUF_I16, &i16, 2);
	gguf_put_u32(&w, "u32", 4000000000u);
	gguf_put_i32(&w, "i32", -2000000000);
	gguf_put_f32(&w, "f32", 1.5f);
	gguf_put_bool(&w, "bool", true);
	gguf_put_text(&w, "text", "caf\xc3\xa9\n", 6);
	gguf_put_u64(&w, "u64", UINT64_MAX);
	put_number(&w, "i64", GGUF_I64, &i64, 8);
	put_number(&w, "f64", GGUF_F64, &f64, 8);
	static const int16_t numbers[] = { -1, 2, -3 };
	gguf_put_array(&w, "numbers", GGUF_I16, numbers, 3);
	static const uint8_t bools[] = { 1, 0 };
	gguf_put_array(&w, "bools", GGUF_BOOL, bools, 2);
	static const float floats[] = { 0.25f, -2 };
	gguf_put_array(&w, "floats", GGUF_F32, floats, 2);
	static const struct gguf_text texts[] = { { "one", 3 }, { "", 0 }, { "th\0ree\xff", 7 } };
	gguf_put_texts(&w, "texts", texts, 3);
	gguf_put_texts(&w, "no texts", NULL, 0);
	gguf_put_array(&w, "nothing", GGUF_F32, NULL, 0);
	return written(&w);
}

static void every_type_is_read(void **state)
{
	(void)state;
	size_t before = memory_in_use();
	struct gguf *g = with_every_type();
	static const struct {
		const char *key;
		int64_t value;
	} integers[] = { { "u8", 200 },        { "i8", -100 },         { "u16", 60000 },
		         { "i16", -30000 },    { "u32", 4000000000 },  { "i32", -2000000000 },
		         { "u64", INT64_MAX }, { "i64", -5000000000 }, { "bool", 1 } };
	for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
		const struct gguf_value *v = gguf_find(g, integers[i].key);
		assert_non_null(v);
		assert_int_equal(v->count, 1);
		assert_int_equal(gguf_item_int(v, 0), integers[i].value);
	}
	assert_true(gguf_item_float(gguf_find(g, "f32"), 0) == 1.5);
	assert_true(gguf_item_float(gguf_find(g, "f64"), 0) == 0.1);
	assert_true(gguf_item_float(gguf_find(g, "i8"), 0) == -100);
	assert_int_equal(gguf_value_count(g), 18);
	assert_string_equal(gguf_value_at(g, 8)->key, "text");
	assert_null(gguf_find(g, "absent"));
	assert_int_equal(gguf_version(g), 3);
	assert_int_equal(gguf_item_int(gguf_find(g, "text"), 0), 0);
	gguf_close(g);
	assert_int_equal(memory_in_use(), before);
}

static void arrays_are_read(void **state)
{
	(void)state;
	struct gguf *g = with_every_type();
	struct error e = { "" };
	const struct gguf_value *v;
	assert_true(gguf_get_array(g, "numbers", GGUF_I64, &v, &e));
	assert_int_equal(v->count, 3);
	assert_int_equal(gguf_item_int(v, 0), -1);
	assert_int_equal(gguf_item_int(v, 2), -3);
	assert_true(gguf_get_array(g, "bools", GGUF_BOOL, &v, &e));
	assert_int_equal(gguf_item_int(v, 1), 0);
	assert_true(gguf_get_array(g, "floats", GGUF_F64, &v, &e));
	assert_true(gguf_item_float(v, 1) == -2);
	assert_true(gguf_get_array(g, "texts", GGUF_TEXT, &v, &e));
	struct gguf_text t = gguf_item_text(v, 2);
	assert_int_equal(t.length, 7);
	assert_memory_equal(t.data, "th\0ree\xff", 7);
	assert_int_equal(gguf_item_text(v, 1).length, 0);
	assert_true(gguf_get_array(g, "no texts", GGUF_TEXT, &v, &e));
	assert_int_equal(v->count, 0);
	assert_true(gguf_get_array(g, "nothing", GGUF_I64, &v, &e)); /* no items: of no wrong type */
	assert_true(gguf_get_array(g, "absent", GGUF_I64, &v, &e));
	assert_null(v);
	gguf_close(g);
}

static void typed_reading_takes_what_fits(void **state)
{
	(void)state;
	struct gguf *g = with_every_type();
	struct error e = { "" };
	uint32_t u = 7;
	int32_t i = 7;
	float f = 7;
	bool b = false;
	struct gguf_text t = { "default", 7 };
	assert_true(gguf_get_u32(g, "absent", &u, &e) && u == 7);
	assert_true(gguf_get_i32(g, "absent", &i, &e) && i == 7);
	assert_true(gguf_get_f32(g, "absent", &f, &e) && f == 7);
	assert_true(gguf_get_bool(g, "absent", &b, &e) && !b);
	assert_true(gguf_get_text(g, "absent", &t, &e) && t.length == 7);
	assert_true(gguf_get_u32(g, "u16", &u, &e) && u == 60000);
	assert_true(gguf_get_u32(g, "u32", &u, &e) && u == 4000000000u);
	assert_true(gguf_get_i32(g, "i8", &i, &e) && i == -100);
	assert_true(gguf_get_f32(g, "f64", &f, &e) && f == 0.1f);
	assert_true(gguf_get_bool(g, "bool", &b, &e) && b);
	assert_true(gguf_get_text(g, "text", &t, &e) && t.length == 6);
	gguf_close(g);
}

static void assert_refused(bool ok, const struct error *e, const char *reason)
{
	if (ok || !strstr(e->text, "a.gguf: '") || !strstr(e->text, reason)) fail_msg("%d '%s' lacks '%s'", ok, e->text, reason);
}

static void typed_reading_refuses_the_rest(void **state)
{
	(void)state;
	struct gguf *g = with_every_type();
	struct error e = { "" };
	uint32_t u = 7;
	int32_t i = 7;
	float f = 7;
	bool b = false;
	struct gguf_text t = { "", 0 };
	const struct gguf_value *v;
	assert_refused(gguf_get_u32(g, "i8", &u, &e), &e, "-100 is out of range");
	assert_refused(gguf_get_u32(g, "u64", &u, &e), &e, "out of range");
	assert_refused(gguf_get_i32(g, "u32", &i, &e), &e, "out of range");
	assert_refused(gguf_get_i32(g, "i64", &i, &e), &e, "out of range");
	assert_refused(gguf_get_u32(g, "f32", &u, &e), &e, "must be an integer");
	assert_refused(gguf_get_u32(g, "bool", &u, &e), &e, "must be an integer");
	assert_refused(gguf_get_u32(g, "text", &u, &e), &e, "must be an integer");
	assert_refused(gguf_get_u32(g, "numbers", &u, &e), &e, "must be an integer");
	assert_refused(gguf_get_f32(g, "u8", &f, &e), &e, "must be a float");
	assert_refused(gguf_get_f32(g, "floats", &f, &e), &e, "must be a float");
	assert_refused(gguf_get_bool(g, "u8", &b, &e), &e, "must be true or false");
	assert_refused(gguf_get_text(g, "u8", &t, &e), &e, "must be a string");
	assert_refused(gguf_get_text(g, "texts", &t, &e), &e, "must be a string");
	assert_refused(gguf_get_array(g, "u8", GGUF_I64, &v, &e), &e, "must be an array");
	assert_refused(gguf_get_array(g, "texts", GGUF_I64, &v, &e), &e, "array of integers");
	assert_refused(gguf_get_array(g, "numbers", GGUF_F64, &v, &e), &e, "array of floats");
	assert_refused(gguf_get_array(g, "numbers", GGUF_TEXT, &v, &e), &e, "array of strings");
	assert_refused(gguf_get_array(g, "bools", GGUF_I64, &v, &e), &e, "array of integers");
	assert_refused(gguf_get_array(g, "numbers", GGUF_BOOL, &v, &e), &e, "array of bools");
	assert_true(u == 7 && i == 7 && f == 7 && !b && t.length == 0);
	gguf_close(g);
}

static void values_are_described_in_words(void **state)
{
	(void)state;
	struct gguf *g = with_every_type();
	static const struct {
		const char *key, *words;
	} cases[] = {
		{ "i8", "-100" },
		{ "u64", "18446744073709551615" },
		{ "f32", "1.5" },
		{ "bool", "true" },
		{ "text", "\"caf\\xc3\\xa9\\n\"" },
		{ "numbers", "3 items [-1, 2, -3]" },
		{ "bools", "2 items [true, false]" },
		{ "texts", "3 items [\"one\", \"\", \"th\\x00ree\\xff\"]" },
		{ "no texts", "0 items []" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[200], small[8];
		gguf_describe(gguf_find(g, cases[i].key), out, sizeof out);
		assert_string_equal(out, cases[i].words);
		for (size_t room = 1; room <= sizeof small; room++) {
			memset(small, 'x', sizeof small);
			gguf_describe(gguf_find(g, cases[i].key), small, room);
			assert_true(strlen(small) < room);
			assert_memory_equal(small, cases[i].words, strlen(small));
		}
	}
	gguf_close(g);
}

static void tensors_lie_where_the_file_says(void **state)
{
	(void)state;
	for (uint32_t alignment = 8; alignment <= 4096; alignment *= 8) {
		struct gguf_writer w = gguf_writer_new();
		w.alignment = alignment;
		w.version = alignment == 8 ? 2 : 3;
		gguf_put_u32(&w, "general.alignment", alignment);
		uint8_t bytes[18 * 6];
		for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)i;
		gguf_put_tensor(&w, "norm", TYPE_F32, 1, (uint64_t[]){ 3 }, bytes, 12);
		gguf_put_tensor(&w, "weights", TYPE_Q4_0, 3, (uint64_t[]){ 64, 1, 3 }, bytes, 108);
		gguf_put_tensor(&w, "one", TYPE_I8, 4, (uint64_t[]){ 1, 1, 1, 1 }, bytes + 7, 1);
		struct gguf *g = written(&w);
		assert_int_equal(gguf_version(g), alignment == 8 ? 2 : 3);
		assert_int_equal(gguf_tensor_count(g), 3);
		const struct gguf_tensor *t = gguf_tensor(g, "weights");
		assert_ptr_equal(t, gguf_tensor_at(g, 1));
		assert_int_equal(t->type->id, TYPE_Q4_0);
		assert_int_equal(t->n_dims, 3);
		assert_int_equal(t->dims[0], 64);
		assert_int_equal(t->dims[1], 1);
		assert_int_equal(t->dims[2], 3);
		assert_int_equal(t->dims[3], 1);
		assert_int_equal(t->size, 108);
		assert_memory_equal(t->data, bytes, 108);
		assert_int_equal(gguf_tensor(g, "norm")->dims[1], 1);
		assert_memory_equal(gguf_tensor(g, "norm")->data, bytes, 12);
		assert_int_equal(gguf_tensor(g, "one")->data[0], 7);
		assert_null(gguf_tensor(g, "absent"));
		gguf_close(g);
	}
}

/* Part `number` of `count`; like ggml's splitter, the first has all values and the split's own come last. */
static void write_part(unsigned number, unsigned count, size_t n_tokens)
{
	struct gguf_writer w = gguf_writer_new();
	char name[64];
	if (number == 0) {
		gguf_put_text(&w, "general.architecture", "llama", 5);
		struct gguf_text *tokens = memory_new(n_tokens, sizeof *tokens);
		for (size_t i = 0; i < n_tokens; i++)
			tokens[i] = (struct gguf_text){ "some words of a token that are rather long", 42 };
		gguf_put_texts(&w, "tokens", tokens, n_tokens);
		memory_free(tokens);
	}
	gguf_put_u16(&w, "split.no", (uint16_t)number);
	gguf_put_u16(&w, "split.count", (uint16_t)count);
	gguf_put_i32(&w, "split.tensors.count", (int32_t)count * 2);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(name, sizeof name, "t%u", number * 2 + i);
		float value = (float)(number * 2 + i);
		gguf_put_tensor(&w, name, TYPE_F32, 1, (uint64_t[]){ 1 }, &value, sizeof value);
	}
	snprintf(name, sizeof name, "m-%05u-of-%05u.gguf", number + 1, count);
	save(&w, name);
	gguf_writer_free(&w);
}

static void remove_parts(unsigned count)
{
	char name[64];
	for (unsigned i = 1; i <= count; i++) {
		snprintf(name, sizeof name, "m-%05u-of-%05u.gguf", i, count);
		unlink(in_folder(name));
	}
}

static void a_split_file_is_one(void **state)
{
	(void)state;
	size_t before = memory_in_use();
	for (unsigned i = 0; i < 3; i++) write_part(i, 3, 50000); /* 2.5 MB of values stand before the split's own */
	struct gguf *g = open_made("m-00001-of-00003.gguf");
	assert_int_equal(gguf_tensor_count(g), 6);
	for (unsigned i = 0; i < 6; i++) {
		char name[8];
		float value;
		snprintf(name, sizeof name, "t%u", i);
		const struct gguf_tensor *t = gguf_tensor(g, name);
		assert_non_null(t);
		memcpy(&value, t->data, sizeof value);
		assert_true(value == (float)i);
		assert_int_equal(t->part, i / 2);
	}
	assert_non_null(gguf_find(g, "general.architecture"));
	assert_true(gguf_file_size(g) > 2500000);
	gguf_close(g);
	remove_parts(3);
	assert_int_equal(memory_in_use(), before);
}

static void as_many_parts_as_are_allowed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < GGUF_MAX_PARTS; i++) write_part(i, GGUF_MAX_PARTS, 1);
	struct gguf *g = open_made("m-00001-of-01024.gguf");
	assert_int_equal(gguf_tensor_count(g), 2 * GGUF_MAX_PARTS);
	gguf_close(g);
	remove_parts(GGUF_MAX_PARTS);
}

static void maps_are_opened_in_order(void **state)
{
	(void)state;
	size_t before = memory_in_use();
	struct error e = { "" };
	struct file_map maps[2];
	for (unsigned i = 0; i < 2; i++) write_part(i, 2, 1);
	for (int turned = 0; turned < 2; turned++) {
		assert_true(file_map_path(&maps[turned], in_folder("m-00001-of-00002.gguf"), &e));
		assert_true(file_map_path(&maps[1 - turned], in_folder("m-00002-of-00002.gguf"), &e));
		struct gguf *g = gguf_open_maps(maps, 2, &e);
		assert_int_equal(g != NULL, turned == 0);
		gguf_close(g);
	}
	assert_true(file_map_path(&maps[0], in_folder("m-00001-of-00002.gguf"), &e));
	assert_null(gguf_open_maps(maps, 1, &e));
	assert_non_null(strstr(e.text, "2 parts, but 1"));
	assert_null(gguf_open_maps(NULL, 0, &e));
	remove_parts(2);
	assert_int_equal(memory_in_use(), before);
}

/* A merge of parts writes split.count 0. */
static void a_merged_file_is_whole(void **state)
{
	(void)state;
	struct gguf_writer w = gguf_writer_new();
	gguf_put_u16(&w, "split.no", 0);
	gguf_put_u16(&w, "split.count", 0);
	gguf_put_i32(&w, "split.tensors.count", 9);
	struct gguf *g = written(&w);
	assert_int_equal(gguf_tensor_count(g), 0);
	gguf_close(g);
}

static double seconds_to_open(size_t n)
{
	struct error e = { "" };
	struct gguf_writer w = gguf_writer_new();
	char name[32];
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof name, "key%zu", i);
		gguf_put_u32(&w, name, (uint32_t)i);
		snprintf(name, sizeof name, "tensor%zu", i);
		gguf_put_tensor(&w, name, TYPE_F32, 1, (uint64_t[]){ 1 }, "four", 4);
	}
	save(&w, "a.gguf");
	gguf_writer_free(&w);
	struct timespec a, b;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	for (int i = 0; i < 3; i++) gguf_close(gguf_open(in_folder("a.gguf"), &e));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	unlink(in_folder("a.gguf"));
	return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9;
}

static void time_grows_with_the_size_and_no_faster(void **state)
{
	(void)state;
	double once = 1e9, twice = 1e9; /* the best of several; both sizes fit into a cache of one megabyte */
	for (int attempt = 0; attempt < 9 && (attempt < 2 || twice >= 3 * once); attempt++) {
		once = fmin(once, seconds_to_open(12000));
		twice = fmin(twice, seconds_to_open(24000));
	}
	assert_true(twice < 3 * once);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_read),
		cmocka_unit_test(arrays_are_read),
		cmocka_unit_test(typed_reading_takes_what_fits),
		cmocka_unit_test(typed_reading_refuses_the_rest),
		cmocka_unit_test(values_are_described_in_words),
		cmocka_unit_test(tensors_lie_where_the_file_says),
		cmocka_unit_test(a_split_file_is_one),
		cmocka_unit_test(as_many_parts_as_are_allowed),
		cmocka_unit_test(maps_are_opened_in_order),
		cmocka_unit_test(a_merged_file_is_whole),
		cmocka_unit_test(time_grows_with_the_size_and_no_faster),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
