/* long_conversation: two hundred turns with the built-in model in a context of 2,048 tokens: only what is new is computed, what
 * is dropped is said, and memory stays flat. */
#include "app/hearth/chat.h"
#include "base/machine.h"
#include "base/memory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TURNS = 200, CONTEXT = 2048, SETTLED = 100, ANSWER = 12, NEW_AT_MOST = 64 };

/* A sanitizer keeps freed memory for a while. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { KEPT_BY_SANITIZER = 512 << 20 };
#else
enum { KEPT_BY_SANITIZER = 0 };
#endif

static const char model[] = "models/hearth-builtin.gguf";

struct talk {
	struct options options;
	struct opening opening;
	struct chat chat;
};

/* One message, with the terminal's side thrown away. */
static void ask(struct talk *t, int turn)
{
	char line[80];
	snprintf(line, sizeof line, "This is message %d. Tell me about the colour of the sea.", turn);
	fflush(stdout);
	int saved = dup(1), nowhere = open("/dev/null", O_WRONLY);
	assert_true(saved >= 0 && nowhere >= 0 && dup2(nowhere, 1) == 1);
	assert_true(conversation_ask(&t->chat.conversation, line, strlen(line)));
	chat_turn(&t->chat);
	assert_int_equal(dup2(saved, 1), 1);
	close(saved);
	close(nowhere);
}

static void only_new_tokens_are_computed_and_memory_stays_flat(void **state)
{
	(void)state;
	if (access(model, R_OK) != 0) skip();
	struct talk *t = memory_new(1, sizeof *t);
	struct terminal plain = { .output = true };
	struct error e;
	t->options.context = CONTEXT;
	t->options.max_tokens = ANSWER;
	t->options.has_max_tokens = true;
	t->options.seed = 1;
	t->options.threads = 1; /* as quick as more for a model this small, and other tests run beside */
	opening_begin(&t->opening, &t->options);
	if (!opening_choose(&t->opening, model, &e) || !opening_engine(&t->opening, &e)) fail_msg("%s", e.text);
	t->chat.options = &t->options;
	t->chat.opening = &t->opening;
	t->chat.last = answer_new();
	t->chat.before_sleep = before_sleep_none();
	t->chat.session = hearth_session_new(t->opening.engine);
	view_open(&t->chat.view, &plain);
	size_t drops = 0, settled = 0, settled_use = 0, later_use = 0;
	for (int i = 0; i < TURNS; i++) {
		size_t first = t->chat.conversation.first;
		ask(t, i);
		const struct turn *last = conversation_last(&t->chat.conversation);
		assert_non_null(last);
		assert_int_equal(t->chat.conversation.n_turns, i + 1);
		assert_true(last->n_prompt + last->n_generated <= CONTEXT);
		if (t->chat.conversation.first != first)
			drops++;
		else
			assert_in_range(last->n_prompt - last->n_cached, 1, NEW_AT_MOST);
		/* K/V pages come and go with the conversation's length, so the most is compared, not the end. */
		size_t *most = i < SETTLED ? &settled_use : &later_use;
		if (memory_in_use() > *most) *most = memory_in_use();
		if (i == SETTLED) settled = machine_peak_resident();
	}
	assert_in_range(drops, 2, 30);
	assert_in_range(machine_peak_resident(), settled, settled + (2 << 20) + KEPT_BY_SANITIZER);
	assert_in_range(later_use, settled_use / 2, settled_use + (256 << 10));
	view_close(&t->chat.view);
	answer_free(&t->chat.last);
	conversation_free(&t->chat.conversation);
	hearth_close(t->opening.engine);
	memory_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_new_tokens_are_computed_and_memory_stays_flat),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
