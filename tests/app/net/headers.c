/* headers: what counts of an answer's lines, and that what is malformed counts as nothing. */
#include "app/net/headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct fetch_head h;
static struct error e;

static bool take(const char *line)
{
	return headers_take(&h, line, strlen(line), &e);
}

static void what_counts_is_taken(void **state)
{
	(void)state;
	char hash[65];
	memset(hash, 'a', 64);
	hash[64] = 0;
	headers_begin(&h);
	assert_true(take("HTTP/1.1 206 Partial Content\r\n"));
	assert_true(take("ETag: \"abc\"\r\n") && take("content-RANGE:bytes 5-9/10 \r\n") && take("X-Linked-Size: 12345\r\n"));
	assert_true(take("X-Linked-ETag: \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"\r\n"));
	assert_string_equal(h.etag, "\"abc\"");
	assert_true(h.start == 5 && h.whole == 10 && h.linked_size == 12345);
	assert_string_equal(h.linked_hash, hash);
	assert_true(take("HTTP/1.1 200 OK\r\n")); /* what came before was another answer's */
	assert_true(h.etag[0] == 0 && h.linked_hash[0] == 0 && h.whole == FETCH_UNKNOWN);
}

static void what_is_malformed_is_nothing(void **state)
{
	(void)state;
	static const char *const ranges[] = { "bytes 9-5/10",  "bytes 5-10/10",
		                              "bytes -5/10",   "bytes 5-9/*",
		                              "bytes */10",    "5-9/10",
		                              "bytes 5-9/10x", "bytes 99999999999999999999-1/2",
		                              "bytes 5-9",     "" };
	static const char *const hashes[] = { "\"../../etc/passwd\"",
		                              "\"aaaa\"",
		                              "W/\"x\"",
		                              "",
		                              "\"",
		                              "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaag\"",
		                              "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	char line[256];
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		headers_begin(&h);
		snprintf(line, sizeof line, "Content-Range: %s\r\n", ranges[i]);
		assert_true(take(line));
		if (h.whole != FETCH_UNKNOWN) fail_msg("%s", line);
	}
	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
		headers_begin(&h);
		snprintf(line, sizeof line, "X-Linked-ETag: %s\r\n", hashes[i]);
		assert_true(take(line));
		if (h.linked_hash[0]) fail_msg("%s", line);
	}
	headers_begin(&h);
	assert_true(take("ETag: unquoted\r\n") && take("ETag \"x\"\r\n") && take(": x\r\n") && take("\r\n") && take(""));
	assert_true(take("ETag: \"a\x1b[31m\"\r\n") && take("X-Linked-Size: -1\r\n") &&
	            take("X-Linked-Size: 99999999999999999999\r\n"));
	assert_true(h.etag[0] == 0 && h.linked_size == FETCH_UNKNOWN);
}

static void what_is_packed_is_refused(void **state)
{
	(void)state;
	headers_begin(&h);
	assert_true(take("Content-Encoding: identity\r\n") && take("Transfer-Encoding: chunked\r\n"));
	assert_false(take("Content-Encoding: gzip\r\n"));
	assert_false(take("Transfer-Encoding: gzip, chunked\r\n"));
	assert_non_null(strstr(e.text, "packed"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_counts_is_taken),
		cmocka_unit_test(what_is_malformed_is_nothing),
		cmocka_unit_test(what_is_packed_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
