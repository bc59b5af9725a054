/* event: the queue and what can be joined in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "engine/event.h"

#include <string.h>

static void events_come_in_order_with_what_they_hold(void **state)
{
	(void)state;
	struct event_queue q = { 0 };
	const int32_t ids[] = { 5, 6 };
	const struct hearth_piece piece = { 0, 3, true };
	struct event *a = event_new(HEARTH_ANSWER, 1, NULL), *b = event_new(HEARTH_PROMPT, 2, NULL);
	assert_true(event_add_text(a, "abc", 3) && event_add_text(a, "", 0) && event_add_text(a, "d", 1));
	assert_true(event_add_ids(b, ids, 2) && event_add_ids(b, ids, 1) && event_add_pieces(b, &piece, 1));
	event_push(&q, a, NULL);
	event_push(&q, b, NULL);
	assert_ptr_equal(event_pop(&q), a);
	assert_ptr_equal(event_pop(&q), b);
	assert_null(event_pop(&q));
	const struct hearth_event *shown = event_show(a);
	assert_int_equal(shown->text_length, 4);
	assert_memory_equal(shown->text, "abcd", 4);
	assert_int_equal(shown->n_ids, 0);
	shown = event_show(b);
	assert_int_equal(shown->n_ids, 3);
	assert_int_equal(shown->ids[2], 5);
	assert_int_equal(shown->n_pieces, 1);
	assert_true(shown->pieces[0].trusted);
	assert_int_equal(shown->text_length, 0);
	event_free(a);
	event_free(b);
}

static void a_slot_refers_to_the_last_event_until_it_is_taken(void **state)
{
	(void)state;
	struct event_queue q = { 0 };
	struct event *slot = NULL;
	struct event *a = event_new(HEARTH_PROGRESS, 1, NULL), *b = event_new(HEARTH_ANSWER, 1, NULL);
	event_push(&q, a, &slot);
	assert_ptr_equal(slot, a);
	event_push(&q, b, &slot);
	assert_ptr_equal(slot, b);
	event_free(event_pop(&q));
	assert_ptr_equal(slot, b);
	event_free(event_pop(&q));
	assert_null(slot);
}

static void a_detached_slot_is_left_alone(void **state)
{
	(void)state;
	struct event_queue q = { 0 };
	struct event *slot = NULL;
	size_t before = memory_in_use();
	event_push(&q, event_new(HEARTH_ANSWER, 1, NULL), &slot);
	event_detach(&slot);
	assert_null(slot);
	event_push(&q, event_new(HEARTH_ANSWER, 1, NULL), &slot);
	event_clear(&q);
	assert_null(slot);
	assert_int_equal(memory_in_use(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_in_order_with_what_they_hold),
		cmocka_unit_test(a_slot_refers_to_the_last_event_until_it_is_taken),
		cmocka_unit_test(a_detached_slot_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
