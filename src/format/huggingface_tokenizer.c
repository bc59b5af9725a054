/*
 * huggingface: tokenizer.json, tokenizer_config.json and the chat template, in GGUF's words.
 *
 * Two kinds of byte pair encoding are written this way: the one on bytes (GPT-2's, with a pre-tokenizer), whose merges are taken as
 * they are, and SentencePiece's with bytes to fall back on, whose merges become scores: a piece is worth the more the earlier its
 * first merge stands.
 */
#include "base/map.h"
#include "base/memory.h"
#include "format/huggingface_internal.h"

#include <stdio.h>
#include <string.h>

enum {
	MOST_TOKENS = 1 << 22,
	TYPE_NORMAL_TOKEN = 1,
	UNKNOWN_TOKEN = 2,
	CONTROL_TOKEN = 3,
	USER_TOKEN = 4,
	UNUSED_TOKEN = 5,
	BYTE_TOKEN = 6
};

struct tokens {
	struct hf_folder *f;
	const json_t *root, *model, *settings; /* tokenizer.json, its model, tokenizer_config.json (NULL: absent) */
	size_t n;
	struct gguf_text *texts;
	int32_t *types;
	float *scores;
	struct map *ids;
	bool pieces; /* SentencePiece's kind */
};

static bool fail(const struct tokens *t, const char *what)
{
	return error_set(t->f->e, "%s/tokenizer.json: %s", t->f->path, what);
}

static bool set_token(struct tokens *t, json_int_t id, const char *text, size_t length, int32_t type)
{
	if (id < 0 || (uint64_t)id >= t->n) return fail(t, "an id lies beyond the embedding's rows");
	t->texts[id] = (struct gguf_text){ text, length };
	t->types[id] = type;
	return map_set(t->ids, text, length, (uint64_t)id) || error_memory(t->f->e);
}

static bool is_byte(const char *text, size_t length)
{
	return length == 6 && memcmp(text, "<0x", 3) == 0 && text[5] == '>';
}

static bool read_vocab(struct tokens *t)
{
	json_t *vocab = json_object_get(t->model, "vocab"), *value;
	const char *text, *unknown = json_string_value(json_object_get(t->model, "unk_token"));
	if (json_object_size(vocab) == 0) return fail(t, "'model.vocab' is missing or empty");
	json_object_foreach(vocab, text, value)
	{
		size_t length = strlen(text);
		int32_t type = TYPE_NORMAL_TOKEN;
		if (unknown && strcmp(text, unknown) == 0) type = UNKNOWN_TOKEN;
		if (t->pieces && is_byte(text, length)) type = BYTE_TOKEN;
		if (!json_is_integer(value)) return fail(t, "an id in 'model.vocab' is no whole number");
		if (!set_token(t, json_integer_value(value), text, length, type)) return false;
	}
	return true;
}

static bool read_added(struct tokens *t)
{
	const json_t *added = json_object_get(t->root, "added_tokens");
	for (size_t i = 0; i < json_array_size(added); i++) {
		const json_t *token = json_array_get(added, i), *id = json_object_get(token, "id"),
		             *text = json_object_get(token, "content");
		if (!json_is_integer(id) || !json_is_string(text)) return fail(t, "an added token has no 'id' or 'content'");
		bool special = json_is_true(json_object_get(token, "special"));
		json_int_t at = json_integer_value(id);
		int32_t type = special ? CONTROL_TOKEN : USER_TOKEN;
		if (at >= 0 && (uint64_t)at < t->n && t->types[at] == UNKNOWN_TOKEN) type = UNKNOWN_TOKEN;
		if (!set_token(t, at, json_string_value(text), json_string_length(text), type)) return false;
	}
	return true;
}

/* What a merge joins: "left right", or a list of two. */
static bool merge_sides(const json_t *merge, struct gguf_text *left, struct gguf_text *right)
{
	const json_t *a = json_array_get(merge, 0), *b = json_array_get(merge, 1);
	if (json_is_string(merge)) {
		const char *text = json_string_value(merge), *space = strchr(text, ' ');
		if (!space) return false;
		*left = (struct gguf_text){ text, (size_t)(space - text) };
		*right = (struct gguf_text){ space + 1, json_string_length(merge) - left->length - 1 };
		return true;
	}
	if (json_array_size(merge) != 2 || !json_is_string(a) || !json_is_string(b)) return false;
	*left = (struct gguf_text){ json_string_value(a), json_string_length(a) };
	*right = (struct gguf_text){ json_string_value(b), json_string_length(b) };
	return true;
}

/* Pieces: the piece that a merge makes is worth minus its rank, the first time. */
static bool score_merges(struct tokens *t, const json_t *merges)
{
	struct buffer piece = buffer_new(1 << 20);
	bool ok = true;
	size_t n = json_array_size(merges);
	for (size_t i = 0; i < t->n; i++) t->scores[i] = t->types[i] == TYPE_NORMAL_TOKEN ? -(float)n - 1 : 0;
	for (size_t i = 0; ok && i < n; i++) {
		struct gguf_text left, right;
		uint64_t id;
		if (!merge_sides(json_array_get(merges, i), &left, &right)) {
			ok = fail(t, "a merge in 'model.merges' is no pair");
			break;
		}
		buffer_clear(&piece);
		buffer_append(&piece, left.data, left.length);
		ok = buffer_append(&piece, right.data, right.length) || error_memory(t->f->e);
		if (ok && map_get(t->ids, piece.data, piece.size, &id) && t->scores[id] < -(float)n) t->scores[id] = -(float)i;
	}
	buffer_free(&piece);
	return ok;
}

static bool put_merges(struct tokens *t, const json_t *merges)
{
	size_t n = json_array_size(merges);
	struct gguf_text *texts = memory_new(n + 1, sizeof *texts);
	bool ok = texts || error_memory(t->f->e);
	for (size_t i = 0; ok && i < n; i++) {
		struct gguf_text left, right;
		if (!merge_sides(json_array_get(merges, i), &left, &right)) {
			ok = fail(t, "a merge in 'model.merges' is no pair");
			break;
		}
		char *joined = arena_alloc(t->f->arena, left.length + right.length + 2, 1);
		if (!joined) {
			ok = error_memory(t->f->e);
			break;
		}
		memcpy(joined, left.data, left.length);
		joined[left.length] = ' ';
		memcpy(joined + left.length + 1, right.data, right.length);
		texts[i] = (struct gguf_text){ joined, left.length + right.length + 1 };
	}
	if (ok) gguf_put_texts(&t->f->writer, "tokenizer.ggml.merges", texts, n);
	memory_free(texts);
	return ok;
}

/* The patterns of byte-level pre-tokenizers, and GGUF's names for them. */
static const struct {
	const char *pattern, *name;
} patterns[] = {
	{ "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
	  "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|"
	  "\\s+",
	  "llama-bpe" },
	{ "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| "
	  "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
	  "qwen2" },
	{ "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}"
	  "\\p{Lt}"
	  "\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| "
	  "?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
	  "tekken" },
	{ "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|["
	  "^\\r\\n"
	  "\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,"
	  "3}| "
	  "?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
	  "gpt-4o" },
};

/* The pattern of a Split, alone or in a Sequence; NULL: there is none. */
static const char *split_pattern(const json_t *pre)
{
	const json_t *list = json_object_get(pre, "pretokenizers");
	const char *regex = json_string_value(json_object_get(json_object_get(pre, "pattern"), "Regex"));
	for (size_t i = 0; !regex && i < json_array_size(list); i++)
		regex = json_string_value(json_object_get(json_object_get(json_array_get(list, i), "pattern"), "Regex"));
	return regex;
}

static bool put_pretokenizer(struct tokens *t)
{
	const char *regex = split_pattern(json_object_get(t->root, "pre_tokenizer")), *name = regex ? NULL : "gpt-2";
	for (size_t i = 0; regex && i < sizeof patterns / sizeof patterns[0]; i++) {
		if (strcmp(patterns[i].pattern, regex) == 0) name = patterns[i].name;
	}
	if (!name) return fail(t, "its pre-tokenizer's pattern is unknown; get this model as a GGUF file");
	gguf_put_text(&t->f->writer, "tokenizer.ggml.pre", name, strlen(name));
	return true;
}

/* Whether a component, or one of a list of them, has that type. */
static bool has_type(const json_t *part, const char *list, const char *type)
{
	const char *own = json_string_value(json_object_get(part, "type"));
	const json_t *parts = json_object_get(part, list);
	if (own && strcmp(own, type) == 0) return true;
	for (size_t i = 0; i < json_array_size(parts); i++) {
		own = json_string_value(json_object_get(json_array_get(parts, i), "type"));
		if (own && strcmp(own, type) == 0) return true;
	}
	return false;
}

/* Pieces: whether a text begins as if a space stood before it. */
static bool adds_space(const struct tokens *t)
{
	const json_t *pre = json_object_get(t->root, "pre_tokenizer");
	if (has_type(json_object_get(t->root, "normalizer"), "normalizers", "Prepend")) return true;
	if (!has_type(pre, "pretokenizers", "Metaspace")) return false;
	const char *scheme = json_string_value(json_object_get(pre, "prepend_scheme"));
	return scheme ? strcmp(scheme, "never") != 0 : !json_is_false(json_object_get(pre, "add_prefix_space"));
}

/* The id of a token that a settings file names, as a string or an object with its content; false: it names none. */
static bool named_token(const struct tokens *t, const char *key, uint32_t *id)
{
	const json_t *v = json_object_get(t->settings, key);
	if (json_is_object(v)) v = json_object_get(v, "content");
	uint64_t at;
	if (!json_is_string(v) || !map_get(t->ids, json_string_value(v), json_string_length(v), &at)) return false;
	*id = (uint32_t)at;
	return true;
}

/* The same from config.json, a number or the first of a list. */
static bool numbered_token(const struct tokens *t, const char *key, uint32_t *id)
{
	const json_t *v = json_object_get(t->f->config, key);
	if (!v || json_is_null(v)) v = json_object_get(t->f->root, key);
	if (json_is_array(v)) v = json_array_get(v, 0);
	if (!json_is_integer(v) || json_integer_value(v) < 0 || (uint64_t)json_integer_value(v) >= t->n) return false;
	*id = (uint32_t)json_integer_value(v);
	return true;
}

/* Whether the post-processor begins a text with that token. */
static bool begins_with(const struct tokens *t, uint32_t bos)
{
	const json_t *post = json_object_get(t->root, "post_processor"), *list = json_object_get(post, "processors"), *first = NULL;
	for (size_t i = 0; i <= json_array_size(list) && !first; i++) {
		const json_t *one = i == 0 ? post : json_array_get(list, i - 1);
		first = json_array_get(json_object_get(one, "single"), 0);
	}
	const json_t *special = json_object_get(json_object_get(first, "SpecialToken"), "id");
	uint64_t id;
	return json_is_string(special) && map_get(t->ids, json_string_value(special), json_string_length(special), &id) &&
	       id == bos;
}

static void put_special(struct tokens *t)
{
	static const struct {
		const char *named, *numbered, *key;
	} tokens[] = {
		{ "eos_token", "eos_token_id", "tokenizer.ggml.eos_token_id" },
		{ "unk_token", NULL, "tokenizer.ggml.unknown_token_id" },
		{ "pad_token", "pad_token_id", "tokenizer.ggml.padding_token_id" },
	};
	struct gguf_writer *w = &t->f->writer;
	uint32_t id;
	for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
		if (named_token(t, tokens[i].named, &id) || (tokens[i].numbered && numbered_token(t, tokens[i].numbered, &id)))
			gguf_put_u32(w, tokens[i].key, id);
	}
	const json_t *add = json_object_get(t->settings, "add_bos_token");
	if (named_token(t, "bos_token", &id) || numbered_token(t, "bos_token_id", &id)) {
		gguf_put_u32(w, "tokenizer.ggml.bos_token_id", id);
		gguf_put_bool(w, "tokenizer.ggml.add_bos_token", json_is_boolean(add) ? json_is_true(add) : begins_with(t, id));
	}
	if (json_is_true(json_object_get(t->settings, "add_eos_token"))) gguf_put_bool(w, "tokenizer.ggml.add_eos_token", true);
}

/* chat_template.jinja, or what tokenizer_config.json has: a text, or a list of named ones. */
static bool put_template(struct tokens *t)
{
	char path[4096];
	const json_t *v = json_object_get(t->settings, "chat_template");
	if (!hf_path(t->f, "chat_template.jinja", path, sizeof path)) return false;
	if (t->f->files->has(t->f->files, path)) {
		size_t size;
		char *text = file_source_read(t->f->files, path, 1 << 20, &size, t->f->e);
		if (!text) return false;
		gguf_put_text(&t->f->writer, "tokenizer.chat_template", text, size);
		memory_free(text);
		return true;
	}
	for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++) {
		const json_t *one = json_array_get(v, i);
		const char *name = json_string_value(json_object_get(one, "name"));
		if (!name || strcmp(name, "default") != 0) continue;
		v = json_object_get(one, "template");
		break;
	}
	if (json_is_string(v)) gguf_put_text(&t->f->writer, "tokenizer.chat_template", json_string_value(v), json_string_length(v));
	return true;
}

/* Rows of the embedding that no token has. */
static bool fill_gaps(struct tokens *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->texts[i].data) continue;
		char *text = arena_alloc(t->f->arena, 24, 1);
		if (!text) return error_memory(t->f->e);
		int length = snprintf(text, 24, "[PAD%zu]", i);
		t->texts[i] = (struct gguf_text){ text, (size_t)length };
		t->types[i] = UNUSED_TOKEN;
	}
	return true;
}

static bool put_vocab(struct tokens *t)
{
	struct gguf_writer *w = &t->f->writer;
	const json_t *merges = json_object_get(t->model, "merges");
	if (!read_vocab(t) || !read_added(t) || !fill_gaps(t)) return false;
	const char *model = t->pieces ? "llama" : "gpt2";
	gguf_put_text(w, "tokenizer.ggml.model", model, strlen(model));
	gguf_put_texts(w, "tokenizer.ggml.tokens", t->texts, t->n);
	gguf_put_array(w, "tokenizer.ggml.token_type", GGUF_I32, t->types, t->n);
	if (t->pieces) {
		if (!score_merges(t, merges)) return false;
		gguf_put_text(w, "tokenizer.ggml.pre", "default", 7);
		gguf_put_array(w, "tokenizer.ggml.scores", GGUF_F32, t->scores, t->n);
		gguf_put_bool(w, "tokenizer.ggml.add_space_prefix", adds_space(t));
	} else if (!put_merges(t, merges) || !put_pretokenizer(t)) {
		return false;
	}
	put_special(t);
	return put_template(t);
}

static bool check_kind(struct tokens *t)
{
	const char *type = json_string_value(json_object_get(t->model, "type"));
	/* old files leave the type out */
	if (!json_is_object(t->model) || (type && strcmp(type, "BPE") != 0))
		return fail(t, "only byte pair encoding ('BPE') is read; get this model as a GGUF file");
	if (!json_is_array(json_object_get(t->model, "merges"))) return fail(t, "'model.merges' is missing");
	if (t->n > MOST_TOKENS) return fail(t, "the embedding has more rows than a vocabulary can");
	t->pieces = json_is_true(json_object_get(t->model, "byte_fallback"));
	return true;
}

bool hf_read_tokenizer(struct hf_folder *f)
{
	json_t *root = NULL, *settings = NULL;
	struct tokens t = { .f = f, .n = (size_t)f->n_vocab };
	bool ok = hf_json(f, "tokenizer.json", true, &root) && hf_json(f, "tokenizer_config.json", false, &settings);
	if (ok) {
		t.root = root;
		t.settings = settings;
		t.model = json_object_get(root, "model");
		ok = check_kind(&t);
	}
	if (ok) {
		t.texts = memory_new(t.n, sizeof *t.texts);
		t.types = memory_new(t.n, sizeof *t.types);
		t.scores = memory_new(t.n, sizeof *t.scores);
		t.ids = map_new(t.n);
		ok = (t.texts && t.types && t.scores && t.ids) || error_memory(f->e);
	}
	ok = ok && put_vocab(&t);
	memory_free(t.texts);
	memory_free(t.types);
	memory_free(t.scores);
	map_free(t.ids);
	json_decref(settings);
	json_decref(root);
	return ok;
}
