/* http: raw bytes over a connection, what becomes of them, and what hostile ones cost. */
#include "app/front/http.h"

#include "base/buffer.h"
#include "base/memory.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST_BODY = 1000, ROUNDS = 20000 };

static const char *const headers[] = { "X-Every", "answer", NULL };

/* What the handler saw, and what it is to do. */
static struct {
	char method[32], path[256], query[256], body[2 * MOST_BODY];
	size_t length;
	int heads, requests, overs;
	bool later, stream; /* answer when told; in pieces */
	struct http_exchange *x;
} seen;

static size_t on_header(void *data, struct http_exchange *x)
{
	(void)data;
	seen.heads++;
	snprintf(seen.method, sizeof seen.method, "%s", http_method(x));
	snprintf(seen.path, sizeof seen.path, "%s", http_path(x));
	snprintf(seen.query, sizeof seen.query, "%s", http_query(x));
	return MOST_BODY;
}

static void on_request(void *data, struct http_exchange *x)
{
	(void)data;
	const char *body = http_body(x, &seen.length);
	seen.requests++;
	seen.x = x;
	assert_true(seen.length <= MOST_BODY);
	memcpy(seen.body, body, seen.length);
	seen.body[seen.length] = 0;
	if (seen.later) return;
	if (seen.stream)
		http_stream(x, 200, "text/plain");
	else
		http_answer(x, 200, "text/plain", "fine", 4, true);
}

static void on_over(void *data, struct http_exchange *x)
{
	(void)data;
	seen.overs++;
	if (seen.x == x) seen.x = NULL;
}

static struct http *server;
static struct http_limits limits;
static int client = -1;
static struct buffer got;

static void serve(void)
{
	struct error e;
	const struct http_settings s = { -1, NULL, NULL, headers, limits, { NULL, on_header, on_request, on_over } };
	server = http_start(&s, &e);
	if (!server) fail_msg("%s", e.text);
}

static int join_client(void)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	assert_true(http_adopt(server, pair[0]));
	return pair[1];
}

static int set_up(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof seen);
	limits = http_usual_limits;
	serve();
	client = join_client();
	got = buffer_new(1 << 24);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (client >= 0) close(client);
	http_stop(server);
	buffer_free(&got);
	return 0;
}

/* Lets the server work once; takes what it answers. True: it closed the connection. */
static bool turn(int milliseconds)
{
	char bytes[65536];
	int wait = http_timeout(server);
	struct pollfd waits[] = { { .fd = http_descriptor(server), .events = POLLIN }, { .fd = client, .events = POLLIN } };
	poll(waits, 2, wait < 0 || wait > milliseconds ? milliseconds : wait);
	http_run(server);
	ssize_t n = recv(client, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n > 0) buffer_append(&got, bytes, (size_t)n);
	return n == 0;
}

static void say(const char *bytes, size_t length)
{
	for (int i = 0; length && i < ROUNDS; i++) {
		ssize_t n = send(client, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			bytes += n;
			length -= (size_t)n;
		} else if (turn(1)) {
			return;
		}
	}
}

static void tell(const char *text)
{
	say(text, strlen(text));
}

/* Works until this text has come, or the connection is closed; false when neither happens. */
static bool await(const char *text)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (text && got.size && memmem(got.data, got.size, text, strlen(text))) return true;
		if (turn(10)) return !text || (got.size && memmem(got.data, got.size, text, strlen(text)));
	}
	return false;
}

static void expect(const char *request, const char *answer)
{
	tell(request);
	if (!await(answer)) fail_msg("'%.200s' gave '%.300s' and not '%s'", request, buffer_text(&got), answer);
}

static void a_request_has_its_answer(void **state)
{
	(void)state;
	expect("GET /a/b%41?x=1&y=%20 HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n\r\nfine");
	assert_string_equal(seen.path, "/a/b%41");
	assert_string_equal(seen.query, "x=1&y=%20");
	assert_non_null(strstr(buffer_text(&got), "X-Every: answer"));
	buffer_clear(&got);
	/* The connection stays, and the next one is another exchange. */
	expect("POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "\r\n\r\nfine");
	assert_string_equal(seen.body, "hello");
	assert_string_equal(seen.query, "");
	buffer_clear(&got);
	expect("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "\r\n\r\nfine");
	assert_string_equal(seen.body, "abcde");
	assert_int_equal(seen.requests, 3);
}

/* Each is refused before the handler hears of it, and the connection is closed. */
static const char *const hostile[] = {
	"POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled "
	"HTTP/1.1\r\nHost: h\r\n\r\n",
	"POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /smuggled "
	"HTTP/1.1\r\nHost: h\r\n\r\n",
	"POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
	"POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\nhello",
	"POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\nhello",
	"POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello",
	"POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\nhello",
	"POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551617\r\n\r\nhello",
	"POST /c HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\nhello",
	"POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	"POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\nx",
	"POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST /c HTTP/1.1\r\nHost: h\r\nContent-Length : 5\r\n\r\nhello",
	"GET http://elsewhere/ HTTP/1.1\r\nHost: h\r\n\r\n",
	"GET elsewhere HTTP/1.1\r\nHost: h\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
	"CONNECT elsewhere:80 HTTP/1.1\r\nHost: h\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: h\r\nX-A: b\x01c\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: h\r\nX A: b\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: h\r\nno colon at all\r\n\r\n",
	"GET /\r\n\r\n\r\n",
	"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n\r\n",
};

static void hostile_heads_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		buffer_clear(&got);
		seen.heads = 0;
		tell(hostile[i]);
		shutdown(client, SHUT_WR);
		if (!await(NULL)) fail_msg("'%s' was left open with '%.200s'", hostile[i], buffer_text(&got));
		if (seen.heads) fail_msg("'%s' went through", hostile[i]);
		if (got.size && strncmp(buffer_text(&got), "HTTP/1.1 4", 10) != 0 &&
		    strncmp(buffer_text(&got), "HTTP/1.1 5", 10) != 0 && strncmp(buffer_text(&got), "HTTP/1.0 4", 10) != 0)
			fail_msg("'%s' gave '%.200s'", hostile[i], buffer_text(&got));
		close(client);
		client = join_client();
	}
}

static void a_large_body_is_refused(void **state)
{
	(void)state;
	char chunk[600];
	memset(chunk, 'x', sizeof chunk);
	tell("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 3; i++) {
		tell("258\r\n");
		say(chunk, sizeof chunk);
		tell("\r\n");
	}
	expect("0\r\n\r\n", "HTTP/1.1 413");
	assert_int_equal(seen.requests, 0);
	/* One that does not end is cut. */
	close(client);
	client = join_client();
	tell("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 2000; i++) {
		tell("258\r\n");
		say(chunk, sizeof chunk);
		tell("\r\n");
	}
	assert_true(await(NULL));
	assert_int_equal(seen.requests, 0);
}

static void a_large_head_is_refused(void **state)
{
	(void)state;
	char line[1024];
	memset(line, 'a', sizeof line);
	memcpy(line, "X-A: ", 5);
	memcpy(line + sizeof line - 2, "\r\n", 2);
	tell("GET / HTTP/1.1\r\nHost: h\r\n");
	for (int i = 0; i < 100; i++) say(line, sizeof line);
	assert_true(await(NULL));
	assert_int_equal(seen.heads, 0);
	assert_true(got.size == 0 || strncmp(buffer_text(&got), "HTTP/1.1 4", 10) == 0);
}

static void an_answer_comes_later_and_in_pieces(void **state)
{
	(void)state;
	seen.later = true;
	tell("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
	for (int i = 0; i < ROUNDS && !seen.x; i++) turn(1);
	assert_non_null(seen.x);
	http_stream(seen.x, 200, "text/event-stream");
	assert_true(http_write(seen.x, "one", 3));
	assert_true(await("one"));
	for (int i = 0; i < 10; i++) turn(1);
	assert_true(http_write(seen.x, "two", 3));
	assert_true(await("two"));
	http_end(seen.x);
	assert_true(await("0\r\n\r\n"));
	assert_int_equal(seen.overs, 1);
}

static void a_client_that_leaves_ends_its_exchange(void **state)
{
	(void)state;
	seen.later = true;
	for (int streams = 0; streams < 2; streams++) {
		seen.overs = 0;
		tell("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
		for (int i = 0; i < ROUNDS && !seen.x; i++) turn(1);
		assert_non_null(seen.x);
		if (streams) {
			http_stream(seen.x, 200, "text/plain");
			http_write(seen.x, "one", 3);
			assert_true(await("one"));
		}
		for (int i = 0; i < 5; i++) turn(1);
		assert_int_equal(seen.overs, 0);
		close(client);
		client = -1;
		for (int i = 0; i < ROUNDS && !seen.overs; i++) {
			struct pollfd p = { .fd = http_descriptor(server), .events = POLLIN };
			poll(&p, 1, 10);
			http_run(server);
		}
		assert_int_equal(seen.overs, 1);
		client = join_client();
	}
}

static void a_client_that_reads_nothing_is_cut(void **state)
{
	(void)state;
	char bytes[65536];
	memset(bytes, 'x', sizeof bytes);
	http_stop(server);
	close(client);
	limits.waiting = 1 << 20;
	serve();
	client = join_client();
	seen.stream = true;
	tell("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
	for (int i = 0; i < ROUNDS && !seen.x; i++) http_run(server);
	assert_non_null(seen.x);
	size_t before = memory_in_use();
	bool writes = true;
	for (int i = 0; i < 1000 && writes; i++) {
		writes = http_write(seen.x, bytes, sizeof bytes);
		http_run(server);
	}
	assert_false(writes);
	assert_true(memory_in_use() < before + (4 << 20));
	for (int i = 0; i < ROUNDS && !seen.overs; i++) http_run(server);
	assert_int_equal(seen.overs, 1);
}

static void slow_heads_and_bodies_are_cut(void **state)
{
	(void)state;
	http_stop(server);
	close(client);
	limits.head_seconds = 0.5;
	limits.grace = 0.5;
	limits.rate = 1e6;
	serve();
	client = join_client();
	tell("GET / HT");
	assert_true(await(NULL));
	close(client);
	client = join_client();
	tell("POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\nhe");
	assert_true(await(NULL));
	assert_int_equal(seen.requests, 0);
}

static void connections_have_a_limit(void **state)
{
	(void)state;
	int many[64], taken = 0, pair[2];
	http_stop(server);
	close(client);
	limits.connections = 16;
	serve();
	client = -1;
	for (int i = 0; i < 64; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
		many[i] = pair[1];
		taken += http_adopt(server, pair[0]);
	}
	assert_int_equal(taken, 16);
	assert_int_equal(http_connections(server), 16);
	for (int i = 0; i < 64; i++) close(many[i]);
	for (int i = 0; i < ROUNDS && http_connections(server); i++) http_run(server);
	client = join_client();
	expect("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "fine");
}

/* Those above the limit are taken when others go, however these go. */
static void who_waits_is_taken_when_there_is_room(void **state)
{
	(void)state;
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int many[12];
	http_stop(server);
	close(client);
	client = -1;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&name, sizeof(sa_family_t)), 0); /* a name of the kernel's choice */
	socklen_t size = sizeof name;
	assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &size), 0);
	assert_int_equal(listen(listener, 64), 0);
	limits.connections = 4;
	limits.head_seconds = limits.crowded_seconds = 0.2;
	struct error e;
	const struct http_settings s = { listener, NULL, NULL, headers, limits, { NULL, on_header, on_request, on_over } };
	server = http_start(&s, &e);
	assert_non_null(server);
	for (int i = 0; i < 12; i++) {
		many[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(many[i], (struct sockaddr *)&name, size), 0);
	}
	int closed = 0;
	char byte;
	for (int i = 0; i < ROUNDS && closed < 12; i++) {
		struct pollfd p = { .fd = http_descriptor(server), .events = POLLIN };
		int wait = http_timeout(server);
		if (wait < 0 && poll(&p, 1, 0) == 0) break; /* it would wait for ever */
		poll(&p, 1, wait);
		http_run(server);
		for (int k = closed = 0; k < 12; k++) closed += recv(many[k], &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
	}
	assert_int_equal(closed, 12);
	for (int i = 0; i < 12; i++) close(many[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_request_has_its_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hostile_heads_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_large_body_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_large_head_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_comes_later_and_in_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_client_that_leaves_ends_its_exchange, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_client_that_reads_nothing_is_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(slow_heads_and_bodies_are_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(connections_have_a_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_waits_is_taken_when_there_is_room, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
