/* kept: what of a chat is in the vault, over the scripted engine: writing as it happens, coming back, branches, private ones,
 * erasing, and a disk that fails. */
#include "talk.h"

#include "app/hearth/kept_list.h"
#include "app/hearth/new_vault.h"

#include <signal.h>

static const struct key_secret key = { SLOT_KEY_FILE, "thirty-two bytes nobody can guess", 32 };
static struct error last;

/* A talk with a vault in its folder. */
static struct talk *kept_new(void)
{
	struct talk *t = talk_new(2048);
	struct keeping *k = &t->chat.keeping;
	snprintf(k->place.name, sizeof k->place.name, "test");
	snprintf(k->place.folder, sizeof k->place.folder, "%s/vault", t->folder);
	assert_int_equal(mkdir(k->place.folder, 0700), 0);
	k->vault = vault_create(disk_real(), k->place.folder, &key, key_cost_least, &last);
	if (!k->vault) fail_msg("%s", last.text);
	return t;
}

static void kept_free(struct talk *t)
{
	static const char *const files[] = { "vault.key", "erase.key",        "vault.db",   "vault.db-journal",
		                             "index.db",  "index.db-journal", "vault.lock", "network.log" };
	char path[PATHS_ROOM + 32];
	vault_close(t->chat.keeping.vault);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", t->chat.keeping.place.folder, files[i]);
		unlink(path);
	}
	rmdir(t->chat.keeping.place.folder);
	talk_free(t);
}

/* Another start of the program with the same vault: nothing but the vault is left. */
static void start_again(struct talk *t)
{
	struct keeping *k = &t->chat.keeping;
	vault_close(k->vault);
	conversation_clear(&t->chat.conversation);
	conversation_set_system(&t->chat.conversation, NULL);
	*k = (struct keeping){ .place = k->place };
	k->vault = vault_take(disk_real(), k->place.folder, &last);
	if (!k->vault || !vault_unlock(k->vault, &key, &last)) fail_msg("%s", last.text);
}

static bool join(void *context, const struct message_entry *m)
{
	struct buffer *b = context;
	return buffer_format(b, "%d:%s%s|", (int)m->role, m->text, m->unfinished ? "(cut)" : "");
}

/* What the vault has of the conversation with this number. */
static const char *stored(struct talk *t, long long number)
{
	static char text[4096];
	struct buffer b = buffer_new(sizeof text);
	bool ok = conversations_read(t->chat.keeping.vault, keeping_from_number(number), join, &b, &last);
	snprintf(text, sizeof text, "%s", ok ? buffer_text(&b) : last.text);
	buffer_free(&b);
	return text;
}

static void what_is_said_is_written_as_it_is_said(void **state)
{
	(void)state;
	struct talk *t = kept_new();
	enter(t, "hello there");
	assert_string_equal(stored(t, 1), "1:hello there|2:You said: hello there|");
	enter(t, "/system Be brief.");
	enter(t, "again");
	assert_string_equal(stored(t, 1), "1:hello there|2:You said: hello there|0:Be brief.|1:again|2:You said: again|");
	enter(t, "/undo");
	assert_string_equal(stored(t, 1), "1:hello there|2:You said: hello there|0:Be brief.|");
	enter(t, "fail");
	assert_string_equal(stored(t, 1), "1:hello there|2:You said: hello there|0:Be brief.|");
	enter(t, "/retry");
	assert_string_equal(stored(t, 1), "1:hello there|2:You said: hello there|");
	enter(t, "/undo");
	assert_string_equal(stored(t, 1), "");
	expect(t, "/chats", "No conversation is kept yet");
	enter(t, "another beginning");
	assert_string_equal(stored(t, 1), "0:Be brief.|1:another beginning|2:You said: another beginning|");
	expect(t, "/chats", "   1  today");
	assert_true(shows(t, "another beginning"));
	kept_free(t);
}

static void a_conversation_comes_back_and_goes_on(void **state)
{
	(void)state;
	struct talk *t = kept_new();
	enter(t, "/system Be brief.");
	enter(t, "hello there");
	enter(t, "think **Tea** \\e[2J");
	enter(t, "one more");
	start_again(t);
	expect(t, "/open 1", "(1 earlier exchange)");
	assert_true(shows(t, "> one more"));
	assert_true(shows(t, "thought for"));
	assert_null(strchr(t->shown, '\033'));
	assert_string_equal(t->chat.conversation.system, "Be brief.");
	assert_int_equal(t->chat.conversation.n_turns, 3);
	enter(t, "and on");
	assert_non_null(strstr(stored(t, 1), "|1:one more|2:You said: one more|1:and on|2:You said: and on|"));
	expect(t, "/undo", "Taken back");
	enter(t, "/undo");
	assert_null(strstr(stored(t, 1), "one more"));
	expect(t, "/open 7", "there is no conversation 7");
	expect(t, "/open x", "Which one?");
	assert_int_equal(t->chat.conversation.n_turns, 2);
	kept_free(t);
}

static void an_answer_that_a_crash_cut_is_known_as_such(void **state)
{
	(void)state;
	struct talk *t = kept_new();
	struct keeping *k = &t->chat.keeping;
	struct conversation *c = &t->chat.conversation;
	assert_true(conversation_ask(c, "count", 5) && keeping_save(k, c, &last));
	k->progress = 0;
	assert_true(keeping_progress(k, c, "1 2 3", 5, &last));
	assert_string_equal(stored(t, 1), "1:count|2:1 2 3(cut)|");
	assert_true(keeping_progress(k, c, "1 2 3 4", 7, &last)); /* a moment later is too soon */
	assert_string_equal(stored(t, 1), "1:count|2:1 2 3(cut)|");
	start_again(t);
	expect(t, "/open 1", "this answer was cut when hearth ended; /retry asks again");
	enter(t, "/retry");
	assert_string_equal(stored(t, 1), "1:count|2:You said: count|");
	start_again(t);
	assert_true(conversation_ask(c, "alone", 5) && keeping_save(k, c, &last));
	start_again(t);
	expect(t, "/open 2", "hearth ended before an answer came");
	kept_free(t);
}

static void a_branch_goes_its_own_way(void **state)
{
	(void)state;
	struct talk *t = kept_new();
	enter(t, "one");
	enter(t, "two");
	expect(t, "/branch 3", "from 1 to 2");
	expect(t, "/branch 1", "the first 1 of 2 exchanges");
	enter(t, "other");
	assert_string_equal(stored(t, 1), "1:one|2:You said: one|1:two|2:You said: two|");
	assert_string_equal(stored(t, 2), "1:one|2:You said: one|1:other|2:You said: other|");
	enter(t, "/rename   The  other\tway ");
	expect(t, "/chats", "*   2");
	assert_true(shows(t, "The other way"));
	expect(t, "/new", "/open 2 brings it back");
	expect(t, "/branch", "nothing to branch from");
	kept_free(t);
}

static void a_private_conversation_is_in_no_file(void **state)
{
	(void)state;
	struct talk *t = kept_new();
	enter(t, "first");
	expect(t, "/private", "nothing of it is written");
	enter(t, "a secret canary");
	assert_int_equal(t->chat.conversation.n_turns, 1);
	assert_false(keeping_writes(&t->chat.keeping));
	expect(t, "/search canary", "No message has");
	expect(t, "/rename canary", "not in the vault");
	expect(t, "/delete", "not in the vault");
	enter(t, "/new");
	enter(t, "after it");
	assert_string_equal(stored(t, 2), "1:after it|2:You said: after it|");
	assert_non_null(strstr(stored(t, 3), "no conversation"));
	kept_free(t);
}

static void searching_finds_words_and_deleting_takes_them_away(void **state)
{
	(void)state;
	struct talk *t = kept_new();
	enter(t, "say The heron stands in the reeds");
	enter(t, "/new");
	enter(t, "say A heron flies over the lake");
	expect(t, "/search heron reeds", "   1  today");
	assert_false(shows(t, "lake"));
	expect(t, "/search her", "   2  today");
	expect(t, "/search \" OR", "No message has all of these words");
	expect(t, "/delete 1", "Type /delete 1 yes");
	expect(t, "/search reeds", "   1  today");
	expect(t, "/delete 1 yes", "is erased");
	expect(t, "/search reeds", "No message has");
	expect(t, "/search lake", "   2  today");
	expect(t, "/delete", "Type /delete 2 yes");
	expect(t, "/delete yes", "is erased");
	assert_int_equal(t->chat.conversation.n_turns, 0);
	expect(t, "/chats", "No conversation is kept yet");
	enter(t, "anew");
	assert_string_equal(stored(t, 3), "1:anew|2:You said: anew|");
	kept_free(t);
}

static void an_answer_that_is_asked_again_stays_until_there_is_another(void **state)
{
	(void)state;
	struct talk *t = kept_new();
	enter(t, "hello");
	struct turn *turn = conversation_last(&t->chat.conversation);
	memory_free(turn->question);
	turn->question = memory_copy_text("fail", 4); /* the script fails from now on */
	turn->question_length = 4;
	expect(t, "/retry", "No answer");
	assert_string_equal(stored(t, 1), "1:hello|2:You said: hello|");
	assert_int_equal(t->chat.conversation.n_turns, 1);
	kept_free(t);
}

static void what_a_title_says_is_data(void **state)
{
	(void)state;
	struct talk *t = kept_new();
	char title[KEEPING_TITLE];
	enter(t, "/rename x");
	enter(t, "first \033[2J\xc2\x9b"
	         "1m line\nsecond");
	const char *shown = enter(t, "/chats");
	assert_null(strchr(shown, '\033'));
	assert_null(strstr(shown, "\xc2\x9b"));
	keeping_title(title, "  a  b\n", 7);
	assert_string_equal(title, "a b");
	keeping_title(title, "one two three four five six seven eight nine ten eleven twelve thirteen", 71);
	assert_string_equal(title, "one two three four five six seven eight nine ten eleven...");
	keeping_title(title, "\xff\xfe", 2);
	assert_string_equal(title, "??");
	keeping_title(title, " ", 1);
	assert_string_equal(title, "");
	kept_free(t);
}

static void locking_waits_for_idleness_or_a_suspend(void **state)
{
	(void)state;
	struct away a = { .key = { 0, 0 } };
	away_key(&a, (struct away_clocks){ 1000, 500 });
	assert_int_equal(away_look(&a, (struct away_clocks){ 1060, 560 }, 15), AWAY_NOT);
	assert_int_equal(away_look(&a, (struct away_clocks){ 1899, 1399 }, 15), AWAY_NOT);
	assert_int_equal(away_look(&a, (struct away_clocks){ 1901, 1401 }, 15), AWAY_IDLE);
	assert_int_equal(away_look(&a, (struct away_clocks){ 1902, 1402 }, 0), AWAY_NOT);
	away_key(&a, (struct away_clocks){ 1903, 1403 });
	assert_int_equal(away_look(&a, (struct away_clocks){ 1905, 1405 }, 15), AWAY_NOT);
	away_key(&a, (struct away_clocks){ 2000, 1410 }); /* the key that woke it */
	assert_int_equal(away_look(&a, (struct away_clocks){ 2001, 1411 }, 0), AWAY_SUSPENDED);
	assert_int_equal(away_look(&a, (struct away_clocks){ 2003, 1413 }, 0), AWAY_NOT);
}

/* What is said to the vault in blocks of a hundred sentences, each a conversation. */
struct canaries {
	unsigned long kept, secret, deleted;
};

/* A block's last sentence has been said: the next one begins, now and then in private, and every tenth block is deleted. */
static void end_block(struct talk *t, unsigned long block, struct canaries *said)
{
	char line[64];
	struct keeping *k = &t->chat.keeping;
	bool goes = block % 10 == 1 && keeping_writes(k);
	snprintf(line, sizeof line, "/delete %lld yes", keeping_number(k->id));
	enter(t, block % 3 == 2 ? "/private" : "/new");
	if (goes) {
		expect(t, line, "is erased");
		said->kept -= 100;
		said->deleted += 100;
	}
	if (block % 20 == 19) start_again(t);
}

/* Says `count` sentences with a canary each into a new vault in `folder`: some in private, some deleted later, with searches and
 * locks in between. Prints how many of which there are and ends by a kill: tests/long/canaries.sh looks for them afterwards. Each
 * has the word `mark`. */
static int say_canaries(const char *folder, unsigned long count, const char *mark)
{
	struct canaries said = { 0, 0, 0 };
	struct talk *t = talk_new(2048);
	struct keeping *k = &t->chat.keeping;
	snprintf(k->place.folder, sizeof k->place.folder, "%s", folder);
	k->vault = vault_create(disk_real(), folder, &key, key_cost_least, &last);
	if (!k->vault) fail_msg("%s", last.text);
	for (unsigned long i = 0; i < count; i++) {
		char line[128];
		bool secret = !keeping_writes(k);
		const char *does = secret ? "hides behind" : i / 100 % 10 == 1 ? "falls from" : "sings on";
		++*(secret ? &said.secret : &said.kept);
		snprintf(line, sizeof line, "say canary%lu %s branch%lu %.60s", i, does, i * 7919, mark);
		enter(t, line);
		snprintf(line, sizeof line, "/search canary%lu", i / 2);
		if (i % 500 == 499) enter(t, line);
		if (i % 100 == 99) end_block(t, i / 100, &said);
	}
	printf("kept %lu, private %lu, deleted %lu\n", said.kept, said.secret, said.deleted);
	fflush(stdout);
	rmdir(t->folder);
	return raise(SIGKILL);
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "--canaries") == 0) return say_canaries(argv[2], strtoul(argv[3], NULL, 10), argv[4]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_said_is_written_as_it_is_said),
		cmocka_unit_test(a_conversation_comes_back_and_goes_on),
		cmocka_unit_test(an_answer_that_a_crash_cut_is_known_as_such),
		cmocka_unit_test(a_branch_goes_its_own_way),
		cmocka_unit_test(a_private_conversation_is_in_no_file),
		cmocka_unit_test(searching_finds_words_and_deleting_takes_them_away),
		cmocka_unit_test(an_answer_that_is_asked_again_stays_until_there_is_another),
		cmocka_unit_test(what_a_title_says_is_data),
		cmocka_unit_test(locking_waits_for_idleness_or_a_suspend),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
