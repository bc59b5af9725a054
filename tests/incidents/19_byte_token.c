/*
 * Incident 19, llama.cpp #25969: the byte of a token was read from its name with a parser that takes a sign, so that `<0x-1>` wrote
 * in front of a table. A byte token's name is exactly `<0x`, two hexadecimal digits, `>`.
 */
#include "vocab.h"

static void only_two_digits_name_a_byte(void **state)
{
	(void)state;
	static const char *const names[] = { "<0x-1>",  "<0x+1>",        "<0x 1>",       "<0x1 >", "<0x0G>", "<0x1>",
		                             "<0x100>", "<0x-80000000>", "0x41",         "<0X41>", "<0x41",  "<0x41>x",
		                             "<0xx1>",  "<0x>",          "<0x\xC3\xA4>", "" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		static struct small_vocab v;
		small_vocab_new(&v);
		small_vocab_add(&v, names[i], strlen(names[i]), TOKEN_BYTE);
		struct error e = { "" };
		struct vocab *loaded = small_vocab_load(&v, &e);
		if (loaded) fail_msg("'%s' was taken for a byte", names[i]);
		assert_non_null(strstr(e.text, "token 262"));
	}
}

static void the_name_of_a_byte_is_taken(void **state)
{
	(void)state;
	static struct small_vocab v;
	small_vocab_new(&v);
	struct error e = { "" };
	struct vocab *loaded = small_vocab_load(&v, &e);
	if (!loaded) fail_msg("%s", e.text);
	for (uint32_t i = 0; i < 256; i++) assert_int_equal(loaded->byte_token[i], VOCAB_BYTES + i);
	vocab_free(loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(only_two_digits_name_a_byte),
		                            cmocka_unit_test(the_name_of_a_byte_is_taken) };
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
