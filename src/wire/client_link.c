/* client_link: the thread that reads, and requests with answers (see client_link.h). */
#include "wire/client_link.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/threads.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TICK_MS = 500, ROOM_MS = 50 };

/* ---- the end ---- */

/* Marks the link as failed; `why` NULL: the process has ended by itself, and its end is the reason. In the reading thread. */
static void fail(struct link *l, const char *why)
{
	char how[96] = "ended", reason[sizeof l->reason];
	shutdown(l->socket, SHUT_RDWR); /* whoever sends is let go */
	/* Before anybody can see the failure and ask again, or it would be told twice. */
	pthread_mutex_lock(&l->lock);
	l->starter->end(l->starter->data, l->process, how, sizeof how);
	l->process = NULL;
	if (why)
		snprintf(reason, sizeof reason, "the process that computes was stopped: %s", why);
	else
		snprintf(reason, sizeof reason, "the process that computes ended unexpectedly: it %s", how);
	l->failed = true;
	memcpy(l->reason, reason, sizeof l->reason);
	if (!l->closing && l->watch.failed) l->watch.failed(l->watch.data, reason);
	pthread_cond_broadcast(&l->news);
	pthread_mutex_unlock(&l->lock);
}

/* ---- the reading thread ---- */

/* An answer to what was asked. False: nobody asked for it. */
static bool take_answer(struct link *l, const struct frame *f)
{
	pthread_mutex_lock(&l->lock);
	bool ok = l->wanted && !l->answered && (f->kind == l->wanted || f->kind == WIRE_REFUSED);
	if (ok && f->kind == WIRE_NUMBER) {
		uint64_t number;
		ok = wire_get_u64(f->data, f->size, &number) && (!l->watch.number || l->watch.number(l->watch.data, number));
	}
	if (ok) {
		buffer_clear(&l->answer);
		ok = buffer_append(&l->answer, f->data, f->size);
		l->answered = true;
		l->refused = f->kind == WIRE_REFUSED;
		pthread_cond_broadcast(&l->news);
	}
	pthread_mutex_unlock(&l->lock);
	return ok;
}

static bool take_frame(struct link *l, const struct frame *f)
{
	struct hearth_event event;
	if (f->kind == WIRE_PONG) return f->size == 0;
	if (f->kind != WIRE_EVENT) return take_answer(l, f);
	return l->watch.event && wire_get_event(f->data, f->size, &event, &l->room) && l->watch.event(l->watch.data, &event);
}

/* Something is expected from the engine soon. */
static bool awaits(struct link *l, bool *patient)
{
	pthread_mutex_lock(&l->lock);
	bool asked = l->wanted && !l->answered;
	*patient = asked && l->patient;
	pthread_mutex_unlock(&l->lock);
	return asked || (l->watch.awaits && l->watch.awaits(l->watch.data));
}

/* A ping, unless somebody is in the middle of sending: then that is what must get on. */
static void ping(struct link *l)
{
	struct buffer b = buffer_new(64);
	size_t begun = frame_begin(&b, WIRE_PING);
	frame_end(&b, begun);
	if (pthread_mutex_trylock(&l->sending) == 0) {
		if (!b.failed) send(l->socket, b.data, b.size, MSG_NOSIGNAL | MSG_DONTWAIT);
		pthread_mutex_unlock(&l->sending);
	}
	buffer_free(&b);
}

static bool is_closing(struct link *l)
{
	pthread_mutex_lock(&l->lock);
	bool closing = l->closing;
	pthread_mutex_unlock(&l->lock);
	return closing;
}

/* Waits while events lie in the queue and nobody asks: the engine joins what it cannot send. */
static void wait_for_room(struct link *l)
{
	pthread_mutex_lock(&l->lock);
	while (!l->closing && !(l->wanted && !l->answered) && l->watch.has_room && !l->watch.has_room(l->watch.data)) {
		struct timespec until = clock_deadline(ROOM_MS);
		pthread_cond_timedwait(&l->news, &l->lock, &until);
	}
	pthread_mutex_unlock(&l->lock);
}

static void *reading_main(void *data)
{
	struct link *l = data;
	const double patience = 1e-3 * (l->starter->patience_ms ? l->starter->patience_ms : CLIENT_PATIENCE_MS);
	const int tick = patience < 2e-3 * TICK_MS ? (int)(500 * patience) : TICK_MS;
	double heard = clock_seconds();
	bool pinged = false, idle = false; /* idle: nothing is awaited, so that the clock says nothing */
	struct error e = { "" };
	while (!is_closing(l)) {
		struct frame f;
		bool patient;
		enum frame_result result = frame_receive(&l->reader, idle ? -1 : tick, &f, &e);
		double now = clock_seconds();
		idle = false;
		if (result == FRAME_CAME) {
			if (!take_frame(l, &f)) {
				fail(l, "it sent what makes no sense");
				break;
			}
			heard = now;
			pinged = false;
			wait_for_room(l);
		} else if (result != FRAME_NOT_YET) {
			fail(l, result == FRAME_BROKEN ? e.text : NULL);
			break;
		} else if (!awaits(l, &patient)) {
			heard = now;
			pinged = false;
			idle = true;
		} else if (patient ? now - heard > 1e-3 * CLIENT_OPENING_MS : pinged && now - heard > 2 * patience) {
			fail(l, "it gave no sign of life for too long");
			break;
		} else if (!patient && !pinged && now - heard > patience) {
			ping(l);
			pinged = true;
		}
	}
	return NULL;
}

/* ---- for the threads of the program ---- */

struct link *link_start(const struct client_starter *starter, const struct link_watch *watch, struct error *e)
{
	int pair[2];
	struct link *l = memory_new(1, sizeof *l);
	if (!l) {
		error_memory(e);
		return NULL;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		error_set(e, "cannot make a pair of sockets: %s", strerror(errno));
		memory_free(l);
		return NULL;
	}
	l->socket = pair[0];
	l->starter = starter;
	l->watch = *watch;
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->reader = frame_reader_new(pair[0], false);
	l->reader.wake = l->wake;
	l->room = wire_room_new();
	l->answer = buffer_new(FRAME_MOST);
	pthread_mutex_init(&l->sending, NULL);
	pthread_mutex_init(&l->lock, NULL);
	clock_condition(&l->news);
	if (l->wake < 0)
		error_set(e, "cannot make an eventfd: %s", strerror(errno));
	else
		l->process = starter->start(starter->data, pair[1], e);
	close(pair[1]);
	if (l->process) l->thread_runs = threads_start(&l->thread, reading_main, l);
	if (l->process && !l->thread_runs) error_set(e, "cannot start a thread: %s", strerror(errno));
	if (l->thread_runs) return l;
	link_close(l);
	return NULL;
}

void link_close(struct link *l)
{
	char how[64];
	if (!l) return;
	pthread_mutex_lock(&l->lock);
	l->closing = true;
	pthread_cond_broadcast(&l->news);
	pthread_mutex_unlock(&l->lock);
	shutdown(l->socket, SHUT_RDWR); /* ends the wait of the reading thread */
	if (l->thread_runs) pthread_join(l->thread, NULL);
	if (l->process) l->starter->end(l->starter->data, l->process, how, sizeof how);
	close(l->socket);
	if (l->wake >= 0) close(l->wake);
	frame_reader_free(&l->reader);
	wire_room_free(&l->room);
	if (l->answer.data) memory_wipe(l->answer.data, l->answer.room);
	buffer_free(&l->answer);
	pthread_mutex_destroy(&l->sending);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->news);
	memory_free(l);
}

bool link_has_failed(struct link *l)
{
	pthread_mutex_lock(&l->lock);
	bool failed = l->failed;
	pthread_mutex_unlock(&l->lock);
	return failed;
}

enum sent { SENT, NO_MEMORY, GONE };

static enum sent send_frame(struct link *l, uint32_t kind, const void *data, size_t size, int descriptor)
{
	struct buffer b = buffer_new((size_t)FRAME_MOST + FRAME_HEADER);
	size_t begun = frame_begin(&b, kind);
	if (size) buffer_append(&b, data, size);
	enum sent result = NO_MEMORY;
	if (frame_end(&b, begun)) {
		pthread_mutex_lock(&l->sending);
		result = frame_send(l->socket, &b, descriptor) ? SENT : GONE;
		eventfd_write(l->wake, 1); /* from now on something may be awaited */
		pthread_mutex_unlock(&l->sending);
	}
	if (b.data) memory_wipe(b.data, b.size);
	buffer_free(&b);
	return result;
}

bool link_tell(struct link *l, uint32_t kind, const void *data, size_t size, int descriptor, struct error *e)
{
	enum sent result = send_frame(l, kind, data, size, descriptor);
	if (result == GONE) return error_set(e, "the process that computes has ended");
	return result == SENT || error_memory(e);
}

/* Waits for the answer or the end of the link; true when it came. */
static bool wait_for_answer(struct link *l, struct error *e)
{
	pthread_mutex_lock(&l->lock);
	while (!l->answered && !l->failed) pthread_cond_wait(&l->news, &l->lock);
	bool answered = l->answered;
	l->wanted = 0;
	if (!answered) error_set(e, "%s", l->reason);
	pthread_mutex_unlock(&l->lock);
	return answered;
}

bool link_ask(struct link *l, uint32_t kind, const void *data, size_t size, uint32_t wanted, bool patient, struct error *e)
{
	const char *text;
	pthread_mutex_lock(&l->lock);
	l->wanted = wanted;
	l->patient = patient;
	l->answered = l->refused = false;
	pthread_cond_broadcast(&l->news);
	pthread_mutex_unlock(&l->lock);
	enum sent result = send_frame(l, kind, data, size, -1);
	if (result == GONE) shutdown(l->socket, SHUT_RDWR); /* the reading thread finds out why */
	if (result == NO_MEMORY) {
		pthread_mutex_lock(&l->lock);
		l->wanted = 0;
		pthread_mutex_unlock(&l->lock);
		return error_memory(e);
	}
	if (!wait_for_answer(l, e)) return false;
	if (!l->refused) return true;
	if (!wire_get_text(l->answer.data, l->answer.size, &text)) text = "the process that computes refused without a reason";
	return error_set(e, "%s", text);
}
