/*
 * prompt_fill: what stands between two texts, by the model's own tokens for that (fill in the middle, Bavarian et al. 2022).
 *
 * Prefix, suffix and middle tokens come in this order where the model has all three; models without a middle token read the suffix
 * first. Other files go in front, each behind the token for a file's beginning, else behind a line that names it. The texts are
 * tokenized by themselves, and none of them becomes a control token.
 */
#include "engine/prompt_internal.h"

#include "base/memory.h"
#include "format/json.h"
#include "text/tokenizer.h"

#include <string.h>

struct filling {
	const struct vocab *vocab;
	struct token_list ids;
	struct error *e;
};

bool prompt_fills(const struct vocab *v)
{
	return v->special[VOCAB_FIM_PRE] != TOKEN_NONE && v->special[VOCAB_FIM_SUF] != TOKEN_NONE;
}

static bool add_token(struct filling *f, enum vocab_special which)
{
	uint32_t id = f->vocab->special[which];
	return id == TOKEN_NONE || token_list_add(&f->ids, id) || error_memory(f->e);
}

static bool add_text(struct filling *f, const char *text, size_t length)
{
	return length == 0 || tokenizer_encode(f->vocab, text, length, 0, &f->ids, f->e);
}

static bool add_json(struct filling *f, const json_t *text)
{
	return add_text(f, json_string_value(text), json_string_length(text));
}

/* Another file: its name and its text. */
static bool add_file(struct filling *f, const json_t *file)
{
	const json_t *name = json_object_get(file, "filename"), *text = json_object_get(file, "text");
	bool has_mark = f->vocab->special[VOCAB_FIM_SEP] != TOKEN_NONE;
	if (!json_is_object(file) || !json_is_string(text) || (name && !json_is_string(name)))
		return error_set(f->e, "request: each of 'extra' must have a text, and its filename must be one");
	bool ok = has_mark ? add_token(f, VOCAB_FIM_SEP) : add_text(f, "\n\n--- ", 6);
	ok = ok && (name ? add_json(f, name) : add_text(f, "snippet", 7));
	ok = ok && (has_mark ? add_text(f, "\n", 1) : add_text(f, " ---\n\n", 6));
	return ok && add_json(f, text);
}

static bool add_files(struct filling *f, const json_t *extra)
{
	size_t i;
	json_t *file;
	if (extra && !json_is_array(extra)) return error_set(f->e, "request: 'extra' must be a list");
	json_array_foreach(extra, i, file)
	{
		if (!add_file(f, file)) return false;
	}
	/* The file that is written has a beginning too where the others have one. */
	bool more = json_array_size(extra) > 0 && f->vocab->special[VOCAB_FIM_SEP] != TOKEN_NONE;
	return !more || (add_token(f, VOCAB_FIM_SEP) && add_text(f, "\n", 1));
}

/* Mistral's marks: there is a middle one too, which models have not learned. */
static bool reads_suffix_first(const struct vocab *v)
{
	static const char name[] = "[PREFIX]";
	size_t n;
	const char *bytes = vocab_bytes(v, v->special[VOCAB_FIM_PRE], &n);
	return v->special[VOCAB_FIM_MID] == TOKEN_NONE || (n == sizeof name - 1 && memcmp(bytes, name, n) == 0);
}

static bool add_all(struct filling *f, const json_t *prefix, const json_t *suffix, const json_t *begun)
{
	if (reads_suffix_first(f->vocab))
		return add_token(f, VOCAB_FIM_SUF) && add_json(f, suffix) && add_token(f, VOCAB_FIM_PRE) && add_json(f, prefix) &&
		       add_json(f, begun);
	return add_token(f, VOCAB_FIM_PRE) && add_json(f, prefix) && add_token(f, VOCAB_FIM_SUF) && add_json(f, suffix) &&
	       add_token(f, VOCAB_FIM_MID) && add_json(f, begun);
}

bool prompt_fill(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked, bool *memory, struct error *e)
{
	struct filling f = { .vocab = s->vocab, .e = e };
	*memory = false;
	if (!prompt_fills(s->vocab))
		return error_set(e, "this model has no tokens to fill in the middle with; open one that was trained for it");
	json_t *object = json_parse(asked->text, asked->text_length, "request", e);
	if (!object) return false;
	const json_t *prefix = json_object_get(object, "prefix"), *suffix = json_object_get(object, "suffix"),
	             *begun = json_object_get(object, "begun");
	bool ok = json_is_object(object) && (!prefix || json_is_string(prefix)) && (!suffix || json_is_string(suffix)) &&
	          (!begun || json_is_string(begun));
	if (!ok) error_set(e, "request: 'prefix', 'suffix' and 'begun' must be strings");
	ok = ok && add_files(&f, json_object_get(object, "extra")) && add_all(&f, prefix, suffix, begun);
	json_decref(object);
	if (!ok) {
		token_list_free(&f.ids);
		return false;
	}
	p->ids = (int32_t *)f.ids.ids;
	p->n_ids = f.ids.count;
	return true;
}
