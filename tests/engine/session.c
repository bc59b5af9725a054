/* session: what a new prompt keeps of a timeline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/random.h"
#include "engine/session.h"

#include <stdio.h>
#include <string.h>

/* A vocabulary for these tests: ids below 10 are control tokens, then these pieces; from 100 on the byte id - 100. */
static const char *const words[] = { "Hel", "lo", "Hello", " wor", "ld", " world", "!", "lo wor" };
enum { HEL = 10, LO, HELLO, WOR, LD, WORLD, BANG, LO_WOR, BYTE = 100 };

static bool piece(const void *data, int32_t id, const char **bytes, size_t *length)
{
	(void)data;
	static char letters[256];
	if (id < 10) return false;
	if (id < BYTE) {
		*bytes = words[id - 10];
		*length = strlen(*bytes);
	} else {
		letters[id - BYTE] = (char)(id - BYTE);
		*bytes = &letters[id - BYTE];
		*length = 1;
	}
	return true;
}

struct expectation {
	const char *what;
	int32_t held[12], wanted[12], merged[12]; /* each ends with -1 */
	size_t kept, kept_plain;                  /* the latter without pieces */
};

static size_t length_of(const int32_t *ids)
{
	size_t n = 0;
	while (ids[n] >= 0) n++;
	return n;
}

static const struct expectation expectations[] = {
	{ "nothing held", { -1 }, { 1, HELLO, -1 }, { 1, HELLO, -1 }, 0, 0 },
	{ "the same again", { 1, HELLO, -1 }, { 1, HELLO, -1 }, { 1, HELLO, -1 }, 2, 2 },
	{ "a turn more", { 1, HELLO, 2, -1 }, { 1, HELLO, 2, WORLD, -1 }, { 1, HELLO, 2, WORLD, -1 }, 3, 3 },
	{ "an answer cut differently",
	  { 1, HEL, LO, WORLD, -1 },
	  { 1, HELLO, WOR, LD, 2, BANG, -1 },
	  { 1, HEL, LO, WORLD, 2, BANG, -1 },
	  4,
	  1 },
	{ "cut across one another", { 1, HEL, LO_WOR, LD, -1 }, { 1, HELLO, WORLD, 2, -1 }, { 1, HEL, LO_WOR, LD, 2, -1 }, 4, 1 },
	{ "another text", { 1, HELLO, WORLD, -1 }, { 1, HELLO, BANG, -1 }, { 1, HELLO, BANG, -1 }, 2, 2 },
	{ "the same bytes, then another text", { 1, HEL, LO, WORLD, -1 }, { 1, HELLO, BANG, -1 }, { 1, HEL, LO, BANG, -1 }, 3, 1 },
	{ "no common boundary at the end", { 1, HEL, -1 }, { 1, HELLO, -1 }, { 1, HELLO, -1 }, 1, 1 },
	{ "a control token inside the stretch", { 1, HEL, 2, LO, -1 }, { 1, HELLO, 2, -1 }, { 1, HELLO, 2, -1 }, 1, 1 },
	{ "another control token", { 1, HELLO, 2, WORLD, -1 }, { 1, HELLO, 3, WORLD, -1 }, { 1, HELLO, 3, WORLD, -1 }, 2, 2 },
	{ "control tokens at the same places around it",
	  { 1, HEL, LO, 2, 3, WOR, LD, 4, -1 },
	  { 1, HELLO, 2, 3, WORLD, 4, BANG, -1 },
	  { 1, HEL, LO, 2, 3, WOR, LD, 4, BANG, -1 },
	  8,
	  1 },
	{ "a prompt that is shorter", { 1, HEL, LO, WORLD, BANG, -1 }, { 1, HELLO, -1 }, { 1, HEL, LO, -1 }, 3, 1 },
};

static void what_is_the_same_text_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++) {
		const struct expectation *x = &expectations[i];
		size_t n_held = length_of(x->held), n_wanted = length_of(x->wanted), n_merged = length_of(x->merged);
		int32_t merged[32];
		struct session_match m = session_match(x->held, n_held, x->wanted, n_wanted, 99, piece, NULL, merged);
		if (m.kept != x->kept || m.n_merged != n_merged) fail_msg("%s: kept %zu, merged %zu", x->what, m.kept, m.n_merged);
		assert_memory_equal(merged, x->merged, n_merged * sizeof *merged);
		m = session_match(x->held, n_held, x->wanted, n_wanted, 99, NULL, NULL, merged);
		if (m.kept != x->kept_plain) fail_msg("%s: kept %zu of equal ids", x->what, m.kept);
		assert_int_equal(m.n_merged, n_wanted);
		assert_memory_equal(merged, x->wanted, n_wanted * sizeof *merged);
	}
}

static void as_much_is_kept_as_fits(void **state)
{
	(void)state;
	const int32_t held[] = { 1, HEL, LO, WOR, LD, BANG }, wanted[] = { 1, HELLO, WORLD, BANG };
	int32_t merged[32];
	for (size_t most = 4; most <= 6; most++) {
		static const size_t kept[] = { 1, 3, 6 };
		struct session_match m = session_match(held, 6, wanted, 4, most, piece, NULL, merged);
		assert_int_equal(m.kept, kept[most - 4]);
		assert_int_equal(m.n_merged, most);
		assert_memory_equal(merged, held, m.kept * sizeof *merged);
		assert_memory_equal(merged + m.kept, wanted + 4 - (most - m.kept), (most - m.kept) * sizeof *merged);
	}
}

/* Spells ids as text, control tokens as <n>. */
static void spell(const int32_t *ids, size_t n, char *out, size_t room)
{
	size_t at = 0;
	for (size_t i = 0; i < n; i++) {
		const char *bytes;
		size_t length;
		if (piece(NULL, ids[i], &bytes, &length)) {
			at += (size_t)snprintf(out + at, room - at, "%.*s", (int)length, bytes);
		} else {
			at += (size_t)snprintf(out + at, room - at, "<%d>", ids[i]);
		}
	}
	out[at] = 0;
}

static void the_merged_prompt_always_spells_the_same_text(void **state)
{
	(void)state;
	struct random r = random_new(11);
	for (int round = 0; round < 20000; round++) {
		int32_t held[12], wanted[12], merged[32];
		size_t n_held = (size_t)(random_next(&r) % 12), n_wanted = 1 + (size_t)(random_next(&r) % 11);
		for (size_t i = 0; i < n_held; i++) held[i] = random_next(&r) % 8 ? 10 + (int32_t)(random_next(&r) % 8) : 1;
		for (size_t i = 0; i < n_wanted; i++) wanted[i] = random_next(&r) % 8 ? 10 + (int32_t)(random_next(&r) % 8) : 1;
		size_t most = n_wanted + (size_t)(random_next(&r) % 4);
		struct session_match m = session_match(held, n_held, wanted, n_wanted, most, piece, NULL, merged);
		char was[200], is[200];
		spell(wanted, n_wanted, was, sizeof was);
		spell(merged, m.n_merged, is, sizeof is);
		assert_string_equal(is, was);
		assert_true(m.kept <= n_held && m.kept <= m.n_merged && m.n_merged <= most);
		if (m.kept) assert_memory_equal(merged, held, m.kept * sizeof *merged);
	}
}

static void ids_are_noted_and_forgotten(void **state)
{
	(void)state;
	struct session *s = session_new(7, NULL);
	const int32_t ids[] = { 3, 1, 4, 1, 5 };
	assert_non_null(s);
	assert_int_equal(s->id, 7);
	for (int i = 0; i < 100; i++) {
		assert_true(session_reserve(s, 5, NULL));
		session_append(s, ids, 5);
	}
	assert_int_equal(s->n_ids, 500);
	assert_int_equal(s->ids[497], 4);
	session_truncate(s, 3);
	assert_int_equal(s->n_ids, 3);
	assert_int_equal(s->ids[3], 0); /* wiped */
	session_truncate(s, 9);
	assert_int_equal(s->n_ids, 3);
	session_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_the_same_text_is_kept),
		cmocka_unit_test(as_much_is_kept_as_fits),
		cmocka_unit_test(the_merged_prompt_always_spells_the_same_text),
		cmocka_unit_test(ids_are_noted_and_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
