/* prompt: vocabulary and template of a model, and the tokens of a prompt (see prompt.h); conversations are in prompt_chat.c. */
#include "engine/prompt.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "engine/prompt_internal.h"

#include <string.h>

/* ---- sources ---- */

static bool load_template(struct prompt_source *s, const struct gguf *file, struct error *e)
{
	struct gguf_text text = { NULL, 0 };
	if (!gguf_get_text(file, "tokenizer.chat_template", &text, &s->broken)) text.length = 0;
	s->plain = text.length == 0 && !s->broken.text[0];
	if (s->plain) text = (struct gguf_text){ prompt_plain_template, strlen(prompt_plain_template) };
	s->text = memory_copy_text(text.data, text.length);
	if (!s->text) return error_memory(e);
	s->text_length = text.length;
	if (s->broken.text[0]) return true;
	s->template = template_parse(s->text, s->text_length, &s->broken);
	if (!s->template) error_at(&s->broken, "%s: the model's chat template", gguf_name(file));
	return true;
}

/* The form of rerankers; */
static bool load_pair(struct prompt_source *s, const struct gguf *file, struct error *e)
{
	struct gguf_text text = { NULL, 0 };
	if (!gguf_get_text(file, "tokenizer.chat_template.rerank", &text, e)) return false;
	if (!text.data) return true;
	s->pair = memory_copy_text(text.data, text.length);
	s->pair_length = text.length;
	return s->pair || error_memory(e);
}

bool prompt_source_open(struct prompt_source *s, const struct gguf *file, uint32_t context, struct error *e)
{
	*s = (struct prompt_source){ .context = context };
	s->vocab = vocab_load(file, e);
	if (!s->vocab) return false;
	for (uint32_t i = 0; i < s->vocab->count; i++) {
		size_t length;
		vocab_bytes(s->vocab, i, &length);
		if (length > s->longest) s->longest = (uint32_t)length;
	}
	if (s->longest == 0) s->longest = 1;
	return load_pair(s, file, e) && load_template(s, file, e);
}

void prompt_source_close(struct prompt_source *s)
{
	template_free(s->template);
	memory_free(s->text);
	memory_free(s->pair);
	vocab_free(s->vocab);
	*s = (struct prompt_source){ 0 };
}

bool prompt_piece(const void *data, int32_t id, const char **bytes, size_t *length)
{
	const struct vocab *v = data;
	if (id < 0 || (uint32_t)id >= v->count) return false;
	if (v->type[id] == TOKEN_CONTROL || v->type[id] == TOKEN_UNKNOWN || vocab_ends(v, (uint32_t)id)) return false;
	*bytes = vocab_bytes(v, (uint32_t)id, length);
	return *length > 0;
}

/* ---- tokens ---- */

/* A prompt that is only looked at may have any length. */
static bool has_limit(const struct prompt_source *s, const struct hearth_request *a)
{
	return s->context && a->want != HEARTH_WANT_PROMPT;
}

static bool refuse_long(struct prompt *p, const struct prompt_source *s, enum hearth_failure *failure, struct error *e)
{
	size_t n = p->n_ids ? p->n_ids : p->n_estimated;
	*failure = HEARTH_FAIL_CONTEXT;
	return error_set(
	        e, "the prompt has %s%zu tokens, and the context holds %u; shorten it, or open the model with a larger context",
	        p->n_ids ? "" : "more than ", n, s->context);
}

/* BOS in front where the model wants it and the text has not begun with it. */
static bool add_bos(const struct vocab *v, struct token_list *ids, struct error *e)
{
	uint32_t bos = v->special[VOCAB_BOS];
	if (!v->add_bos || bos == TOKEN_NONE || (ids->count > 0 && ids->ids[0] == bos)) return true;
	if (!token_list_add(ids, bos)) return error_memory(e);
	memmove(ids->ids + 1, ids->ids, (ids->count - 1) * sizeof *ids->ids);
	ids->ids[0] = bos;
	return true;
}

/* The same for a prompt whose ids stand. */
static bool add_bos_to(struct prompt *p, const struct vocab *v, struct error *e)
{
	struct token_list ids = { .ids = (uint32_t *)p->ids, .count = p->n_ids, .room = p->n_ids };
	bool ok = add_bos(v, &ids, e);
	p->ids = (int32_t *)ids.ids;
	p->n_ids = ids.count;
	return ok;
}

static bool encode_pieces(const struct prompt *p, const struct prompt_source *s, struct token_list *ids, struct error *e)
{
	struct text_piece *pieces = memory_new(p->n_pieces ? p->n_pieces : 1, sizeof *pieces);
	if (!pieces) return error_memory(e);
	for (size_t i = 0; i < p->n_pieces; i++)
		pieces[i] = (struct text_piece){ .length = p->pieces[i].length, .from_message = !p->pieces[i].trusted };
	bool ok = tokenizer_encode_pieces(s->vocab, p->text, pieces, p->n_pieces, s->text, s->text_length, 0, ids, e);
	memory_free(pieces);
	return ok;
}

/* How a text is tokenized, and whether BOS comes in front where the model wants it. */
static unsigned text_options(const struct hearth_request *a, bool *bos)
{
	bool closed = (a->text_options & HEARTH_TEXT_CLOSED) || a->want == HEARTH_WANT_VECTOR;
	*bos = !closed && !(a->text_options & HEARTH_TEXT_PLAIN);
	return (closed ? TOKENIZER_ADD : 0U) | (a->text_options & HEARTH_TEXT_CONTROL ? TOKENIZER_SPECIAL : 0U) |
	       (a->text_options & HEARTH_TEXT_ALL ? TOKENIZER_ALL_TOKENS : 0U);
}

static bool encode_kind(const struct prompt *p, const struct prompt_source *s, const struct hearth_request *a,
                        struct token_list *ids, struct error *e)
{
	bool bos = true;
	if (a->kind == HEARTH_PAIR) return prompt_pair(s, a, ids, e);
	if (a->kind == HEARTH_CHAT) return encode_pieces(p, s, ids, e) && add_bos(s->vocab, ids, e);
	unsigned options = text_options(a, &bos);
	return tokenizer_encode(s->vocab, p->text, p->text_length, options, ids, e) && (!bos || add_bos(s->vocab, ids, e));
}

/* Text and pieces stand: the ids. A text that no token is long enough for is refused as it is. */
static bool encode(struct prompt *p, const struct prompt_source *s, const struct hearth_request *a, enum hearth_failure *failure,
                   struct error *e)
{
	size_t length = a->kind == HEARTH_PAIR ? a->text_length + a->document_length : p->text_length;
	if (has_limit(s, a) && length / s->longest > s->context) {
		p->n_estimated = length / s->longest;
		return refuse_long(p, s, failure, e);
	}
	struct token_list ids = { 0 };
	*failure = HEARTH_FAIL_RESOURCES;
	if (!encode_kind(p, s, a, &ids, e)) {
		token_list_free(&ids);
		return false;
	}
	p->ids = (int32_t *)ids.ids;
	p->n_ids = ids.count;
	return true;
}

static bool take_text(struct prompt *p, const struct hearth_request *asked, struct error *e)
{
	p->text = memory_copy_text(asked->text, asked->text_length);
	p->pieces = memory_new(1, sizeof *p->pieces);
	if (!p->text || !p->pieces) return error_memory(e);
	p->text_length = asked->text_length;
	p->pieces[0] = (struct hearth_piece){ .length = asked->text_length };
	p->n_pieces = asked->text_length ? 1 : 0;
	return true;
}

/* What the ids stand for, as the prompt's text. */
static bool spell_ids(struct prompt *p, const struct prompt_source *s, struct error *e)
{
	struct buffer text = buffer_new(SIZE_MAX / 4);
	for (size_t i = 0; i < p->n_ids; i++) {
		size_t length;
		const char *bytes = vocab_bytes(s->vocab, (uint32_t)p->ids[i], &length);
		if (length) buffer_append(&text, bytes, length);
	}
	if (!text.failed) p->text = memory_copy_text(buffer_text(&text), text.size);
	p->text_length = p->text ? text.size : 0;
	if (text.data) memory_wipe(text.data, text.size);
	buffer_free(&text);
	return p->text || error_memory(e);
}

static bool take_ids(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked,
                     enum hearth_failure *failure, struct error *e)
{
	for (size_t i = 0; i < asked->n_ids; i++) {
		if (asked->ids[i] >= 0 && (uint32_t)asked->ids[i] < s->vocab->count) continue;
		*failure = HEARTH_FAIL_REQUEST;
		return error_set(e, "id %d (number %zu) is not from 0 to %u", asked->ids[i], i + 1, s->vocab->count - 1);
	}
	*failure = HEARTH_FAIL_RESOURCES;
	p->ids = memory_new(asked->n_ids ? asked->n_ids : 1, sizeof *p->ids);
	if (!p->ids) return error_memory(e);
	if (asked->n_ids) memcpy(p->ids, asked->ids, asked->n_ids * sizeof *p->ids);
	p->n_ids = asked->n_ids;
	return (asked->want != HEARTH_WANT_PROMPT && !asked->want_prompt) || spell_ids(p, s, e);
}

bool prompt_make(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked, enum hearth_failure *failure,
                 struct error *e)
{
	bool memory = true, ok = true;
	if (asked->kind == HEARTH_IDS) {
		if (!take_ids(p, s, asked, failure, e)) return false;
	} else {
		if (asked->kind == HEARTH_CHAT) ok = prompt_render(p, s, asked, &memory, e);
		if (asked->kind == HEARTH_TEXT) ok = take_text(p, asked, e);
		if (asked->kind == HEARTH_FILL) ok = prompt_fill(p, s, asked, &memory, e);
		*failure = memory ? HEARTH_FAIL_RESOURCES : HEARTH_FAIL_REQUEST;
		if (!ok) return false;
		if (!(asked->kind == HEARTH_FILL ? add_bos_to(p, s->vocab, e) : encode(p, s, asked, failure, e))) return false;
	}
	if (has_limit(s, asked) && p->n_ids > s->context) return refuse_long(p, s, failure, e);
	if (p->n_ids > 0 || asked->want == HEARTH_WANT_PROMPT) return true;
	*failure = HEARTH_FAIL_REQUEST;
	return error_set(e, "the prompt is empty");
}

void prompt_clear(struct prompt *p)
{
	if (p->text) memory_wipe(p->text, p->text_length);
	if (p->ids) memory_wipe(p->ids, p->n_ids * sizeof *p->ids);
	memory_free(p->text);
	memory_free(p->pieces);
	memory_free(p->ids);
	*p = (struct prompt){ 0 };
}
