/* client_sessions: sessions and adapters of an open model, which outlive the engine that knows them (see client_internal.h). */
#include "wire/client_internal.h"

#include "base/memory.h"
#include "wire/client_files.h"

#include <string.h>

static bool answered_number(const struct link *l, uint64_t *number)
{
	return wire_get_u64(l->answer.data, l->answer.size, number);
}

uint64_t client_session_new(struct hearth *h)
{
	struct session *s = memory_new(1, sizeof *s);
	if (!s) return 0;
	pthread_mutex_lock(&h->asking);
	uint64_t id = s->id = ++h->last_id;
	s->next = h->sessions;
	h->sessions = s;
	pthread_mutex_unlock(&h->asking);
	return id;
}

static struct session **find_session(struct hearth *h, uint64_t id)
{
	struct session **at = &h->sessions;
	while (*at && (*at)->id != id) at = &(*at)->next;
	return at;
}

struct session *client_session(struct hearth *h, uint64_t id, struct error *e)
{
	struct session *s = *find_session(h, id);
	if (!s) error_set(e, "request: there is no session %llu", (unsigned long long)id);
	return s;
}

static struct adapter **find_adapter(struct hearth *h, uint64_t id)
{
	struct adapter **at = &h->adapters;
	while (*at && (*at)->id != id) at = &(*at)->next;
	return at;
}

void client_tell_id(struct hearth *h, uint32_t kind, uint64_t engine_id)
{
	if (h->link && engine_id) link_tell(h->link, kind, &engine_id, sizeof engine_id, -1, NULL);
}

void client_session_free(struct hearth *h, uint64_t id)
{
	pthread_mutex_lock(&h->asking);
	struct session **at = find_session(h, id), *s = *at;
	if (s) {
		client_tell_id(h, WIRE_SESSION_FREE, s->engine_id);
		*at = s->next;
		memory_free(s);
	}
	pthread_mutex_unlock(&h->asking);
}

/* The engine's adapter for ours, opened again where the engine is a new one. */
static bool ensure_adapter(struct hearth *h, struct adapter *a, struct error *e)
{
	if (a->engine_id) return true;
	return client_give_files(h->link, a->path, e) &&
	       client_ask_text(h->link, WIRE_ADAPTER_OPEN, a->path, WIRE_NUMBER, true, e) &&
	       answered_number(h->link, &a->engine_id);
}

static bool ask_adapt(struct hearth *h, struct session *s, struct error *e)
{
	struct wire_adapt adapt = { .session = s->engine_id, .n = s->n_adapters };
	for (size_t i = 0; i < s->n_adapters; i++) {
		struct adapter *a = *find_adapter(h, s->adapters[i].adapter);
		if (!a) return error_set(e, "adapters: there is no adapter %llu", (unsigned long long)s->adapters[i].adapter);
		if (!ensure_adapter(h, a, e)) return false;
		adapt.adapters[i] = (struct hearth_adapter){ a->engine_id, s->adapters[i].scale };
	}
	struct buffer b = buffer_new(4096);
	wire_put_adapt(&b, &adapt);
	bool ok = !b.failed ? link_ask(h->link, WIRE_SESSION_ADAPT, b.data, b.size, WIRE_NUMBER, true, e) : error_memory(e);
	buffer_free(&b);
	return ok;
}

bool client_ensure_session(struct hearth *h, struct session *s, struct error *e)
{
	if (s->engine_id) return true;
	bool ok = link_ask(h->link, WIRE_SESSION_NEW, NULL, 0, WIRE_NUMBER, false, e) && answered_number(h->link, &s->engine_id);
	return ok && (s->n_adapters == 0 || ask_adapt(h, s, e));
}

bool client_adapter_open(struct hearth *h, const char *path, uint64_t *id, struct hearth_error *error)
{
	struct error *e = client_error(error);
	struct adapter *a = memory_new(1, sizeof *a);
	if (a) a->path = memory_copy_text(path, strlen(path));
	bool ok = (a && a->path) || error_memory(e);
	pthread_mutex_lock(&h->asking);
	ok = ok && client_ensure_engine(h, e) && ensure_adapter(h, a, e);
	if (ok) {
		*id = a->id = ++h->last_id;
		a->next = h->adapters;
		h->adapters = a;
	}
	pthread_mutex_unlock(&h->asking);
	if (ok) return true;
	if (a) memory_free(a->path);
	memory_free(a);
	return false;
}

void client_adapter_close(struct hearth *h, uint64_t id)
{
	pthread_mutex_lock(&h->asking);
	struct adapter **at = find_adapter(h, id), *a = *at;
	if (a) {
		client_tell_id(h, WIRE_ADAPTER_CLOSE, a->engine_id);
		*at = a->next;
		memory_free(a->path);
		memory_free(a);
	}
	pthread_mutex_unlock(&h->asking);
}

bool client_session_adapt(struct hearth *h, uint64_t id, const struct hearth_adapter *adapters, size_t n,
                          struct hearth_error *error)
{
	struct error *e = client_error(error);
	if (n > HEARTH_MOST_ADAPTERS) return error_set(e, "adapters: %zu for one session; at most %d", n, HEARTH_MOST_ADAPTERS);
	pthread_mutex_lock(&h->asking);
	struct session *s = client_session(h, id, e);
	bool ok = s != NULL;
	if (ok) {
		struct session before = *s;
		s->n_adapters = 0; /* a new engine's session begins without */
		ok = client_ensure_engine(h, e) && client_ensure_session(h, s, e);
		if (n) memcpy(s->adapters, adapters, n * sizeof *adapters);
		s->n_adapters = n;
		ok = ok && ask_adapt(h, s, e);
		if (!ok) {
			memcpy(s->adapters, before.adapters, sizeof s->adapters);
			s->n_adapters = before.n_adapters;
		}
	}
	pthread_mutex_unlock(&h->asking);
	return ok;
}

void client_free_sessions(struct hearth *h)
{
	for (struct session *s = h->sessions, *next; s; s = next) {
		next = s->next;
		memory_free(s);
	}
	for (struct adapter *a = h->adapters, *next; a; a = next) {
		next = a->next;
		memory_free(a->path);
		memory_free(a);
	}
}
