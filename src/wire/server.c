/* server: requests and events at the engine's end (see server.h). */
#include "wire/server.h"

#include "base/memory.h"
#include "base/threads.h"
#include "wire/frame.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_BATCH = 1 << 20 };

struct server {
	int socket;
	const struct server_engine *engine;
	struct hearth *h;
	struct hearth_file *file;
	bool started, jailed;
	char *cpu, *version; /* that `start` points to */
	struct wire_start start;
	struct buffer reply;
	struct wire_room room;
	pthread_t events;

	pthread_mutex_t sending; /* of whole frames */
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_cond_t answers; /* waited for by who has events of a request that is not told of yet */
	uint64_t n_open;        /* requests whose last event was not sent */
	uint64_t told;          /* the last one whose number has been sent, which goes before its events */
};

/* ---- answers ---- */

static bool send_reply(struct server *s)
{
	bool ok = !s->reply.failed && frame_send(s->socket, &s->reply, -1);
	if (s->reply.data) memory_wipe(s->reply.data, s->reply.size);
	buffer_clear(&s->reply);
	return ok;
}

static size_t begin(struct server *s, uint32_t kind)
{
	buffer_clear(&s->reply);
	return frame_begin(&s->reply, kind);
}

static bool finish(struct server *s, size_t begun)
{
	if (!frame_end(&s->reply, begun)) return false;
	pthread_mutex_lock(&s->sending);
	bool ok = send_reply(s);
	pthread_mutex_unlock(&s->sending);
	return ok;
}

static bool refuse(struct server *s, const struct error *why)
{
	size_t begun = begin(s, WIRE_REFUSED);
	wire_put_text(&s->reply, why->text);
	return finish(s, begun);
}

static bool reply_number(struct server *s, uint64_t number)
{
	size_t begun = begin(s, WIRE_NUMBER);
	wire_put_u64(&s->reply, number);
	return finish(s, begun);
}

static bool reply_text(struct server *s, const char *text)
{
	size_t begun = begin(s, WIRE_TEXT);
	wire_put_text(&s->reply, text);
	return finish(s, begun);
}

/* ---- events ---- */

/* What a frame of events has: last ones, whether an answer goes on, the youngest request. */
struct batch {
	uint64_t ended, youngest;
	bool answering;
};

/* Puts every event that is there behind the first. */
static struct batch put_events(struct server *s, struct buffer *b, struct hearth_event *event)
{
	struct batch all = { 0 };
	do {
		size_t begun = frame_begin(b, WIRE_EVENT);
		wire_put_event(b, event);
		frame_end(b, begun);
		if (event->kind == HEARTH_ANSWER) all.answering = true;
		if (event->kind == HEARTH_DONE || event->kind == HEARTH_FAILED) all.ended++;
		if (event->request > all.youngest) all.youngest = event->request;
	} while (!b->failed && b->size < MOST_BATCH && hearth_next(s->h, 0, event));
	return all;
}

/* A request's number goes before its events. Ids only grow, and one request is submitted at a time. */
static void wait_for_number(struct server *s, uint64_t id)
{
	pthread_mutex_lock(&s->lock);
	while (s->told < id) pthread_cond_wait(&s->answers, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static void *events_main(void *data)
{
	struct server *s = data;
	struct buffer b = buffer_new((size_t)FRAME_MOST + FRAME_HEADER);
	struct hearth_event event;
	for (;;) {
		pthread_mutex_lock(&s->lock);
		while (s->n_open == 0) pthread_cond_wait(&s->work, &s->lock);
		pthread_mutex_unlock(&s->lock);
		if (!hearth_next(s->h, -1, &event)) continue;
		buffer_clear(&b);
		const struct batch all = put_events(s, &b, &event);
		wait_for_number(s, all.youngest);
		pthread_mutex_lock(&s->sending);
		bool sent = !b.failed && frame_send(s->socket, &b, -1);
		pthread_mutex_unlock(&s->sending);
		if (b.data) memory_wipe(b.data, b.size);
		if (!sent) { /* nobody is there to compute for, or memory is out: a new process does better */
			shutdown(s->socket, SHUT_RDWR);
			return NULL;
		}
		pthread_mutex_lock(&s->lock);
		s->n_open -= all.ended;
		pthread_mutex_unlock(&s->lock);
		if (all.answering && !all.ended) s->engine->settle(s->engine->data, s->h, SERVER_PACE_MS);
	}
	return NULL;
}

/* ---- requests ---- */

static bool bad(struct error *e, const char *what)
{
	return error_set(e, "a message of the other end makes no sense (%s)", what);
}

static bool on_start(struct server *s, const struct frame *f, struct error *e)
{
	struct wire_start start;
	if (s->started || !wire_get_start(f->data, f->size, &start)) return bad(e, "start");
	if (strcmp(start.version, HEARTH_VERSION) != 0)
		return error_set(e, "hearth is version %s and its engine %s: install hearth again", start.version, HEARTH_VERSION);
	s->version = memory_copy_text(start.version, strlen(start.version));
	s->cpu = memory_copy_text(start.cpu, strlen(start.cpu));
	if (!s->version || !s->cpu) return error_memory(e);
	start.version = s->version;
	start.cpu = s->cpu;
	s->start = start;
	s->started = true;
	return true;
}

static bool on_file(struct server *s, const struct frame *f, struct error *e)
{
	const char *path;
	bool ok = s->started && f->descriptor >= 0 && wire_get_text(f->data, f->size, &path);
	struct error why = { "" };
	/* One that cannot be mapped is missed when it is looked for. */
	if (ok) s->engine->file(s->engine->data, f->descriptor, path, &why);
	return ok || bad(e, "file");
}

static bool on_jail(struct server *s, struct error *e)
{
	struct wire_jailed report = { .lost = "" };
	struct error why = { "" };
	if (!s->started || s->jailed) return bad(e, "jail");
	if (!s->engine->jail(s->engine->data, &s->start, &report, &why)) {
		refuse(s, &why);
		return error_set(e, "%s", why.text); /* nothing is read without the jail */
	}
	if (!threads_start(&s->events, events_main, s)) return error_set(e, "cannot start a thread: %s", strerror(errno));
	s->jailed = true;
	size_t begun = begin(s, WIRE_JAILED);
	wire_put_jailed(&s->reply, &report);
	return finish(s, begun);
}

static bool on_look(struct server *s, const struct frame *f, struct error *e)
{
	const char *path;
	struct error why = { "" };
	struct hearth_file_info info = { .size = sizeof info };
	if (s->file || s->h || !wire_get_text(f->data, f->size, &path)) return bad(e, "look");
	if (!s->engine->look(s->engine->data, path, &s->file, &why)) return refuse(s, &why);
	hearth_file_info(s->file, &info);
	size_t begun = begin(s, WIRE_FACTS);
	wire_put_file_info(&s->reply, &info);
	return finish(s, begun);
}

static bool on_values(struct server *s, struct error *e)
{
	struct wire_lists lists;
	struct error why = { "" };
	const struct hearth_file_value *values;
	const struct hearth_file_type *types;
	if (!s->file) return bad(e, "values");
	lists.n_values = hearth_file_values(s->file, &values);
	lists.n_types = hearth_file_types(s->file, &types);
	if (!values) {
		error_memory(&why);
		return refuse(s, &why);
	}
	lists.values = (struct hearth_file_value *)(uintptr_t)values;
	lists.types = (struct hearth_file_type *)(uintptr_t)types;
	size_t begun = begin(s, WIRE_LISTS);
	wire_put_lists(&s->reply, &lists);
	return finish(s, begun);
}

static bool on_plan(struct server *s, const struct frame *f, struct error *e)
{
	uint64_t context;
	struct hearth_error unfit;
	struct error why;
	struct hearth_file_plan plan = { .size = sizeof plan };
	if (!s->file || !wire_get_u64(f->data, f->size, &context) || context > UINT32_MAX) return bad(e, "plan");
	if (!hearth_file_plan(s->file, (uint32_t)context, &plan, &unfit)) {
		error_set(&why, "%s", unfit.text);
		return refuse(s, &why);
	}
	size_t begun = begin(s, WIRE_PLANNED);
	wire_put_file_plan(&s->reply, &plan);
	return finish(s, begun);
}

static bool on_verify(struct server *s, struct error *e)
{
	uint64_t tensors, bytes;
	struct hearth_error broken;
	struct error why;
	if (!s->file) return bad(e, "verify");
	if (!hearth_file_verify(s->file, &tensors, &bytes, &broken)) {
		error_set(&why, "%s", broken.text);
		return refuse(s, &why);
	}
	size_t begun = begin(s, WIRE_VERIFIED);
	wire_put_u64(&s->reply, tensors);
	wire_put_u64(&s->reply, bytes);
	return finish(s, begun);
}

static bool on_open(struct server *s, const struct frame *f, struct error *e)
{
	struct hearth_options options;
	struct hearth_info info = { .size = sizeof info };
	struct error why = { "" };
	if (s->h || s->file || !wire_get_options(f->data, f->size, &options)) return bad(e, "open");
	if (!s->engine->open(s->engine->data, &options, &s->h, &why)) return refuse(s, &why);
	hearth_info(s->h, &info);
	size_t begun = begin(s, WIRE_OPENED);
	wire_put_info(&s->reply, &info);
	return finish(s, begun);
}

static bool on_describe(struct server *s, const struct frame *f, struct error *e)
{
	struct error why;
	if (f->size != 1 || f->data[0] > 1) return bad(e, "describe");
	const char *text = hearth_describe(s->h, f->data[0]);
	if (text) return reply_text(s, text);
	error_memory(&why);
	return refuse(s, &why);
}

static bool on_submit(struct server *s, const struct frame *f, struct error *e)
{
	struct hearth_request r;
	struct hearth_error no;
	struct error why;
	uint64_t id;
	if (!wire_get_request(f->data, f->size, &r, &s->room)) return bad(e, "submit");
	if (!hearth_submit(s->h, &r, &id, &no)) { /* a large schema takes a while; events of others go on */
		error_set(&why, "%s", no.text);
		return refuse(s, &why);
	}
	bool ok = reply_number(s, id);
	pthread_mutex_lock(&s->lock);
	s->told = id;
	s->n_open++;
	pthread_cond_signal(&s->work);
	pthread_cond_signal(&s->answers);
	pthread_mutex_unlock(&s->lock);
	return ok;
}

static bool on_adapter(struct server *s, const struct frame *f, struct error *e)
{
	const char *path;
	struct error why = { "" };
	uint64_t id;
	if (!wire_get_text(f->data, f->size, &path)) return bad(e, "adapter");
	if (!s->engine->adapter(s->engine->data, s->h, path, &id, &why)) return refuse(s, &why);
	return reply_number(s, id);
}

static bool on_adapt(struct server *s, const struct frame *f, struct error *e)
{
	struct wire_adapt a;
	struct hearth_error no;
	struct error why;
	if (!wire_get_adapt(f->data, f->size, &a)) return bad(e, "adapt");
	if (hearth_session_adapt(s->h, a.session, a.adapters, a.n, &no)) return reply_number(s, a.session);
	error_set(&why, "%s", no.text);
	return refuse(s, &why);
}

static bool on_importance(struct server *s, const struct frame *f, struct error *e)
{
	struct hearth_importance i = { .size = sizeof i };
	struct hearth_error no = { "" };
	struct error why;
	uint64_t number;
	if (!wire_get_u64(f->data, f->size, &number)) return bad(e, "importance");
	bool found = hearth_importance(s->h, number, &i, &no);
	if (!found && no.text[0]) {
		error_set(&why, "%s", no.text);
		return refuse(s, &why);
	}
	size_t begun = begin(s, WIRE_MEASURED);
	if (found) wire_put_importance(&s->reply, &i);
	return finish(s, begun);
}

static bool on_session_new(struct server *s)
{
	struct error why;
	uint64_t id = hearth_session_new(s->h);
	if (id) return reply_number(s, id);
	error_memory(&why);
	return refuse(s, &why);
}

static bool on_id(struct server *s, const struct frame *f, void (*call)(struct hearth *h, uint64_t id), struct error *e)
{
	uint64_t id;
	if (!wire_get_u64(f->data, f->size, &id)) return bad(e, "id");
	call(s->h, id);
	return true;
}

/* Those that need an open model. */
static bool take_model(struct server *s, const struct frame *f, struct error *e)
{
	if (!s->h) return bad(e, "no model is open");
	switch (f->kind) {
	case WIRE_DESCRIBE: return on_describe(s, f, e);
	case WIRE_SESSION_NEW: return on_session_new(s);
	case WIRE_SESSION_FREE: return on_id(s, f, hearth_session_free, e);
	case WIRE_ADAPTER_OPEN: return on_adapter(s, f, e);
	case WIRE_ADAPTER_CLOSE: return on_id(s, f, hearth_adapter_close, e);
	case WIRE_SESSION_ADAPT: return on_adapt(s, f, e);
	case WIRE_SUBMIT: return on_submit(s, f, e);
	case WIRE_CANCEL: return on_id(s, f, hearth_cancel, e);
	case WIRE_FORGET: return on_id(s, f, hearth_forget, e);
	case WIRE_IMPORTANCE: return on_importance(s, f, e);
	default: return bad(e, "kind");
	}
}

static bool take(struct server *s, const struct frame *f, struct error *e)
{
	switch (f->kind) {
	case WIRE_START: return on_start(s, f, e);
	case WIRE_FILE: return on_file(s, f, e);
	case WIRE_JAIL: return on_jail(s, e);
	case WIRE_PING: return finish(s, begin(s, WIRE_PONG));
	default: break;
	}
	if (!s->jailed) return bad(e, "before the jail");
	switch (f->kind) {
	case WIRE_LOOK: return on_look(s, f, e);
	case WIRE_VALUES: return on_values(s, e);
	case WIRE_VERIFY: return on_verify(s, e);
	case WIRE_PLAN: return on_plan(s, f, e);
	case WIRE_OPEN: return on_open(s, f, e);
	case WIRE_KERNELS: return reply_text(s, hearth_kernels());
	default: return take_model(s, f, e);
	}
}

bool server_run(int socket, const struct server_engine *engine, struct error *e)
{
	struct server s = { .socket = socket, .engine = engine, .reply = buffer_new((size_t)FRAME_MOST + FRAME_HEADER) };
	struct frame_reader reader = frame_reader_new(socket, true);
	struct frame f;
	enum frame_result result;
	bool ok = true;
	s.room = wire_room_new();
	pthread_mutex_init(&s.sending, NULL);
	pthread_mutex_init(&s.lock, NULL);
	pthread_cond_init(&s.work, NULL);
	pthread_cond_init(&s.answers, NULL);
	while (ok && (result = frame_receive(&reader, -1, &f, e)) != FRAME_ENDED) {
		ok = result == FRAME_CAME && take(&s, &f, e);
		if (result == FRAME_CAME && f.descriptor >= 0) close(f.descriptor);
	}
	return ok;
}
