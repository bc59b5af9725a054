/* server: what hearth-engine makes of bytes that are no messages: it ends by itself, with nothing read before its jail. */
#include "real_engine.h"

#include "wire/frame.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct engine {
	struct spawned p;
	int socket;
	struct frame_reader reader;
};

static struct engine start(void)
{
	struct engine n;
	struct error e = { "" };
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	if (!spawner_run(real_spawner, GUARD_ENGINE, NULL, &pair[1], 1, &n.p, &e)) fail_msg("%s", e.text);
	close(pair[1]);
	n.socket = pair[0];
	n.reader = frame_reader_new(n.socket, false);
	return n;
}

/* It ends by itself, and not by a signal. */
static void expect_end(struct engine *n, const char *name)
{
	int how;
	char text[64];
	if (!spawner_ended(&n->p, 60000, &how)) fail_msg("%s: the engine does not end", name);
	spawner_describe(how, text, sizeof text);
	if (strcmp(text, "ended with status 1") != 0) fail_msg("%s: the engine %s", name, text);
	spawner_forget(&n->p);
	frame_reader_free(&n->reader);
	close(n->socket);
}

static void send_frame(struct engine *n, uint32_t kind, const void *data, size_t size, int fd)
{
	struct buffer b = buffer_new(1 << 20);
	size_t begun = frame_begin(&b, kind);
	if (size) buffer_append(&b, data, size);
	assert_true(frame_end(&b, begun));
	frame_send(n->socket, &b, fd);
	buffer_free(&b);
}

static void send_start(struct engine *n, const char *version, uint32_t threads)
{
	struct buffer b = buffer_new(4096);
	wire_put_start(&b, &(struct wire_start){ .version = version, .cpu = "", .threads = threads });
	send_frame(n, WIRE_START, b.data, b.size, -1);
	buffer_free(&b);
}

static uint32_t receive(struct engine *n, const char **text)
{
	struct frame f;
	struct error e;
	*text = "";
	if (frame_receive(&n->reader, 60000, &f, &e) != FRAME_CAME) return 0;
	if (f.kind == WIRE_REFUSED) assert_true(wire_get_text(f.data, f.size, text));
	return f.kind;
}

static void enter_jail(struct engine *n)
{
	const char *text;
	send_start(n, HEARTH_VERSION, 1);
	send_frame(n, WIRE_JAIL, NULL, 0, -1);
	assert_int_equal(receive(n, &text), WIRE_JAILED);
}

static void nothing_is_read_before_the_jail(void **state)
{
	(void)state;
	static const uint32_t kinds[] = { WIRE_LOOK, WIRE_OPEN, WIRE_VALUES, WIRE_VERIFY, WIRE_SUBMIT, WIRE_DESCRIBE };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct engine n = start();
		struct buffer b = buffer_new(4096);
		wire_put_text(&b, "/etc/passwd");
		send_start(&n, HEARTH_VERSION, 1);
		send_frame(&n, kinds[i], b.data, b.size, -1);
		buffer_free(&b);
		expect_end(&n, "before the jail");
	}
}

static void bytes_that_are_no_messages_end_it(void **state)
{
	(void)state;
	static const char *const raw[] = { "GET / HTTP/1.1\r\n\r\n", "\xff\xff\xff\x7f\xff\xff\xff\xff", "\x01" };
	static const size_t sizes[] = { 18, 8, 1 };
	for (size_t i = 0; i < 3; i++) {
		struct engine n = start();
		assert_true(send(n.socket, raw[i], sizes[i], MSG_NOSIGNAL) > 0);
		if (i == 2) { /* a cut frame is an end like any other */
			int how;
			shutdown(n.socket, SHUT_RDWR);
			assert_true(spawner_ended(&n.p, 60000, &how));
			assert_int_equal(how, 0);
			spawner_forget(&n.p);
			close(n.socket);
			continue;
		}
		expect_end(&n, raw[i]);
	}
}

static void every_kind_with_random_bytes_ends_or_is_refused(void **state)
{
	(void)state;
	uint32_t seed = 4711;
	for (uint32_t kind = 0; kind <= WIRE_IMPORTANCE + 1; kind++) {
		char bytes[64], name[32];
		struct engine n = start();
		if (kind == WIRE_JAIL || kind == WIRE_PING || kind == WIRE_KERNELS || kind == WIRE_FILE) {
			/* these carry nothing, or need what was sent before */
			enter_jail(&n);
			send_frame(&n, WIRE_PONG, NULL, 0, -1);
			expect_end(&n, "an engine's own kind");
			continue;
		}
		if (kind != WIRE_START) enter_jail(&n);
		for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)((seed = seed * 1664525u + 1013904223u) >> 24);
		snprintf(name, sizeof name, "kind %u", kind);
		send_frame(&n, kind, bytes, sizeof bytes, -1);
		expect_end(&n, name);
	}
}

static void it_starts_only_with_what_it_understands(void **state)
{
	(void)state;
	const char *text;
	struct engine n = start();
	send_start(&n, "0.0.1", 1);
	send_frame(&n, WIRE_JAIL, NULL, 0, -1);
	expect_end(&n, "another version");
	static const uint32_t threads[] = { 0, 1025, UINT32_MAX };
	for (size_t i = 0; i < 3; i++) {
		n = start();
		send_start(&n, HEARTH_VERSION, threads[i]);
		send_frame(&n, WIRE_JAIL, NULL, 0, -1);
		assert_int_equal(receive(&n, &text), WIRE_REFUSED);
		assert_non_null(strstr(text, "threads; at most 1024"));
		expect_end(&n, "threads");
	}
	n = start();
	enter_jail(&n);
	send_frame(&n, WIRE_JAIL, NULL, 0, -1);
	expect_end(&n, "a second jail");
}

static void what_was_not_given_is_not_there(void **state)
{
	(void)state;
	const char *text;
	struct engine n = start();
	struct buffer b = buffer_new(4096);
	enter_jail(&n);
	wire_put_text(&b, "/etc/passwd");
	send_frame(&n, WIRE_LOOK, b.data, b.size, -1);
	assert_int_equal(receive(&n, &text), WIRE_REFUSED);
	assert_string_equal(text, "/etc/passwd: cannot open: No such file or directory");
	buffer_free(&b);
	shutdown(n.socket, SHUT_RDWR);
	int how;
	assert_true(spawner_ended(&n.p, 60000, &how));
	assert_int_equal(how, 0);
	spawner_forget(&n.p);
	frame_reader_free(&n.reader);
	close(n.socket);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_read_before_the_jail),
		cmocka_unit_test(bytes_that_are_no_messages_end_it),
		cmocka_unit_test(every_kind_with_random_bytes_ends_or_is_refused),
		cmocka_unit_test(it_starts_only_with_what_it_understands),
		cmocka_unit_test(what_was_not_given_is_not_there),
	};
	if (!real_begin()) return 1;
	int status = cmocka_run_group_tests(tests, NULL, NULL);
	spawner_stop(real_spawner);
	return status;
}
