/* client: what a program sees of an engine that sends what it must not, ends, or says nothing: one line, and another engine. */
#include "wire/client.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/threads.h"
#include "wire/frame.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- an engine that is a thread, and behaves as the test says ---- */

enum bad_way {
	GOOD,
	HANGS_UP,
	SILENT,        /* takes the request and never speaks again */
	ANSWERS_PINGS, /* so does this one, but answers pings */
	UNKNOWN_KIND,
	HUGE_LENGTH,
	UNASKED_ANSWER,
	FOREIGN_REQUEST,
	BENT_EVENT,
	CUT_FRAME,
	A_DESCRIPTOR,
	ENDLESS_TEXT,
	WRONG_ANSWER,
	SAME_NUMBER,
};

struct played {
	int socket;
	pthread_t thread;
	enum bad_way way;
	uint64_t last_id;
};

static enum bad_way next_way;
static struct played *last_played;
static atomic_int n_started, n_ended;
static char restarted[512];

static bool send_frame(struct played *p, uint32_t kind, void (*put)(struct buffer *b, void *data), void *data)
{
	struct buffer b = buffer_new(1 << 26);
	size_t begun = frame_begin(&b, kind);
	if (put) put(&b, data);
	bool ok = frame_end(&b, begun) && frame_send(p->socket, &b, -1);
	buffer_free(&b);
	return ok;
}

static void put_number(struct buffer *b, void *data)
{
	wire_put_u64(b, *(uint64_t *)data);
}

static void put_words(struct buffer *b, void *data)
{
	wire_put_text(b, data);
}

static void put_report(struct buffer *b, void *data)
{
	(void)data;
	wire_put_jailed(b, &(struct wire_jailed){ .filter = true, .lost = "" });
}

static void put_opened(struct buffer *b, void *data)
{
	(void)data;
	wire_put_info(
	        b, &(struct hearth_info){
	                   .name = "played", .architecture = "a", .weights = "w", .kernels = "k", .context = 64, .tool_form = "" });
}

static void put_event(struct buffer *b, void *data)
{
	wire_put_event(b, data);
}

static void send_event(struct played *p, uint32_t kind, uint64_t request, const char *text, size_t length)
{
	struct hearth_event e = { .kind = kind,
		                  .request = request,
		                  .text = text,
		                  .text_length = length,
		                  .stop = kind == HEARTH_DONE ? HEARTH_STOP_END : 0 };
	send_frame(p, WIRE_EVENT, put_event, &e);
}

static void misbehave(struct played *p, uint64_t id)
{
	static const uint32_t huge[] = { WIRE_EVENT, 0x7fffffff }, cut[] = { WIRE_EVENT, 100, 1, 2 };
	static char megabyte[1 << 20];
	uint64_t zero = 0;
	int fds[2];
	struct buffer b = buffer_new(1 << 16);
	switch (p->way) {
	case HANGS_UP: shutdown(p->socket, SHUT_RDWR); break;
	case UNKNOWN_KIND: send_frame(p, 4711, NULL, NULL); break;
	case HUGE_LENGTH: send(p->socket, huge, sizeof huge, MSG_NOSIGNAL); break;
	case UNASKED_ANSWER: send_frame(p, WIRE_NUMBER, put_number, &zero); break;
	case FOREIGN_REQUEST: send_event(p, HEARTH_ANSWER, id + 1, "x", 1); break;
	case BENT_EVENT: send_event(p, 99, id, "x", 1); break;
	case CUT_FRAME:
		send(p->socket, cut, sizeof cut, MSG_NOSIGNAL);
		shutdown(p->socket, SHUT_RDWR);
		break;
	case A_DESCRIPTOR:
		if (pipe(fds) != 0) break;
		frame_end(&b, frame_begin(&b, WIRE_PONG));
		frame_send(p->socket, &b, fds[0]);
		close(fds[0]);
		close(fds[1]);
		break;
	case ENDLESS_TEXT:
		memset(megabyte, 'x', sizeof megabyte);
		for (int i = 0; i < 64; i++) send_event(p, HEARTH_ANSWER, id, megabyte, sizeof megabyte);
		send_event(p, HEARTH_DONE, id, "", 0);
		break;
	case GOOD:
		send_event(p, HEARTH_ANSWER, id, "good", 4);
		send_event(p, HEARTH_DONE, id, "", 0);
		break;
	default: break;
	}
	buffer_free(&b);
}

static void on_submit(struct played *p)
{
	uint64_t id = p->way == SAME_NUMBER ? 7 : ++p->last_id;
	if (p->way == WRONG_ANSWER) {
		send_frame(p, WIRE_TEXT, put_words, "hello");
		return;
	}
	send_frame(p, WIRE_NUMBER, put_number, &id);
	misbehave(p, id);
}

static void *played_main(void *data)
{
	struct played *p = data;
	struct frame_reader r = frame_reader_new(p->socket, true);
	struct frame f;
	struct error e;
	while (frame_receive(&r, -1, &f, &e) == FRAME_CAME) {
		if (f.descriptor >= 0) close(f.descriptor);
		switch (f.kind) {
		case WIRE_JAIL: send_frame(p, WIRE_JAILED, put_report, NULL); break;
		case WIRE_OPEN: send_frame(p, WIRE_OPENED, put_opened, NULL); break;
		case WIRE_SESSION_NEW: send_frame(p, WIRE_NUMBER, put_number, &(uint64_t){ ++p->last_id }); break;
		case WIRE_SUBMIT: on_submit(p); break;
		case WIRE_PING:
			if (p->way == ANSWERS_PINGS) send_frame(p, WIRE_PONG, NULL, NULL);
			break;
		default: break;
		}
	}
	frame_reader_free(&r);
	return NULL;
}

static void *start(void *data, int socket, struct error *e)
{
	(void)data;
	struct played *p = memory_new(1, sizeof *p);
	p->socket = fcntl(socket, F_DUPFD_CLOEXEC, 3);
	p->way = next_way;
	n_started++;
	last_played = p;
	if (!threads_start(&p->thread, played_main, p)) error_set(e, "no thread");
	return p;
}

static void end(void *data, void *process, char *how, size_t room)
{
	(void)data;
	struct played *p = process;
	shutdown(p->socket, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->socket);
	memory_free(p);
	n_ended++;
	snprintf(how, room, "was played to its end");
}

static void tell_restart(void *data, const char *line)
{
	(void)data;
	snprintf(restarted, sizeof restarted, "%s", line);
}

static char model[] = "/tmp/hearth-client-XXXXXX";

static struct hearth *open_played(enum bad_way way)
{
	static struct client_starter starter = { .start = start, .end = end, .restarted = tell_restart, .patience_ms = 200 };
	struct hearth_options o = { .size = sizeof o, .model = model, .threads = 1 };
	struct hearth_error error;
	struct hearth *h;
	client_use(&starter);
	restarted[0] = 0;
	next_way = way;
	if (!client_open(&o, &h, &error)) fail_msg("%s", error.text);
	return h;
}

static bool submit(struct hearth *h, uint64_t session, uint64_t *id, struct hearth_error *error)
{
	struct hearth_request r = hearth_request_new(HEARTH_TEXT);
	r.session = session;
	r.text = "hello";
	r.text_length = 5;
	return client_submit(h, &r, id, error);
}

/* ---- tests ---- */

static void a_bad_engine_costs_one_line_and_another_takes_its_place(void **state)
{
	(void)state;
	static const struct {
		enum bad_way way;
		const char *line;
	} cases[] = {
		{ HANGS_UP, "ended unexpectedly: it was played to its end" },
		{ CUT_FRAME, "ended unexpectedly" },
		{ SILENT, "was stopped: it gave no sign of life for too long" },
		{ UNKNOWN_KIND, "was stopped: it sent what makes no sense" },
		{ HUGE_LENGTH, "bytes came, more than" },
		{ UNASKED_ANSWER, "was stopped: it sent what makes no sense" },
		{ FOREIGN_REQUEST, "was stopped: it sent what makes no sense" },
		{ BENT_EVENT, "was stopped: it sent what makes no sense" },
		{ A_DESCRIPTOR, "descriptors that nobody asked for" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct hearth *h = open_played(cases[i].way);
		struct hearth_event event;
		struct hearth_error error;
		uint64_t session = client_session_new(h), id = 0, next;
		const char *line = error.text;
		if (submit(h, session, &id, &error)) { /* else it failed before the answer was seen */
			assert_true(client_next(h, 60000, &event));
			assert_int_equal(event.kind, HEARTH_FAILED);
			assert_int_equal(event.failure, HEARTH_FAIL_ENGINE);
			assert_true(event.request == id);
			line = event.text;
		}
		if (!strstr(line, cases[i].line)) fail_msg("'%s' lacks '%s'", line, cases[i].line);
		assert_false(client_next(h, 0, &event));
		next_way = GOOD; /* the same session goes on in another engine */
		assert_true(submit(h, session, &next, &error));
		assert_true(next != id);
		assert_true(client_next(h, 60000, &event) && event.kind == HEARTH_ANSWER && event.request == next);
		assert_memory_equal(event.text, "good", 4);
		assert_true(client_next(h, 60000, &event) && event.kind == HEARTH_DONE);
		assert_string_equal(restarted, ""); /* it was told already */
		client_close(h);
		assert_int_equal(n_started, n_ended);
	}
}

static void an_answer_of_another_kind_fails_the_call(void **state)
{
	(void)state;
	struct hearth *h = open_played(WRONG_ANSWER);
	struct hearth_error error;
	struct hearth_event event;
	uint64_t id;
	assert_false(submit(h, 0, &id, &error));
	assert_non_null(strstr(error.text, "makes no sense"));
	assert_false(client_next(h, 0, &event));
	client_close(h);
	h = open_played(SAME_NUMBER);
	assert_true(submit(h, 0, &id, &error));
	assert_false(submit(h, 0, &id, &error)); /* one number for two requests */
	assert_true(client_next(h, 60000, &event) && event.kind == HEARTH_FAILED);
	assert_false(client_next(h, 0, &event));
	client_close(h);
}

static void who_answers_pings_may_think_for_long(void **state)
{
	(void)state;
	struct hearth *h = open_played(ANSWERS_PINGS);
	struct hearth_event event;
	struct hearth_error error;
	uint64_t id;
	assert_true(submit(h, 0, &id, &error));
	assert_false(client_next(h, 1500, &event)); /* several times its patience */
	client_close(h);
}

static void an_engine_that_ended_unseen_is_told_when_it_is_started_again(void **state)
{
	(void)state;
	struct hearth *h = open_played(GOOD);
	struct hearth_event event;
	struct hearth_error error;
	uint64_t id;
	assert_true(submit(h, 0, &id, &error));
	while (client_next(h, 60000, &event) && event.kind != HEARTH_DONE) continue;
	int before = n_ended;
	shutdown(last_played->socket, SHUT_RDWR);
	while (n_ended == before) usleep(1000);
	assert_true(submit(h, 0, &id, &error));
	assert_non_null(strstr(restarted, "ended unexpectedly: it was played to its end, and was started again"));
	while (client_next(h, 60000, &event) && event.kind != HEARTH_DONE) continue;
	assert_int_equal(event.kind, HEARTH_DONE);
	client_close(h);
}

static void what_nobody_takes_has_a_limit(void **state)
{
	(void)state;
	struct hearth *h = open_played(ENDLESS_TEXT);
	struct hearth_event event;
	struct hearth_error error;
	uint64_t id;
	size_t before = memory_in_use(), got = 0;
	assert_true(submit(h, 0, &id, &error));
	for (double end_at = clock_seconds() + 0.3; clock_seconds() < end_at;) usleep(10000);
	assert_true(memory_in_use() - before < (size_t)24 << 20); /* and 64 MiB are on their way */
	while (client_next(h, 60000, &event) && event.kind == HEARTH_ANSWER) got += event.text_length;
	assert_int_equal(got, (size_t)64 << 20);
	assert_int_equal(event.kind, HEARTH_DONE);
	client_close(h);
}

static void what_cannot_be_asked_is_said_as_in_one_process(void **state)
{
	(void)state;
	struct hearth *h = open_played(GOOD);
	struct hearth_error error;
	struct hearth_request r = hearth_request_new(HEARTH_TEXT);
	const char *stops[65] = { "a" };
	uint64_t id;
	r.session = 12345;
	assert_false(client_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "request: there is no session 12345");
	r.session = 0;
	r.text_length = 1;
	assert_false(client_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "request: text is missing");
	r.text_length = 0;
	r.stop = stops;
	r.n_stop = 65;
	assert_false(client_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "request: 65 stop texts; at most 63");
	r.size = sizeof r + 8;
	assert_false(client_submit(h, &r, &id, &error));
	assert_non_null(strstr(error.text, "its size member"));
	client_close(h);
}

static int make_model(void **state)
{
	(void)state;
	int fd = mkstemp(model);
	return fd >= 0 ? close(fd) : -1;
}

static int remove_model(void **state)
{
	(void)state;
	return unlink(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bad_engine_costs_one_line_and_another_takes_its_place),
		cmocka_unit_test(an_answer_of_another_kind_fails_the_call),
		cmocka_unit_test(who_answers_pings_may_think_for_long),
		cmocka_unit_test(an_engine_that_ended_unseen_is_told_when_it_is_started_again),
		cmocka_unit_test(what_nobody_takes_has_a_limit),
		cmocka_unit_test(what_cannot_be_asked_is_said_as_in_one_process),
	};
	return cmocka_run_group_tests(tests, make_model, remove_model);
}
