/* serve: what hearth-front and hearth say arrives as it was said, and what makes no sense is not taken. */
#include "wire/serve.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct buffer b;
static struct wire_room room;

static int set_up(void **state)
{
	(void)state;
	b = buffer_new(1 << 20);
	room = wire_room_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buffer_free(&b);
	wire_room_free(&room);
	return 0;
}

typedef bool (*getter)(const void *data, size_t size);

/* Every beginning of what was put is refused, and so is one byte more; in a copy of its own, so that reading past it is noticed. */
static void expect_whole(getter get)
{
	assert_false(b.failed);
	for (size_t n = 0; n <= b.size + 1; n++) {
		char *copy = memory_new(n + !n, 1);
		assert_non_null(copy);
		memcpy(copy, b.data, n < b.size ? n : b.size);
		assert_int_equal(get(copy, n), n == b.size);
		memory_free(copy);
	}
}

static bool get_start(const void *data, size_t size)
{
	struct serve_start s;
	return serve_get_start(data, size, &s);
}

static void a_start_arrives(void **state)
{
	struct serve_start s = { .version = "1",
		                 .address = "::1",
		                 .port = 65535,
		                 .socket = "/s",
		                 .token = "t",
		                 .cookie = "c",
		                 .names = { "a", "b" },
		                 .origins = { "https://o" },
		                 .n_names = 2,
		                 .n_origins = 1,
		                 .metrics = true };
	struct serve_start got;
	(void)state;
	serve_put_start(&b, &s);
	expect_whole(get_start);
	assert_true(serve_get_start(b.data, b.size, &got));
	assert_string_equal(got.address, "::1");
	assert_string_equal(got.names[1], "b");
	assert_string_equal(got.origins[0], "https://o");
	assert_true(got.port == 65535 && got.n_names == 2 && got.n_origins == 1 && got.metrics);
	buffer_clear(&b);
	s.port = 65536;
	serve_put_start(&b, &s);
	assert_false(get_start(b.data, b.size));
}

static bool get_ready(const void *data, size_t size)
{
	struct serve_ready r;
	return serve_get_ready(data, size, &r);
}

static void where_it_listens_arrives(void **state)
{
	const struct serve_ready r = { "127.0.0.1:1", true, false, true, { true, true, true, false, true, 7, "lost" } };
	struct serve_ready got;
	(void)state;
	serve_put_ready(&b, &r);
	expect_whole(get_ready);
	assert_true(serve_get_ready(b.data, b.size, &got));
	assert_true(got.local && !got.tls && got.socket && got.jail.filter && !got.jail.namespaces && got.jail.landlock == 7);
	assert_string_equal(got.address, "127.0.0.1:1");
	assert_string_equal(got.jail.lost, "lost");
}

static bool get_event(const void *data, size_t size)
{
	uint64_t call;
	struct hearth_event e;
	return serve_get_event(data, size, &call, &e, &room);
}

static void an_event_arrives(void **state)
{
	const int32_t ids[] = { 5, 6 };
	const struct hearth_event e = {
		.kind = HEARTH_ANSWER, .request = 9, .text = "hi", .text_length = 2, .ids = ids, .n_ids = 2
	};
	struct hearth_event got;
	uint64_t call;
	(void)state;
	serve_put_event(&b, 77, &e);
	expect_whole(get_event);
	assert_true(serve_get_event(b.data, b.size, &call, &got, &room));
	assert_true(call == 77 && got.kind == HEARTH_ANSWER && got.n_ids == 2 && got.ids[1] == 6);
	assert_memory_equal(got.text, "hi", 3);
}

static bool get_denied(const void *data, size_t size)
{
	uint64_t call;
	uint32_t why;
	const char *text;
	return serve_get_denied(data, size, &call, &why, &text);
}

static void a_denial_arrives(void **state)
{
	(void)state;
	serve_put_denied(&b, 3, SERVE_LOCKED, "locked");
	expect_whole(get_denied);
	buffer_clear(&b);
	serve_put_denied(&b, 3, (enum serve_denial)99, "x");
	assert_false(get_denied(b.data, b.size));
	buffer_clear(&b);
	serve_put_denied(&b, 3, (enum serve_denial)0, "x");
	assert_false(get_denied(b.data, b.size));
}

static bool get_submit(const void *data, size_t size)
{
	struct serve_submit s;
	return serve_get_submit(data, size, &s, &room);
}

static void a_request_arrives(void **state)
{
	struct serve_submit s = { .call = 4, .model = "m", .given = SERVE_GIVEN_TOP_K, .request = hearth_request_new(HEARTH_CHAT) };
	struct serve_submit got;
	static char name[SERVE_NAME + 1];
	(void)state;
	s.request.text = "{}";
	s.request.text_length = 2;
	serve_put_submit(&b, &s);
	expect_whole(get_submit);
	assert_true(serve_get_submit(b.data, b.size, &got, &room));
	assert_true(got.call == 4 && got.given == SERVE_GIVEN_TOP_K && got.request.text_length == 2 &&
	            got.request.kind == HEARTH_CHAT);
	buffer_clear(&b);
	s.given = SERVE_GIVEN_ALL + 1;
	serve_put_submit(&b, &s);
	assert_false(get_submit(b.data, b.size));
	buffer_clear(&b);
	memset(name, 'x', SERVE_NAME);
	s.given = 0;
	s.model = name;
	serve_put_submit(&b, &s);
	assert_false(get_submit(b.data, b.size));
}

static bool get_ask(const void *data, size_t size)
{
	struct serve_ask a;
	return serve_get_ask(data, size, &a);
}

static void a_question_arrives(void **state)
{
	const struct serve_ask a = { .call = 5, .what = "models", .arguments = { { "a\0b", 3 }, { "", 0 } }, .n_arguments = 2 };
	struct serve_ask got;
	(void)state;
	serve_put_ask(&b, &a);
	expect_whole(get_ask);
	assert_true(serve_get_ask(b.data, b.size, &got));
	assert_string_equal(got.what, "models");
	assert_int_equal(got.n_arguments, 2);
	assert_memory_equal(got.arguments[0].data, "a\0b", 4);
	assert_int_equal(got.arguments[1].length, 0);
	/* A count that nothing stands behind costs nothing. */
	const uint32_t many = 0xffffffff;
	memcpy(b.data + 8 + 8 + 6 + 1, &many, sizeof many);
	assert_false(get_ask(b.data, b.size));
}

static void rows_arrive(void **state)
{
	struct serve_told t;
	(void)state;
	serve_put_told(&b, 6, true, 2);
	for (int i = 0; i < 4; i++) serve_put_text(&b, "cell", (size_t)i);
	assert_true(serve_get_told(b.data, b.size, &t));
	assert_true(t.call == 6 && t.last && t.n_columns == 2 && t.n_cells == 4 && t.cells[3].length == 3);
	assert_string_equal(t.cells[3].data, "cel");
	serve_told_free(&t);
	/* Half a row, rows without columns, too many columns. */
	serve_put_text(&b, "x", 1);
	assert_false(serve_get_told(b.data, b.size, &t));
	buffer_clear(&b);
	serve_put_told(&b, 6, true, 0);
	assert_true(serve_get_told(b.data, b.size, &t));
	serve_told_free(&t);
	serve_put_text(&b, "x", 1);
	assert_false(serve_get_told(b.data, b.size, &t));
	buffer_clear(&b);
	serve_put_told(&b, 6, true, SERVE_MOST_COLUMNS + 1);
	assert_false(serve_get_told(b.data, b.size, &t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_start_arrives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(where_it_listens_arrives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_event_arrives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_denial_arrives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_request_arrives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_question_arrives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_arrive, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
