/*
 * pretokenizer: the table of pre-tokenizers and the loop that runs their steps (see pretokenizer.h).
 *
 * The comment above a step gives the published expression that it stands for. Steps are shared; a name is a list of steps.
 */
#include "text/pretokenizer.h"

#include "text/pretokenizer_step.h"

#include <string.h>

enum {
	SPACE = UNICODE_SPACE,
	LETTER = UNICODE_LETTER,
	MARK = UNICODE_MARK,
	NUMBER = UNICODE_NUMBER,
	SIGN = UNICODE_PUNCTUATION | UNICODE_SYMBOL, /* \p{P}\p{S} */
	SIGNS = SIGN | MARK | UNICODE_OTHER,         /* [^\s\p{L}\p{N}] */
	LINE = UNICODE_NEWLINE,
};

#define RANGES(name, ...) static const struct unicode_range name[] = { __VA_ARGS__, { 0, 0 } }

/* The signs outside \p{P} that two old pre-tokenizers take for punctuation. */
RANGES(falcon_signs, { '$', '$' }, { '+', '+' }, { '<', '>' }, { '^', '^' }, { '`', '`' }, { '|', '|' }, { '~', '~' });
RANGES(default_signs, { '$', '$' }, { '+', '+' }, { '<', '>' }, { '^', '^' }, { '|', '|' }, { '~', '~' });
RANGES(ascii_digits, { '0', '9' });
RANGES(ascii_signs, { '!', '/' }, { ':', '@' }, { '[', '`' }, { '{', '~' });
RANGES(bloom_signs, { '!', '!' }, { '(', ')' }, { ',', ',' }, { '.', '.' }, { '?', '?' }, { '|', '|' }, { 0x060C, 0x060C },
       { 0x06D4, 0x06D4 }, { 0x0964, 0x0964 }, { 0x2026, 0x2026 }, { 0x3001, 0x3002 }, { 0xFF0C, 0xFF0C });
RANGES(han_kana, { 0x3040, 0x30FF }, { 0x4E00, 0x9FA5 });
RANGES(han_hangul, { 0x0800, 0x9FA5 }, { 0xAC00, 0xD7FF });
RANGES(deepseek_signs, { '!', '/' }, { ':', '~' }, { 0x2018, 0x201F }, { 0x3000, 0x3002 }, { 0xFF01, 0xFF0F }, { 0xFF1A, 0xFF5E });
RANGES(hangul, { 0x3131, 0x318E }, { 0xAC00, 0xD7A3 });
RANGES(cjk_signs, { 0x2014, 0x2014 }, { 0x2018, 0x2019 }, { 0x201C, 0x201D }, { 0x2026, 0x2026 }, { 0x3001, 0x303F },
       { 0xFE30, 0xFE4F }, { 0xFF01, 0xFF01 }, { 0xFF0C, 0xFF0C }, { 0xFF1A, 0xFF1B });
RANGES(bopomofo, { 0x3105, 0x312F });
RANGES(unspaced_scripts, { 0x0E40, 0x0EFF }, { 0x1000, 0x109F }, { 0x1100, 0x11FF }, { 0x1780, 0x17FF }, { 0x2F00, 0x2FDF },
       { 0x3040, 0x30FF }, { 0x3400, 0x4DBF }, { 0x4E00, 0x9FFF }, { 0xA9E0, 0xA9FF }, { 0xAA60, 0xAA7F }, { 0xAC00, 0xD7AF },
       { 0xF900, 0xFAFF }, { 0xFF65, 0xFF9F });

/* DeepSeek LLM's own list of letters with case. */
static const struct unicode_range deepseek_letters[] = {
	{ 0x0041, 0x005A },   { 0x0061, 0x007A },   { 0x00B5, 0x00B5 },   { 0x00C0, 0x00D6 },   { 0x00D8, 0x00F6 },
	{ 0x00F8, 0x01BA },   { 0x01BC, 0x01BF },   { 0x01C4, 0x0293 },   { 0x0295, 0x02AF },   { 0x0370, 0x0373 },
	{ 0x0376, 0x0377 },   { 0x037B, 0x037D },   { 0x037F, 0x037F },   { 0x0386, 0x0386 },   { 0x0388, 0x038A },
	{ 0x038C, 0x038C },   { 0x038E, 0x03A1 },   { 0x03A3, 0x03F5 },   { 0x03F7, 0x0481 },   { 0x048A, 0x052F },
	{ 0x0531, 0x0556 },   { 0x10A0, 0x10C5 },   { 0x13A0, 0x13F5 },   { 0x13F8, 0x13FD },   { 0x1C90, 0x1CBA },
	{ 0x1CBD, 0x1CBF },   { 0x1D00, 0x1D2B },   { 0x1D6B, 0x1D77 },   { 0x1D79, 0x1D9A },   { 0x1E00, 0x1F15 },
	{ 0x1F18, 0x1F1D },   { 0x1F20, 0x1F45 },   { 0x1F48, 0x1F4D },   { 0x1F50, 0x1F57 },   { 0x1F59, 0x1F59 },
	{ 0x1F5B, 0x1F5B },   { 0x1F5D, 0x1F5D },   { 0x1F5F, 0x1F7D },   { 0x1F80, 0x1FB4 },   { 0x1FB6, 0x1FBC },
	{ 0x1FBE, 0x1FBE },   { 0x1FC2, 0x1FC4 },   { 0x1FC6, 0x1FCC },   { 0x1FD0, 0x1FD3 },   { 0x1FD6, 0x1FDB },
	{ 0x1FE0, 0x1FEC },   { 0x1FF2, 0x1FF4 },   { 0x1FF6, 0x1FFC },   { 0x2102, 0x2102 },   { 0x2107, 0x2107 },
	{ 0x210A, 0x2113 },   { 0x2115, 0x2115 },   { 0x2119, 0x211D },   { 0x2124, 0x2124 },   { 0x2126, 0x2126 },
	{ 0x2128, 0x2128 },   { 0x212A, 0x212D },   { 0x212F, 0x2134 },   { 0x2139, 0x2139 },   { 0x213C, 0x213F },
	{ 0x2145, 0x2149 },   { 0x214E, 0x214E },   { 0x2183, 0x2184 },   { 0x2C00, 0x2C7B },   { 0x2C7E, 0x2CE4 },
	{ 0x2CEB, 0x2CEE },   { 0x2CF2, 0x2CF3 },   { 0xA640, 0xA66D },   { 0xA680, 0xA69B },   { 0xA722, 0xA76F },
	{ 0xA771, 0xA787 },   { 0xA78B, 0xA78E },   { 0xAB70, 0xABBF },   { 0xFB00, 0xFB06 },   { 0xFB13, 0xFB17 },
	{ 0xFF21, 0xFF3A },   { 0xFF41, 0xFF5A },   { 0x10400, 0x1044F }, { 0x104B0, 0x104D3 }, { 0x104D8, 0x104FB },
	{ 0x10C80, 0x10CB2 }, { 0x10CC0, 0x10CF2 }, { 0x118A0, 0x118DF }, { 0x1E900, 0x1E943 }, { 0, 0 },
};

static const struct unicode_range *const youtu_sets[] = { hangul, cjk_signs, bopomofo, han_kana, NULL };

/* What most models of the last years agree on. */
#define MODERN                                                                                                                     \
	.lead_any = true, .lead_not = LINE | LETTER | NUMBER, .letters = LETTER, .signs = SIGNS, .tail = "\r\n", .lines = LINES_RUN

#define WORDS(name, ...)                                                                                                           \
	static const struct pretokenizer_words name##_words = { __VA_ARGS__ };                                                     \
	static const struct pretokenizer_step name = { .match = pretokenizer_match_words, .words = &name##_words }
#define STEP(name, function, ...)                                                                                                  \
	static const struct pretokenizer_step name = { .match = pretokenizer_match_##function, __VA_ARGS__ }

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
WORDS(gpt2, .first = CONTRACTIONS_LOWER, .letters = LETTER, .numbers = NUMBERS_ALL, .numbers_space = true, .signs = SIGNS);
/* (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
WORDS(llama3, MODERN, .first = CONTRACTIONS_ANY, .numbers = 3);
/* the same with \p{N}, \p{N}+, without contractions, with spaces in powers of two, and with marks as letters */
WORDS(qwen2, MODERN, .first = CONTRACTIONS_ANY, .numbers = 1);
WORDS(minicpm5, MODERN, .first = CONTRACTIONS_ANY, .numbers = NUMBERS_ALL);
WORDS(ufakzeka, MODERN, .numbers = 1);
WORDS(jais2, MODERN, .first = CONTRACTIONS_ANY, .numbers = 3, .halves = true);
static const struct pretokenizer_words qwen35_words = {
	.first = CONTRACTIONS_ANY,
	.lead_any = true,
	.lead_not = LINE | LETTER | NUMBER,
	.letters = LETTER | MARK,
	.numbers = 1,
	.signs = SIGN | UNICODE_OTHER,
	.tail = "\r\n",
	.lines = LINES_RUN,
};
STEP(qwen35, words, .words = &qwen35_words);
/* [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|...)?|[^\r\n\p{L}\p{N}]?[\p{Lu}...]+
 * [\p{Ll}...]*(?i:'s|...)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
static const struct pretokenizer_words gpt4o_words = {
	.behind = CONTRACTIONS_ANY,
	.cased = true,
	.lead_not = LINE | LETTER | NUMBER,
	.numbers = 3,
	.signs = SIGNS,
	.tail = "\r\n/",
	.lines = LINES_RUN,
};
STEP(gpt4o, words, .words = &gpt4o_words);
/* the same without contractions and with \p{N} */
static const struct pretokenizer_words tekken_words = {
	.cased = true,
	.lead_not = LINE | LETTER | NUMBER,
	.numbers = 1,
	.signs = SIGNS,
	.tail = "\r\n/",
	.lines = LINES_RUN,
};
STEP(tekken, words, .words = &tekken_words);
/* the same with \p{N}, as llama.cpp reads it: letters without regard to case */
static const struct pretokenizer_words youtu_words = {
	.behind = CONTRACTIONS_ANY,
	.lead_any = true,
	.lead_not = LINE | LETTER | NUMBER,
	.letters = LETTER | MARK,
	.numbers = 1,
	.signs = SIGNS,
	.tail = "\r\n/",
	.lines = LINES_RUN,
};
STEP(youtu, words, .words = &youtu_words);
/* [\p{Han}]+|the letters of GPT-4o but Han, without regard to case|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|... */
WORDS(kimi, MODERN, .behind = CONTRACTIONS_ANY, .han_apart = true, .numbers = 3);
/* [!-/:-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
WORDS(deepseek3, .sign_then_ascii = true, .lead_any = true, .lead_not = LINE | LETTER | SIGN, .letters = LETTER | MARK,
      .signs = SIGN, .tail = "\r\n", .lines = LINES_RUN);
/* [!-/:-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+ */
WORDS(spark, .sign_then_ascii = true, .lead_any = true, .lead_not = LINE | LETTER | SIGN, .letters = LETTER | MARK, .signs = SIGN,
      .lines = LINES_ONE);
/* (?i:'s|...)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+ */
WORDS(seed, .first = CONTRACTIONS_ANY, .lead_any = true, .lead_not = LINE | LETTER | NUMBER, .letters = LETTER, .numbers = 1,
      .signs = SIGNS, .lines = LINES_RUN);
/* (?i:'s|...)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+ */
WORDS(exaone_moe, .first = CONTRACTIONS_ANY, .spaced = true, .lead_not = LINE | LETTER | NUMBER, .numbers = 1, .signs = SIGNS,
      .tail = "\r\n/", .tail_once = true, .lines = LINES_RUN);

STEP(number_each, run, .classes = NUMBER, .most = 1);                            /* \p{N} */
STEP(number_threes, run, .classes = NUMBER, .most = 3);                          /* \p{N}{1,3} */
STEP(number_runs, run, .classes = NUMBER);                                       /* \p{N}+ */
STEP(digit_threes, run, .ranges = ascii_digits, .most = 3, .exact = true);       /* [0-9][0-9][0-9] */
STEP(digit_cuts, digit_cuts, .classes = 0);                                      /* (?=(\d{3})+(?!\d)) */
STEP(thousands, thousands, .classes = UNICODE_DIGIT);                            /* \d{1,3}(?=(?:\d{3})*\b) */
STEP(from_right, digits_from_right, .classes = NUMBER);                          /* groups of three, a shorter one first */
STEP(line_each, run, .classes = LINE, .most = 1);                                /* [\r\n] */
STEP(lines, lines, .classes = 0);                                                /* [^\n]+|[\n]+ */
STEP(falcon_run, run, .classes = UNICODE_PUNCTUATION, .ranges = falcon_signs);   /* [\p{P}\$\+<=>\^~\|`]+ */
STEP(default_run, run, .classes = UNICODE_PUNCTUATION, .ranges = default_signs); /* [\p{P}\$\+<=>\^~\|]+ */
STEP(sign_each, run, .classes = UNICODE_PUNCTUATION, .ranges = ascii_signs, .most = 1);
STEP(letter_runs, run, .classes = LETTER, .space_before = true);                   /* \s?\p{L}+ */
STEP(punctuation_runs, run, .classes = UNICODE_PUNCTUATION, .space_before = true); /* \s?\p{P}+ */
STEP(deepseek_letter_runs, run, .ranges = deepseek_letters, .space_before = true);
STEP(deepseek_sign_runs, run, .ranges = deepseek_signs, .space_before = true); /* \s?[!-/:-~...]+ */
STEP(spaces_at_end, spaces_at_end, .classes = SPACE);                          /* \s+$ */
STEP(han_kana_runs, run, .ranges = han_kana);
STEP(han_hangul_runs, run, .ranges = han_hangul);
STEP(unspaced_runs, run, .ranges = unspaced_scripts);
STEP(youtu_runs, sets, .sets = youtu_sets);
STEP(bloom, not, .ranges = bloom_signs); /* ` ?[^(\s|.,!?...)]+` */
STEP(sentinel, sentinel, .classes = 0);
STEP(image, image, .classes = 0);
STEP(indent, indent, .classes = 0);

#define STEPS(name, ...) static const struct pretokenizer_step *const name[] = { __VA_ARGS__, NULL }
STEPS(default_steps, &default_run, &gpt2, &number_runs, &digit_threes);
STEPS(falcon_steps, &falcon_run, &gpt2, &digit_threes);
STEPS(gpt2_steps, &gpt2);
STEPS(smollm_steps, &number_each, &gpt2);
STEPS(llama3_steps, &llama3);
STEPS(minicpm5_steps, &number_threes, &minicpm5);
STEPS(jais2_steps, &jais2);
STEPS(qwen2_steps, &qwen2);
STEPS(qwen35_steps, &qwen35);
STEPS(ufakzeka_steps, &ufakzeka);
STEPS(laguna_steps, &lines, &qwen2);
STEPS(gpt4o_steps, &gpt4o);
STEPS(tiny_aya_steps, &thousands, &gpt4o);
STEPS(tekken_steps, &tekken);
STEPS(youtu_steps, &youtu_runs, &youtu);
STEPS(kimi_steps, &kimi);
STEPS(deepseek3_steps, &number_threes, &han_kana_runs, &deepseek3);
STEPS(spark_steps, &number_threes, &han_kana_runs, &spark, &number_each);
STEPS(afmoe_steps, &from_right, &unspaced_runs, &deepseek3);
STEPS(seed_steps, &seed);
STEPS(exaone_moe_steps, &exaone_moe);
STEPS(deepseek_llm_steps, &line_each, &deepseek_letter_runs, &deepseek_sign_runs, &spaces_at_end, &han_hangul_runs, &number_runs);
STEPS(deepseek_coder_steps, &line_each, &letter_runs, &punctuation_runs, &han_hangul_runs, &number_each);
STEPS(bloom_steps, &bloom);
STEPS(viking_steps, &bloom, &number_each);
STEPS(superbpe_steps, &number_runs, &digit_cuts);
STEPS(chameleon_steps, &sentinel, &image, &indent, &number_each, &sign_each, &gpt2);
STEPS(gemma4_steps, &lines);

enum { LLAMA3 = PRETOKENIZER_IGNORE_MERGES | PRETOKENIZER_ADD_BOS };

static const struct pretokenizer table[] = {
	{ "default", 0, default_steps },
	{ "minicpm5", PRETOKENIZER_IGNORE_MERGES, minicpm5_steps },
	{ "llama-bpe", LLAMA3, llama3_steps },
	{ "llama3", LLAMA3, llama3_steps },
	{ "llama-v3", LLAMA3, llama3_steps },
	{ "falcon3", LLAMA3, llama3_steps },
	{ "falcon-h1", LLAMA3, llama3_steps },
	{ "pixtral", LLAMA3, llama3_steps },
	{ "midm-2.0", LLAMA3, llama3_steps },
	{ "lfm2", LLAMA3, llama3_steps },
	{ "jina-v5-nano", LLAMA3, llama3_steps },
	{ "dbrx", 0, llama3_steps },
	{ "smaug-bpe", 0, llama3_steps },
	{ "glm4", 0, llama3_steps },
	{ "chatglm-bpe", 0, llama3_steps },
	{ "deepseek-llm", 0, deepseek_llm_steps },
	{ "deepseek-coder", 0, deepseek_coder_steps },
	{ "deepseek-v3", 0, deepseek3_steps },
	{ "hunyuan-dense", 0, deepseek3_steps },
	{ "hy_v4", 0, deepseek3_steps },
	{ "joyai-llm", 0, deepseek3_steps },
	{ "spark2_5", 0, spark_steps },
	{ "youtu", PRETOKENIZER_IGNORE_MERGES, youtu_steps },
	{ "falcon", 0, falcon_steps },
	{ "gpt-2", 0, gpt2_steps },
	{ "mpt", 0, gpt2_steps },
	{ "phi-2", 0, gpt2_steps },
	{ "jina-es", 0, gpt2_steps },
	{ "jina-de", 0, gpt2_steps },
	{ "gigachat", 0, gpt2_steps },
	{ "jina-v2-es", 0, gpt2_steps },
	{ "jina-v2-de", 0, gpt2_steps },
	{ "a.x-4.0", 0, gpt2_steps },
	{ "mellum", 0, gpt2_steps },
	{ "modern-bert", 0, gpt2_steps },
	{ "jina-v1-en", PRETOKENIZER_ADD_SEP, gpt2_steps },
	{ "jina-v2-code", PRETOKENIZER_ADD_SEP, gpt2_steps },
	{ "roberta-bpe", PRETOKENIZER_ADD_SEP, gpt2_steps },
	{ "olmo", 0, gpt2_steps },
	{ "jais", 0, gpt2_steps },
	{ "exaone4", 0, gpt2_steps },
	{ "trillion", 0, gpt2_steps },
	{ "granite-docling", 0, gpt2_steps },
	{ "smollm", 0, smollm_steps },
	{ "starcoder", 0, smollm_steps },
	{ "refact", 0, smollm_steps },
	{ "command-r", 0, smollm_steps },
	{ "codeshell", 0, smollm_steps },
	{ "exaone", 0, smollm_steps },
	{ "minerva-7b", 0, smollm_steps },
	{ "mellum2", 0, smollm_steps },
	{ "jais-2", 0, jais2_steps },
	{ "qwen2", 0, qwen2_steps },
	{ "deepseek-r1-qwen", 0, qwen2_steps },
	{ "kormo", 0, qwen2_steps },
	{ "f2llmv2", 0, qwen2_steps },
	{ "stablelm2", 0, qwen2_steps },
	{ "megrez", 0, qwen2_steps },
	{ "bailingmoe", 0, qwen2_steps },
	{ "bailingmoe2", 0, qwen2_steps },
	{ "llada-moe", 0, qwen2_steps },
	{ "hunyuan", 0, qwen2_steps },
	{ "grok-2", 0, qwen2_steps },
	{ "solar-open", 0, qwen2_steps },
	{ "qwen35", 0, qwen35_steps },
	{ "bloom", 0, bloom_steps },
	{ "poro-chat", 0, bloom_steps },
	{ "gpt3-finnish", 0, bloom_steps },
	{ "viking", 0, viking_steps },
	{ "tekken", LLAMA3, tekken_steps },
	{ "exaone-moe", 0, exaone_moe_steps },
	{ "chameleon", PRETOKENIZER_ADD_BOS, chameleon_steps },
	{ "gpt-4o", 0, gpt4o_steps },
	{ "llama4", 0, gpt4o_steps },
	{ "kanana2", 0, gpt4o_steps },
	{ "talkie", 0, gpt4o_steps },
	{ "minimax-m2", 0, gpt4o_steps },
	{ "granite-embed-multi-97m", PRETOKENIZER_IGNORE_MERGES, gpt4o_steps },
	{ "tiny_aya", 0, tiny_aya_steps },
	{ "cohere2moe", 0, tiny_aya_steps },
	{ "superbpe", 0, superbpe_steps },
	{ "seed-coder", 0, seed_steps },
	{ "kimi-k2", 0, kimi_steps },
	{ "ufakzeka", 0, ufakzeka_steps },
	{ "afmoe", 0, afmoe_steps },
	{ "laguna", 0, laguna_steps },
	{ "gemma4", 0, gemma4_steps },
	{ "granite-embed-multi-311m", 0, gemma4_steps },
};

const struct pretokenizer *pretokenizer_at(size_t index)
{
	return index < sizeof table / sizeof *table ? &table[index] : NULL;
}

const struct pretokenizer *pretokenizer_find(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0) return &table[i];
	}
	return NULL;
}

void pretokenizer_start(struct pretokenizer_run *r, const struct pretokenizer *rules, const char *text, size_t length)
{
	*r = (struct pretokenizer_run){ .rules = rules, .text = text, .end[0] = length };
	while (rules->steps[r->depth]) r->depth++;
}

/* The end of the next piece that step `k` makes of what is left to it: a match, or the text before the next match. */
static size_t step_once(struct pretokenizer_run *r, int k)
{
	const struct pretokenizer_step *s = r->rules->steps[k];
	for (size_t at = r->at[k];;) {
		size_t end = r->end[k], known = r->known[k];
		struct pretokenizer_view v = { r->text + at, end - at, known > at ? known - at : 0 };
		size_t n = s->match(s, &v);
		if (n > 0 && at > r->at[k]) return at; /* the next call will match here again: it keeps no mark */
		r->known[k] = at + v.known;
		if (n > 0) return at + n;
		at += view_char(&v, 0).size;
		if (at >= end) return end;
	}
}

bool pretokenizer_next(struct pretokenizer_run *r, size_t *begin, size_t *end)
{
	int k = r->depth - 1;
	while (k >= 0 && r->at[k] == r->end[k]) k--;
	if (k < 0) return false;
	for (;; k++) {
		size_t from = r->at[k], to = step_once(r, k);
		r->at[k] = to;
		if (k == r->depth - 1) {
			*begin = from;
			*end = to;
			return true;
		}
		r->at[k + 1] = r->known[k + 1] = from;
		r->end[k + 1] = to;
	}
}
