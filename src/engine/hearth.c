/*
 * hearth: the public functions (include/hearth.h) over the scheduler: checks what a program gives, opens and closes the parts. What
 * needs the right to open files, hearth_open, is in open.c.
 */
#include "engine/engine.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/sized.h"
#include "engine/file.h"
#include "nn/kernels.h"
#include "text/tool_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_OWN_TEXT = 64 << 20, MOST_PLAN = 16 << 20, KERNELS_TEXT = 16384 };

/* ---- the CPU ---- */

static pthread_once_t kernels_once = PTHREAD_ONCE_INIT;
static struct error kernels_error;
static char kernels_text[KERNELS_TEXT];

static void choose_kernels(void)
{
	if (!kernels_choose(getenv("HEARTH_CPU"), &kernels_error)) return;
	int n = snprintf(kernels_text, sizeof kernels_text, "level %s\n", kernels_name());
	kernels_describe(kernels_text + n, sizeof kernels_text - (size_t)n);
}

const char *hearth_kernels(void)
{
	pthread_once(&kernels_once, choose_kernels);
	return kernels_text[0] ? kernels_text : kernels_error.text;
}

/* ---- opening ---- */

/* A text of the metadata, or `other` where the file has none. */
static bool copy_text(struct hearth *h, const char *key, const char *other, const char **copy, struct error *e)
{
	struct gguf_text text = { other, strlen(other) };
	if (!gguf_get_text(h->file, key, &text, NULL) || text.length == 0) text = (struct gguf_text){ other, strlen(other) };
	*copy = arena_copy(h->arena, text.data, text.length);
	return *copy ? true : error_memory(e);
}

/* What follows from the model. */
static void fill_model(struct hearth *h, size_t free_memory)
{
	const struct config *c = model_config(h->model);
	struct model_memory memory = model_memory(h->model);
	struct hearth_info *i = &h->info;
	if (h->draft) {
		struct model_memory more = draft_memory(h->draft);
		memory.weights += more.weights;
		memory.kv += more.kv;
		memory.scratch += more.scratch;
		memory.total += more.total;
	}
	i->parameters = model_parameters(h->model);
	i->bytes_weights = memory.weights;
	i->bytes_kv = memory.kv;
	i->bytes_scratch = memory.scratch;
	i->bytes_total = memory.total;
	i->context = model_context(h->model);
	i->context_trained = c->n_context;
	i->n_vocab = c->n_vocab;
	i->n_layer = c->n_layer;
	i->n_embd = c->n_embd;
	i->seconds_token = model_seconds_from_disk(h->model, free_memory);
	i->encoder = c->whole;
	i->pooling = (uint32_t)c->pooling;
	i->n_vector = model_vector_width(h->model);
}

static bool fill_info(struct hearth *h, double start, size_t free_memory, struct error *e)
{
	const char *slash = strrchr(gguf_name(h->file), '/');
	h->info = (struct hearth_info){ .size = sizeof h->info,
		                        .weights = file_main_type(h->file),
		                        .kernels = kernels_name(),
		                        .n_vocab = h->source.vocab->count,
		                        .threads = threads_count(h->threads),
		                        .has_template = !h->source.plain,
		                        .sampling = file_sampling(h->file),
		                        .tool_form = tool_form_of(h->source.text, h->source.text_length),
		                        .fills = prompt_fills(h->source.vocab) };
	if (h->model) fill_model(h, free_memory);
	h->info.seconds_load = clock_seconds() - start;
	return copy_text(h, "general.name", slash ? slash + 1 : gguf_name(h->file), &h->info.name, e) &&
	       copy_text(h, "general.architecture", "", &h->info.architecture, e);
}

/* The model and what is made for it. */
static bool open_model(struct hearth *h, const struct hearth_options *o, const struct engine_place *place, struct error *e)
{
	static const enum kv_type kv[] = {
		[HEARTH_KV_F16] = KV_F16, [HEARTH_KV_F32] = KV_F32, [HEARTH_KV_Q8_0] = KV_Q8_0, [HEARTH_KV_Q4_0] = KV_Q4_0
	};
	struct model_options model = {
		.context = o->context, .kv = kv[o->kv], .exact = o->exact, .free_memory = place->free_memory
	};
	h->model = model_open(h->file, &model, h->threads, e);
	if (!h->model) return false;
	if (!prompt_source_open(&h->source, h->file, model_context(h->model), e)) return false;
	if (o->draft) {
		model.context = model_context(h->model);
		h->draft = draft_open(place->files, o->draft, h->source.vocab, &model, h->threads, e);
		if (!h->draft) return false;
	}
	if (o->importance && !(h->importance = importance_new(h->model, h->file, e))) return false;
	h->adapters = adapters_new(h->model, e);
	return h->adapters != NULL;
}

/* The parts, one after the other; what stands when one fails is freed by hearth_close. */
static bool open_parts(struct hearth *h, const struct hearth_options *o, const struct engine_place *place, struct error *e)
{
	double start = clock_seconds();
	h->file = gguf_open_from(place->files, o->model, e);
	if (!h->file) return false;
	h->threads = threads_new(o->words_only ? 1 : place->threads, e);
	if (!h->threads) return false;
	if (!(o->words_only ? prompt_source_open(&h->source, h->file, 0, e) : open_model(h, o, place, e))) return false;
	h->scheduler = scheduler_new(h->model, &h->source, h->draft, e);
	if (!h->scheduler || !fill_info(h, start, place->free_memory, e)) return false;
	uint64_t kv = h->info.bytes_kv, shared = place->free_memory / 4 > kv ? place->free_memory / 4 : kv;
	if (o->bytes_shared) shared = o->bytes_shared;
	uint64_t planned =
	        kv + shared; /* one session of full length, and what is kept for others; without a wish half of what is free */
	if (!o->bytes_shared && planned < place->free_memory / 2) planned = place->free_memory / 2;
	scheduler_share_bytes(h->scheduler, shared, planned);
	return true;
}

bool engine_open(const struct hearth_options *o, const struct engine_place *place, struct hearth **out, struct error *e)
{
	*out = NULL;
	pthread_once(&kernels_once, choose_kernels);
	if (kernels_error.text[0]) return error_set(e, "%s", kernels_error.text);
	struct hearth *h = memory_new(1, sizeof *h);
	if (!h) return error_memory(e);
	pthread_mutex_init(&h->lock, NULL);
	h->arena = arena_new(MOST_OWN_TEXT);
	if (h->arena ? open_parts(h, o, place, e) : error_memory(e)) {
		*out = h;
		return true;
	}
	hearth_close(h);
	return false;
}

void hearth_close(struct hearth *h)
{
	if (!h) return;
	scheduler_free(h->scheduler);
	event_free(h->shown);
	importance_free(h->importance);
	memory_free(h->floats);
	prompt_source_close(&h->source);
	draft_close(h->draft);
	adapters_free(h->adapters);
	model_close(h->model);
	threads_free(h->threads);
	gguf_close(h->file);
	arena_free(h->arena);
	pthread_mutex_destroy(&h->lock);
	memory_free(h);
}

void hearth_info(struct hearth *h, struct hearth_info *info)
{
	sized_show(info, &h->info, sizeof *info);
}

const char *hearth_describe(struct hearth *h, bool json)
{
	if (!h->model) return "";
	pthread_mutex_lock(&h->lock);
	if (!h->plan[json]) {
		struct buffer text = buffer_new(MOST_PLAN);
		if (model_describe(h->model, json, &text, NULL))
			h->plan[json] = arena_copy(h->arena, buffer_text(&text), text.size);
		buffer_free(&text);
	}
	const char *plan = h->plan[json];
	pthread_mutex_unlock(&h->lock);
	return plan;
}

/* ---- sessions and requests ---- */

static const char words_alone[] = "the model was opened for its words alone";

uint64_t hearth_session_new(struct hearth *h)
{
	return scheduler_session_new(h->scheduler);
}

void hearth_session_free(struct hearth *h, uint64_t session)
{
	scheduler_session_free(h->scheduler, session);
}

bool engine_adapter_open(struct hearth *h, const struct file_source *files, const char *path, uint64_t *adapter, struct error *e)
{
	if (!h->model) return error_set(e, "%s", words_alone);
	return adapters_open(h->adapters, files, path, adapter, e);
}

void hearth_adapter_close(struct hearth *h, uint64_t adapter)
{
	if (h->adapters) adapters_close(h->adapters, adapter);
}

bool hearth_session_adapt(struct hearth *h, uint64_t session, const struct hearth_adapter *adapters, size_t n_adapters,
                          struct hearth_error *error)
{
	struct error *e = engine_error(error);
	if (!h->model) return error_set(e, "%s", words_alone);
	struct adapter_set *set = n_adapters ? adapters_set(h->adapters, adapters, n_adapters, e) : NULL;
	if (n_adapters && !set) return false;
	return scheduler_session_adapt(h->scheduler, session, set, e);
}

bool hearth_submit(struct hearth *h, const struct hearth_request *request, uint64_t *id, struct hearth_error *error)
{
	struct error *e = engine_error(error);
	struct hearth_request asked = hearth_request_new(0);
	if (!sized_take(&asked, sizeof asked, request, offsetof(struct hearth_request, no_guess), "request", e)) return false;
	if (!h->model && asked.want != HEARTH_WANT_PROMPT) return error_set(e, "%s", words_alone);
	return request_check(&asked, e) && scheduler_submit(h->scheduler, &asked, id, e);
}

void hearth_cancel(struct hearth *h, uint64_t id)
{
	scheduler_cancel(h->scheduler, id);
}

void hearth_forget(struct hearth *h, uint64_t share)
{
	scheduler_forget(h->scheduler, share);
}

/* A question of hearth_importance and its answer. */
struct asked_importance {
	struct hearth *h;
	uint64_t number;
	struct hearth_importance *out;
	bool found;
	struct error *e;
};

static void show_importance(void *data)
{
	struct asked_importance *a = data;
	struct hearth *h = a->h;
	const struct importance_entry *x = importance_at(h->importance, (size_t)a->number);
	uint64_t n;
	if (!importance_whole(h->importance)) {
		error_memory(a->e);
		return;
	}
	memory_free(h->floats);
	h->floats = x ? importance_floats(x, &n) : NULL;
	if (x && !h->floats) error_memory(a->e);
	if (!h->floats) return;
	a->out->name = x->tensor->name;
	a->out->cols = x->tensor->dims[0];
	a->out->n_matrices = n;
	a->out->sums = h->floats;
	a->out->counts = h->floats + a->out->cols * n;
	a->found = true;
}

bool hearth_importance(struct hearth *h, uint64_t number, struct hearth_importance *importance, struct hearth_error *error)
{
	struct error *e = engine_error(error);
	struct asked_importance asked = { h, number, importance, false, e };
	if (!h->importance) return error_set(e, "the model was not opened with `importance`");
	if (importance->size != sizeof *importance) return error_set(e, "importance: its size member is %zu", importance->size);
	if (!scheduler_idle(h->scheduler, show_importance, &asked)) return error_set(e, "importance: a request is running");
	return asked.found;
}

void engine_settle(struct hearth *h, int milliseconds)
{
	scheduler_settle(h->scheduler, milliseconds);
}

bool hearth_next(struct hearth *h, int timeout_ms, struct hearth_event *event)
{
	struct event *next = scheduler_next(h->scheduler, timeout_ms);
	pthread_mutex_lock(&h->lock);
	event_free(h->shown);
	h->shown = next;
	if (next) *event = *event_show(next);
	pthread_mutex_unlock(&h->lock);
	return next != NULL;
}
