/* fetch: a message arrives as it was sent, and nothing that is not one is taken for one. */
#include "wire/fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int pair[2];
static struct fetch_message sent, came;

static int open_pair(void **state)
{
	(void)state;
	memset(&sent, 0, sizeof sent);
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
}

static int close_pair(void **state)
{
	(void)state;
	close(pair[0]);
	return close(pair[1]);
}

static void each_kind_arrives_as_it_was_sent(void **state)
{
	(void)state;
	for (uint32_t kind = FETCH_FILE; kind < FETCH_KINDS; kind++) {
		memset(&sent, 0, sizeof sent);
		sent.kind = kind;
		if (kind == FETCH_END) memcpy(sent.end.request, "GET\r\n\x80", 6), sent.end.sent = 6;
		if (kind == FETCH_HEAD) memset(sent.head.linked_hash, 'a', 64);
		assert_true(fetch_send(pair[0], &sent));
		assert_int_equal(fetch_receive(pair[1], &came, 1000), FETCH_CAME);
		assert_memory_equal(&came, &sent, sizeof sent);
	}
	assert_int_equal(fetch_receive(pair[1], &came, 0), FETCH_NOTHING_YET);
	shutdown(pair[0], SHUT_WR);
	assert_int_equal(fetch_receive(pair[1], &came, 1000), FETCH_GONE);
}

static void foul(void)
{
	assert_true(fetch_send(pair[0], &sent));
	assert_int_equal(fetch_receive(pair[1], &came, 1000), FETCH_FOUL);
	memset(&sent, 0, sizeof sent);
}

static void what_is_not_sound_is_foul(void **state)
{
	(void)state;
	sent.kind = FETCH_HEAD;
	memset(sent.head.location, 'a', sizeof sent.head.location); /* no end */
	foul();
	sent.kind = FETCH_HEAD;
	memcpy(sent.head.etag, "\x1b[31m", 5);
	foul();
	sent.kind = FETCH_HEAD;
	memcpy(sent.head.linked_hash, "../../etc/passwd", 16);
	foul();
	sent.kind = FETCH_ENTRY;
	memcpy(sent.entry.path, "a\nb.gguf", 8);
	foul();
	sent.kind = FETCH_ENTRY;
	memset(sent.entry.hash, 'A', 64);
	foul();
	sent.kind = FETCH_END;
	sent.end.sent = sizeof sent.end.request + 1;
	foul();
	sent.kind = FETCH_END;
	memset(sent.end.error, 'x', sizeof sent.end.error);
	foul();
	sent.kind = FETCH_END;
	sent.end.ok = 2;
	foul();
	sent.kind = FETCH_FILE;
	sent.request.proxy_port = 65536;
	foul();
}

static void other_packets_are_foul(void **state)
{
	(void)state;
	static char bytes[sizeof(struct fetch_message) + 64];
	static const size_t sizes[] = { 1, 3, 4, 5, 100, sizeof(struct fetch_message) - 1, sizeof bytes };
	for (uint32_t kind = 0; kind < 300; kind += kind < 10 ? 1 : 97) {
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			memset(bytes, 0, sizeof bytes);
			memcpy(bytes, &kind, sizeof kind);
			assert_int_equal(send(pair[0], bytes, sizes[i], 0), sizes[i]);
			enum fetch_got got = fetch_receive(pair[1], &came, 1000);
			if (got != FETCH_FOUL) fail_msg("kind %u, %zu bytes: %d", kind, sizes[i], got);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_kind_arrives_as_it_was_sent, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(what_is_not_sound_is_foul, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(other_packets_are_foul, open_pair, close_pair),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
