/* gate: who may, as a table of requests and verdicts. */
#include "app/front/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN  "0123456789abcdef0123456789abcdef"
#define COOKIE "fedcba9876543210fedcba9876543210"

static const char *const allowed[] = { "https://notes.example" };

static struct gate make(void)
{
	struct gate g = { .token = TOKEN, .cookie = COOKIE, .origins = allowed, .n_origins = 1 };
	gate_add_name(&g, "127.0.0.1", 8807);
	gate_add_name(&g, "localhost", 8807);
	gate_add_name(&g, "::1", 8807);
	return g;
}

#define HERE    "127.0.0.1:8807"
#define KEY     "Bearer " TOKEN
#define OWN     "http://127.0.0.1:8807"
#define BISCUIT "hearth=" COOKIE

static const struct row {
	const char *what;
	const char *method, *methods;
	unsigned path, wanted;
	const char *host, *origin, *site, *mode, *authorization, *key, *cookies;
} rows[] = {
	{ "a token", "GET", "GET", 0, 200, HERE, NULL, NULL, NULL, KEY, NULL, NULL },
	{ "the word for a token in other letters", "GET", "GET", 0, 200, HERE, NULL, NULL, NULL, "bearer " TOKEN, NULL, NULL },
	{ "a token as a key", "POST", "POST", 0, 200, HERE, NULL, NULL, NULL, NULL, TOKEN, NULL },
	{ "both", "POST", "POST", 0, 200, HERE, NULL, NULL, NULL, KEY, TOKEN, NULL },
	{ "one right and one wrong", "POST", "POST", 0, 401, HERE, NULL, NULL, NULL, KEY, "x", NULL },
	{ "a wrong one with the right cookie", "GET", "GET", 0, 401, HERE, NULL, NULL, NULL, "Bearer x", NULL, BISCUIT },
	{ "no token", "GET", "GET", 0, 401, HERE, NULL, NULL, NULL, NULL, NULL, NULL },
	{ "an empty token", "GET", "GET", 0, 401, HERE, NULL, NULL, NULL, "Bearer ", NULL, NULL },
	{ "an empty key", "GET", "GET", 0, 401, HERE, NULL, NULL, NULL, NULL, "", NULL },
	{ "a token that is the beginning of one", "GET", "GET", 0, 401, HERE, NULL, NULL, NULL, "Bearer 0123456789abcdef", NULL,
	  NULL },
	{ "a token twice over", "GET", "GET", 0, 401, HERE, NULL, NULL, NULL, KEY TOKEN, NULL, NULL },
	{ "another scheme", "GET", "GET", 0, 401, HERE, NULL, NULL, NULL, "Basic " TOKEN, NULL, NULL },
	{ "the cookie's value as a token", "GET", "GET", 0, 401, HERE, NULL, NULL, NULL, "Bearer " COOKIE, NULL, NULL },
	{ "the token as a cookie", "GET", "GET", 0, 401, HERE, NULL, NULL, NULL, NULL, NULL, "hearth=" TOKEN },
	{ "a method that is HEAD", "HEAD", "GET POST", 0, 200, HERE, NULL, NULL, NULL, KEY, NULL, NULL },
	{ "another method", "DELETE", "GET POST", 0, 405, HERE, NULL, NULL, NULL, KEY, NULL, NULL },
	{ "part of a method's name", "POS", "GET POST", 0, 405, HERE, NULL, NULL, NULL, KEY, NULL, NULL },
	{ "TRACE", "TRACE", "GET POST", 0, 405, HERE, NULL, NULL, NULL, KEY, NULL, NULL },
	{ "no such path", "GET", "", 0, 404, HERE, NULL, NULL, NULL, KEY, NULL, NULL },
	{ "a path that is open", "GET", "GET", GATE_OPEN, 200, HERE, NULL, NULL, NULL, NULL, NULL, NULL },
	{ "the page's file", "GET", "GET", GATE_PAGE, 200, HERE, NULL, NULL, NULL, NULL, NULL, NULL },

	{ "a name that was made to point here", "GET", "GET", GATE_PAGE, 403, "evil.example:8807", NULL, NULL, NULL, NULL, NULL,
	  NULL },
	{ "the same with the token", "GET", "GET", 0, 403, "evil.example", NULL, NULL, NULL, KEY, NULL, NULL },
	{ "a name that begins like one", "GET", "GET", GATE_OPEN, 403, "localhost:8807.evil.example", NULL, NULL, NULL, NULL, NULL,
	  NULL },
	{ "another port", "GET", "GET", GATE_OPEN, 403, "127.0.0.1:80", NULL, NULL, NULL, NULL, NULL, NULL },
	{ "no port", "GET", "GET", GATE_OPEN, 403, "127.0.0.1", NULL, NULL, NULL, NULL, NULL, NULL },
	{ "an empty Host", "GET", "GET", GATE_OPEN, 403, "", NULL, NULL, NULL, NULL, NULL, NULL },
	{ "no Host", "GET", "GET", GATE_OPEN, 400, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
	{ "a name in capitals", "GET", "GET", GATE_OPEN, 200, "LocalHost:8807", NULL, NULL, NULL, NULL, NULL, NULL },
	{ "an address of six", "GET", "GET", GATE_OPEN, 200, "[::1]:8807", NULL, NULL, NULL, NULL, NULL, NULL },
	{ "the address as a number", "GET", "GET", GATE_OPEN, 403, "2130706433:8807", NULL, NULL, NULL, NULL, NULL, NULL },

	{ "another origin", "POST", "POST", 0, 403, HERE, "https://evil.example", NULL, NULL, KEY, NULL, NULL },
	{ "another port's page", "POST", "POST", 0, 403, HERE, "http://127.0.0.1:9999", NULL, NULL, KEY, NULL, NULL },
	{ "another name of this server", "POST", "POST", 0, 403, HERE, "http://localhost:8807", NULL, NULL, KEY, NULL, NULL },
	{ "another scheme's page", "POST", "POST", 0, 403, HERE, "https://127.0.0.1:8807", NULL, NULL, KEY, NULL, NULL },
	{ "a file or a sandbox", "POST", "POST", 0, 403, HERE, "null", NULL, NULL, KEY, NULL, NULL },
	{ "an origin that begins like one that is allowed", "GET", "GET", 0, 403, HERE, "https://notes.example.evil", NULL, NULL,
	  KEY, NULL, NULL },
	{ "an origin that is allowed", "POST", "POST", 0, 200, HERE, "https://notes.example", "cross-site", "cors", KEY, NULL,
	  NULL },
	{ "the same without a token", "POST", "POST", 0, 401, HERE, "https://notes.example", "cross-site", "cors", NULL, NULL,
	  NULL },
	{ "the same with the page's cookie", "POST", "POST", 0, 403, HERE, "https://notes.example", "cross-site", "cors", NULL,
	  NULL, BISCUIT },
	{ "its question whether it might", "OPTIONS", "POST", 0, 204, HERE, "https://notes.example", "cross-site", "cors", NULL,
	  NULL, NULL },
	{ "another's question", "OPTIONS", "POST", 0, 403, HERE, "https://evil.example", "cross-site", "cors", NULL, NULL, NULL },
	{ "the page's own question", "OPTIONS", "POST", 0, 405, HERE, OWN, "same-origin", "cors", NULL, NULL, NULL },
	{ "a picture elsewhere that points here", "GET", "GET", 0, 403, HERE, NULL, "cross-site", "no-cors", NULL, NULL, BISCUIT },
	{ "a script elsewhere that is the page's", "GET", "GET", GATE_PAGE, 403, HERE, NULL, "cross-site", "no-cors", NULL, NULL,
	  NULL },
	{ "a link elsewhere that leads to the page", "GET", "GET", GATE_PAGE, 200, HERE, NULL, "cross-site", "navigate", NULL, NULL,
	  NULL },
	{ "a link elsewhere that leads to the API", "GET", "GET", 0, 403, HERE, NULL, "cross-site", "navigate", NULL, NULL,
	  BISCUIT },
	{ "another port's page without Origin", "GET", "GET", 0, 403, HERE, NULL, "same-site", "no-cors", NULL, NULL, BISCUIT },

	{ "the page's cookie", "GET", "GET", 0, 200, HERE, NULL, "same-origin", "cors", NULL, NULL, BISCUIT },
	{ "the page's cookie among others", "GET", "GET", 0, 200, HERE, NULL, NULL, NULL, NULL, NULL, "a=b; " BISCUIT " ;c=d" },
	{ "two of them", "GET", "GET", 0, 401, HERE, NULL, NULL, NULL, NULL, NULL, BISCUIT "; " BISCUIT },
	{ "a cookie whose name ends like it", "GET", "GET", 0, 401, HERE, NULL, NULL, NULL, NULL, NULL, "x" BISCUIT },
	{ "a wrong cookie", "GET", "GET", 0, 401, HERE, NULL, NULL, NULL, NULL, NULL, "hearth=x" },
	{ "a change by the page", "POST", "POST", 0, 200, HERE, OWN, "same-origin", "cors", NULL, NULL, BISCUIT },
	{ "a change by a browser that sends no Origin", "POST", "POST", 0, 200, HERE, NULL, "same-origin", "cors", NULL, NULL,
	  BISCUIT },
	{ "a change with the cookie from nowhere", "POST", "POST", 0, 403, HERE, NULL, NULL, NULL, NULL, NULL, BISCUIT },
	{ "a form elsewhere", "POST", "POST", 0, 403, HERE, "null", "cross-site", "navigate", NULL, NULL, BISCUIT },
	{ "a GET that changes something, from nowhere", "GET", "GET", GATE_CHANGES, 403, HERE, NULL, NULL, NULL, NULL, NULL,
	  BISCUIT },
};

static struct gate_verdict judge(const struct gate *g, const struct row *r)
{
	const struct gate_request request = { .method = r->method,
		                              .host = r->host,
		                              .origin = r->origin,
		                              .site = r->site,
		                              .mode = r->mode,
		                              .authorization = r->authorization,
		                              .api_key = r->key,
		                              .cookies = r->cookies,
		                              .n_host = r->host != NULL,
		                              .n_origin = r->origin != NULL,
		                              .n_authorization = r->authorization != NULL,
		                              .n_api_key = r->key != NULL,
		                              .n_cookies = r->cookies != NULL };
	return gate_decide(g, &request, r->methods, r->path);
}

static void every_request_has_its_verdict(void **state)
{
	struct gate g = make();
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gate_verdict v = judge(&g, &rows[i]);
		if (v.status != rows[i].wanted)
			fail_msg("%s: %u instead of %u (%s)", rows[i].what, v.status, rows[i].wanted, v.reason ? v.reason : "");
		assert_true(v.status <= 204 || v.reason);
		/* Only an origin that is allowed by name is ever told that it may read. */
		if (v.origin) assert_string_equal(v.origin, allowed[0]);
	}
}

static void what_is_told_twice_is_refused(void **state)
{
	struct gate g = make();
	(void)state;
	struct gate_request r = { .method = "GET", .host = HERE, .n_host = 2, .authorization = KEY, .n_authorization = 1 };
	assert_int_equal(gate_decide(&g, &r, "GET", 0).status, 400);
	r.n_host = 1;
	assert_int_equal(gate_decide(&g, &r, "GET", 0).status, 200);
	r.n_authorization = 2;
	assert_int_equal(gate_decide(&g, &r, "GET", 0).status, 401);
	r.n_authorization = 1;
	r.origin = OWN;
	r.n_origin = 2;
	assert_int_equal(gate_decide(&g, &r, "GET", 0).status, 400);
	r = (struct gate_request){ .method = "GET", .host = HERE, .n_host = 1, .cookies = BISCUIT, .n_cookies = 2 };
	assert_int_equal(gate_decide(&g, &r, "GET", 0).status, 401);
}

static void no_secret_means_nobody(void **state)
{
	(void)state;
	assert_true(gate_equal("abc", 3, "abc"));
	assert_false(gate_equal("abd", 3, "abc"));
	assert_false(gate_equal("ab", 2, "abc"));
	assert_false(gate_equal("abcabc", 6, "abc"));
	assert_false(gate_equal("", 0, ""));
	assert_false(gate_equal("x", 1, ""));
}

static void over_tls_the_page_is_https(void **state)
{
	struct gate g = make();
	(void)state;
	g.tls = true;
	struct row r = { "", "POST", "POST", 0, 0, HERE, "https://" HERE, "same-origin", "cors", NULL, NULL, BISCUIT };
	assert_int_equal(judge(&g, &r).status, 200);
	r.origin = OWN;
	assert_int_equal(judge(&g, &r).status, 403);
}

static void names_are_written_as_browsers_send_them(void **state)
{
	struct gate g = { .token = TOKEN };
	(void)state;
	gate_add_name(&g, "::1", 80);
	gate_add_name(&g, "::1", 0);
	gate_add_name(&g, "my.box", 0);
	assert_string_equal(g.names[0], "[::1]:80");
	assert_string_equal(g.names[1], "[::1]");
	assert_string_equal(g.names[2], "my.box");
	for (int i = 0; i < 100; i++) gate_add_name(&g, "x", 1);
	assert_int_equal(g.n_names, GATE_MOST_NAMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_has_its_verdict),
		cmocka_unit_test(what_is_told_twice_is_refused),
		cmocka_unit_test(no_secret_means_nobody),
		cmocka_unit_test(over_tls_the_page_is_https),
		cmocka_unit_test(names_are_written_as_browsers_send_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
