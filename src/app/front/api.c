/*
 * api: the interfaces of other programs (src/api) over HTTP: bodies to calls, jobs to hearth, events to answers.
 *
 * A call that makes a model work first asks hearth for the model, since how tools are called depends on it; hearth opens it when
 * the work comes.
 */
#include "api/api.h"
#include "app/front/routes.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_OUT = 1 << 30, ASKED = 1 << 20 };

/* What hearth tells of a model, by column. */
enum column {
	NAME,
	TITLE,
	ARCHITECTURE,
	WEIGHTS,
	BYTES,
	PARAMETERS,
	TRAINED,
	CONTEXT,
	OPEN,
	USUAL,
	CHANGED,
	TEMPLATE,
	TOOL_FORM,
	COLUMNS
};

struct state {
	struct api_call *api;
	struct api_model *models;
	size_t n_models, room;
};

_Static_assert((int)API_GIVEN_TEMPERATURE == (int)SERVE_GIVEN_TEMPERATURE && (int)API_GIVEN_TOP_K == (int)SERVE_GIVEN_TOP_K &&
                       (int)API_GIVEN_TOP_P == (int)SERVE_GIVEN_TOP_P && (int)API_GIVEN_MIN_P == (int)SERVE_GIVEN_MIN_P &&
                       (int)API_GIVEN_TYPICAL_P == (int)SERVE_GIVEN_TYPICAL_P && (int)API_GIVEN_REPEAT == (int)SERVE_GIVEN_REPEAT &&
                       (int)API_GIVEN_PRESENCE == (int)SERVE_GIVEN_PRESENCE &&
                       (int)API_GIVEN_FREQUENCY == (int)SERVE_GIVEN_FREQUENCY && (int)API_GIVEN_LAST == (int)SERVE_GIVEN_LAST,
               "what a client gave is told in one way");

/* ---- refusals ---- */

static void refuse(struct call *c, enum api_family family, const struct api_refusal *why)
{
	struct buffer b = buffer_new(MOST_OUT);
	api_refuse(family, why, &b);
	call_answer_json(c, why->status, &b);
	buffer_free(&b);
}

static void refuse_anthropic(struct call *c, unsigned status, const char *text)
{
	struct api_refusal why = api_refusal_of(status, text);
	refuse(c, API_ANTHROPIC, &why);
}

static void refuse_ollama(struct call *c, unsigned status, const char *text)
{
	struct api_refusal why = api_refusal_of(status, text);
	refuse(c, API_OLLAMA, &why);
}

static void refuse_openai(struct call *c, unsigned status, const char *text)
{
	struct api_refusal why = api_refusal_of(status, text);
	if (status == 404) why.code = "model_not_found";
	refuse(c, API_OPENAI, &why);
}

/* ---- what goes out ---- */

/* The call has failed: nothing more of it is wanted. */
static void give_up(struct call *c, struct state *s)
{
	for (size_t i = 0; i < s->api->n_jobs; i++) call_cancel(c, (uint32_t)i);
}

static void hand_out(struct call *c, struct state *s, const struct buffer *out)
{
	struct api_call *api = s->api;
	if (out->failed) {
		give_up(c, s);
		if (!call_answered(c)) call_refuse(c, 503, "memory is out");
		if (call_streams(c)) call_end(c);
		return;
	}
	if (api->failed && !call_streams(c)) {
		give_up(c, s);
		refuse(c, api->endpoint->family, &api->refusal);
		return;
	}
	if (!api->stream) {
		if (api->done) call_answer(c, 200, api->type, buffer_text(out), out->size);
		return;
	}
	if (!call_streams(c) && (out->size || api->done)) call_stream(c, api->type);
	if (out->size && !call_write(c, buffer_text(out), out->size)) return;
	if (api->failed) give_up(c, s);
	if (api->failed || api->done) call_end(c);
}

/* ---- events ---- */

static void on_event(struct call *c, uint32_t which, const struct hearth_event *e)
{
	struct state *s = c->state;
	struct buffer out = buffer_new(MOST_OUT);
	if (s->api->failed || s->api->done) return;
	api_event(s->api, which, e, &out);
	hand_out(c, s, &out);
	buffer_free(&out);
}

static uint64_t number(const struct serve_text *cell)
{
	return strtoull(cell->data, NULL, 10);
}

static char *copy(struct call *c, const struct serve_text *cell)
{
	return arena_copy(c->arena, cell->data, cell->length);
}

/* A row as a model. False: memory. */
static bool add_model(struct call *c, struct state *s, const struct serve_text *row)
{
	if (s->n_models == s->room) {
		size_t room = s->room ? 2 * s->room : 16;
		struct api_model *more = arena_alloc(c->arena, room, sizeof *more);
		if (!more) return false;
		if (s->n_models) memcpy(more, s->models, s->n_models * sizeof *more);
		s->models = more;
		s->room = room;
	}
	struct api_model *m = &s->models[s->n_models];
	*m = (struct api_model){ .name = copy(c, &row[NAME]),
		                 .architecture = copy(c, &row[ARCHITECTURE]),
		                 .weights = copy(c, &row[WEIGHTS]),
		                 .tool_form = copy(c, &row[TOOL_FORM]),
		                 .bytes = number(&row[BYTES]),
		                 .parameters = number(&row[PARAMETERS]),
		                 .context_trained = (uint32_t)number(&row[TRAINED]),
		                 .context = (uint32_t)number(&row[CONTEXT]),
		                 .loaded = number(&row[OPEN]) != 0,
		                 .created = number(&row[CHANGED]) };
	if (!m->name || !m->architecture || !m->weights || !m->tool_form) return false;
	s->n_models++;
	return true;
}

/* The model is known: what is to be done. */
static void begin_work(struct call *c, struct state *s)
{
	struct api_call *api = s->api;
	struct api_refusal why;
	struct error e;
	struct buffer out = buffer_new(MOST_OUT);
	bool ok = !api->endpoint->works || api_plan(api, &s->models[0], &why);
	if (ok && api->n_jobs == 0) {
		ok = api_tell(api, s->models, s->n_models, &out, &why);
		if (ok) hand_out(c, s, &out);
	}
	buffer_free(&out);
	if (!ok) {
		refuse(c, api->endpoint->family, &why);
		return;
	}
	for (size_t i = 0; i < api->n_jobs; i++) {
		struct serve_submit submit = { .model = api->model, .given = api->jobs[i].given, .request = api->jobs[i].request };
		if (call_submit(c, (uint32_t)i, &submit, &e)) continue;
		give_up(c, s);
		call_refuse(c, 503, "%s", e.text);
		return;
	}
}

static void on_told(struct call *c, uint32_t which, const struct serve_told *t)
{
	struct state *s = c->state;
	(void)which;
	for (size_t i = 0; i + COLUMNS <= t->n_cells && t->n_columns == COLUMNS; i += COLUMNS) {
		if (add_model(c, s, &t->cells[i])) continue;
		call_refuse(c, 503, "memory is out");
		return;
	}
	if (!t->last || call_answered(c)) return;
	if (s->api->endpoint->works && s->n_models == 0)
		call_refuse(c, 404, "there is no such model");
	else
		begin_work(c, s);
}

static void on_denied(struct call *c, uint32_t which, enum serve_denial why, const char *text)
{
	struct state *s = c->state;
	struct buffer out = buffer_new(MOST_OUT);
	if (call_answered(c) && !call_streams(c)) return;
	if (which == ASKED) {
		call_refuse(c, call_status(why), "%s", text);
	} else {
		api_fail(s->api, call_status(why), text, &out);
		hand_out(c, s, &out);
	}
	buffer_free(&out);
}

static void on_over(struct call *c)
{
	struct state *s = c->state;
	api_free(s->api);
	s->api = NULL;
}

/* ---- beginning ---- */

static const struct api_endpoint *endpoint_of(const struct route *r)
{
	const struct api_endpoint *e = api_endpoints;
	while (e->path && (strcmp(e->path, r->path) != 0 || strcmp(e->method, r->method) != 0)) e++;
	return e->path ? e : NULL;
}

static void begin(struct call *c)
{
	static const struct call_watch watch = { on_event, on_told, on_denied, NULL, on_over };
	const struct api_endpoint *endpoint = endpoint_of(c->route);
	struct api_refusal why;
	struct error e;
	struct state *s = arena_alloc(c->arena, 1, sizeof *s);
	if (!s || !endpoint) {
		call_refuse(c, 503, "memory is out");
		return;
	}
	s->api = api_read(endpoint, c->body, c->body_length, (uint64_t)time(NULL), c->id, &why);
	if (!s->api) {
		refuse(c, endpoint->family, &why);
		return;
	}
	c->state = s;
	c->watch = &watch;
	const char *model = c->rest && *c->rest ? c->rest : s->api->model;
	bool one = endpoint->works || *model;
	struct serve_text argument = call_text(model);
	if (!call_ask(c, ASKED, "models", &argument, one ? 1 : 0, &e)) call_refuse(c, 503, "%s", e.text);
}

const struct route api_routes[] = {
	{ "POST", "/v1/chat/completions", 0, ROUTE_LARGE, begin, refuse_openai },
	{ "POST", "/v1/completions", 0, ROUTE_LARGE, begin, refuse_openai },
	{ "POST", "/v1/embeddings", 0, ROUTE_LARGE, begin, refuse_openai },
	{ "GET", "/v1/models", 0, 0, begin, refuse_openai },
	{ "GET", "/v1/models/*", 0, 0, begin, refuse_openai },
	{ "POST", "/v1/messages", 0, ROUTE_LARGE, begin, refuse_anthropic },
	{ "POST", "/v1/messages/count_tokens", 0, ROUTE_LARGE, begin, refuse_anthropic },
	{ "POST", "/infill", 0, ROUTE_LARGE, begin, refuse_openai },
	{ "POST", "/api/chat", 0, ROUTE_LARGE, begin, refuse_ollama },
	{ "POST", "/api/generate", 0, ROUTE_LARGE, begin, refuse_ollama },
	{ "POST", "/api/embed", 0, ROUTE_LARGE, begin, refuse_ollama },
	{ "POST", "/api/embeddings", 0, ROUTE_LARGE, begin, refuse_ollama },
	{ "GET", "/api/tags", 0, 0, begin, refuse_ollama },
	{ "GET", "/api/ps", 0, 0, begin, refuse_ollama },
	{ "POST", "/api/show", 0, ROUTE_SMALL, begin, refuse_ollama },
	{ "GET", "/api/version", 0, 0, begin, refuse_ollama },
	{ "POST", "/tokenize", 0, ROUTE_LARGE, begin, refuse_openai },
	{ "POST", "/detokenize", 0, ROUTE_LARGE, begin, refuse_openai },
	{ "POST", "/apply-template", 0, ROUTE_LARGE, begin, refuse_openai },
	{ NULL, NULL, 0, 0, NULL, NULL },
};
