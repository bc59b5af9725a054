/* chat: what happens to the context and what reaches the terminal, over a scripted engine. Started with `--play` and arguments of
 * hearth it is hearth itself over that engine: tests/end_to_end/terminal.sh talks to it. */
#include "talk.h"

#include "app/hearth/commands.h"

static void only_new_tokens_are_computed_and_drops_are_said(void **state)
{
	(void)state;
	struct talk *t = talk_new(2048);
	size_t drops = 0, before;
	uint64_t most = 0;
	for (int i = 0; i < 200; i++) {
		char line[80];
		snprintf(line, sizeof line, "say turn %d: the weather is fine and so is the tea in the pot", i);
		before = t->chat.conversation.first;
		scripted.computed = 0;
		enter(t, line);
		bool said = shows(t, "leave it now") || shows(t, "leaves it now");
		bool dropped = t->chat.conversation.first != before;
		assert_int_equal(said, dropped);
		drops += dropped;
		assert_true(t->chat.last.n_prompt + t->chat.last.n_generated <= 2048);
		if (!dropped) {
			assert_true(scripted.computed < 60);
			if (scripted.computed > most) most = scripted.computed;
		}
	}
	assert_int_equal(t->chat.conversation.n_turns, 200);
	assert_in_range(drops, 3, 20);
	assert_true(most > 0);
	talk_free(t);
}

static void the_warning_comes_once_before_the_context_is_full(void **state)
{
	(void)state;
	struct talk *t = talk_new(512);
	int warnings = 0, drops = 0;
	for (int i = 0; i < 40 && !drops; i++) {
		enter(t, "a message of some words that takes its room in the context");
		warnings += shows(t, "nearly full");
		drops += t->chat.conversation.first > 0;
	}
	assert_int_equal(drops, 1);
	assert_in_range(warnings, 0, 1);
	talk_free(t);
}

static void a_message_that_is_too_long_is_refused_with_numbers(void **state)
{
	(void)state;
	struct talk *t = talk_new(512);
	static char line[4000];
	memset(line, 'x', sizeof line - 1);
	enter(t, "hello");
	expect(t, line, "This message is too long: with it the prompt has about 1,0");
	assert_true(shows(t, "the context holds 512"));
	assert_true(shows(t, "--context"));
	assert_int_equal(t->chat.conversation.n_turns, 1);
	assert_int_equal(t->chat.conversation.first, 0); /* nothing left the context for it */
	assert_false(shows(t, "leaves it now"));
	expect(t, "still there?", "You said: still there?");
	talk_free(t);
}

static void retry_takes_another_seed_and_undo_takes_back(void **state)
{
	(void)state;
	struct talk *t = talk_new(2048);
	t->options.seed = 7;
	enter(t, "hello");
	uint64_t first = scripted.seed;
	expect(t, "/retry", "You said: hello");
	assert_int_not_equal(scripted.seed, first);
	assert_int_equal(t->chat.conversation.n_turns, 1);
	expect(t, "/undo", "Taken back");
	assert_int_equal(t->chat.conversation.n_turns, 0);
	expect(t, "/undo", "nothing to take back");
	expect(t, "/retry", "nothing to ask again");
	talk_free(t);
}

static void a_failure_is_said_and_takes_the_message_back(void **state)
{
	(void)state;
	struct talk *t = talk_new(2048);
	expect(t, "fail", "No answer: the script says so");
	assert_int_equal(t->chat.conversation.n_turns, 0);
	talk_free(t);
}

static void an_engine_that_dies_is_asked_again_once(void **state)
{
	(void)state;
	struct talk *t = talk_new(2048);
	enter(t, "hello");
	expect(t, "die 1", "its process has ended. It is started again, and your message is answered anew.");
	assert_true(shows(t, "You said: die 1"));
	assert_int_equal(t->chat.conversation.n_turns, 2);
	scripted.deaths = 0;
	expect(t, "die 2", "No answer: its process has ended");
	assert_int_equal(t->chat.conversation.n_turns, 2);
	expect(t, "still there?", "You said: still there?");
	talk_free(t);
}

static void nothing_that_a_terminal_obeys_comes_from_the_model(void **state)
{
	(void)state;
	struct talk *t = talk_new(2048);
	static const char *const lines[] = { "say \\e[2J\\e]0;x\\u009b31m",
		                             "think \\e[1m",
		                             "/why",
		                             "say **x** \\e[0m",
		                             "/nix\033[2J",
		                             "/undo",
		                             "/system \033[31m",
		                             "/system" };
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		const char *shown = enter(t, lines[i]);
		assert_null(strchr(shown, '\033'));
		assert_null(strstr(shown, "\xc2\x9b"));
	}
	talk_free(t);
}

static void thoughts_are_folded_and_shown_on_request(void **state)
{
	(void)state;
	struct talk *t = talk_new(2048);
	expect(t, "think Tea.", "thought for 0 s, /why shows it\nTea.\n");
	assert_null(strstr(t->shown, "What is wanted"));
	expect(t, "/why", "thought  | What is wanted?");
	assert_non_null(strstr(t->shown, "template | <|user|>\nmessage  | think Tea.\n"));
	talk_free(t);
}

static void a_conversation_is_saved_in_a_new_file_alone(void **state)
{
	(void)state;
	struct talk *t = talk_new(2048);
	char line[128], path[96];
	struct error e;
	struct stat st;
	size_t size;
	enter(t, "hello");
	snprintf(path, sizeof path, "%s/saved", t->folder);
	snprintf(line, sizeof line, "/save %s", path);
	expect(t, line, "in the clear");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	expect(t, line, "choose another name");
	char *text = file_read(path, 1 << 20, &size, &e);
	assert_string_equal(text, "# A conversation with scripted\n\n## You\n\nhello\n\n## Answer\n\nYou said: hello\n");
	memory_free(text);
	unlink(path);
	talk_free(t);
}

static void clearing_forgets_and_stats_count(void **state)
{
	(void)state;
	struct talk *t = talk_new(2048);
	enter(t, "hello");
	enter(t, "again");
	expect(t, "/stats", "Context:");
	uint32_t cached = t->chat.conversation.turns[1].n_cached;
	assert_true(cached > 0 && cached < t->chat.conversation.turns[1].n_prompt);
	expect(t, "/clear", "forgotten");
	enter(t, "anew");
	assert_int_equal(t->chat.conversation.n_turns, 1);
	assert_int_equal(t->chat.conversation.turns[0].n_cached, 0);
	talk_free(t);
}

static void commands_are_told_from_messages(void **state)
{
	(void)state;
	assert_true(chat_is_command("/help", 5));
	assert_true(chat_is_command("/save x", 7));
	assert_false(chat_is_command("/etc/passwd is what?", 20));
	assert_false(chat_is_command("//x", 3));
	assert_false(chat_is_command("/", 1));
	assert_false(chat_is_command("hello", 5));
	assert_string_equal(chat_complete("/he", 0), "/help");
	assert_string_equal(chat_complete("/s", 1), "/search");
	assert_string_equal(chat_complete("/s", 2), "/save");
	assert_null(chat_complete("/s", 4));
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--play") == 0) {
		argv[1] = argv[0];
		return commands_main(argc - 1, argv + 1);
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_new_tokens_are_computed_and_drops_are_said),
		cmocka_unit_test(the_warning_comes_once_before_the_context_is_full),
		cmocka_unit_test(a_message_that_is_too_long_is_refused_with_numbers),
		cmocka_unit_test(retry_takes_another_seed_and_undo_takes_back),
		cmocka_unit_test(a_failure_is_said_and_takes_the_message_back),
		cmocka_unit_test(an_engine_that_dies_is_asked_again_once),
		cmocka_unit_test(nothing_that_a_terminal_obeys_comes_from_the_model),
		cmocka_unit_test(thoughts_are_folded_and_shown_on_request),
		cmocka_unit_test(a_conversation_is_saved_in_a_new_file_alone),
		cmocka_unit_test(clearing_forgets_and_stats_count),
		cmocka_unit_test(commands_are_told_from_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
