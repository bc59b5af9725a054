/* gguf_values: metadata whose lengths, counts, types or contents are wrong. */
#include "made.h"

/* A string value that claims `length` bytes and has four. */
static void put_claiming(struct gguf_writer *w, uint64_t length)
{
	made_put(w, "liar", GGUF_TEXT, &length, sizeof length);
	buffer_append_text(&w->values, "four");
}

static void text_most(struct gguf_writer *w)
{
	put_claiming(w, UINT64_MAX);
}

static void text_wraps(struct gguf_writer *w)
{
	put_claiming(w, UINT64_MAX - 7);
}

static void text_2_63(struct gguf_writer *w)
{
	put_claiming(w, (uint64_t)1 << 63);
}

static void text_past_end(struct gguf_writer *w)
{
	put_claiming(w, 100000);
}

static void text_with_nul(struct gguf_writer *w)
{
	gguf_put_text(w, "nul", "llama\0evil", 10);
}

static void text_not_utf8(struct gguf_writer *w)
{
	gguf_put_text(w, "latin", "caf\xe9", 4);
}

static void text_overlong(struct gguf_writer *w)
{
	gguf_put_text(w, "overlong", "\xc0\xaf", 2);
}

static void text_surrogate(struct gguf_writer *w)
{
	gguf_put_text(w, "surrogate", "\xed\xa0\x80", 3);
}

static void put_key(struct gguf_writer *w, const char *key, size_t length)
{
	gguf_put_raw(w, key, length, GGUF_U32, "\1\0\0\0", 4);
}

static void key_empty(struct gguf_writer *w)
{
	put_key(w, "", 0);
}

static void put_long_key(struct gguf_writer *w, size_t length)
{
	char *key = memory_new(length, 1);
	memset(key, 'k', length);
	put_key(w, key, length);
	memory_free(key);
}

static void key_64_kib(struct gguf_writer *w)
{
	put_long_key(w, 65536);
}

static void key_long_twice(struct gguf_writer *w)
{
	put_long_key(w, 65535);
	put_long_key(w, 65535);
}

static void key_with_nul(struct gguf_writer *w)
{
	put_key(w, "a\0b", 3);
}

static void key_with_escape(struct gguf_writer *w)
{
	put_key(w, "\033[2J", 4);
}

static void key_with_c1(struct gguf_writer *w)
{
	put_key(w, "a\xc2\x9b", 3);
}

static void key_that_turns(struct gguf_writer *w)
{
	put_key(w, "a\xe2\x80\xae", 4);
}

static void key_not_utf8(struct gguf_writer *w)
{
	put_key(w, "a\xff", 2);
}

static void key_twice(struct gguf_writer *w)
{
	gguf_put_u32(w, "llama.block_count", 2);
}

static void key_twice_in_other_types(struct gguf_writer *w)
{
	gguf_put_text(w, "flag", "x", 1);
}

static void key_most(struct gguf_writer *w)
{
	uint64_t most = UINT64_MAX;
	buffer_append(&w->values, &most, sizeof most);
	w->n_values++;
}

static void type_13(struct gguf_writer *w)
{
	made_put(w, "odd", 13, "\0\0\0\0\0\0\0\0", 8);
}

static void type_most(struct gguf_writer *w)
{
	made_put(w, "odd", UINT32_MAX, "\0\0\0\0\0\0\0\0", 8);
}

static void item_13(struct gguf_writer *w)
{
	made_put_array(w, "odd", 13, 1, "\0\0\0\0\0\0\0\0", 8);
}

static void item_most(struct gguf_writer *w)
{
	made_put_array(w, "odd", UINT32_MAX, 0, NULL, 0);
}

static void nested(struct gguf_writer *w)
{
	made_put_array(w, "nested", GGUF_ARRAY, 0, NULL, 0);
}

static void nested_deep(struct gguf_writer *w)
{
	made_put_array(w, "nested", GGUF_ARRAY, 1, NULL, 0);
	for (int i = 0; i < 1000; i++) buffer_append(&w->values, "\11\0\0\0\1\0\0\0\0\0\0\0", 12);
}

static void array_most(struct gguf_writer *w)
{
	made_put_array(w, "liar", GGUF_U8, UINT64_MAX, "\1\2\3\4", 4);
}

static void array_2_63(struct gguf_writer *w)
{
	made_put_array(w, "liar", GGUF_I8, (uint64_t)1 << 63, "\1\2\3\4", 4);
}

static void array_of_4_wraps(struct gguf_writer *w)
{
	made_put_array(w, "liar", GGUF_F32, ((uint64_t)1 << 62) + 1, "\1\2\3\4", 4);
}

static void array_of_8_wraps(struct gguf_writer *w)
{
	made_put_array(w, "liar", GGUF_U64, (uint64_t)1 << 61, "\1\2\3\4\5\6\7\10", 8);
}

static void array_past_end(struct gguf_writer *w)
{
	made_put_array(w, "liar", GGUF_F64, 500, "\1\2\3\4\5\6\7\10", 8);
}

static void texts_most(struct gguf_writer *w)
{
	made_put_array(w, "liar", GGUF_TEXT, UINT64_MAX, "\0\0\0\0\0\0\0\0", 8);
}

static void texts_wrap(struct gguf_writer *w)
{
	made_put_array(w, "liar", GGUF_TEXT, (uint64_t)1 << 61, "\0\0\0\0\0\0\0\0", 8);
}

static void texts_past_end(struct gguf_writer *w)
{
	made_put_array(w, "liar", GGUF_TEXT, 100, "\0\0\0\0\0\0\0\0", 8);
}

static void texts_item_past_end(struct gguf_writer *w)
{
	made_put_array(w, "liar", GGUF_TEXT, 2, "\1\0\0\0\0\0\0\0x\xff\xff\xff\xff\xff\xff\xff\xff", 17);
}

/* As many as the file can hold, and more than any vocabulary has. */
static void texts_above_the_limit(struct gguf_writer *w)
{
	size_t size = ((size_t)GGUF_MAX_TEXTS + 1) * 8;
	char *zeros = memory_new(size, 1);
	made_put_array(w, "many", GGUF_TEXT, (uint64_t)GGUF_MAX_TEXTS + 1, zeros, size);
	memory_free(zeros);
}

static void texts_above_the_limit_together(struct gguf_writer *w)
{
	size_t count = GGUF_MAX_TEXTS - 3; /* the valid file has three */
	char *zeros = memory_new(count, 8);
	made_put_array(w, "many", GGUF_TEXT, count, zeros, count * 8);
	memory_free(zeros);
	made_put_array(w, "more", GGUF_TEXT, 1, "\0\0\0\0\0\0\0\0", 8);
}

static void bool_2(struct gguf_writer *w)
{
	made_put(w, "neither", GGUF_BOOL, "\2", 1);
}

static void bool_255(struct gguf_writer *w)
{
	made_put(w, "neither", GGUF_BOOL, "\xff", 1);
}

static void bool_2_in_array(struct gguf_writer *w)
{
	made_put_array(w, "neither", GGUF_BOOL, 3, "\0\1\2", 3);
}

static void put_alignment(struct gguf_writer *w, uint32_t value)
{
	gguf_put_u32(w, "general.alignment", value);
}

static void alignment_0(struct gguf_writer *w)
{
	put_alignment(w, 0);
}

static void alignment_3(struct gguf_writer *w)
{
	put_alignment(w, 3);
}

static void alignment_48(struct gguf_writer *w)
{
	put_alignment(w, 48);
}

static void alignment_2_31(struct gguf_writer *w)
{
	put_alignment(w, 1u << 31);
}

static void alignment_2_21(struct gguf_writer *w)
{
	put_alignment(w, 1u << 21);
}

static void alignment_as_u64(struct gguf_writer *w)
{
	gguf_put_u64(w, "general.alignment", 32);
}

static void alignment_as_text(struct gguf_writer *w)
{
	gguf_put_text(w, "general.alignment", "32", 2);
}

static void alignment_as_array(struct gguf_writer *w)
{
	gguf_put_array(w, "general.alignment", GGUF_U32, (uint32_t[]){ 32 }, 1);
}

static const struct made_case cases[] = {
	{ "string of 2^64-1 bytes", text_most, NULL, "'liar': string 0 lies behind the end" },
	{ "string whose end wraps around", text_wraps, NULL, "'liar': string 0 lies behind the end" },
	{ "string of 2^63 bytes", text_2_63, NULL, "'liar': string 0 lies behind the end" },
	{ "string past the end", text_past_end, NULL, "'liar': string 0 lies behind the end" },
	{ "string with NUL inside", text_with_nul, NULL, "'nul': the string has a NUL byte inside" },
	{ "string not UTF-8", text_not_utf8, NULL, "'latin': the string is not UTF-8" },
	{ "string overlong", text_overlong, NULL, "'overlong': the string is not UTF-8" },
	{ "string with a surrogate", text_surrogate, NULL, "'surrogate': the string is not UTF-8" },
	{ "key empty", key_empty, NULL, "key is empty or longer than 65535 bytes" },
	{ "key of 64 KiB", key_64_kib, NULL, "key is empty or longer than 65535 bytes" },
	{ "long key twice", key_long_twice, NULL, "': this key stands twice" },
	{ "key with NUL", key_with_nul, NULL, "key is not plain UTF-8" },
	{ "key with an escape sequence", key_with_escape, NULL, "key is not plain UTF-8" },
	{ "key with a C1 control", key_with_c1, NULL, "key is not plain UTF-8" },
	{ "key that turns the text around", key_that_turns, NULL, "key is not plain UTF-8" },
	{ "key not UTF-8", key_not_utf8, NULL, "key is not plain UTF-8" },
	{ "key twice", key_twice, NULL, "'llama.block_count': this key stands twice" },
	{ "key twice in other types", key_twice_in_other_types, NULL, "'flag': this key stands twice" },
	{ "key of 2^64-1 bytes", key_most, NULL, "key lies behind the end" },
	{ "value type 13", type_13, NULL, "'odd': value type 13 is unknown" },
	{ "value type 2^32-1", type_most, NULL, "'odd': value type 4294967295 is unknown" },
	{ "item type 13", item_13, NULL, "'odd': value type 13 is unknown" },
	{ "item type 2^32-1", item_most, NULL, "'odd': value type 4294967295 is unknown" },
	{ "array of arrays", nested, NULL, "'nested': an array of arrays" },
	{ "array of arrays 1000 deep", nested_deep, NULL, "'nested': an array of arrays" },
	{ "array of 2^64-1 items", array_most, NULL, "'liar': its value lies behind the end" },
	{ "array of 2^63 items", array_2_63, NULL, "'liar': its value lies behind the end" },
	{ "array whose size wraps to 4", array_of_4_wraps, NULL, "'liar': its value lies behind the end" },
	{ "array whose size wraps to 0", array_of_8_wraps, NULL, "'liar': its value lies behind the end" },
	{ "array past the end", array_past_end, NULL, "'liar': its value lies behind the end" },
	{ "2^64-1 strings", texts_most, NULL, "'liar': it claims more strings" },
	{ "strings whose size wraps to 0", texts_wrap, NULL, "'liar': it claims more strings" },
	{ "more strings than bytes", texts_past_end, NULL, "'liar': it claims more strings" },
	{ "string of an array past the end", texts_item_past_end, NULL, "'liar': string 1 lies behind the end" },
	{ "more strings than any model has", texts_above_the_limit, NULL, "'many': it claims more strings" },
	{ "the same in two arrays", texts_above_the_limit_together, NULL, "'more': it claims more strings" },
	{ "bool 2", bool_2, NULL, "'neither': 2 is neither true nor false" },
	{ "bool 255", bool_255, NULL, "'neither': 255 is neither true nor false" },
	{ "bool 2 in an array", bool_2_in_array, NULL, "'neither': 2 is neither true nor false" },
	{ "alignment 0", alignment_0, NULL, "'general.alignment': 0 is not a power of two" },
	{ "alignment 3", alignment_3, NULL, "'general.alignment': 3 is not a power of two" },
	{ "alignment 48", alignment_48, NULL, "'general.alignment': 48 is not a power of two" },
	{ "alignment 2^31", alignment_2_31, NULL, "'general.alignment': 2147483648 is not" },
	{ "alignment 2^21", alignment_2_21, NULL, "'general.alignment': 2097152 is not" },
	{ "alignment as u64", alignment_as_u64, NULL, "'general.alignment': must be a u32, is u64" },
	{ "alignment as string", alignment_as_text, NULL, "'general.alignment': must be a u32, is string" },
	{ "alignment as array", alignment_as_array, NULL, "'general.alignment': must be a u32, is array" },
};

static void values_that_lie_are_refused(void **state)
{
	(void)state;
	made_run(cases, sizeof cases / sizeof *cases);
}

/* What is at the edge and honest is taken. */
static void the_longest_key_is_taken(void **state)
{
	(void)state;
	struct error e = { "" };
	struct gguf_writer w = made_valid();
	put_long_key(&w, 65535);
	assert_true(gguf_writer_save(&w, made_path("good.gguf"), &e));
	gguf_writer_free(&w);
	struct gguf *g = gguf_open(made_path("good.gguf"), &e);
	assert_non_null(g);
	uint32_t value = 0;
	char key[65536];
	memset(key, 'k', 65535);
	key[65535] = 0;
	assert_true(gguf_get_u32(g, key, &value, &e) && value == 1);
	assert_false(gguf_get_text(g, key, &(struct gguf_text){ "", 0 }, &e));
	assert_non_null(strstr(e.text, "must be a string"));
	gguf_close(g);
	unlink(made_path("good.gguf"));
}

/* Texts of many sizes in one large array: as much memory as the file justifies. */
static void a_large_vocabulary_takes_no_more_than_the_file_justifies(void **state)
{
	(void)state;
	struct error e = { "" };
	struct gguf_writer w = made_valid();
	size_t count = GGUF_MAX_TEXTS - 3; /* the valid file has three */
	char *zeros = memory_new(count, 8);
	made_put_array(&w, "many", GGUF_TEXT, count, zeros, count * 8);
	memory_free(zeros);
	assert_true(gguf_writer_save(&w, made_path("good.gguf"), &e));
	gguf_writer_free(&w);
	size_t before = memory_in_use();
	memory_peak_reset();
	struct gguf *g = gguf_open(made_path("good.gguf"), &e);
	assert_non_null(g);
	assert_true(memory_peak() - before < gguf_file_size(g) + ALLOWED);
	assert_int_equal(gguf_item_text(gguf_find(g, "many"), count - 1).length, 0);
	gguf_close(g);
	unlink(made_path("good.gguf"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_that_lie_are_refused),
		cmocka_unit_test(the_longest_key_is_taken),
		cmocka_unit_test(a_large_vocabulary_takes_no_more_than_the_file_justifies),
	};
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
