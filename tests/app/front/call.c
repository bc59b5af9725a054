/* call: a request on its way through hearth-front and back, over a connection, with hearth's end played here. */
#include "app/front/call.h"

#include "app/front/front.h"
#include "base/memory.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define TOKEN "0123456789abcdef0123456789abcdef"
#define SAID  "\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}"
#define CHAT  "{\"stream\": true, " SAID

enum { ROUNDS = 20000, COLUMNS = 13 };

static struct front front;
static struct post hearth; /* the other end */
static int client = -1;
static struct buffer got;
static uint64_t submitted, cancelled; /* calls that hearth heard of */

static int join_client(void)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	assert_true(http_adopt(front.http, pair[0]));
	return pair[1];
}

static int set_up(void **state)
{
	struct error e;
	int pair[2];
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	memset(&front, 0, sizeof front);
	front.post = post_new(pair[0]);
	front.room = wire_room_new();
	front.silence = 0; /* every turn that says nothing */
	front.gate.token = TOKEN;
	front.gate.cookie = "c";
	gate_add_name(&front.gate, "localhost", 80);
	gate_add_name(&front.gate, "localhost", 0);
	hearth = post_new(pair[1]);
	const struct http_settings s = { -1, NULL, NULL, front_headers, http_usual_limits, front_handler(&front) };
	front.http = http_start(&s, &e);
	assert_non_null(front.http);
	client = join_client();
	got = buffer_new(1 << 24);
	submitted = cancelled = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (client >= 0) close(client);
	http_stop(front.http);
	close(front.post.socket);
	close(hearth.socket);
	post_free(&front.post);
	post_free(&hearth);
	wire_room_free(&front.room);
	for (struct work *w = front.work, *next; w; w = next) {
		next = w->next;
		memory_free(w);
	}
	buffer_free(&got);
	return 0;
}

/* The one model that hearth has. */
static void tell_model(uint64_t call)
{
	static const char *const row[COLUMNS] = {
		"small", "Small", "llama", "Q4_K", "1", "1", "2048", "2048", "1", "1", "0", "", ""
	};
	size_t begun;
	struct buffer *b = post_begin(&hearth, SERVE_TOLD, &begun);
	serve_put_told(b, call, true, COLUMNS);
	for (size_t i = 0; i < COLUMNS; i++) serve_put_text(b, row[i], strlen(row[i]));
	assert_true(post_end(&hearth, begun));
}

static void tell_event(uint64_t call, const struct hearth_event *e)
{
	size_t begun;
	serve_put_event(post_begin(&hearth, SERVE_EVENT, &begun), call, e);
	assert_true(post_end(&hearth, begun));
}

static void play_hearth(void)
{
	struct frame f;
	struct wire_room room = wire_room_new();
	while (post_take(&hearth, &f)) {
		struct serve_ask asked;
		struct serve_submit s;
		if (f.kind == SERVE_ASK && serve_get_ask(f.data, f.size, &asked)) tell_model(asked.call);
		if (f.kind == SERVE_SUBMIT && serve_get_submit(f.data, f.size, &s, &room)) submitted = s.call;
		if (f.kind == SERVE_CANCEL) assert_true(wire_get_u64(f.data, f.size, &cancelled));
	}
	wire_room_free(&room);
}

/* Everybody works once. */
static void turn(void)
{
	char bytes[65536];
	struct pollfd waits[] = { { .fd = http_descriptor(front.http), .events = POLLIN },
		                  { .fd = front.post.socket, .events = POLLIN },
		                  { .fd = hearth.socket, .events = POLLIN },
		                  { .fd = client, .events = POLLIN } };
	poll(waits, 4, 1);
	http_run(front.http);
	play_hearth();
	assert_true(front_take(&front));
	front_tick(&front);
	http_run(front.http);
	ssize_t n = client >= 0 ? recv(client, bytes, sizeof bytes, MSG_DONTWAIT) : 0;
	if (n > 0) buffer_append(&got, bytes, (size_t)n);
}

static void ask(const char *path, const char *lines, const char *body)
{
	char head[1024];
	int n = snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n", path, lines,
	                 strlen(body));
	assert_int_equal(send(client, head, (size_t)n, MSG_NOSIGNAL), n);
	assert_int_equal(send(client, body, strlen(body), MSG_NOSIGNAL), strlen(body));
}

static void await(const char *text)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (got.size && strstr(buffer_text(&got), text)) return;
		turn();
	}
	fail_msg("'%s' and not '%s'", buffer_text(&got), text);
}

static void await_number(const uint64_t *number)
{
	for (int i = 0; i < ROUNDS && !*number; i++) turn();
	assert_int_not_equal(*number, 0);
}

#define RIGHT "Authorization: Bearer " TOKEN "\r\n"

/* While a prompt is read a stream gets comments, which every client of server-sent events passes over. */
static void a_silent_stream_gets_comments(void **state)
{
	(void)state;
	const char *const paths[] = { "/v1/chat/completions", "/v1/messages" };
	for (size_t i = 0; i < 2; i++) {
		submitted = 0;
		buffer_clear(&got);
		ask(paths[i], RIGHT, i ? "{\"stream\": true, \"max_tokens\": 9, " SAID : CHAT);
		await_number(&submitted);
		for (int k = 0; k < 5; k++) turn();
		assert_int_equal(got.size, 0); /* whether it is taken at all is not known yet */
		tell_event(submitted, &(struct hearth_event){ .kind = HEARTH_PROMPT, .prompt_end = "", .text = "", .n_prompt = 5 });
		await(": still here\n\n");
		buffer_clear(&got);
		await(": still here\n\n");
		tell_event(submitted,
		           &(struct hearth_event){ .kind = HEARTH_ANSWER, .prompt_end = "", .text = "Hello", .text_length = 5 });
		tell_event(submitted,
		           &(struct hearth_event){ .kind = HEARTH_DONE, .prompt_end = "", .text = "", .stop = HEARTH_STOP_END });
		await("Hello");
		await("0\r\n\r\n");
	}
}

static void who_leaves_is_not_computed_for(void **state)
{
	(void)state;
	for (int streams = 0; streams < 2; streams++) {
		submitted = cancelled = 0;
		buffer_clear(&got);
		ask("/v1/chat/completions", RIGHT, streams ? CHAT : "{" SAID);
		await_number(&submitted);
		tell_event(submitted, &(struct hearth_event){ .kind = HEARTH_PROMPT, .prompt_end = "", .text = "", .n_prompt = 5 });
		if (streams) await("data: ");
		assert_int_equal(cancelled, 0);
		close(client);
		client = -1;
		await_number(&cancelled);
		assert_int_equal(cancelled, submitted);
		client = join_client();
	}
}

static void nothing_reaches_hearth_without_the_token(void **state)
{
	(void)state;
	static const struct {
		const char *lines, *status;
	} cases[] = {
		{ "", "401" },
		{ "Authorization: Bearer wrong\r\n", "401" },
		{ RIGHT "Origin: https://elsewhere.example\r\n", "403" },
		{ "x-api-key: " TOKEN "\r\nSec-Fetch-Site: cross-site\r\n", "403" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char line[32];
		buffer_clear(&got);
		close(client);
		client = join_client();
		ask("/v1/chat/completions", cases[i].lines, CHAT);
		snprintf(line, sizeof line, "HTTP/1.1 %s ", cases[i].status);
		await(line);
		for (int k = 0; k < 5; k++) turn();
		assert_int_equal(submitted, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_silent_stream_gets_comments, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_leaves_is_not_computed_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_reaches_hearth_without_the_token, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
