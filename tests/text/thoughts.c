/* thoughts: told from the answer however the text is cut, and never lost. */
#include "text/thoughts.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct buffer thought, answer;

static void collect(void *data, bool is_thought, const char *text, size_t length)
{
	(void)data;
	buffer_append(is_thought ? &thought : &answer, text, length);
}

static void expect(const char *prompt, const char *text, const char *wanted_thought, const char *wanted_answer)
{
	for (size_t step = 1; step < 24; step++) {
		struct thoughts t = thoughts_new(prompt, strlen(prompt));
		thought = buffer_new(4096);
		answer = buffer_new(4096);
		for (size_t i = 0, n = strlen(text); i < n; i += step)
			thoughts_text(&t, text + i, i + step < n ? step : n - i, collect, NULL);
		thoughts_end(&t, collect, NULL);
		assert_string_equal(buffer_text(&thought), wanted_thought);
		assert_string_equal(buffer_text(&answer), wanted_answer);
		buffer_free(&thought);
		buffer_free(&answer);
	}
}

static void an_answer_without_thoughts_goes_through(void **state)
{
	(void)state;
	expect("", "Hello <b>you</b>", "", "Hello <b>you</b>");
	expect("", "<thi is no mark", "", "<thi is no mark");
	expect("", "x <think>y</think>", "", "x <think>y</think>");
	expect("", "é<think>", "", "é<think>");
}

static void thoughts_come_first(void **state)
{
	(void)state;
	expect("", "<think>\nhm\n</think>\n\nYes", "hm\n", "Yes");
	expect("", "\n<think>a <b> </ c</think>Yes</think>", "a <b> </ c", "Yes</think>");
	expect("", "[THINK]a[/THINK]b", "a", "b");
	expect("", "<think>\n\n</think>\n\nYes", "", "Yes");
	expect("", "<think>é<<</think>ü", "é<<", "ü");
}

static void the_prompt_may_open_them(void **state)
{
	(void)state;
	expect("<|assistant|>\n<think>\n", "hm</think>\nYes", "hm", "Yes");
	expect("<|assistant|>\n<think>\n\n</think>\n\n", "Yes", "", "Yes");
}

static void unfinished_thoughts_stay_thoughts(void **state)
{
	(void)state;
	expect("", "<think>on and on</thi", "on and on</thi", "");
	expect("", "<thin", "", "<thin");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_without_thoughts_goes_through),
		cmocka_unit_test(thoughts_come_first),
		cmocka_unit_test(the_prompt_may_open_them),
		cmocka_unit_test(unfinished_thoughts_stay_thoughts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
