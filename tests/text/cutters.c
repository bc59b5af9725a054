/* cutters: WordPiece, Unigram with its map of characters, and longest tokens, over small vocabularies. */
#include "../made_vocab.h"
#include "text/charsmap.h"
#include "text/prefixes.h"

#define SPACE "\xE2\x96\x81"

static struct made made;

static void bert(void)
{
	static const char *const names[] = { "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]" };
	static const char *const tokens[] = {
		SPACE "ca", SPACE "cafe", "fe", "s", SPACE "!", SPACE "\xE4\xB8\xAD", SPACE "a", "a"
	};
	made = (struct made){ .model = "bert", .pre = "bert-bge" };
	for (size_t i = 0; i < 5; i++) made_token(&made, names[i], TOKEN_CONTROL);
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) made_token(&made, tokens[i], TOKEN_NORMAL);
}

static void words_are_cut_into_the_longest_tokens(void **state)
{
	(void)state;
	bert();
	struct vocab *v = made_vocab(&made);
	assert_string_equal(made_encode(v, "cafe", 4, 0), "6");
	assert_string_equal(made_encode(v, "Caf\xC3\xA9", 5, 0), "6");     /* the accent goes, and the capital */
	assert_string_equal(made_encode(v, "cafe\xCC\x81s", 7, 0), "6 8"); /* also when it stands apart */
	assert_string_equal(made_encode(v, " ca\t\xE4\xB8\xAD!!x", 10, 0), "5 10 9 9 1");
	assert_string_equal(made_encode(v, "cax", 3, 0), "1"); /* what cannot be cut to its end is unknown as a whole */
	assert_string_equal(made_encode(v,
	                                "c\x01"
	                                "a\xFF",
	                                4, 0),
	                    "5");
	assert_string_equal(made_encode(v, "[SEP]", 5, TOKENIZER_SPECIAL), "3");
	assert_string_equal(made_encode(v, "ca", 2, TOKENIZER_ADD), "2 5 3");
	assert_string_equal(made_encode(v, "", 0, TOKENIZER_ADD), "2 3");
	vocab_free(v);
}

static void a_word_of_more_than_a_hundred_characters_is_unknown(void **state)
{
	(void)state;
	char text[101];
	bert();
	struct vocab *v = made_vocab(&made);
	memset(text, 'a', sizeof text);
	assert_string_equal(made_encode(v, text, 101, 0), "1");
	text[50] = ' ';
	assert_true(strlen(made_encode(v, text, 101, 0)) > 100);
	vocab_free(v);
}

static void letters_keep_their_case_where_the_file_says_so(void **state)
{
	(void)state;
	bert();
	struct error e;
	struct gguf_writer w = made_write(&made);
	gguf_put_bool(&w, "tokenizer.ggml.normalizer.lowercase", false);
	struct vocab *v = made_load(&w, &e);
	assert_non_null(v);
	assert_string_equal(made_encode(v, "ca CA", 5, 0), "5 1");
	assert_string_equal(made_encode(v, "caf\xC3\xA9", 5, 0), "1");
	vocab_free(v);
}

static void unigram(void)
{
	static const struct {
		const char *text;
		float score;
	} tokens[] = { { SPACE, -2 }, { "a", -1 }, { "b", -3 }, { "ab", -3.5F }, { SPACE "ab", -4 }, { "aba", -5 }, { "ba", -2 } };
	made = (struct made){ .model = "t5" };
	made_token_bytes(&made, "<pad>", 5, TOKEN_CONTROL, 0);
	made_token_bytes(&made, "</s>", 4, TOKEN_CONTROL, 0);
	made_token_bytes(&made, "<unk>", 5, TOKEN_UNKNOWN, 0);
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
		made_token_bytes(&made, tokens[i].text, strlen(tokens[i].text), TOKEN_NORMAL, tokens[i].score);
}

static struct vocab *load_unigram(bool prefix, bool merge_spaces, const void *map, size_t size, struct error *e)
{
	struct gguf_writer w = made_write(&made);
	gguf_put_bool(&w, "tokenizer.ggml.add_space_prefix", prefix);
	gguf_put_bool(&w, "tokenizer.ggml.remove_extra_whitespaces", merge_spaces);
	if (size) gguf_put_array(&w, "tokenizer.ggml.precompiled_charsmap", GGUF_U8, map, size);
	return made_load(&w, e);
}

static void the_best_sum_of_scores_counts(void **state)
{
	(void)state;
	struct error e;
	unigram();
	struct vocab *v = load_unigram(false, false, NULL, 0, &e);
	assert_string_equal(made_encode(v, "ab", 2, 0), "6");       /* -3.5 is more than -1 - 3 */
	assert_string_equal(made_encode(v, "aba", 3, 0), "4 9");    /* a, ba: -3; aba: -5; ab, a: -4.5 */
	assert_string_equal(made_encode(v, "axxb", 4, 0), "4 2 5"); /* a run of unknown characters is one */
	assert_string_equal(made_encode(v, "a\xFF\xFF", 3, 0), "4 2");
	assert_string_equal(made_encode(v, "  a", 3, TOKENIZER_ADD), "3 3 4 1");
	assert_string_equal(made_encode(v, "a</s>", 5, 0), "4 2");
	assert_string_equal(made_encode(v, "a</s>", 5, TOKENIZER_SPECIAL), "4 1");
	assert_true(v->unknown_score == -15);
	vocab_free(v);
}

static void white_space_is_made_less(void **state)
{
	(void)state;
	struct error e;
	unigram();
	struct vocab *v = load_unigram(true, true, NULL, 0, &e);
	assert_string_equal(made_encode(v, "ab", 2, 0), "7");
	assert_string_equal(made_encode(v, "  ab   ab  ", 11, 0), "7 7");
	assert_string_equal(made_encode(v, "", 0, 0), "");
	assert_string_equal(made_encode(v, "   ", 3, 0), "");
	assert_string_equal(made_encode(v, SPACE "ab", 5, 0), "3 7"); /* the sign for a space is a character of the text */
	vocab_free(v);
}

/* A map of one key: "A" to "b". Unit 0 is the root; its offset 1 puts the child of label c at 1 ^ c. */
struct map {
	uint32_t size, unit[256];
	char replacements[4];
};

static struct map one_key(void)
{
	struct map m = { .size = sizeof m.unit, .replacements = "zb" };
	uint32_t child = 1 ^ 'A';
	m.unit[0] = 1 << 10;
	m.unit[child] = (child ^ 3) << 10 | 1 << 8 | 'A'; /* its value lies in unit 3 */
	m.unit[3] = 1u << 31 | 1;                         /* the second byte of the replacements */
	return m;
}

static void the_map_replaces_characters(void **state)
{
	(void)state;
	struct error e = { "" };
	struct map m = one_key();
	struct charsmap map;
	const char *text;
	size_t n;
	assert_true(charsmap_open(&map, (const uint8_t *)&m, sizeof m, &e));
	assert_int_equal(charsmap_find(&map, "AA", 2, &text, &n), 1);
	assert_int_equal(n, 1);
	assert_memory_equal(text, "b", 1);
	assert_int_equal(charsmap_find(&map, "a", 1, &text, &n), 0);
	assert_int_equal(charsmap_find(&map, "", 0, &text, &n), 0);
	unigram();
	struct vocab *v = load_unigram(false, false, &m, sizeof m, &e);
	if (!v) fail_msg("%s", e.text);
	assert_string_equal(made_encode(v, "aA", 2, 0), "6");
	vocab_free(v);
}

static void a_map_that_leads_outside_of_itself_is_refused_or_ends(void **state)
{
	(void)state;
	struct error e;
	struct charsmap map;
	struct map good = one_key(), m;
	const char *text;
	size_t n;
	uint32_t child = 1 ^ 'A';
	assert_false(charsmap_open(&map, (const uint8_t *)&good, 3, &e));
	m = good, m.size = sizeof m;
	assert_false(charsmap_open(&map, (const uint8_t *)&m, sizeof m, &e));
	m = good, m.size = 3;
	assert_false(charsmap_open(&map, (const uint8_t *)&m, sizeof m, &e));
	m = good, m.replacements[3] = 'x';
	assert_false(charsmap_open(&map, (const uint8_t *)&m, sizeof m, &e));
	m = good, m.unit[3] = 1u << 31 | 4; /* behind the replacements */
	assert_true(charsmap_open(&map, (const uint8_t *)&m, sizeof m, &e));
	assert_int_equal(charsmap_find(&map, "A", 1, &text, &n), 0);
	m = good, m.unit[child] |= 0xFFFFFC00u; /* its value lies far behind the units */
	assert_true(charsmap_open(&map, (const uint8_t *)&m, sizeof m, &e));
	assert_int_equal(charsmap_find(&map, "A", 1, &text, &n), 0);
	m = good, m.unit[0] = 0xFFFFFE00u;
	assert_true(charsmap_open(&map, (const uint8_t *)&m, sizeof m, &e));
	assert_int_equal(charsmap_find(&map, "A", 1, &text, &n), 0);
}

static void the_longest_token_at_each_place(void **state)
{
	(void)state;
	made = (struct made){ .model = "rwkv" };
	made_token(&made, "<s>", TOKEN_CONTROL);
	made_token(&made, "a", TOKEN_NORMAL);
	made_token(&made, "a\\n", TOKEN_NORMAL);
	made_token(&made, "a\\n\\xe4", TOKEN_NORMAL);
	made_token(&made, "\\xb8", TOKEN_NORMAL);
	made_token(&made, "\\\\", TOKEN_NORMAL);
	struct vocab *v = made_vocab(&made);
	assert_string_equal(made_encode(v, "aa\n", 3, 0), "1 2");
	assert_string_equal(made_encode(v, "a\n\xE4\xB8\\", 5, 0), "3 4 5");
	assert_string_equal(made_encode(v, "a?a", 3, 0), "1 1"); /* what no token stands for leaves no trace */
	assert_string_equal(made_encode(v, "<s>a", 4, 0), "1");
	assert_string_equal(made_encode(v, "<s>a", 4, TOKENIZER_ALL_TOKENS), "0 1");
	assert_string_equal(made_encode(v, "<s>a", 4, TOKENIZER_SPECIAL), "0 1");
	vocab_free(v);
}

static void prefixes_come_shortest_first(void **state)
{
	(void)state;
	made = (struct made){ .model = "rwkv" };
	static const char *const tokens[] = { "ab", "a", "abcd", "b", "abd", "ac" };
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) made_token(&made, tokens[i], TOKEN_NORMAL);
	struct vocab *v = made_vocab(&made);
	struct prefixes p = prefixes_start(v, v->texts, "abcde", 5);
	size_t n;
	assert_int_equal(prefixes_next(&p, &n), 1);
	assert_int_equal(prefixes_next(&p, &n), 0);
	assert_int_equal(prefixes_next(&p, &n), 2);
	assert_int_equal(n, 4);
	assert_int_equal(prefixes_next(&p, &n), TOKEN_NONE);
	assert_int_equal(prefixes_longest(v, "abc", 3, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(prefixes_longest(v, "c", 1, &n), TOKEN_NONE);
	vocab_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_cut_into_the_longest_tokens),
		cmocka_unit_test(a_word_of_more_than_a_hundred_characters_is_unknown),
		cmocka_unit_test(letters_keep_their_case_where_the_file_says_so),
		cmocka_unit_test(the_best_sum_of_scores_counts),
		cmocka_unit_test(white_space_is_made_less),
		cmocka_unit_test(the_map_replaces_characters),
		cmocka_unit_test(a_map_that_leads_outside_of_itself_is_refused_or_ends),
		cmocka_unit_test(the_longest_token_at_each_place),
		cmocka_unit_test(prefixes_come_shortest_first),
	};
	return cmocka_run_group_tests_name("cutters", tests, NULL, NULL);
}
