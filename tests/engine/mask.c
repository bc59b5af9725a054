/* mask: answers of a tiny model stay within a grammar, whatever it would rather say, guessed ahead or not, and end with it. */
#include "asked.h"
#include "tiny_model.h"

static struct asked a, b; /* large: not on the stack */

static struct hearth_request asked_by(uint32_t kind, const char *grammar, uint64_t seed)
{
	struct hearth_request r = asked_text(" the sun", 60);
	r.grammar_kind = kind;
	r.grammar = grammar;
	r.grammar_length = strlen(grammar);
	r.sampling.temperature = 2;
	r.sampling.seed = seed;
	return r;
}

static void the_answer_is_one_that_the_grammar_has(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	bool seen[3] = { false };
	for (uint64_t seed = 1; seed < 40; seed++) {
		struct hearth_request r = asked_by(HEARTH_GRAMMAR_GBNF, "root ::= \" a\" (\"x\" | \"bc\") | \"no\"", seed);
		asked_run(h, &r, &a);
		assert_int_equal(a.last.kind, HEARTH_DONE);
		assert_int_equal(a.last.stop, HEARTH_STOP_END);
		int which = !strcmp(a.text, " ax") ? 0 : !strcmp(a.text, " abc") ? 1 : !strcmp(a.text, "no") ? 2 : -1;
		assert_true(which >= 0);
		seen[which] = true;
	}
	assert_true(seen[0] + seen[1] + seen[2] >= 2);
	hearth_close(h);
}

static void guesses_change_nothing(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 2, 256);
	for (uint64_t seed = 1; seed < 10; seed++) {
		struct hearth_request r = asked_by(HEARTH_GRAMMAR_GBNF, "root ::= (\"ab\" | \"ba\"){30}", seed);
		asked_run(h, &r, &a);
		r.no_guess = true;
		asked_run(h, &r, &b);
		assert_string_equal(a.text, b.text);
		assert_int_equal(a.n_ids, b.n_ids);
	}
	hearth_close(h);
}

/* Where only the best tokens count, they are looked for first: the answer is the one of a look at all. A penalty of nearly nothing
 * changes no choice, and makes all count. */
static void looking_at_the_best_alone_changes_nothing(void **state)
{
	(void)state;
	static const char *const grammars[] = { "root ::= [^\"]{40}", "root ::= ([a-z ]{3} \"7\"){12}",
		                                "root ::= \"the \" [a-z]+ \".\" [^x]*", "root ::= \"yes\" | \"no\" root" };
	struct hearth *h = asked_open(tiny_path, 1, 256);
	for (size_t i = 0; i < 4; i++) {
		for (uint64_t seed = 1; seed < 8; seed++) {
			struct hearth_request r = asked_by(HEARTH_GRAMMAR_GBNF, grammars[i], seed);
			r.ignore_end = false;
			r.sampling.temperature = seed == 1 ? 0 : 1.5F;
			r.sampling.top_k = (uint32_t)seed;
			asked_run(h, &r, &a);
			r.sampling.presence_penalty = 1e-30F;
			r.sampling.penalty_last = 1;
			asked_run(h, &r, &b);
			assert_string_equal(a.text, b.text);
			assert_int_equal(a.n_ids, b.n_ids);
			assert_memory_equal(a.ids, b.ids, a.n_ids * sizeof a.ids[0]);
		}
	}
	hearth_close(h);
}

static void a_wrong_schema_is_refused_at_once(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	struct hearth_request r = asked_by(HEARTH_GRAMMAR_SCHEMA, "{\"not\": {}}", 1);
	struct hearth_error error;
	uint64_t id;
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "schema: the keyword 'not' is not supported");
	r.grammar_kind = 4;
	assert_false(hearth_submit(h, &r, &id, &error));
	hearth_close(h);
}

/* A bias bans a token or makes it the answer; one for a token that there is not is refused. */
static void biases_change_what_is_chosen(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	struct hearth_request r = asked_text(" the sun", 12);
	asked_run(h, &r, &a);
	struct hearth_bias biases[] = { { a.ids[0], -100 }, { TINY_BYTES + 'x', 100 } };
	r.biases = biases;
	r.n_biases = 1;
	asked_run(h, &r, &b);
	for (size_t i = 0; i < b.n_ids; i++) assert_int_not_equal(b.ids[i], a.ids[0]);
	r.n_biases = 2;
	asked_run(h, &r, &b);
	assert_string_equal(b.text, "xxxxxxxxxxxx");
	r = asked_by(HEARTH_GRAMMAR_GBNF, "root ::= [ab]{5}", 1); /* what a grammar forbids no bias allows */
	r.biases = biases;
	r.n_biases = 2;
	asked_run(h, &r, &b);
	assert_int_equal(strspn(b.text, "ab"), 5);
	struct hearth_error error;
	uint64_t id;
	biases[0].id = TINY_VOCAB;
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "request: a bias for token 293; this model has 293 tokens");
	biases[0] = (struct hearth_bias){ 5, 101 };
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "request: a bias is 101; it must be from -100 to 100");
	hearth_close(h);
}

/* A thought that is opened by the prompt is closed after so many tokens, however it goes on; an answer without one is left alone.
 */
static void a_thought_has_a_limit(void **state)
{
	(void)state;
	static const char thinking[] = "{{ messages[0].content }}<think>\n", plain[] = "{{ messages[0].content }}",
	                  chat[] = "{\"messages\": [{\"role\": \"user\", \"content\": \"the sun\"}]}";
	for (int thinks = 0; thinks < 2; thinks++) {
		char path[64];
		tiny_write(path, thinks ? thinking : plain);
		struct hearth *h = asked_open(path, 1, 256);
		for (uint32_t limit = 1; limit <= 20; limit += 19) {
			struct hearth_request r = hearth_request_new(HEARTH_CHAT);
			r.text = chat;
			r.text_length = sizeof chat - 1;
			r.max_tokens = 60;
			r.ignore_end = true;
			r.sampling.seed = limit;
			r.thought_limit = limit;
			asked_run(h, &r, &a);
			const char *end = strstr(a.text, "</think>");
			assert_int_equal(end != NULL, thinks);
			assert_int_equal(a.n_ids, 60);
			r.thought_limit = 0;
			if (thinks) {
				asked_run(h, &r, &b);
				assert_memory_equal(a.ids, b.ids, limit * sizeof a.ids[0]);
				assert_null(strstr(b.text, "</think>"));
			}
		}
		hearth_close(h);
		unlink(path);
	}
}

static void what_no_token_can_spell_fails_with_a_line(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	struct hearth_request r = asked_by(HEARTH_GRAMMAR_GBNF, "root ::= \"\xE2\x82\xAC\"", 1);
	asked_run(h, &r, &a);
	if (a.last.kind == HEARTH_FAILED)
		assert_string_equal(a.error, "grammar: no token of this model can follow here; allow other characters");
	else
		assert_string_equal(a.text, "\xE2\x82\xAC"); /* a vocabulary with bytes */
	hearth_close(h);
}

static void a_form_puts_schemas_between_text(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	static const char form[] = "{\"sequence\": [\"<c>\", {\"schema\": {\"enum\": [\"a\", 7]}}, "
	                           "{\"repeat\": {\"either\": [\"x\", \"yy\"]}, \"least\": 1, \"most\": 2}, "
	                           "{\"repeat\": {\"sequence\": [\"s\", {\"without\": \"</c>\"}]}, \"most\": 0}, \"</c>\"]}";
	for (uint64_t seed = 1; seed < 20; seed++) {
		struct hearth_request r = asked_by(HEARTH_GRAMMAR_FORM, form, seed);
		asked_run(h, &r, &a);
		assert_int_equal(a.last.stop, HEARTH_STOP_END);
		const char *at = a.text + 3;
		assert_memory_equal(a.text, "<c>", 3);
		at += at[0] == '7' ? 1 : 3;
		size_t n = strspn(at, "xy");
		assert_true(n >= 1 && n <= 4);
		assert_string_equal(at + n, "</c>");
	}
	hearth_close(h);
}

static void a_broken_form_is_refused_at_once(void **state)
{
	(void)state;
	static const char *const broken[][2] = {
		{ "[1]", "form: a part is a string or an object" },
		{ "{\"a\": 1}", "form: a part has none of schema, sequence, either, repeat, without" },
		{ "{\"repeat\": \"a\", \"least\": 3, \"most\": 2}",
		  "form: least and most must be whole numbers from 0 to 10000, in this order" },
		{ "{\"without\": \"aba\"}", "form: without takes an ASCII text whose first character does not come again in it" },
		{ "{\"schema\": {\"not\": {}}}", "schema: the keyword 'not' is not supported" },
	};
	struct hearth *h = asked_open(tiny_path, 1, 256);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct hearth_request r = asked_by(HEARTH_GRAMMAR_FORM, broken[i][0], 1);
		struct hearth_error error;
		uint64_t id;
		assert_false(hearth_submit(h, &r, &id, &error));
		assert_string_equal(error.text, broken[i][1]);
	}
	hearth_close(h);
}

/* Free text ends where the trigger comes; the tiny model soon writes any one letter. */
static void the_grammar_begins_behind_its_trigger(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	unsigned seen = 0;
	for (uint64_t seed = 1; seed < 30; seed++) {
		struct hearth_request r = asked_by(HEARTH_GRAMMAR_GBNF, "root ::= \"[no]\"", seed);
		r.trigger = "e";
		r.max_tokens = 200;
		asked_run(h, &r, &a);
		const char *at = strchr(a.text, 'e');
		if (!at) continue;
		seen++;
		assert_memory_equal(at + 1, "[no]", strlen(at + 1) < 4 ? strlen(at + 1) : 4);
		if (a.last.stop == HEARTH_STOP_END) assert_string_equal(at + 1, "[no]");
	}
	assert_true(seen > 3);
	hearth_close(h);
}

static void answers_side_by_side_share_a_grammar(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	struct hearth_request r = asked_by(HEARTH_GRAMMAR_GBNF, "root ::= (\"ab\" | \"ba\"){20}", 5), s = r;
	s.sampling.seed = 6;
	asked_run(h, &r, &a);
	char alone[sizeof a.text];
	memcpy(alone, a.text, sizeof alone);
	asked_submit(h, &r, &a);
	asked_submit(h, &s, &b);
	asked_wait(h, (struct asked *[]){ &a, &b }, 2);
	assert_string_equal(a.text, alone);
	assert_int_equal(strlen(b.text), 40);
	hearth_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_is_one_that_the_grammar_has),
		cmocka_unit_test(guesses_change_nothing),
		cmocka_unit_test(looking_at_the_best_alone_changes_nothing),
		cmocka_unit_test(a_wrong_schema_is_refused_at_once),
		cmocka_unit_test(biases_change_what_is_chosen),
		cmocka_unit_test(a_thought_has_a_limit),
		cmocka_unit_test(what_no_token_can_spell_fails_with_a_line),
		cmocka_unit_test(a_form_puts_schemas_between_text),
		cmocka_unit_test(a_broken_form_is_refused_at_once),
		cmocka_unit_test(the_grammar_begins_behind_its_trigger),
		cmocka_unit_test(answers_side_by_side_share_a_grammar),
	};
	return cmocka_run_group_tests(tests, tiny_begin, tiny_end);
}
