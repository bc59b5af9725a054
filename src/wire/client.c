/*
 * client: opening a model in a process of its own, and starting that again where it has ended (see client.h and client_internal.h).
 */
#include "wire/client_internal.h"

#include "base/clock.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/threads.h"
#include "wire/client_files.h"

#include <stdio.h>
#include <string.h>

enum { MOST_THREADS = 1024 };

static uint32_t choose_threads(uint32_t asked)
{
	if (asked == HEARTH_THREADS_LOW) return threads_low();
	return asked ? asked : threads_available();
}

static bool ask_open(struct hearth *h, struct error *e)
{
	struct buffer b = buffer_new(4 * WIRE_MOST_PATH);
	wire_put_options(&b, &h->options);
	bool ok = !b.failed || error_set(e, "%.200s...: the path is too long", h->model);
	ok = ok && link_ask(h->link, WIRE_OPEN, b.data, b.size, WIRE_OPENED, true, e);
	buffer_free(&b);
	return ok;
}

/* A process with the model open. What the model is, is said by the first. */
static bool start(struct hearth *h, struct error *e)
{
	const struct link_watch watch = client_watch(h);
	h->link = client_start(&watch, h->options.threads, e);
	if (!h->link) return false;
	bool ok = client_give_files(h->link, h->model, e) && (!h->draft || client_give_files(h->link, h->draft, e)) &&
	          client_jail(h->link, e) && ask_open(h, e);
	if (ok && h->facts.size == 0) ok = buffer_append(&h->facts, h->link->answer.data, h->link->answer.size) || error_memory(e);
	if (ok && !h->info.name)
		ok = wire_get_info(h->facts.data, h->facts.size, &h->info) || error_set(e, "what the engine says makes no sense");
	if (ok) return true;
	if (link_has_failed(h->link)) error_at(e, "%s", h->model);
	link_close(h->link);
	h->link = NULL;
	return false;
}

bool client_ensure_engine(struct hearth *h, struct error *e)
{
	if (h->link && !link_has_failed(h->link)) return true;
	link_close(h->link);
	h->link = NULL;
	for (struct session *s = h->sessions; s; s = s->next) s->engine_id = 0;
	for (struct adapter *a = h->adapters; a; a = a->next) a->engine_id = 0;
	char line[512];
	pthread_mutex_lock(&h->lock);
	bool unheard = h->unheard;
	snprintf(line, sizeof line, "%s, and was started again", h->reason);
	h->dead = h->unheard = false;
	pthread_mutex_unlock(&h->lock);
	if (!start(h, e)) return false;
	if (unheard) client_tell_restart(line);
	return true;
}

bool client_open(const struct hearth_options *options, struct hearth **out, struct hearth_error *error)
{
	struct error *e = client_error(error);
	*out = NULL;
	struct hearth_options o = { 0 };
	if (!sized_take(&o, sizeof o, options, offsetof(struct hearth_options, draft), "options", e)) return false;
	if (!o.model || !*o.model) return error_set(e, "options: no model is named");
	if (o.threads > MOST_THREADS && o.threads != HEARTH_THREADS_LOW)
		return error_set(e, "options: %u threads; at most %d", o.threads, (int)MOST_THREADS);
	struct hearth *h = memory_new(1, sizeof *h);
	if (!h) return error_memory(e);
	pthread_mutex_init(&h->asking, NULL);
	pthread_mutex_init(&h->lock, NULL);
	clock_condition(&h->news);
	h->room = wire_room_new();
	h->measured = buffer_new(FRAME_MOST);
	h->facts = buffer_new(FRAME_MOST);
	h->options = o;
	h->options.threads = choose_threads(o.threads);
	h->model = memory_copy_text(h->options.model, strlen(h->options.model));
	h->draft = h->options.draft ? memory_copy_text(h->options.draft, strlen(h->options.draft)) : NULL;
	bool ok = (h->model && (h->draft || !h->options.draft)) || error_memory(e);
	h->options.model = h->model;
	h->options.draft = h->draft;
	if (ok && start(h, e)) {
		*out = h;
		return true;
	}
	client_close(h);
	return false;
}

void client_close(struct hearth *h)
{
	if (!h) return;
	link_close(h->link);
	client_free_requests(h);
	client_free_sessions(h);
	wire_room_free(&h->room);
	buffer_free(&h->measured);
	pthread_mutex_destroy(&h->asking);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->news);
	buffer_free(&h->facts);
	memory_free(h->plan[0]);
	memory_free(h->plan[1]);
	memory_free(h->model);
	memory_free(h->draft);
	memory_free(h);
}

void client_info(struct hearth *h, struct hearth_info *info)
{
	sized_show(info, &h->info, sizeof *info);
}

const char *client_describe(struct hearth *h, bool json)
{
	const char *text;
	const uint8_t wanted = json;
	pthread_mutex_lock(&h->asking);
	if (!h->plan[json] && client_ensure_engine(h, NULL) &&
	    link_ask(h->link, WIRE_DESCRIBE, &wanted, 1, WIRE_TEXT, false, NULL) &&
	    wire_get_text(h->link->answer.data, h->link->answer.size, &text))
		h->plan[json] = memory_copy_text(text, strlen(text));
	const char *plan = h->plan[json];
	pthread_mutex_unlock(&h->asking);
	return plan;
}

bool client_importance(struct hearth *h, uint64_t number, struct hearth_importance *importance, struct hearth_error *error)
{
	struct error *e = client_error(error);
	struct hearth_importance i;
	if (importance->size != sizeof *importance) return error_set(e, "importance: its size member is %zu", importance->size);
	pthread_mutex_lock(&h->asking);
	bool ok = client_ensure_engine(h, e) && link_ask(h->link, WIRE_IMPORTANCE, &number, sizeof number, WIRE_MEASURED, false, e);
	buffer_clear(&h->measured);
	bool found = ok && h->link->answer.size > 0;
	if (found && !buffer_append(&h->measured, h->link->answer.data, h->link->answer.size)) found = error_memory(e);
	if (found && !wire_get_importance(h->measured.data, h->measured.size, &i, &h->room))
		found = error_set(e, "what the engine says makes no sense");
	if (found) *importance = i;
	pthread_mutex_unlock(&h->asking);
	return found;
}
