/* gbnf: what the notation means, and a line for each way of writing it wrong. */
#include "base/buffer.h"
#include "base/memory.h"
#include "walk.h"

#include "base/utf8.h"

#include <stdio.h>

static void notation_means_what_it_says(void **state)
{
	(void)state;
	const char *g = "root ::= \"a\" b* # a comment\nb ::= [0-9]{2} (\"x\" | \"y\")?\n  | \"\xC3\xA9\"\n";
	walk_all(grammar_from_gbnf, g,
	         WALK("a", "a12", "a12x34",
	              "a\xC3\xA9"
	              "12y"),
	         true);
	walk_all(grammar_from_gbnf, g, WALK("", "a1", "ab", "a\xC3", "a\xC3\xA9x", "a12xx"), false);
	const char *counts = "root ::= [a-z]+ \"-\"? .{2,3} \"\\x21\" [^\\n\\]]{0,1}";
	walk_all(grammar_from_gbnf, counts,
	         WALK("ab\xE2\x82\xAC"
	              "b!",
	              "a-bc!", "abcd!x", "a\n\n!"),
	         true);
	walk_all(grammar_from_gbnf, counts, WALK("-ab!", "a!", "abc!\n", "abc!]", "ab\xE2\x82!"), false);
	const char *nested = "root ::= list\nlist ::= \"(\" (list (\",\" list)*)? \")\"";
	walk_all(grammar_from_gbnf, nested, WALK("()", "((),(()))"), true);
	walk_all(grammar_from_gbnf, nested, WALK("(", "(,)", "())"), false);
}

/* Every range of characters lets through exactly its own, whatever the lengths of their forms. */
static void ranges_are_exact_in_bytes(void **state)
{
	(void)state;
	static const uint32_t edges[] = { 0,     1,      0x41,   0x7F,   0x80,   0x81,    0xBF,    0xC0,    0x7FF,   0x800,
		                          0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFF, 0x3FFFF, 0x40000, 0x10FFFF };
	enum { EDGES = sizeof edges / sizeof *edges };
	for (size_t i = 0; i < EDGES; i++) {
		for (size_t j = i; j < EDGES; j++) {
			char source[64];
			struct error e;
			snprintf(source, sizeof source, "root ::= [\\U%08x-\\U%08x]", edges[i], edges[j]);
			struct grammar *g = grammar_from_gbnf(source, strlen(source), &e);
			assert_non_null(g);
			struct automaton *a = automaton_new(g, WALK_MEMORY, &e);
			for (size_t k = 0; k < EDGES; k++) {
				for (int near = -1; near <= 1; near++) {
					uint32_t point = edges[k] + (uint32_t)near;
					char form[4];
					if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) continue;
					bool in = point >= edges[i] && point <= edges[j];
					assert_int_equal(walk_fits(a, form, utf8_encode(point, form)), in);
				}
			}
			assert_false(walk_fits(a, "\xED\xA0\x80", 3)); /* half of a surrogate pair */
			automaton_free(a);
			grammar_free(g);
		}
	}
}

static void mistakes_are_named(void **state)
{
	(void)state;
	walk_refused(grammar_from_gbnf, "root ::= e\ne ::= e \"+\" e | \"1\"",
	             "grammar: 'e' leads back to itself before a character has passed");
	walk_refused(grammar_from_gbnf, "x ::= \"a\"", "grammar: no rule is named root, where a text begins");
	walk_refused(grammar_from_gbnf, "root ::= y", "grammar: rule 'y' is not defined");
	walk_refused(grammar_from_gbnf, "root ::= \"a\" root", "grammar: no text can ever meet it");
	walk_refused(grammar_from_gbnf, "root ::= \"a\"\nroot ::= \"b\"", "grammar: line 2: this rule is defined twice");
	walk_refused(grammar_from_gbnf, "root ::= \"a", "grammar: line 1: a text or a set of characters does not end in its line");
	walk_refused(grammar_from_gbnf, "root ::= [a", "grammar: line 1: a text or a set of characters does not end in its line");
	walk_refused(grammar_from_gbnf, "root ::= (\"a\"", "grammar: line 1: a closing ) is missing");
	walk_refused(grammar_from_gbnf, "root ::= \"a\"{3,2}", "grammar: line 1: the numbers in { } are the wrong way round");
	walk_refused(grammar_from_gbnf, "root ::= \"a\"**", "grammar: line 1: two repetitions behind each other; use ( )");
	walk_refused(grammar_from_gbnf, "root ::= <think>",
	             "grammar: line 1: tokens by number or name are not supported; write their text");
	walk_refused(grammar_from_gbnf, "root ::= [a-z]{100000} [a-z]{100000} [\\U00000000-\\U0010ffff]{100000}",
	             "grammar: it is too large: more than 2000000 nodes; make its repetitions smaller");
}

/* A rule that may be empty, loops of what may be empty, and endings in calls: no endless walk, flat stacks. */
static void empty_parts_and_tail_calls_are_walked(void **state)
{
	(void)state;
	const char *g = "root ::= (a* b)* end\na ::= \"a\"?\nb ::= \"\" | \"b\"\nend ::= \"x\" end | \".\"";
	walk_all(grammar_from_gbnf, g, WALK(".", "abab.", "aaxx."), true);
	walk_all(grammar_from_gbnf, g, WALK("", "ax", "x.a"), false);
	struct error e;
	const char *tail = "root ::= \"x\" root | \"y\"";
	struct grammar *right = grammar_from_gbnf(tail, strlen(tail), &e);
	struct automaton *a = automaton_new(right, WALK_MEMORY, &e);
	uint32_t at = automaton_start(a);
	for (int i = 0; i < 1000000; i++) at = automaton_step(a, at, 'x');
	assert_true(at != AUTOMATON_DEAD && at < 10);
	automaton_free(a);
	grammar_free(right);
}

/* Deep nesting fills the memory: one state is kept and goes on as before. */
static void a_full_automaton_forgets_and_goes_on(void **state)
{
	(void)state;
	struct error e;
	const char *source = "root ::= \"(\" root \")\" | \"[\" root \"]\" | \"\"";
	struct grammar *g = grammar_from_gbnf(source, strlen(source), &e);
	struct automaton *a = automaton_new(g, 200000, &e);
	uint32_t at = automaton_start(a);
	int forgotten = 0;
	enum { DEEP = 3000 };
	for (int i = 0; i < 2 * DEEP; i++) {
		bool opens = i < DEEP, odd = (opens ? i : 2 * DEEP - 1 - i) % 2;
		at = automaton_step(a, at, (uint8_t)(opens ? (odd ? '[' : '(') : (odd ? ']' : ')')));
		assert_true(at != AUTOMATON_DEAD);
		if (!automaton_is_full(a)) continue;
		assert_true(automaton_forget(a, &(uint32_t *){ &at }, 1, &e));
		forgotten++;
	}
	assert_true(automaton_is_final(a, at) || automaton_accepts(a, at));
	assert_true(forgotten > 0);
	automaton_free(a);
	grammar_free(g);
}

static void a_state_of_too_many_places_is_an_error(void **state)
{
	(void)state;
	struct error e;
	const char *source = "root ::= (s | t)*\ns ::= \"a\" s \"b\" | \"a\"\nt ::= \"a\" t \"c\" | \"a\"";
	struct grammar *g = grammar_from_gbnf(source, strlen(source), &e);
	struct automaton *a = automaton_new(g, (size_t)64 << 20, &e);
	uint32_t at = automaton_start(a);
	for (int i = 0; i < 100000 && at != AUTOMATON_DEAD; i++) at = automaton_step(a, at, 'a');
	assert_int_equal(at, AUTOMATON_DEAD);
	assert_true(automaton_failed(a, &e));
	assert_true(strncmp(e.text, "the grammar is too ambiguous", 28) == 0);
	automaton_free(a);
	grammar_free(g);
}

/* Hundreds of alternatives that begin alike and go on apart: every text has places of its own, too many for all tokens of a large
 * vocabulary. It ends with a line, and before it has taken much. */
static void one_purpose_has_a_limit(void **state)
{
	(void)state;
	struct error e;
	struct buffer b = buffer_new(1 << 20);
	uint32_t random = 1;
	buffer_append_text(&b, "root ::= ");
	for (int i = 0; i < 700; i++) {
		buffer_append_text(&b, i ? " | [" : "[");
		for (char c = 'a'; c <= 'z'; c++) {
			random = random * 1664525U + 1013904223U;
			if (random >> 31) buffer_append_byte(&b, (uint8_t)c);
		}
		buffer_format(&b, "a]+ \"%d\"", i);
	}
	struct grammar *g = grammar_from_gbnf(buffer_text(&b), b.size, &e);
	assert_non_null(g);
	struct automaton *a = automaton_new(g, 1 << 20, &e);
	assert_non_null(a);
	size_t before = memory_in_use(), steps = 0;
	automaton_rest(a);
	for (int x = 'a'; x <= 'z'; x++) {
		for (int y = 'a'; y <= 'z'; y++) {
			for (int z = 'a'; z <= 'z' && !automaton_failed(a, NULL); z++, steps++) {
				uint32_t at = automaton_step(a, automaton_start(a), (uint8_t)x);
				automaton_step(a, automaton_step(a, at, (uint8_t)y), (uint8_t)z);
			}
		}
	}
	assert_true(automaton_failed(a, &e));
	assert_true(strncmp(e.text, "the grammar is too ambiguous", 28) == 0);
	assert_true(steps < 10000);
	assert_true(memory_in_use() < before + (16 << 20));
	automaton_free(a);
	grammar_free(g);
	buffer_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notation_means_what_it_says),
		cmocka_unit_test(ranges_are_exact_in_bytes),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(empty_parts_and_tail_calls_are_walked),
		cmocka_unit_test(a_full_automaton_forgets_and_goes_on),
		cmocka_unit_test(a_state_of_too_many_places_is_an_error),
		cmocka_unit_test(one_purpose_has_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
