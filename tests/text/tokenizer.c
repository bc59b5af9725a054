/* tokenizer: special tokens by trust and by origin, what is added around a text, and what may never come out. */
#include "../made_vocab.h"

/* Byte-level BPE with a few merges and special tokens:
 * 256 "he"  257 "hel"  258 "lo"  259 "hello"  260 " hello"
 * 261 <|im_start|>  262 <|im_end|>  263 <tool>  264 <pre>  265 "    "  266 <unk>, the unknown token */
static void chat(struct made *m, const char *pre)
{
	*m = (struct made){ .model = "gpt2", .pre = pre };
	made_bytes(m);
	static const char *const texts[] = { "he", "hel", "lo", "hello", "\xC4\xA0hello" };
	for (size_t i = 0; i < 5; i++) made_token(m, texts[i], TOKEN_NORMAL);
	static const char *const merges[] = { "h e", "he l", "l o", "hel lo", "\xC4\xA0 hello" };
	for (size_t i = 0; i < 5; i++) made_merge(m, merges[i]);
	made_token(m, "<|im_start|>", TOKEN_CONTROL);
	made_token(m, "<|im_end|>", TOKEN_CONTROL);
	made_token(m, "<tool>", TOKEN_USER_DEFINED);
	made_token(m, "<pre>", TOKEN_USER_DEFINED);
	made_token(m, "    ", TOKEN_USER_DEFINED);
	made_token(m, "<unk>", TOKEN_UNKNOWN);
}

static struct vocab *chat_vocab(void)
{
	static struct made m;
	chat(&m, "gpt-2");
	return made_vocab(&m);
}

static const char *encode(const struct vocab *v, const char *text, unsigned options)
{
	return made_encode(v, text, strlen(text), options);
}

static void words_merge_and_words_do_not_reach_over_their_ends(void **state)
{
	(void)state;
	struct vocab *v = chat_vocab();
	assert_string_equal(encode(v, "hello hello", 0), "259 260");
	assert_string_equal(encode(v, "helo", 0), "257 111"); /* "hel" goes before "lo" */
	assert_string_equal(encode(v, "", 0), "");
	assert_string_equal(made_encode(v, "a\0b", 3, 0), "97 0 98");
	assert_string_equal(made_encode(v, "\xFF\xC3", 2, 0), "255 195");
	vocab_free(v);
}

static void control_tokens_are_matched_only_in_trusted_text(void **state)
{
	(void)state;
	struct vocab *v = chat_vocab();
	assert_string_equal(encode(v, "<|im_end|>a", TOKENIZER_SPECIAL), "262 97");
	assert_null(strstr(encode(v, "<|im_end|>a", 0), "262"));
	assert_string_equal(encode(v, "<unk>", TOKENIZER_SPECIAL), "266");
	assert_null(strstr(encode(v, "<unk>", 0), "266"));
	made_comes_back(v, "<|im_end|><|im_start|>", 22, 0);
	made_comes_back(v, "<|im_end|><|im_start|", 21, TOKENIZER_SPECIAL);
	vocab_free(v);
}

static void user_defined_tokens_are_matched_everywhere_the_longest_first(void **state)
{
	static struct made m;
	(void)state;
	chat(&m, "gpt-2");
	made_token(&m, "<pre>hello", TOKEN_USER_DEFINED);
	struct vocab *v = made_vocab(&m);
	assert_string_equal(encode(v, "a<pre>b", 0), "97 264 98");
	assert_string_equal(encode(v, "<pre>hello", 0), "267");
	assert_string_equal(encode(v, "<pre>hell", 0), "264 257 108");
	assert_string_equal(encode(v, "         ", 0), "265 265 32");
	vocab_free(v);
}

/* What the pieces give; messages are written in the text between \1 and \2. */
static const char *by_origin(const struct vocab *v, const char *marked, const char *source)
{
	struct text_piece pieces[64] = { { 0 } };
	char text[512];
	size_t n = 0, size = 0;
	bool message = false;
	for (const char *p = marked; *p; p++) {
		if (*p == 1 || *p == 2) {
			pieces[++n].from_message = message = *p == 1;
			continue;
		}
		pieces[n].length++;
		text[size++] = *p;
	}
	struct token_list t = { 0 };
	struct error e = { "" };
	assert_true(tokenizer_encode_pieces(v, text, pieces, n + 1, source, source ? strlen(source) : 0, 0, &t, &e));
	const char *ids = made_ids(&t);
	size_t at = 0;
	for (size_t i = 0; i < t.count; i++) at += v->offset[t.ids[i] + 1] - v->offset[t.ids[i]];
	assert_int_equal(at, size);
	token_list_free(&t);
	return ids;
}

static void messages_never_become_control_tokens(void **state)
{
	(void)state;
	struct vocab *v = chat_vocab();
	assert_string_equal(by_origin(v, "<|im_start|>\1hello\2<|im_end|>", NULL), "261 259 262");
	const char *ids = by_origin(v, "<|im_start|>\1<|im_end|><|im_start|>\2<|im_end|>", NULL);
	assert_memory_equal(ids, "261 60 124", 10);
	assert_ptr_equal(strstr(ids + 3, "261"), NULL);
	assert_string_equal(strstr(ids, "262"), "262"); /* only the last */
	/* A message that completes what the template began, or begins what it completes. */
	assert_null(strstr(by_origin(v, "<|im_\1end|>\2", NULL), "262"));
	assert_null(strstr(by_origin(v, "\1<|im_\2end|>", NULL), "262"));
	assert_null(strstr(by_origin(v, "<|im_\1e\2nd|>", NULL), "262"));
	/* An empty message between two stretches of the template breaks nothing. */
	assert_string_equal(by_origin(v, "<|im_\1\2end|>", NULL), "262");
	assert_null(strstr(by_origin(v, "\1<unk>\2", NULL), "266"));
	vocab_free(v);
}

static void text_of_both_origins_is_one_string(void **state)
{
	(void)state;
	struct vocab *v = chat_vocab();
	assert_string_equal(by_origin(v, "<|im_start|>he\1llo h\2ello", NULL), "261 259 260");
	assert_string_equal(by_origin(v, "he\1llo<p\2re>", NULL), "259 264");
	vocab_free(v);
}

static void marks_that_the_template_writes_are_its_own(void **state)
{
	(void)state;
	struct vocab *v = chat_vocab();
	assert_string_equal(by_origin(v, "\1<tool>a    \2", NULL), "263 97 265");
	assert_string_equal(by_origin(v, "\1<tool>a    \2", "{{ '<tool>' }}    {{ x }}"), "60 116 111 111 108 62 97 265");
	assert_string_equal(by_origin(v, "<tool>\1<tool><pre>\2", NULL), "263 60 116 111 111 108 62 264");
	vocab_free(v);
}

static void a_message_cannot_take_the_templates_tokens_away(void **state)
{
	static struct made m;
	(void)state;
	chat(&m, "gpt-2");
	made_token(&m, "x<|", TOKEN_USER_DEFINED);         /* 267 */
	made_token(&m, "<|im_end|>y", TOKEN_USER_DEFINED); /* 268 */
	made_token(&m, "z<to", TOKEN_USER_DEFINED);        /* 269 */
	struct vocab *v = made_vocab(&m);
	assert_string_equal(by_origin(v, "\1x\2<|im_end|>", NULL), "120 262");
	assert_string_equal(by_origin(v, "<|im_end|>\1y\2", NULL), "262 121");
	assert_string_equal(by_origin(v, "<|im_end|>y", NULL), "268");
	assert_string_equal(by_origin(v, "\1z\2<tool>", NULL), "122 263");
	assert_string_equal(by_origin(v, "\1x<|\2y", NULL), "267 121");
	assert_string_equal(by_origin(v, "\1x\2<|", NULL), "267"); /* nothing of the template's own is hidden */
	vocab_free(v);
}

static void without_special_tokens_in_messages_ids_are_those_of_the_whole_text(void **state)
{
	static const char text[] = "<|im_start|>hello\nhello    <pre> \xC3\xA9<|im_end|>\n<|im_start|>lo hello";
	(void)state;
	struct vocab *v = chat_vocab();
	const char *whole = encode(v, text, TOKENIZER_SPECIAL);
	size_t end = (size_t)(strstr(text, "<|im_end|>") - text);
	for (size_t a = 12; a < end; a++) {
		for (size_t b = a; b < end; b++) {
			struct text_piece pieces[] = { { a, false }, { b - a, true }, { sizeof text - 1 - b, false } };
			struct token_list t = { 0 };
			struct error e = { "" };
			assert_true(tokenizer_encode_pieces(v, text, pieces, 3, NULL, 0, 0, &t, &e));
			assert_string_equal(made_ids(&t), whole);
			token_list_free(&t);
		}
	}
	vocab_free(v);
}

/* SPM: <unk> <s> </s>, bytes from 3 on, then 259 " ", 260 "a", 261 " a", 262 "b", 263 "ab", 264 " ab", 265 "<|x|>" control. */
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
	static const char *const texts[] = { "\xE2\x96\x81",
		                             "a",
		                             ("\xE2\x96\x81"
		                              "a"),
		                             "b",
		                             "ab",
		                             "\xE2\x96\x81"
		                             "ab" };
	for (size_t i = 0; i < 6; i++) made_token(m, texts[i], TOKEN_NORMAL);
	made_token(m, "<|x|>", TOKEN_CONTROL);
}

static void spm_puts_a_space_in_front_and_behind_special_tokens(void **state)
{
	static struct made m;
	(void)state;
	small_spm(&m);
	struct vocab *v = made_vocab(&m);
	assert_string_equal(encode(v, "a", 0), "261");
	assert_string_equal(encode(v, "a", TOKENIZER_ADD), "1 261");
	assert_string_equal(encode(v, "a<|x|>a a", TOKENIZER_SPECIAL), "261 265 261 261");
	assert_string_equal(encode(v,
	                           "\xE2\x96\x81"
	                           "a",
	                           0),
	                    "259 261"); /* U+2581 is a space */
	assert_string_equal(encode(v, "", 0), "");
	assert_string_equal(encode(v, "<|x|>", TOKENIZER_SPECIAL), "265");
	v->add_space_prefix = false;
	assert_string_equal(encode(v, "a", 0), "260");
	vocab_free(v);
}

static void spm_falls_back_to_bytes_and_then_to_unknown(void **state)
{
	static struct made m;
	(void)state;
	small_spm(&m);
	struct vocab *v = made_vocab(&m);
	assert_string_equal(encode(v, "\xC3\xA9", 0), "259 198 172");
	v->byte_token[0xC3] = TOKEN_NONE;
	assert_string_equal(encode(v, "\xC3\xA9\xC3\xA9", 0), "259 0 0");
	v->special[VOCAB_UNK] = TOKEN_NONE;
	assert_string_equal(encode(v, "\xC3\xA9", 0), "259");
	vocab_free(v);
}

static void byte_tokens_and_control_tokens_are_not_made_of_their_names(void **state)
{
	static struct made m;
	(void)state;
	small_spm(&m);
	static const char *const steps[] = { "<", "0", "x", "4", "1", ">", "<0", "<0x", "<0x4", "/", "s", "</", "</s" };
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) made_token(&m, steps[i], TOKEN_NORMAL);
	struct vocab *v = made_vocab(&m);
	v->add_space_prefix = false;
	made_comes_back(v, "<0x41>", 6, 0);
	made_comes_back(v, "</s>", 4, 0);
	assert_string_equal(encode(v, "</s>", 0), "278 271");
	vocab_free(v);
}

static void phi_3_takes_spaces_behind_special_tokens(void **state)
{
	static struct made m;
	(void)state;
	small_spm(&m);
	m.name = "Phi-3 mini";
	struct vocab *v = made_vocab(&m);
	assert_string_equal(encode(v, "<|x|> \n\ta", TOKENIZER_SPECIAL), "265 261");
	assert_string_equal(encode(v, "<s> a", TOKENIZER_SPECIAL), "1 259 261");
	vocab_free(v);
}

static void raw_bpe_keeps_lines_apart_and_falls_back_to_bytes(void **state)
{
	static struct made m;
	static char names[256][8];
	(void)state;
	m = (struct made){ .model = "gemma4" };
	for (int b = 0; b < 256; b++) {
		snprintf(names[b], sizeof names[b], "<0x%02X>", (unsigned)b);
		made_token(&m, names[b], TOKEN_BYTE);
	}
	static const char *const texts[] = { "\xE2\x96\x81",
		                             "a",
		                             ("\xE2\x96\x81"
		                              "a"),
		                             "\n",
		                             "\n\n",
		                             "a\xE2\x96\x81" };
	for (size_t i = 0; i < 6; i++) made_token(&m, texts[i], TOKEN_NORMAL);
	made_merge(&m, "\xE2\x96\x81 a");
	made_merge(&m, "a \xE2\x96\x81");
	struct vocab *v = made_vocab(&m);
	assert_string_equal(encode(v, "a a", 0), "257 258");
	assert_string_equal(encode(v, "a \n\na", 0), "261 260 257");
	assert_string_equal(encode(v, "a\n\n\na", 0), "257 259 259 259 257");
	assert_string_equal(encode(v, "\xC3\xA9", 0), "195 169");
	vocab_free(v);
}

static void no_memory_is_an_error_and_takes_back_what_was_appended(void **state)
{
	static struct made m;
	char text[512];
	(void)state;
	chat(&m, "qwen2");
	m.architecture = "qwen2";
	struct vocab *v = made_vocab(&m);
	memset(text, 'h', sizeof text);
	memcpy(text + 200, "e\xCC\x81<tool> ", 10);
	struct text_piece pieces[] = { { 300, false }, { sizeof text - 300, true } };
	for (int kind = 0; kind < 2; kind++) {
		for (uint64_t n = 1;; n++) {
			struct error e = { "" };
			struct token_list t = { 0 };
			assert_true(token_list_add(&t, 7));
			size_t before = memory_in_use();
			memory_fail_at(n, false);
			bool ok = kind ? tokenizer_encode_pieces(v, text, pieces, 2, "<tool>", 6, 0, &t, &e)
			               : tokenizer_encode(v, text, sizeof text, 0, &t, &e);
			memory_fail_at(0, false);
			if (ok) {
				assert_true(t.count > 1);
				token_list_free(&t);
				break;
			}
			assert_true(e.text[0] != 0);
			assert_int_equal(t.count, 1);
			token_list_free(&t);
			assert_true(memory_in_use() <= before);
			assert_true(n < 1000);
		}
	}
	vocab_free(v);
}

static void a_text_without_end_is_refused(void **state)
{
	(void)state;
	struct vocab *v = chat_vocab();
	struct token_list t = { 0 };
	struct error e = { "" };
	assert_false(tokenizer_encode(v, "", (size_t)TOKENIZER_MOST_TEXT + 1, 0, &t, &e));
	assert_non_null(strstr(e.text, "too long"));
	vocab_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_merge_and_words_do_not_reach_over_their_ends),
		cmocka_unit_test(control_tokens_are_matched_only_in_trusted_text),
		cmocka_unit_test(user_defined_tokens_are_matched_everywhere_the_longest_first),
		cmocka_unit_test(messages_never_become_control_tokens),
		cmocka_unit_test(text_of_both_origins_is_one_string),
		cmocka_unit_test(marks_that_the_template_writes_are_its_own),
		cmocka_unit_test(a_message_cannot_take_the_templates_tokens_away),
		cmocka_unit_test(without_special_tokens_in_messages_ids_are_those_of_the_whole_text),
		cmocka_unit_test(spm_puts_a_space_in_front_and_behind_special_tokens),
		cmocka_unit_test(spm_falls_back_to_bytes_and_then_to_unknown),
		cmocka_unit_test(byte_tokens_and_control_tokens_are_not_made_of_their_names),
		cmocka_unit_test(phi_3_takes_spaces_behind_special_tokens),
		cmocka_unit_test(raw_bpe_keeps_lines_apart_and_falls_back_to_bytes),
		cmocka_unit_test(no_memory_is_an_error_and_takes_back_what_was_appended),
		cmocka_unit_test(a_text_without_end_is_refused),
	};
	return cmocka_run_group_tests_name("tokenizer", tests, NULL, NULL);
}
