/*
 * Incident 16, CVE-2025-52566, llama.cpp: the tokenizer answered -n when its buffer was too small, and a comparison of signed with
 * unsigned took that for room enough. Lists grow here, counts are never negative, and a text that is too long is refused
 * before anything is written.
 */
#include "vocab.h"

static void ids_go_where_there_is_room(void **state)
{
	(void)state;
	static struct small_vocab v;
	small_vocab_new(&v);
	struct error e = { "" };
	struct vocab *loaded = small_vocab_load(&v, &e);
	if (!loaded) fail_msg("%s", e.text);
	enum { LENGTH = 300001 };
	char *text = memory_new(LENGTH, 1);
	memset(text, 'b', LENGTH);
	struct token_list list = { 0 };
	assert_true(tokenizer_encode(loaded, "ab", 2, 0, &list, &e));
	assert_int_equal(list.count, 1);
	assert_true(tokenizer_encode(loaded, text, LENGTH, 0, &list, &e));
	assert_int_equal(list.count, 1 + LENGTH);
	assert_true(list.room >= list.count);
	for (size_t i = 1; i < list.count; i++) assert_int_equal(list.ids[i], VOCAB_WORDS + 1);
	/* The length alone is looked at: the text behind it does not exist. */
	assert_false(tokenizer_encode(loaded, text, (size_t)TOKENIZER_MOST_TEXT + 1, 0, &list, &e));
	assert_false(tokenizer_encode(loaded, text, SIZE_MAX, 0, &list, &e));
	assert_int_equal(list.count, 1 + LENGTH);
	token_list_free(&list);
	memory_free(text);
	vocab_free(loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(ids_go_where_there_is_room) };
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
