/* engine: starts and ends hearth-engine (see engine.h). */
#include "app/lab/engine.h"

#include "base/memory.h"
#include "guard/spawner.h"
#include "wire/client.h"

#include <stdio.h>

enum { NATURAL_END_MS = 500, SIDE_BY_SIDE = 32 };

static struct spawner *spawner;

static void *start(void *data, int socket, struct error *e)
{
	(void)data;
	struct spawned *p = memory_new(1, sizeof *p);
	if (p && spawner_run(spawner, GUARD_ENGINE, NULL, &socket, 1, p, e)) return p;
	if (!p) error_memory(e);
	memory_free(p);
	return NULL;
}

static void end(void *data, void *process, char *how, size_t room)
{
	(void)data;
	struct spawned *p = process;
	int status;
	if (!spawner_ended(p, NATURAL_END_MS, &status)) {
		spawner_kill(spawner, p);
		spawner_ended(p, -1, &status);
	}
	spawner_describe(status, how, room);
	spawner_forget(p);
	memory_free(p);
}

bool engine_begin(struct error *e)
{
	static const struct client_starter starter = { .start = start, .end = end };
	if (!spawner) spawner = spawner_start(NULL, e);
	client_use(&starter);
	return spawner != NULL;
}

/* The session's adapters; false with the reason. */
static bool adapt(struct hearth *h, const struct model_arguments *a, uint64_t session, struct error *e)
{
	struct hearth_adapter list[LAB_MOST_ADAPTERS];
	struct hearth_error why;
	for (uint32_t i = 0; i < a->n_adapters; i++) {
		char *path = memory_copy_text(a->adapters[i].text, a->adapters[i].path);
		if (!path) return error_memory(e);
		bool ok = client_adapter_open(h, path, &list[i].adapter, &why);
		memory_free(path);
		if (!ok) return error_set(e, "%s", why.text);
		list[i].scale = a->adapters[i].scale;
	}
	return client_session_adapt(h, session, list, a->n_adapters, &why) || error_set(e, "%s", why.text);
}

struct hearth *engine_open_model(const struct model_arguments *a, const struct hearth_options *o, uint64_t *session,
                                 struct error *e)
{
	struct hearth *h;
	struct hearth_error why;
	if (!engine_begin(e)) return NULL;
	if (!client_open(o, &h, &why)) {
		error_set(e, "%s", why.text);
		return NULL;
	}
	*session = client_session_new(h);
	if (*session && (a->n_adapters == 0 || adapt(h, a, *session, e))) return h;
	if (!*session) error_memory(e);
	client_close(h);
	return NULL;
}

/* Whether the event ends a request well, badly, or not at all. */
static bool is_last(const struct hearth_event *event, bool *ok, struct error *e)
{
	if (event->kind == HEARTH_FAILED) *ok = error_set(e, "%.*s", (int)event->text_length, event->text);
	return event->kind == HEARTH_FAILED || event->kind == HEARTH_DONE;
}

bool engine_ask(struct hearth *h, const struct hearth_request *r, engine_taker take, void *data, struct error *e)
{
	struct hearth_error why;
	struct hearth_event event;
	uint64_t id;
	bool ok = true;
	if (!client_submit(h, r, &id, &why)) return error_set(e, "%s", why.text);
	while (client_next(h, -1, &event)) {
		if (ok && take) ok = take(data, &event, e);
		if (ok) is_last(&event, &ok, e);
	}
	return ok;
}

/* One of those that run: which, and the engine's name for it. */
struct running {
	uint64_t id;
	size_t number;
	bool runs;
};

static bool begin_one(struct hearth *h, const struct engine_many *many, size_t number, struct running *place, struct error *e)
{
	struct hearth_request r;
	struct hearth_error why;
	if (!many->make(many->data, number, &r, e)) return false;
	place->number = number;
	place->runs = client_submit(h, &r, &place->id, &why);
	return place->runs || error_set(e, "%s", why.text);
}

bool engine_ask_all(struct hearth *h, size_t n, const struct engine_many *many, struct error *e)
{
	struct running running[SIDE_BY_SIDE] = { { .runs = false } };
	struct hearth_event event;
	size_t next = 0;
	bool ok = true;
	for (;;) {
		for (size_t i = 0; ok && next < n && i < SIDE_BY_SIDE; i++) {
			if (!running[i].runs) ok = begin_one(h, many, next++, &running[i], e);
		}
		if (!ok || !client_next(h, -1, &event)) return ok;
		struct running *of = running;
		while (of < running + SIDE_BY_SIDE && !(of->runs && of->id == event.request)) of++;
		if (of == running + SIDE_BY_SIDE) continue;
		ok = many->take(many->data, of->number, &event, e);
		if (ok && is_last(&event, &ok, e)) of->runs = false;
	}
}

void engine_end(void)
{
	spawner_stop(spawner);
	spawner = NULL;
}
