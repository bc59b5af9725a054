/* walk: whether a text fits a grammar, and texts that do, for tests. */
#ifndef HEARTH_TESTS_GRAMMAR_WALK_H
#define HEARTH_TESTS_GRAMMAR_WALK_H

#include "base/buffer.h"
#include "grammar/automaton.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { WALK_MEMORY = 1 << 20 };

typedef struct grammar *(*walk_from)(const char *text, size_t length, struct error *e);

static inline bool walk_fits(struct automaton *a, const char *text, size_t length)
{
	uint32_t state = automaton_start(a);
	for (size_t i = 0; i < length && state != AUTOMATON_DEAD; i++) state = automaton_step(a, state, (uint8_t)text[i]);
	return state != AUTOMATON_DEAD && automaton_accepts(a, state);
}

/* All of `texts` (ends with NULL) fit what `from` makes of the source, or none does. */
static inline void walk_all(walk_from from, const char *source, const char *const *texts, bool fit)
{
	struct error e;
	struct grammar *g = from(source, strlen(source), &e);
	if (!g) fail_msg("%s: %s", source, e.text);
	struct automaton *a = automaton_new(g, WALK_MEMORY, &e);
	assert_non_null(a);
	for (; *texts; texts++) {
		if (walk_fits(a, *texts, strlen(*texts)) != fit)
			fail_msg("%s: %s %s", source, *texts, fit ? "is refused" : "is taken");
	}
	automaton_free(a);
	grammar_free(g);
}

#define WALK(...) ((const char *const[]){ __VA_ARGS__, NULL })

static inline void walk_refused(walk_from from, const char *source, const char *line)
{
	struct error e;
	assert_null(from(source, strlen(source), &e));
	assert_string_equal(e.text, line);
}

/* A text by chance, at most `most` bytes; towards its end it prefers what closes. False: it was cut. */
static inline bool walk_make(struct automaton *a, uint64_t *seed, size_t most, struct buffer *out)
{
	static const char closing[] = "\"]}0";
	uint32_t state = automaton_start(a);
	while (out->size < most) {
		uint8_t fitting[256];
		size_t n = 0;
		for (unsigned byte = 0; byte < 256; byte++) {
			if (automaton_step(a, state, (uint8_t)byte) != AUTOMATON_DEAD) fitting[n++] = (uint8_t)byte;
		}
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		uint64_t chance = *seed >> 33;
		if (n == 0 || (automaton_accepts(a, state) && chance % 4 == 0)) break;
		uint8_t byte = fitting[chance / 4 % n];
		for (size_t i = 0; i < sizeof closing - 1 && out->size > most / 4; i++) {
			if (memchr(fitting, closing[i], n)) byte = (uint8_t)closing[i];
		}
		buffer_append_byte(out, byte);
		state = automaton_step(a, state, byte);
	}
	return automaton_accepts(a, state);
}

#endif
