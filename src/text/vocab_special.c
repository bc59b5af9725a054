/*
 * vocab_special: which tokens are special, which end generation, and what a tokenizer adds.
 *
 * GGUF names some of them by id. Others are known by their names alone, as in llama.cpp, whose list this follows: a file
 * rarely says that `<|eot_id|>` ends a turn. A name counts only for a token that text cannot become by merging (`made`):
 * `</s>` in Qwen 2.5 is ordinary text.
 */
#include "text/prefixes.h"
#include "text/vocab_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Keys of special ids behind "tokenizer.ggml."; a later line for the same token is an older name of the key. */
static const struct {
	const char *key;
	enum vocab_special special;
} keys[] = {
	{ "bos_token_id", VOCAB_BOS },         { "eos_token_id", VOCAB_EOS },         { "eot_token_id", VOCAB_EOT },
	{ "eom_token_id", VOCAB_EOM },         { "unknown_token_id", VOCAB_UNK },     { "seperator_token_id", VOCAB_SEP },
	{ "padding_token_id", VOCAB_PAD },     { "mask_token_id", VOCAB_MASK },       { "fim_pre_token_id", VOCAB_FIM_PRE },
	{ "fim_suf_token_id", VOCAB_FIM_SUF }, { "fim_mid_token_id", VOCAB_FIM_MID }, { "fim_pad_token_id", VOCAB_FIM_PAD },
	{ "fim_rep_token_id", VOCAB_FIM_REP }, { "fim_sep_token_id", VOCAB_FIM_SEP }, { "prefix_token_id", VOCAB_FIM_PRE },
	{ "suffix_token_id", VOCAB_FIM_SUF },  { "middle_token_id", VOCAB_FIM_MID },
};

#define NONE VOCAB_SPECIALS

/* Names that make a token CONTROL: what it is when no key says otherwise, and whether it ends generation. */
static const struct known_name {
	const char *name;
	enum vocab_special special; /* NONE: nothing beyond `ends` */
	bool ends;
} names[] = {
	{ "<|eot_id|>", VOCAB_EOT, true },
	{ "<|im_end|>", VOCAB_EOT, true },
	{ "<|end|>", VOCAB_EOT, true },
	{ "<end_of_turn>", VOCAB_EOT, true },
	{ "<|endoftext|>", VOCAB_EOT, true },
	{ "<|end_of_text|>", VOCAB_EOT, true },
	{ "<EOT>", VOCAB_EOT, true },
	{ "_<EOT>", VOCAB_EOT, true },
	{ "[EOT]", VOCAB_EOT, true },
	{ "<\xEF\xBD\x9C"
	  "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>",
	  VOCAB_EOT, true },
	{ "<end_of_utterance>", VOCAB_EOT, true },
	{ "<|eom_id|>", VOCAB_EOM, true },
	{ "<|return|>", NONE, true },
	{ "<|call|>", NONE, true },
	{ "<|calls|>", NONE, true },
	{ "<|flush|>", NONE, true },
	{ "</s>", NONE, true },
	{ "[EOS]", NONE, true },
	{ "<eos>", NONE, true },
	{ "<turn|>", NONE, true },
	{ "<|tool_response>", NONE, true },
	{ "[e~[", NONE, true },
	{ "<|fim_prefix|>", VOCAB_FIM_PRE, false },
	{ "<fim-prefix>", VOCAB_FIM_PRE, false },
	{ "<fim_prefix>", VOCAB_FIM_PRE, false },
	{ "<\xEF\xBD\x9C"
	  "fim\xE2\x96\x81"
	  "begin\xEF\xBD\x9C>",
	  VOCAB_FIM_PRE, false },
	{ "<PRE>", VOCAB_FIM_PRE, false },
	{ "\xE2\x96\x81<PRE>", VOCAB_FIM_PRE, false },
	{ "<|code_prefix|>", VOCAB_FIM_PRE, false },
	{ "<|prefix|>", VOCAB_FIM_PRE, false },
	{ "<|fim_suffix|>", VOCAB_FIM_SUF, false },
	{ "<fim-suffix>", VOCAB_FIM_SUF, false },
	{ "<fim_suffix>", VOCAB_FIM_SUF, false },
	{ "<\xEF\xBD\x9C"
	  "fim\xE2\x96\x81hole\xEF\xBD\x9C>",
	  VOCAB_FIM_SUF, false },
	{ "<SUF>", VOCAB_FIM_SUF, false },
	{ "\xE2\x96\x81<SUF>", VOCAB_FIM_SUF, false },
	{ "<|code_suffix|>", VOCAB_FIM_SUF, false },
	{ "<|suffix|>", VOCAB_FIM_SUF, false },
	{ "<|fim_middle|>", VOCAB_FIM_MID, false },
	{ "<fim-middle>", VOCAB_FIM_MID, false },
	{ "<fim_middle>", VOCAB_FIM_MID, false },
	{ "<\xEF\xBD\x9C"
	  "fim\xE2\x96\x81"
	  "end\xEF\xBD\x9C>",
	  VOCAB_FIM_MID, false },
	{ "<MID>", VOCAB_FIM_MID, false },
	{ "\xE2\x96\x81<MID>", VOCAB_FIM_MID, false },
	{ "<|code_middle|>", VOCAB_FIM_MID, false },
	{ "<|middle|>", VOCAB_FIM_MID, false },
	{ "<|fim_pad|>", VOCAB_FIM_PAD, true },
	{ "<fim-pad>", VOCAB_FIM_PAD, true },
	{ "<fim_pad>", VOCAB_FIM_PAD, true },
	{ "<PAD>", VOCAB_FIM_PAD, true },
	{ "[PAD]", VOCAB_FIM_PAD, true },
	{ "<|fim_repo|>", VOCAB_FIM_REP, true },
	{ "<|repo_name|>", VOCAB_FIM_REP, true },
	{ "<fim-repo>", VOCAB_FIM_REP, true },
	{ "<REPO>", VOCAB_FIM_REP, true },
	{ "<reponame>", VOCAB_FIM_REP, true },
	{ "<|file_sep|>", VOCAB_FIM_SEP, true },
};

enum { N_KEYS = sizeof keys / sizeof *keys, N_NAMES = sizeof names / sizeof *names };

static bool is_special(const struct vocab *v, uint32_t id)
{
	uint8_t type = v->type[id];
	return (type == TOKEN_CONTROL || type == TOKEN_USER_DEFINED || type == TOKEN_UNKNOWN) && v->offset[id + 1] > v->offset[id];
}

bool vocab_list_specials(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	memset(v->user_first, 0, sizeof v->user_first);
	if (!prefixes_make(v, &v->specials, is_special, l->error)) return false;
	for (uint32_t i = 0; i < v->specials.n; i++) {
		size_t length;
		uint32_t id = v->specials.ids[i];
		const char *bytes = vocab_bytes(v, id, &length);
		if (v->type[id] == TOKEN_USER_DEFINED) v->user_first[(uint8_t)bytes[0]] = true;
		if (i > 0 && prefixes_compare(v, v->specials.ids[i - 1], bytes, length) == 0)
			return error_set(l->error, "%s: token %u is the same as token %u", l->name, (unsigned)id,
			                 (unsigned)v->specials.ids[i - 1]);
	}
	return true;
}

uint32_t vocab_find_special(const struct vocab *v, const char *name, size_t length)
{
	uint32_t low = 0, high = v->specials.n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = prefixes_compare(v, v->specials.ids[middle], name, length);
		if (order == 0) return v->specials.ids[middle];
		if (order > 0)
			high = middle;
		else
			low = middle + 1;
	}
	return TOKEN_NONE;
}

bool vocab_is_mark(const struct vocab *v, uint32_t id)
{
	size_t length, chars = 0;
	const char *bytes = vocab_bytes(v, id, &length);
	unsigned classes = 0;
	for (size_t at = 0; at < length; chars++) {
		struct unicode_char c = unicode_char_at(bytes + at, length - at);
		classes |= c.class;
		at += c.size;
	}
	return chars >= 3 && (classes & (UNICODE_PUNCTUATION | UNICODE_SYMBOL)) && (classes & (UNICODE_LETTER | UNICODE_NUMBER));
}

/* Makes CONTROL what has a known name, whatever its type in the file, unless text may become it by merging. */
static void promote_names(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	for (int i = 0; i < N_NAMES; i++) {
		size_t length = strlen(names[i].name);
		uint32_t id = vocab_find_special(v, names[i].name, length);
		if (id == TOKEN_NONE) {
			id = vocab_lookup(v, names[i].name, length);
			if (id == TOKEN_NONE || (l->made && l->made[id])) continue;
		}
		v->type[id] = TOKEN_CONTROL;
	}
}

static bool read_id(struct vocab_load *l, const char *key, uint32_t *id)
{
	const struct gguf_value *value = gguf_find(l->file, key);
	int64_t number = 0;
	if (!value) return true;
	if (value->type == GGUF_ARRAY || value->type == GGUF_TEXT || value->type == GGUF_F32 || value->type == GGUF_F64 ||
	    value->type == GGUF_BOOL)
		return error_set(l->error, "%s: %s is not an integer", l->name, key);
	number = gguf_item_int(value, 0);
	*id = TOKEN_NONE;
	if (number == -1 || number == UINT32_MAX) return true; /* how some files write that there is none */
	if (number < 0 || number >= l->vocab->count) {
		return error_set(l->error, "%s: %s is %lld, but there are %u tokens", l->name, key, (long long)number,
		                 (unsigned)l->vocab->count);
	}
	*id = (uint32_t)number;
	return true;
}

/* BERT's names, and its own key for what stands in front. */
static bool read_bert_ids(struct vocab_load *l)
{
	static const struct {
		const char *name;
		enum vocab_special special;
	} own[] = { { "[CLS]", VOCAB_BOS },
		    { "[UNK]", VOCAB_UNK },
		    { "[SEP]", VOCAB_SEP },
		    { "[PAD]", VOCAB_PAD },
		    { "[MASK]", VOCAB_MASK } };
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		l->vocab->special[own[i].special] = vocab_find_special(l->vocab, own[i].name, strlen(own[i].name));
	return read_id(l, "tokenizer.ggml.cls_token_id", &l->vocab->special[VOCAB_BOS]);
}

static bool read_ids(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	for (int i = 0; i < VOCAB_SPECIALS; i++) v->special[i] = TOKEN_NONE;
	if (v->model == VOCAB_SPM) { /* SentencePiece's own places, where those are such tokens */
		if (v->count > 0 && v->type[0] == TOKEN_UNKNOWN) v->special[VOCAB_UNK] = 0;
		if (v->count > 1 && v->type[1] == TOKEN_CONTROL) v->special[VOCAB_BOS] = 1;
		if (v->count > 2 && v->type[2] == TOKEN_CONTROL) v->special[VOCAB_EOS] = 2;
	}
	if (v->model == VOCAB_UNIGRAM && v->count > 1 && v->type[1] == TOKEN_CONTROL) v->special[VOCAB_EOS] = 1;
	for (uint32_t i = 0; v->model == VOCAB_UNIGRAM && i < v->count && v->special[VOCAB_UNK] == TOKEN_NONE; i++) {
		if (v->type[i] == TOKEN_UNKNOWN) v->special[VOCAB_UNK] = i;
	}
	if (v->model == VOCAB_WORDPIECE && !read_bert_ids(l)) return false;
	for (int i = 0; i < N_KEYS; i++) {
		char key[64] = "tokenizer.ggml.";
		memcpy(key + strlen(key), keys[i].key, strlen(keys[i].key) + 1);
		if (!read_id(l, key, &v->special[keys[i].special])) return false;
	}
	for (int i = 0; i < N_NAMES; i++) {
		if (names[i].special == NONE || v->special[names[i].special] != TOKEN_NONE) continue;
		uint32_t id = vocab_find_special(v, names[i].name, strlen(names[i].name));
		if (id != TOKEN_NONE && v->type[id] == TOKEN_CONTROL) v->special[names[i].special] = id;
	}
	return true;
}

static uint32_t named(const struct vocab *v, const char *name)
{
	uint32_t id = vocab_find_special(v, name, strlen(name));
	return id != TOKEN_NONE && (v->flags[id] & TOKEN_ENDS) ? id : TOKEN_NONE;
}

/* In some vocabularies a name of the list means something else. */
static void except_names(struct vocab *v)
{
	bool calls = named(v, "<|call|>") != TOKEN_NONE || named(v, "<|calls|>") != TOKEN_NONE;
	uint32_t end = named(v, "<|end|>"), close = named(v, "</s>");
	if (end != TOKEN_NONE && calls && (named(v, "<|return|>") != TOKEN_NONE || named(v, "<|flush|>") != TOKEN_NONE)) {
		v->flags[end] &= (uint8_t)~TOKEN_ENDS; /* Harmony: the end of one of several messages */
		if (v->special[VOCAB_EOT] == end) v->special[VOCAB_EOT] = TOKEN_NONE;
	}
	if (close != TOKEN_NONE && named(v, "<|tool_response>") != TOKEN_NONE) { /* Gemma 4: strikethrough in HTML */
		v->flags[close] &= (uint8_t)~TOKEN_ENDS;
		v->type[close] = TOKEN_NORMAL;
	}
}

static void mark_ends(struct vocab_load *l)
{
	static const enum vocab_special ending[] = { VOCAB_EOS, VOCAB_EOT, VOCAB_EOM, VOCAB_FIM_PAD, VOCAB_FIM_REP, VOCAB_FIM_SEP };
	struct vocab *v = l->vocab;
	for (int i = 0; i < N_NAMES; i++) {
		uint32_t id = names[i].ends ? vocab_find_special(v, names[i].name, strlen(names[i].name)) : TOKEN_NONE;
		if (id == TOKEN_NONE || v->type[id] != TOKEN_CONTROL) continue;
		if (names[i].special == NONE || names[i].special == VOCAB_EOT || v->special[names[i].special] == id) {
			v->flags[id] |= TOKEN_ENDS;
		}
	}
	except_names(v);
	for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
		uint32_t id = v->special[ending[i]];
		if (id == TOKEN_NONE) continue;
		v->flags[id] |= TOKEN_ENDS;
		if (v->type[id] != TOKEN_BYTE) v->type[id] = TOKEN_CONTROL;
	}
}

/* Merges cannot make what ends generation or marks something for the model, even where a file says so. */
static void spare_ends(struct vocab *v)
{
	for (uint32_t rank = 1; v->merged && rank <= v->n_merges; rank++) {
		uint32_t id = v->merged[rank];
		bool mark = v->type[id] == TOKEN_USER_DEFINED && vocab_is_mark(v, id);
		if (mark || v->type[id] == TOKEN_CONTROL || v->type[id] == TOKEN_UNKNOWN || (v->flags[id] & TOKEN_ENDS))
			v->merged[rank] = TOKEN_NONE;
	}
}

static bool read_adds(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	unsigned flags = v->pretokenizer ? v->pretokenizer->flags : 0;
	const struct {
		const char *key;
		bool *flag, by_default;
		enum vocab_special special;
	} adds[] = {
		{ "tokenizer.ggml.add_bos_token", &v->add_bos, v->model == VOCAB_SPM || (flags & PRETOKENIZER_ADD_BOS), VOCAB_BOS },
		{ "tokenizer.ggml.add_eos_token", &v->add_eos, v->model == VOCAB_UNIGRAM, VOCAB_EOS },
		{ "tokenizer.ggml.add_sep_token", &v->add_sep, (flags & PRETOKENIZER_ADD_SEP) != 0, VOCAB_SEP },
	};
	for (size_t i = 0; i < sizeof adds / sizeof *adds; i++) {
		bool exists = v->special[adds[i].special] != TOKEN_NONE, said = gguf_find(l->file, adds[i].key) != NULL;
		*adds[i].flag = adds[i].by_default && exists;
		if (!gguf_get_bool(l->file, adds[i].key, adds[i].flag, l->error)) return false;
		if (said && *adds[i].flag && !exists)
			return error_set(l->error, "%s: %s is true, but there is no such token", l->name, adds[i].key);
	}
	if (v->model == VOCAB_RAW) v->add_bos = v->special[VOCAB_BOS] != TOKEN_NONE;
	if (v->model == VOCAB_WORDPIECE) { /* whatever the file says: the models know no other form */
		v->add_bos = v->special[VOCAB_BOS] != TOKEN_NONE;
		v->add_sep = v->special[VOCAB_SEP] != TOKEN_NONE;
		v->add_eos = false;
	}
	v->ignore_merges = (flags & PRETOKENIZER_IGNORE_MERGES) != 0;
	v->add_space_prefix = v->model == VOCAB_SPM;
	if (!gguf_get_bool(l->file, "tokenizer.ggml.add_space_prefix", &v->add_space_prefix, l->error)) return false;
	v->add_space_prefix = v->add_space_prefix &&
	                      (v->model == VOCAB_SPM || v->model == VOCAB_UNIGRAM); /* nobody else's tokenizer knows the key */
	return true;
}

static bool text_is(struct gguf_text text, const char *wanted, bool beginning)
{
	size_t n = strlen(wanted);
	return (beginning ? text.length >= n : text.length == n) && memcmp(text.data, wanted, n) == 0;
}

/* Whether the name, in small letters, has `part` in it. */
static bool name_has(struct gguf_text name, const char *part)
{
	size_t n = strlen(part);
	for (size_t i = 0; i + n <= name.length; i++) {
		size_t k = 0;
		while (k < n &&
		       (name.data[i + k] >= 'A' && name.data[i + k] <= 'Z' ? name.data[i + k] + 32 : name.data[i + k]) == part[k])
			k++;
		if (k == n) return true;
	}
	return false;
}

static void set_flag(struct vocab *v, const char *name, enum token_flag flag, bool value)
{
	uint32_t id = vocab_find_special(v, name, strlen(name));
	if (id == TOKEN_NONE) return;
	v->flags[id] = (uint8_t)(value ? v->flags[id] | flag : v->flags[id] & ~flag);
}

/* What no key of the file says and only the model's name tells. */
static bool read_model_habits(struct vocab_load *l)
{
	/* Families whose own tokenizer begins with NFC, and the pre-tokenizer they go with (any that begins so). */
	static const char *const nfc[][2] = {
		{ "qwen2", "qwen2" },       { "qwen3", "qwen2" }, { "qwen3", "qwen35" }, { "command-r", "command-r" },
		{ "cohere2", "command-r" }, { "mpt", "mpt" },     { "olmo", "olmo" },
	};
	struct vocab *v = l->vocab;
	struct gguf_text name = { "", 0 }, architecture = { "", 0 };
	if (!gguf_get_text(l->file, "general.name", &name, l->error)) return false;
	if (!gguf_get_text(l->file, "general.architecture", &architecture, l->error)) return false;
	for (size_t i = 0; v->model == VOCAB_BPE && i < sizeof nfc / sizeof *nfc; i++) {
		if (text_is(architecture, nfc[i][0], true) && strcmp(v->pretokenizer->name, nfc[i][1]) == 0) v->nfc = true;
	}
	const char *pre = v->pretokenizer ? v->pretokenizer->name : "";
	if (strcmp(pre, "jina-v2-de") == 0 || strcmp(pre, "jina-v2-es") == 0 || strcmp(pre, "jina-v2-code") == 0) {
		set_flag(v, "<mask>", TOKEN_LSTRIP, true);
	} else if (name_has(name, "phi-3") || name_has(name, "phi3")) {
		for (uint32_t i = 0; i < v->specials.n; i++) v->flags[v->specials.ids[i]] |= TOKEN_RSTRIP;
		set_flag(v, "<unk>", TOKEN_RSTRIP, false);
		set_flag(v, "<s>", TOKEN_RSTRIP, false);
		set_flag(v, "<|endoftext|>", TOKEN_RSTRIP, false);
	} else if (name_has(name, "modern-bert")) {
		set_flag(v, "[MASK]", TOKEN_LSTRIP, true);
	}
	return true;
}

bool vocab_read_specials(struct vocab_load *l)
{
	promote_names(l);
	if (!vocab_list_specials(l) || !read_ids(l)) return false;
	mark_ends(l);
	spare_ends(l->vocab);
	return vocab_list_specials(l) && read_adds(l) && read_model_habits(l);
}
