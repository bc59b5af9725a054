/*
 * vocab: vocabularies that no honest program writes, and the line that each of them costs.
 *
 * A case changes a small valid vocabulary and names the words of its verdict; NULL: it loads, and text still comes back.
 */
#include "../made_vocab.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ALLOWED = 64 << 20, HANG = 60 };

static struct made made;

static void valid_bpe(void)
{
	made = (struct made){ .model = "gpt2", .pre = "gpt-2" };
	made_bytes(&made);
	made_token(&made, "th", TOKEN_NORMAL);
	made_token(&made, "the", TOKEN_NORMAL);
	made_token(&made, "<|end|>", TOKEN_CONTROL);
	made_merge(&made, "t h");
	made_merge(&made, "th e");
}

static void valid_spm(void)
{
	static char names[256][8];
	made = (struct made){ .model = "llama" };
	made_token(&made, "<unk>", TOKEN_UNKNOWN);
	made_token(&made, "<s>", TOKEN_CONTROL);
	made_token(&made, "</s>", TOKEN_CONTROL);
	for (int b = 0; b < 256; b++) {
		snprintf(names[b], sizeof names[b], "<0x%02X>", (unsigned)b);
		made_token(&made, names[b], TOKEN_BYTE);
	}
	made_token(&made, "\xE2\x96\x81", TOKEN_NORMAL);
	made_token(&made, "a", TOKEN_NORMAL);
}

/* The same without byte tokens, for a model that does not merge. */
static void valid_unigram(void)
{
	made = (struct made){ .model = "t5" };
	made_token(&made, "<pad>", TOKEN_CONTROL);
	made_token(&made, "</s>", TOKEN_CONTROL);
	made_token(&made, "<unk>", TOKEN_UNKNOWN);
	made_token(&made, "a", TOKEN_NORMAL);
}

static void valid_bert(void)
{
	made = (struct made){ .model = "bert", .pre = "bert-bge" };
	made_token(&made, "[UNK]", TOKEN_CONTROL);
	made_token(&made, "[CLS]", TOKEN_CONTROL);
	made_token(&made,
	           "\xE2\x96\x81"
	           "a",
	           TOKEN_NORMAL);
}

static void valid_rwkv(void)
{
	made = (struct made){ .model = "rwkv" };
	made_token(&made, "<s>", TOKEN_CONTROL);
	made_token(&made, "a", TOKEN_NORMAL);
}

static void infinite_score(void)
{
	made.score[3] = INFINITY;
}
static void no_scores(void)
{
	made.scores = 0;
}
static void escape_at_the_end(void)
{
	made_token(&made, "b\\", TOKEN_NORMAL), made_token(&made, "\\x4", TOKEN_NORMAL);
}
static void escaped_twice(void)
{
	made_token(&made, "\\x61", TOKEN_NORMAL);
}
static void put_map(struct gguf_writer *w, const uint32_t *words, size_t n)
{
	gguf_put_array(w, "tokenizer.ggml.precompiled_charsmap", GGUF_U8, words, n * sizeof *words);
}
static void short_map(struct gguf_writer *w)
{
	gguf_put_array(w, "tokenizer.ggml.precompiled_charsmap", GGUF_U8, "\1\2", 2);
}
static void long_map(struct gguf_writer *w)
{
	put_map(w, (const uint32_t[]){ 0xFFFFFFFC, 0, 0 }, 3);
}
static void map_of_odd_units(struct gguf_writer *w)
{
	put_map(w, (const uint32_t[]){ 5, 0, 0 }, 3);
}
static void map_without_an_end(struct gguf_writer *w)
{
	put_map(w, (const uint32_t[]){ 4, 0, 0x41414141 }, 3);
}
static void map_of_integers(struct gguf_writer *w)
{
	gguf_put_array(w, "tokenizer.ggml.precompiled_charsmap", GGUF_U32, (const uint32_t[]){ 4, 0, 0 }, 3);
}
static void map_that_leads_anywhere(struct gguf_writer *w)
{
	put_map(w, (const uint32_t[]){ 8, 0xFFFFFFFF, 0xFFFFFFFF, 0 }, 4);
}
static void map_with_a_long_replacement(struct gguf_writer *w)
{
	uint32_t words[32];
	memset(words, 'a', sizeof words);
	words[0] = 4, words[31] = 0;
	put_map(w, words, 32);
}
static void no_cls(struct gguf_writer *w)
{
	gguf_put_u32(w, "tokenizer.ggml.cls_token_id", 3);
}

struct bad_case {
	const char *name;
	void (*begin)(void);
	void (*bend)(void);                 /* the vocabulary; NULL: as it is */
	void (*put)(struct gguf_writer *w); /* more keys; NULL: none */
	const char *expected;
};

static void not_utf8(void)
{
	made_token_bytes(&made, "a\xFF", 2, TOKEN_NORMAL, 0);
}
static void surrogate(void)
{
	made_token_bytes(&made, "\xED\xA0\x80", 3, TOKEN_NORMAL, 0);
}
static void empty(void)
{
	made_token(&made, "", TOKEN_NORMAL), made_token(&made, "", TOKEN_CONTROL);
}
static void twice(void)
{
	made_token(&made, "th", TOKEN_NORMAL);
}
static void control_twice(void)
{
	made_token(&made, "<|end|>", TOKEN_CONTROL);
}
static void with_nul(void)
{
	made_token_bytes(&made, "a\0b", 3, TOKEN_CONTROL, 0);
}
static void byte_in_bpe(void)
{
	made_token(&made, "<0x41>", TOKEN_BYTE);
}
static void byte_minus(void)
{
	made.token[4] = (struct gguf_text){ "<0x-1>", 6 };
}
static void byte_blank(void)
{
	made.token[4] = (struct gguf_text){ "<0x 1>", 6 };
}
static void byte_long(void)
{
	made.token[4] = (struct gguf_text){ "<0x141>", 7 };
}
static void byte_twice(void)
{
	made.token[4] = (struct gguf_text){ "<0x0a>", 6 };
}
static void byte_missing(void)
{
	made.type[3 + 0xC3] = TOKEN_UNUSED;
}
static void type_seven(void)
{
	made.type[5] = 7;
}
static void type_negative(void)
{
	made.type[5] = -1;
}
static void few_types(void)
{
	made.types--;
}
static void many_scores(void)
{
	made.score[made.scores++] = 0;
}
static void score_nan(void)
{
	made.score[5] = (float)strtod("nan", NULL);
}
static void score_infinite(void)
{
	made.score[5] = (float)strtod("-inf", NULL);
}
static void scores_alike(void)
{
	memset(made.score, 0, sizeof made.score);
}
static void merge_unknown(void)
{
	made_merge(&made, "qq z");
}
static void merge_of_nothing_known(void)
{
	made_merge(&made, "h t");
}
static void merge_one_word(void)
{
	made_merge(&made, "the");
}
static void merge_empty(void)
{
	made_merge(&made, "");
}
static void merge_ends(void)
{
	made_merge(&made, "t ");
}
static void merge_into_control(void)
{
	made_token(&made, "<|", TOKEN_NORMAL);
	made_merge(&made, "< |");
	made_merge(&made, "<| end|>");
}
static void no_tokens(void)
{
	made.tokens = made.types = made.scores = 0;
}
static void no_model(void)
{
	made.model = NULL;
}
static void other_model(void)
{
	made.model = "magic";
}
static void other_pre(void)
{
	made.pre = "gpt-5";
}
static void control_in_pre(void)
{
	made.pre = "\x1b[31m";
}

static void bos_far(struct gguf_writer *w)
{
	gguf_put_u32(w, "tokenizer.ggml.bos_token_id", 100000);
}
static void eos_just_behind(struct gguf_writer *w)
{
	gguf_put_u32(w, "tokenizer.ggml.eos_token_id", (uint32_t)made.tokens);
}
static void eos_negative(struct gguf_writer *w)
{
	gguf_put_i32(w, "tokenizer.ggml.eos_token_id", -7);
}
static void eos_text(struct gguf_writer *w)
{
	gguf_put_text(w, "tokenizer.ggml.eos_token_id", "2", 1);
}
static void add_without(struct gguf_writer *w)
{
	gguf_put_bool(w, "tokenizer.ggml.add_eos_token", true);
}
static void add_number(struct gguf_writer *w)
{
	gguf_put_u32(w, "tokenizer.ggml.add_bos_token", 1);
}
static void prefix_text(struct gguf_writer *w)
{
	gguf_put_text(w, "tokenizer.ggml.add_space_prefix", "x", 1);
}

static const struct bad_case cases[] = {
	{ "a token that is not UTF-8", valid_bpe, not_utf8, NULL, "token 259 is not UTF-8" },
	{ "a token that is half a surrogate pair", valid_bpe, surrogate, NULL, "token 259 is not UTF-8" },
	{ "empty tokens", valid_bpe, empty, NULL, NULL },
	{ "two tokens alike", valid_bpe, twice, NULL, "token 259 is the same as token 256" },
	{ "two control tokens alike", valid_bpe, control_twice, NULL, "is the same as token" },
	{ "a control token with NUL", valid_bpe, with_nul, NULL, NULL },
	{ "a byte token in byte-level BPE", valid_bpe, byte_in_bpe, NULL, "token 259 is of type byte" },
	{ "a byte token <0x-1>", valid_spm, byte_minus, NULL, "token 4 is of type byte, but its name is '<0x-1>'" },
	{ "a byte token <0x 1>", valid_spm, byte_blank, NULL, "but its name is '<0x 1>'" },
	{ "a byte token of three digits", valid_spm, byte_long, NULL, "but its name is '<0x141>'" },
	{ "two byte tokens alike", valid_spm, byte_twice, NULL, "is the same byte as token 4" },
	{ "a byte token missing", valid_spm, byte_missing, NULL, NULL },
	{ "a type of 7", valid_bpe, type_seven, NULL, "token 5 has type 7" },
	{ "a type of -1", valid_bpe, type_negative, NULL, "token 5 has type -1" },
	{ "too few types", valid_bpe, few_types, NULL, "tokenizer.ggml.token_type has 258 items for 259 tokens" },
	{ "too many scores", valid_spm, many_scores, NULL, "tokenizer.ggml.scores has 262 items for 261 tokens" },
	{ "a score that is no number", valid_spm, score_nan, NULL, "score of token 5 is not a finite number" },
	{ "an infinite score", valid_spm, score_infinite, NULL, "score of token 5 is not a finite number" },
	{ "scores all alike", valid_spm, scores_alike, NULL, NULL },
	{ "a merge of unknown tokens", valid_bpe, merge_unknown, NULL, "merge 2, 'qq z', names a token that does not exist" },
	{ "a merge into an unknown token", valid_bpe, merge_of_nothing_known, NULL,
	  "merge 2, 'h t', makes a token that does not exist" },
	{ "a merge without a space", valid_bpe, merge_one_word, NULL, "merge 2, 'the', is not two tokens" },
	{ "an empty merge", valid_bpe, merge_empty, NULL, "merge 2, '', is not two tokens" },
	{ "a merge with nothing behind its space", valid_bpe, merge_ends, NULL, "merge 2, 't ', is not two tokens" },
	{ "a merge of a control token", valid_bpe, merge_into_control, NULL,
	  "merge 3, '<| end|>', names a token that does not exist" },
	{ "no tokens", valid_bpe, no_tokens, NULL, "tokenizer.ggml.tokens is missing or empty" },
	{ "no model", valid_bpe, no_model, NULL, "there is no tokenizer.ggml.model" },
	{ "a score without end of Unigram", valid_unigram, infinite_score, NULL, "the score of token 3 is not a finite number" },
	{ "Unigram without scores", valid_unigram, no_scores, NULL, "tokenizer.ggml.scores is missing" },
	{ "a map of two bytes", valid_unigram, NULL, short_map, "precompiled_charsmap: the map of characters has 2 bytes" },
	{ "a map longer than itself", valid_unigram, NULL, long_map, "the map of characters contradicts its own length" },
	{ "a map of odd units", valid_unigram, NULL, map_of_odd_units, "the map of characters contradicts its own length" },
	{ "a map without an end", valid_unigram, NULL, map_without_an_end, "the map of characters contradicts its own length" },
	{ "a map of integers", valid_unigram, NULL, map_of_integers, "precompiled_charsmap: its items are no bytes" },
	{ "a map that leads anywhere", valid_unigram, NULL, map_that_leads_anywhere, NULL },
	{ "a map with a long replacement", valid_unigram, NULL, map_with_a_long_replacement, "has a replacement of" },
	{ "a [CLS] that does not exist", valid_bert, NULL, no_cls, "tokenizer.ggml.cls_token_id is 3, but there are 3 tokens" },
	{ "a BERT vocabulary of three tokens", valid_bert, NULL, NULL, NULL },
	{ "escapes that are cut short", valid_rwkv, escape_at_the_end, NULL, NULL },
	{ "one token written in two ways", valid_rwkv, escaped_twice, NULL, "token 2 is the same as token 1" },
	{ "a model of later versions", valid_spm, other_model, NULL, "tokenizer model 'magic' is not in this version" },
	{ "an unknown pre-tokenizer", valid_bpe, other_pre, NULL, "pre-tokenizer 'gpt-5' is not in this version" },
	{ "a pre-tokenizer named in control characters", valid_bpe, control_in_pre, NULL, "pre-tokenizer '\\x1b[31m'" },
	{ "BOS far out of range", valid_bpe, NULL, bos_far, "tokenizer.ggml.bos_token_id is 100000, but there are 259 tokens" },
	{ "EOS just out of range", valid_bpe, NULL, eos_just_behind, "tokenizer.ggml.eos_token_id is 259" },
	{ "EOS negative", valid_bpe, NULL, eos_negative, "tokenizer.ggml.eos_token_id is -7" },
	{ "EOS a text", valid_bpe, NULL, eos_text, "tokenizer.ggml.eos_token_id is not an integer" },
	{ "EOS added, but there is none", valid_bpe, NULL, add_without,
	  "tokenizer.ggml.add_eos_token is true, but there is no such token" },
	{ "add_bos a number", valid_bpe, NULL, add_number, "tokenizer.ggml.add_bos_token" },
	{ "add_space_prefix a text", valid_spm, NULL, prefix_text, "tokenizer.ggml.add_space_prefix" },
};

static void check_verdict(const struct bad_case *c)
{
	struct error e = { "" };
	c->begin();
	if (c->bend) c->bend();
	struct gguf_writer w = made_write(&made);
	if (c->put) c->put(&w);
	struct vocab *v = made_load(&w, &e);
	if (!c->expected) {
		if (!v) fail_msg("%s: %s", c->name, e.text);
		v->add_space_prefix = false;
		bool whole = made.model[0] != 'b' && made.model[0] != 't' &&
		             made.model[0] != 'r'; /* others leave out what they have no token for */
		if (whole) made_comes_back(v, "the \n<|end|>a", 13, 0);
		made_encode(v, "\xC3\xA9 a\0", 5, TOKENIZER_SPECIAL);
	} else {
		if (v) fail_msg("%s: was loaded", c->name);
		if (strncmp(e.text, "made.gguf: ", 11) != 0)
			fail_msg("%s: '%s' does not begin with the file's name", c->name, e.text);
		if (!strstr(e.text, c->expected)) fail_msg("%s: '%s' lacks '%s'", c->name, e.text, c->expected);
	}
	vocab_free(v);
}

static void every_bad_vocabulary_has_its_verdict(void **state)
{
	(void)state;
	size_t before = memory_in_use();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		check_verdict(&cases[i]);
		if (memory_in_use() != before) fail_msg("%s: %zu bytes are left behind", cases[i].name, memory_in_use() - before);
	}
}

/* Loads a vocabulary whose tokens or merges are `n` times the same; the verdict must come soon and in little memory. */
static void load_many(const char *key, const char *text, size_t length, uint64_t n, const char *expected)
{
	struct error e = { "" };
	valid_bpe();
	struct gguf_text *texts = memory_new(n, sizeof *texts);
	assert_non_null(texts);
	for (uint64_t i = 0; i < n; i++) texts[i] = (struct gguf_text){ text, length };
	bool tokens = strcmp(key, "tokenizer.ggml.tokens") == 0;
	struct gguf_writer w = gguf_writer_new();
	gguf_put_text(&w, "tokenizer.ggml.model", "gpt2", 4);
	gguf_put_text(&w, "tokenizer.ggml.pre", "gpt-2", 5);
	gguf_put_texts(&w, "tokenizer.ggml.tokens", tokens ? texts : made.token, tokens ? n : made.tokens);
	gguf_put_texts(&w, "tokenizer.ggml.merges", tokens ? made.merge : texts, tokens ? made.merges : n);
	memory_free(texts);
	alarm(HANG);
	struct vocab *v = made_load(&w, &e);
	alarm(0);
	if (!expected) {
		if (!v) fail_msg("%s", e.text);
		assert_string_equal(made_encode(v, "th", 2, 0), "256");
	} else {
		if (v) fail_msg("%s: was loaded", expected);
		if (!strstr(e.text, expected)) fail_msg("'%s' lacks '%s'", e.text, expected);
	}
	vocab_free(v);
}

static void a_million_merges_of_one_pair_load_soon(void **state)
{
	(void)state;
	load_many("tokenizer.ggml.merges", "t h", 3, 1000000, NULL);
	load_many("tokenizer.ggml.merges", "t h", 3, VOCAB_MOST_MERGES + 1, "merges, more than");
	load_many("tokenizer.ggml.merges", "x y", 3, 1000000, "merge 0, 'x y', makes a token that does not exist");
}

static void too_many_or_too_long_tokens_are_refused(void **state)
{
	static char text[VOCAB_LONGEST_TOKEN + 2];
	(void)state;
	memset(text, 'x', sizeof text);
	load_many("tokenizer.ggml.tokens", "x", 1, VOCAB_MOST_TOKENS + 1, "tokens, more than");
	load_many("tokenizer.ggml.tokens", "x", 1, 1000000, "token 1 is the same as token 0");
	load_many("tokenizer.ggml.tokens", text, VOCAB_LONGEST_TOKEN + 1, 2, "token 0 is 4096 bytes long");
	load_many("tokenizer.ggml.merges", text, VOCAB_LONGEST_TOKEN + 1, 2, "merge 0 is too long");
}

/* Seconds of the processor for `size` bytes of a repeated part. */
static double seconds_for(const struct vocab *v, const char *part, size_t length, size_t size)
{
	struct error e = { "" };
	struct token_list t = { 0 };
	struct buffer text = buffer_new(SIZE_MAX / 4);
	char *bytes = buffer_extend(&text, size);
	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++) bytes[i] = part[i % length];
	size_t before = memory_in_use();
	memory_peak_reset();
	clock_t start = clock();
	if (!tokenizer_encode(v, bytes, size, TOKENIZER_SPECIAL, &t, &e)) fail_msg("%s", e.text);
	double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	if (memory_peak() - before > size * TOKENIZER_MEMORY + ALLOWED) fail_msg("%zu bytes for %zu", memory_peak() - before, size);
	token_list_free(&t);
	buffer_free(&text);
	return seconds;
}

static void endless_prompts_take_linear_time_and_memory(void **state)
{
	enum { SIZE = 1 << 20 };
	static char pairs[65536 * 2];
	static const struct {
		const char *part;
		size_t length;
	} parts[] = { { "a", 1 },    { " ", 1 },       { "t", 1 },    { "the", 3 }, { "\xCC\x81", 2 },  { "\xED\xA0\x80", 3 },
		      { "\xFF", 1 }, { "<|end|>", 7 }, { "<|en", 4 }, { "\n", 1 },  { "e\xCC\x81", 3 }, { pairs, sizeof pairs } };
	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		pairs[2 * i] = (char)(i >> 8);
		pairs[2 * i + 1] = (char)i;
	}
	static void (*const valid[])(void) = { valid_bpe, valid_spm, valid_unigram, valid_bert, valid_rwkv };
	for (size_t k = 0; k < sizeof valid / sizeof *valid; k++) {
		valid[k]();
		if (k == 0) made.architecture = "qwen2", made.pre = "qwen2";
		if (k > 0) made_token(&made, "aa", TOKEN_NORMAL), made_token(&made, "aaa", TOKEN_NORMAL);
		struct vocab *v = made_vocab(&made);
		for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
			double seconds = seconds_for(v, parts[i].part, parts[i].length, SIZE);
			if (seconds > 20) fail_msg("%.1f s for a MiB of part %zu", seconds, i);
		}
		vocab_free(v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bad_vocabulary_has_its_verdict),
		cmocka_unit_test(a_million_merges_of_one_pair_load_soon),
		cmocka_unit_test(too_many_or_too_long_tokens_are_refused),
		cmocka_unit_test(endless_prompts_take_linear_time_and_memory),
	};
	return cmocka_run_group_tests_name("vocab", tests, NULL, NULL);
}
