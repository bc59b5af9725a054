/* conversation: what the model sees, and what leaves it when room is needed. */
#include "app/hearth/conversation.h"

#include "base/memory.h"
#include "format/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void expect_json(const struct conversation *c, const char *wanted)
{
	struct buffer b = buffer_new(1 << 16);
	assert_true(conversation_json(c, &b));
	assert_string_equal(buffer_text(&b), wanted);
	buffer_free(&b);
}

static void messages_stand_in_order(void **state)
{
	(void)state;
	struct conversation c = { 0 };
	expect_json(&c, "{\"messages\": []}");
	assert_true(conversation_ask(&c, "a \"q\"\n", 6));
	assert_true(conversation_answer(&c, "b", 1, 10, 5));
	assert_true(conversation_ask(&c, "c", 1));
	assert_true(conversation_set_system(&c, "be brief"));
	expect_json(&c, "{\"messages\": [{\"role\": \"system\", \"content\": \"be brief\"}, {\"role\": \"user\", \"content\": \"a "
	                "\\\"q\\\"\\n\"}, "
	                "{\"role\": \"assistant\", \"content\": \"b\"}, {\"role\": \"user\", \"content\": \"c\"}]}");
	conversation_set_system(&c, NULL);
	c.first = 1;
	expect_json(&c, "{\"messages\": [{\"role\": \"user\", \"content\": \"c\"}]}");
	conversation_free(&c);
}

static void zero_bytes_and_broken_text_stay_valid_json(void **state)
{
	(void)state;
	struct conversation c = { 0 };
	struct buffer b = buffer_new(1 << 16);
	struct error e;
	conversation_ask(&c,
	                 "a\0\xff"
	                 "b",
	                 4);
	conversation_json(&c, &b);
	json_t *root = json_parse(b.data, b.size, "test", &e);
	assert_non_null(root);
	json_t *text = json_object_get(json_array_get(json_object_get(root, "messages"), 0), "content");
	assert_int_equal(json_string_length(text), 6);
	json_decref(root);
	buffer_free(&b);
	conversation_free(&c);
}

/* Ten turns of 100 tokens. */
static struct conversation ten_turns(void)
{
	struct conversation c = { 0 };
	for (uint32_t i = 0; i < 10; i++) {
		assert_true(conversation_ask(&c, "q", 1));
		assert_true(conversation_answer(&c, "a", 1, i * 100 + 60, 40));
		assert_int_equal(conversation_last(&c)->tokens, 100);
	}
	return c;
}

static void enough_turns_are_dropped_at_once(void **state)
{
	(void)state;
	struct conversation c = ten_turns();
	conversation_ask(&c, "q", 1);
	assert_int_equal(conversation_surplus(&c, 1050, 512), 6);
	assert_int_equal(conversation_surplus(&c, 1050, 1000), 1);
	assert_int_equal(conversation_surplus(&c, 1050, 0), 10);
	assert_int_equal(conversation_surplus(&c, 100, 512), 1); /* asked for room, it makes some */
	c.first = 9;
	assert_int_equal(conversation_surplus(&c, 1050, 0), 1);
	c.first = 10;
	assert_int_equal(conversation_surplus(&c, 1050, 0), 0); /* the last turn stays */
	conversation_free(&c);
}

static void turns_are_taken_back(void **state)
{
	(void)state;
	struct conversation c = ten_turns();
	c.first = 9;
	conversation_take_answer_back(&c);
	assert_null(conversation_last(&c)->answer);
	conversation_take_turn_back(&c);
	assert_int_equal(c.n_turns, 9);
	assert_int_equal(c.first, 8);
	while (c.n_turns) conversation_take_turn_back(&c);
	conversation_take_turn_back(&c);
	assert_null(conversation_last(&c));
	assert_int_equal(c.first, 0);
	conversation_free(&c);
}

static void no_memory_is_an_ordinary_answer(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 8; n++) {
		struct conversation c = { 0 };
		memory_fail_at(n, true);
		if (conversation_set_system(&c, "s") && conversation_ask(&c, "q", 1)) conversation_answer(&c, "a", 1, 1, 1);
		memory_fail_at(0, false);
		assert_true(c.n_turns <= 1);
		conversation_free(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_stand_in_order),          cmocka_unit_test(zero_bytes_and_broken_text_stay_valid_json),
		cmocka_unit_test(enough_turns_are_dropped_at_once), cmocka_unit_test(turns_are_taken_back),
		cmocka_unit_test(no_memory_is_an_ordinary_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
