/* words: one request after the other (see words.h). */
#include "app/lab/words.h"

#include "app/lab/engine.h"
#include "base/memory.h"
#include "engine/request.h"
#include "wire/client.h"

#include <string.h>

static bool open_here(struct words *w, const struct model_arguments *a, struct error *e)
{
	struct gguf *file = gguf_open(a->path, e);
	bool ok = file && prompt_source_open(&w->source, file, 0, e);
	gguf_close(file);
	if (ok) w->n_vocab = w->source.vocab->count;
	return ok;
}

static bool open_there(struct words *w, const struct model_arguments *a, struct error *e)
{
	const struct model_arguments words = { .path = a->path, .threads = 1 };
	struct hearth_options o = lab_engine_options(&words, 0);
	struct hearth_info info = { .size = sizeof info };
	uint64_t session;
	o.words_only = true;
	w->h = engine_open_model(&words, &o, &session, e);
	if (!w->h) return false;
	client_info(w->h, &info);
	w->n_vocab = info.n_vocab;
	return true;
}

bool words_open(struct words *w, const struct model_arguments *a, struct error *e)
{
	*w = (struct words){ .h = NULL };
	return a->engine ? open_there(w, a, e) : open_here(w, a, e);
}

void words_close(struct words *w)
{
	prompt_source_close(&w->source);
	client_close(w->h);
	*w = (struct words){ .h = NULL };
}

struct hearth_request words_text(const char *text, size_t length, uint32_t options)
{
	struct hearth_request r = hearth_request_new(HEARTH_TEXT);
	r.want = HEARTH_WANT_PROMPT;
	r.text = text;
	r.text_length = length;
	r.text_options = options;
	return r;
}

static bool make_here(struct words *w, const struct hearth_request *r, struct prompt *p, struct error *e)
{
	enum hearth_failure failure;
	return request_check(r, e) && prompt_make(p, &w->source, r, &failure, e);
}

/* An engine_taker: the prompt that the event shows. */
static bool take_prompt(void *data, const struct hearth_event *event, struct error *e)
{
	struct prompt *p = data;
	if (event->kind != HEARTH_PROMPT) return true;
	p->text = memory_copy_text(event->text, event->text_length);
	p->pieces = memory_new(event->n_pieces + 1, sizeof *p->pieces);
	p->ids = memory_new(event->n_ids + 1, sizeof *p->ids);
	if (!p->text || !p->pieces || !p->ids) return error_memory(e);
	if (event->n_pieces) memcpy(p->pieces, event->pieces, event->n_pieces * sizeof *p->pieces);
	if (event->n_ids) memcpy(p->ids, event->ids, event->n_ids * sizeof *p->ids);
	p->text_length = event->text_length;
	p->n_pieces = event->n_pieces;
	p->n_ids = event->n_ids;
	return true;
}

bool words_make(struct words *w, const struct hearth_request *r, struct prompt *p, struct error *e)
{
	return w->h ? engine_ask(w->h, r, take_prompt, p, e) : make_here(w, r, p, e);
}

bool words_encode(struct words *w, const struct hearth_request *r, struct token_list *ids, struct error *e)
{
	struct prompt p = { .text = NULL };
	bool ok = words_make(w, r, &p, e);
	for (size_t i = 0; ok && i < p.n_ids; i++) ok = token_list_add(ids, (uint32_t)p.ids[i]) || error_memory(e);
	prompt_clear(&p);
	return ok;
}

bool words_begin(struct words *w, uint32_t *bos, struct error *e)
{
	const struct hearth_request empty = words_text("", 0, 0);
	struct token_list ids = { .ids = NULL };
	bool ok = words_encode(w, &empty, &ids, e);
	*bos = ids.count ? ids.ids[0] : TOKEN_NONE;
	token_list_free(&ids);
	return ok;
}
