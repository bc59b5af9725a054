/*
 * Incident 15, CVE-2025-49847, llama.cpp: a token's length became an int32, so that a very long token passed the comparison with
 * the buffer it was copied to. Lengths are size_t, and a token longer than any real one is refused.
 */
#include "vocab.h"

static void a_token_longer_than_any_is_refused(void **state)
{
	(void)state;
	static char text[1 << 20];
	memset(text, 'x', sizeof text);
	static struct small_vocab v;
	small_vocab_new(&v);
	small_vocab_add(&v, text, VOCAB_LONGEST_TOKEN, TOKEN_NORMAL);
	struct error e = { "" };
	struct vocab *loaded = small_vocab_load(&v, &e);
	if (!loaded) fail_msg("%s", e.text);
	size_t length;
	assert_int_equal(((void)vocab_bytes(loaded, v.count - 1, &length), length), VOCAB_LONGEST_TOKEN);
	vocab_free(loaded);
	for (size_t n = VOCAB_LONGEST_TOKEN + 1; n <= sizeof text; n *= 2) {
		v.tokens[v.count - 1].length = n;
		assert_null(small_vocab_load(&v, &e));
		assert_non_null(strstr(e.text, "token 262 is "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_token_longer_than_any_is_refused) };
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
