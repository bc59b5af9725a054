/* vocab: what the metadata say about tokens, merges and special tokens, and what is made of it. */
#include "../made_vocab.h"

/* Byte-level BPE with 256 bytes and "th", "the", " the" (ids 256 to 258), then what a test adds. */
static void small_bpe(struct made *m, const char *pre)
{
	*m = (struct made){ .model = "gpt2", .pre = pre };
	made_bytes(m);
	made_token(m, "th", TOKEN_NORMAL);
	made_token(m, "the", TOKEN_NORMAL);
	made_token(m, "\xC4\xA0the", TOKEN_NORMAL);
	made_merge(m, "t h");
	made_merge(m, "th e");
	made_merge(m, "\xC4\xA0 the");
}

/* SPM: <unk> <s> </s>, then 256 byte tokens from id 3 on. */
static void small_spm(struct made *m)
{
	static char names[256][8];
	*m = (struct made){ .model = "llama" };
	made_token(m, "<unk>", TOKEN_UNKNOWN);
	made_token(m, "<s>", TOKEN_CONTROL);
	made_token(m, "</s>", TOKEN_CONTROL);
	for (int b = 0; b < 256; b++) {
		snprintf(names[b], sizeof names[b], "<0x%02X>", (unsigned)b);
		made_token(m, names[b], TOKEN_BYTE);
	}
}

static void bytes_are_written_as_letters(void **state)
{
	static struct made m;
	(void)state;
	small_bpe(&m, "gpt-2");
	struct vocab *v = made_vocab(&m);
	for (uint32_t b = 0; b < 256; b++) {
		size_t n;
		const char *bytes = vocab_bytes(v, b, &n);
		assert_int_equal(n, 1);
		assert_int_equal((uint8_t)bytes[0], b);
		assert_int_equal(v->byte_token[b], b);
	}
	assert_int_equal(vocab_find(v, " the", 4), 258);
	assert_int_equal(vocab_find(v, "teh", 3), TOKEN_NONE);
	assert_int_equal(vocab_find(v, "", 0), TOKEN_NONE);
	assert_int_equal(v->longest, 4);
	uint32_t into = 0;
	assert_int_equal(vocab_merge(v, 't', 'h', &into), 1);
	assert_int_equal(into, 256);
	assert_int_equal(vocab_merge(v, ' ', 257, &into), 3);
	assert_int_equal(into, 258);
	assert_int_equal(vocab_merge(v, 'h', 't', &into), 0);
	assert_int_equal(vocab_merge(v, TOKEN_NONE, 'h', &into), 0);
	vocab_free(v);
}

static void spaces_and_byte_tokens_of_sentencepiece_are_bytes(void **state)
{
	static struct made m;
	(void)state;
	small_spm(&m);
	made_token(&m, "\xE2\x96\x81", TOKEN_NORMAL);
	made_token(&m,
	           "\xE2\x96\x81"
	           "a\xE2\x96\x81",
	           TOKEN_NORMAL);
	made_token(&m, "\xE2\x96\x81\xE2\x96\x81", TOKEN_USER_DEFINED);
	struct vocab *v = made_vocab(&m);
	size_t n;
	assert_int_equal(vocab_find(v, " ", 1), 259);
	assert_int_equal(vocab_find(v, " a ", 3), 260);
	vocab_bytes(v, 261, &n);
	assert_int_equal(n, 6); /* USER_DEFINED: as the file writes it */
	assert_int_equal(v->byte_token[0x41], 3 + 0x41);
	assert_memory_equal(vocab_bytes(v, 3 + 0x0A, &n), "\n", 1);
	assert_int_equal(v->special[VOCAB_BOS], 1);
	assert_int_equal(v->special[VOCAB_EOS], 2);
	assert_int_equal(v->special[VOCAB_UNK], 0);
	assert_true(v->add_bos && !v->add_eos && v->add_space_prefix);
	assert_int_equal(vocab_find(v, "</s>", 4), TOKEN_NONE);
	assert_int_equal(vocab_find(v, "<unk>", 5), TOKEN_NONE);
	assert_int_equal(vocab_find_special(v, "</s>", 4), 2);
	assert_int_equal(vocab_find_special(v, "</s", 3), TOKEN_NONE);
	vocab_free(v);
}

static void scores_are_ranked_best_first_and_equal_ones_alike(void **state)
{
	static struct made m;
	(void)state;
	small_spm(&m);
	made_token_bytes(&m, "a", 1, TOKEN_NORMAL, -3);
	made_token_bytes(&m, "b", 1, TOKEN_NORMAL, 2.5f);
	made_token_bytes(&m, "c", 1, TOKEN_NORMAL, -3);
	made_token_bytes(&m, "d", 1, TOKEN_NORMAL, 0);
	made_token_bytes(&m, "e", 1, TOKEN_NORMAL, -0.0f);
	struct vocab *v = made_vocab(&m);
	const uint32_t *rank = v->rank + 259;
	assert_true(rank[1] < rank[3] && rank[3] < rank[0]);
	assert_int_equal(rank[0], rank[2]);
	assert_int_equal(rank[3], rank[4]);
	vocab_free(v);
}

static uint32_t ends_of(const struct vocab *v)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < v->count; i++) n += vocab_ends(v, i);
	return n;
}

static void names_end_generation(void **state)
{
	static struct made m;
	(void)state;
	small_bpe(&m, "gpt-2");
	made_token(&m, "<|im_end|>", TOKEN_NORMAL);
	made_token(&m, "<|eom_id|>", TOKEN_USER_DEFINED);
	made_token(&m, "<|fim_prefix|>", TOKEN_NORMAL);
	made_token(&m, "<|fim_pad|>", TOKEN_CONTROL);
	made_token(&m, "<|im_start|>", TOKEN_CONTROL);
	struct vocab *v = made_vocab(&m);
	assert_int_equal(v->special[VOCAB_EOT], 259);
	assert_int_equal(v->special[VOCAB_EOM], 260);
	assert_int_equal(v->special[VOCAB_FIM_PRE], 261);
	assert_int_equal(v->special[VOCAB_BOS], TOKEN_NONE);
	assert_int_equal(v->type[259], TOKEN_CONTROL);
	assert_int_equal(v->type[260], TOKEN_CONTROL);
	assert_true(vocab_ends(v, 259) && vocab_ends(v, 260) && vocab_ends(v, 262));
	assert_int_equal(ends_of(v), 3);
	assert_false(vocab_ends(v, UINT32_MAX));
	vocab_free(v);
}

static void a_name_that_merges_make_is_text(void **state)
{
	static struct made m;
	(void)state;
	small_bpe(&m, "gpt-2");
	made_token(&m, "</", TOKEN_NORMAL);
	made_token(&m, "s>", TOKEN_NORMAL);
	made_token(&m, "</s>", TOKEN_NORMAL);
	made_merge(&m, "< /");
	made_merge(&m, "s >");
	made_merge(&m, "</ s>");
	struct vocab *v = made_vocab(&m);
	assert_int_equal(ends_of(v), 0);
	assert_int_equal(vocab_find(v, "</s>", 4), 261);
	vocab_free(v);
}

static void what_ends_generation_is_never_made_of_text(void **state)
{
	static struct made m;
	struct error e = { "" };
	uint32_t into;
	(void)state;
	small_bpe(&m, "llama-bpe"); /* which takes whole words */
	struct gguf_writer w = made_write(&m);
	gguf_put_u32(&w, "tokenizer.ggml.eos_token_id", 257); /* "the" */
	struct vocab *v = made_load(&w, &e);
	if (!v) fail_msg("%s", e.text);
	assert_true(vocab_ends(v, 257));
	assert_int_equal(vocab_find(v, "the", 3), TOKEN_NONE);
	assert_int_equal(vocab_merge(v, 256, 'e', &into), 0);
	assert_string_equal(made_encode(v, "the", 3, 0), "256 101");
	assert_string_equal(made_encode(v, "the", 3, TOKENIZER_SPECIAL), "257");
	vocab_free(v);
}

static void merges_of_special_tokens_load_and_make_only_ordinary_ones(void **state)
{
	static struct made m;
	uint32_t into;
	(void)state;
	small_bpe(&m, "gpt-2");
	made_token(&m, "<a", TOKEN_NORMAL);
	made_token(&m, "<a>", TOKEN_CONTROL);
	made_token(&m, "ab", TOKEN_USER_DEFINED);
	made_token(&m, "<b>", TOKEN_USER_DEFINED);
	made_token(&m, "b>", TOKEN_NORMAL);
	made_token(&m, "\xE4\xB8\xAD", TOKEN_USER_DEFINED); /* no letter of bytes */
	made_token(&m,
	           "\xE4\xB8\xAD"
	           "a",
	           TOKEN_USER_DEFINED);
	static const char *const merges[] = { "< a", "<a >", "a b", "b >", "< b>", "\xE4\xB8\xAD a" };
	for (size_t i = 0; i < 6; i++) made_merge(&m, merges[i]);
	struct vocab *v = made_vocab(&m);
	assert_int_equal(vocab_merge(v, '<', 'a', &into), 4);
	assert_int_equal(vocab_merge(v, 259, '>', &into), 0); /* CONTROL */
	assert_int_equal(vocab_merge(v, 'a', 'b', &into), 6); /* an ordinary USER_DEFINED token */
	assert_int_equal(into, 261);
	assert_int_equal(vocab_merge(v, '<', 263, &into), 0); /* a mark */
	assert_int_equal(vocab_merge(v, 264, 'a', &into), 9);
	assert_int_equal(into, 265);
	vocab_free(v);
}

static void harmony_goes_on_behind_end(void **state)
{
	static struct made m;
	(void)state;
	small_bpe(&m, "gpt-4o");
	made_token(&m, "<|end|>", TOKEN_CONTROL);
	made_token(&m, "<|return|>", TOKEN_CONTROL);
	made_token(&m, "<|call|>", TOKEN_CONTROL);
	struct vocab *v = made_vocab(&m);
	assert_false(vocab_ends(v, 259));
	assert_true(vocab_ends(v, 260) && vocab_ends(v, 261));
	assert_int_equal(v->type[259], TOKEN_CONTROL);
	vocab_free(v);
	m.tokens = m.types = 260; /* without the other two, <|end|> ends */
	v = made_vocab(&m);
	assert_true(vocab_ends(v, 259));
	vocab_free(v);
}

static void keys_override_names_and_defaults(void **state)
{
	static struct made m;
	struct error e = { "" };
	(void)state;
	small_bpe(&m, "tekken");
	made_token(&m, "<s>", TOKEN_CONTROL);
	made_token(&m, "<stop>", TOKEN_CONTROL);
	struct gguf_writer w = made_write(&m);
	gguf_put_u32(&w, "tokenizer.ggml.bos_token_id", 259);
	gguf_put_u32(&w, "tokenizer.ggml.eos_token_id", 260);
	gguf_put_i32(&w, "tokenizer.ggml.padding_token_id", -1);
	gguf_put_bool(&w, "tokenizer.ggml.add_eos_token", true);
	gguf_put_bool(&w, "tokenizer.ggml.add_space_prefix", true); /* SPM's alone */
	struct vocab *v = made_load(&w, &e);
	if (!v) fail_msg("%s", e.text);
	assert_true(v->add_bos && v->add_eos && v->ignore_merges && !v->add_space_prefix);
	assert_int_equal(v->special[VOCAB_PAD], TOKEN_NONE);
	assert_string_equal(made_encode(v, "x", 1, TOKENIZER_ADD), "259 120 260");
	assert_string_equal(made_encode(v, "x", 1, 0), "120");
	vocab_free(v);
}

static void the_family_tells_who_normalizes(void **state)
{
	static const struct {
		const char *architecture, *pre;
		bool nfc;
	} cases[] = { { "qwen2", "qwen2", true },   { "qwen3moe", "qwen2", true },      { "llama", "qwen2", false },
		      { "qwen35", "qwen35", true }, { "command-r", "command-r", true }, { "mpt", "mpt", true },
		      { "gptneox", "gpt-2", false } };
	static struct made m;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		small_bpe(&m, cases[i].pre);
		m.architecture = cases[i].architecture;
		struct vocab *v = made_vocab(&m);
		if (v->nfc != cases[i].nfc) fail_msg("%s with %s", cases[i].architecture, cases[i].pre);
		vocab_free(v);
	}
}

static void no_memory_is_an_error_at_every_allocation(void **state)
{
	static struct made m;
	(void)state;
	for (int spm = 0; spm < 2; spm++) {
		if (spm)
			small_spm(&m);
		else
			small_bpe(&m, "qwen2");
		size_t before = memory_in_use();
		for (uint64_t n = 1;; n++) {
			struct error e = { "" };
			struct gguf_writer w = made_write(&m);
			memory_fail_at(n, false);
			struct vocab *v = made_load(&w, &e);
			memory_fail_at(0, false);
			vocab_free(v);
			assert_int_equal(memory_in_use(), before);
			if (v) break;
			assert_true(e.text[0] != 0);
			assert_true(n < 1000);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_written_as_letters),
		cmocka_unit_test(spaces_and_byte_tokens_of_sentencepiece_are_bytes),
		cmocka_unit_test(scores_are_ranked_best_first_and_equal_ones_alike),
		cmocka_unit_test(names_end_generation),
		cmocka_unit_test(a_name_that_merges_make_is_text),
		cmocka_unit_test(what_ends_generation_is_never_made_of_text),
		cmocka_unit_test(merges_of_special_tokens_load_and_make_only_ordinary_ones),
		cmocka_unit_test(harmony_goes_on_behind_end),
		cmocka_unit_test(keys_override_names_and_defaults),
		cmocka_unit_test(the_family_tells_who_normalizes),
		cmocka_unit_test(no_memory_is_an_error_at_every_allocation),
	};
	return cmocka_run_group_tests_name("vocab", tests, NULL, NULL);
}
