/* scheduler_step: what a session keeps between requests, and a long conversation in a small context. */
#include "asked.h"
#include "tiny_model.h"

#include "format/json.h"

static struct asked a, b;

/* A request whose answers are words in changing order, many of which the tokenizer would cut otherwise. */
static struct hearth_request chatty(const char *text, uint32_t max_tokens)
{
	struct hearth_request r = asked_text(text, max_tokens);
	r.sampling.temperature = 1.5F;
	r.sampling.top_k = 12;
	r.sampling.seed = 1 + strlen(text);
	return r;
}

static void a_longer_prompt_computes_only_what_is_new(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 512);
	int32_t ids[200];
	uint64_t session = hearth_session_new(h);
	for (int i = 0; i < 200; i++) ids[i] = TINY_BYTES + 256 + i % TINY_WORDS;
	struct hearth_request r = asked_ids(ids, 100, 10);
	r.session = session;
	asked_run(h, &r, &a);
	assert_int_equal(a.last.n_cached, 0);

	/* The prompt, the answer's ids, and three more: all but the answer's last token was computed. */
	memcpy(ids + 100, a.ids, 10 * sizeof ids[0]);
	r.n_ids = 113;
	asked_run(h, &r, &a);
	assert_int_equal(a.last.n_prompt, 113);
	assert_int_equal(a.last.n_cached, 109);

	/* Back to an earlier point, with another ending. */
	ids[60]++;
	r.n_ids = 80;
	asked_run(h, &r, &a);
	assert_int_equal(a.last.n_cached, 60);

	/* The same again: the last token is computed anew. */
	asked_run(h, &r, &b);
	assert_int_equal(b.last.n_cached, 79);
	assert_memory_equal(a.ids, b.ids, 10 * sizeof a.ids[0]);

	/* Another session knows nothing of it, and says the same. */
	r.session = hearth_session_new(h);
	asked_run(h, &r, &b);
	assert_int_equal(b.last.n_cached, 0);
	assert_memory_equal(a.ids, b.ids, 10 * sizeof a.ids[0]);
	hearth_close(h);
}

static void a_conversation_is_never_computed_twice(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 2048);
	static char text[20000];
	uint64_t session = hearth_session_new(h);
	uint32_t held = 0; /* positions that the session has */
	text[0] = 0;
	for (int turn = 0; turn < 20; turn++) {
		size_t length = strlen(text);
		snprintf(text + length, sizeof text - length, " he said on day %d the sun is in the sea\n", turn);
		struct hearth_request r = chatty(text, 30);
		r.session = session;
		asked_run(h, &r, &a);
		assert_int_equal(a.last.kind, HEARTH_DONE);
		if (turn > 0) {
			/* The text was tokenized as a whole; what the model had written stays as it wrote it. A few tokens at the
			 * border may have become others. */
			assert_in_range(a.last.n_cached, held - 3, held);
			assert_true(a.last.n_prompt - a.last.n_cached < 60);
		}
		held = a.last.n_prompt + a.last.n_generated - 1;
		length = strlen(text);
		snprintf(text + length, sizeof text - length, "%.500s", a.text);
	}
	assert_true(held > 200);
	hearth_close(h);
}

static const char chatml[] =
        "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

static void add_message(json_t *messages, const char *role, const char *content)
{
	json_t *message = json_object();
	json_object_set_new(message, "role", json_string(role));
	json_object_set_new(message, "content", json_string(content));
	json_array_append_new(messages, message);
}

/* Turns of a chat, each rendered and tokenized as a whole: the session's own tokens of all answers are kept. */
static void a_chat_computes_only_its_last_question(void **state)
{
	(void)state;
	char path[64];
	tiny_write(path, chatml);
	struct hearth *h = asked_open(path, 1, 2048);
	uint64_t session = hearth_session_new(h);
	json_t *chat = json_object(), *messages = json_array();
	json_object_set_new(chat, "messages", messages);
	uint32_t held = 0;
	for (int turn = 0; turn < 25; turn++) {
		add_message(messages, "user", turn % 3 ? " he is in the inn and she is on the hill" : " the sun");
		char *text = json_dumps(chat, 0);
		struct hearth_request r = chatty(text, 40);
		r.kind = HEARTH_CHAT;
		r.session = session;
		asked_run(h, &r, &a);
		assert_int_equal(a.last.kind, HEARTH_DONE);
		/* All that is held, but for the answer's last token where it grows together with the mark behind it. */
		if (turn > 0) assert_in_range(a.last.n_cached, held - 1, held);
		held = a.last.n_prompt + a.last.n_generated - 1;
		add_message(messages, "assistant", a.text);
		free(text);
	}
	json_decref(chat);
	hearth_close(h);
	unlink(path);
}

static void ids_are_taken_as_they_are_even_when_their_text_is_known(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 128);
	/* "he" as one token, then as two: the same text, and for a request by ids another prompt. */
	const int32_t he = TINY_BYTES + 256 + 1;
	const int32_t one[] = { TINY_BOS, he, he, he }, two[] = { TINY_BOS, TINY_BYTES + 'h', TINY_BYTES + 'e', he, he };
	struct hearth_request r = asked_ids(one, 4, 5);
	r.session = hearth_session_new(h);
	asked_run(h, &r, &a);
	struct hearth_request again = asked_ids(two, 5, 5);
	again.session = r.session;
	again.want_prompt = true;
	asked_run(h, &again, &b);
	assert_int_equal(b.last.n_cached, 1);
	assert_memory_equal(b.prompt, two, sizeof two);
	hearth_close(h);
}

enum { CONTEXT = 2048, TURNS = 200, ANSWER = 12, TURN_TEXT = 200, AT_ONCE = 20 };

/* Asks with the turns from `first` to `last`; false when the context cannot hold that. */
static bool ask_turns(struct hearth *h, uint64_t session, char (*turns)[TURN_TEXT], int first, int last)
{
	static char text[TURNS * TURN_TEXT];
	size_t length = 0;
	for (int i = first; i <= last; i++) length += (size_t)snprintf(text + length, sizeof text - length, "%s", turns[i]);
	struct hearth_request r = chatty(text, ANSWER);
	r.session = session;
	asked_run(h, &r, &a);
	if (a.last.kind == HEARTH_DONE && a.last.stop == HEARTH_STOP_LENGTH) return true;
	assert_true(a.last.stop == HEARTH_STOP_CONTEXT || a.last.failure == HEARTH_FAIL_CONTEXT);
	return false;
}

/* When the context is full the oldest turns go; otherwise each turn computes only its own words. */
static void two_hundred_turns_compute_only_what_is_new_and_keep_memory_flat(void **state)
{
	(void)state;
	static char turns[TURNS][TURN_TEXT];
	struct hearth *h = asked_open(tiny_path, 1, CONTEXT);
	uint64_t session = hearth_session_new(h);
	size_t at_half = 0;
	uint32_t held = 0; /* positions that the session has of this conversation; 0: turns were dropped */
	int first = 0;
	for (int turn = 0; turn < TURNS; turn++) {
		snprintf(turns[turn], TURN_TEXT, " turn %d: the sun is in the sea\n", turn);
		while (!ask_turns(h, session, turns, first, turn)) {
			assert_true(first + AT_ONCE < turn);
			first += AT_ONCE;
			held = 0;
		}
		if (held) assert_in_range(a.last.n_cached, held - 2, held);
		if (held) assert_in_range(a.last.n_prompt - a.last.n_cached, 1, 45);
		held = a.last.n_prompt + a.last.n_generated - 1;
		size_t length = strlen(turns[turn]);
		snprintf(turns[turn] + length, TURN_TEXT - length, "%.100s\n", a.text);
		if (turn == TURNS / 2) at_half = memory_in_use();
	}
	assert_true(first >= 3 * AT_ONCE);
	assert_in_range(memory_in_use(), 1, at_half + (64 << 10));
	hearth_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_longer_prompt_computes_only_what_is_new),
		cmocka_unit_test(a_conversation_is_never_computed_twice),
		cmocka_unit_test(a_chat_computes_only_its_last_question),
		cmocka_unit_test(ids_are_taken_as_they_are_even_when_their_text_is_known),
		cmocka_unit_test(two_hundred_turns_compute_only_what_is_new_and_keep_memory_flat),
	};
	return cmocka_run_group_tests(tests, tiny_begin, tiny_end);
}
