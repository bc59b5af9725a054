/* source: the text of a grammar or a pattern while it is read, character by character. */
#ifndef HEARTH_GRAMMAR_SOURCE_H
#define HEARTH_GRAMMAR_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct source {
	const char *text;
	size_t length, at;
};

/* The next byte; -1 at the end. */
static inline int source_peek(const struct source *s)
{
	return s->at < s->length ? (unsigned char)s->text[s->at] : -1;
}

/* Passes `what` if it comes next. */
static inline bool source_take(struct source *s, const char *what)
{
	size_t n = strlen(what);
	if (s->length - s->at < n || memcmp(s->text + s->at, what, n) != 0) return false;
	s->at += n;
	return true;
}

/* Passes up to `most` hexadecimal digits, at most 8; returns how many there were. */
static inline unsigned source_hex(struct source *s, unsigned most, uint32_t *value)
{
	unsigned n = 0;
	*value = 0;
	for (; n < most; n++, s->at++) {
		int c = source_peek(s), low = c | 32;
		int digit = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
		if (digit < 0) break;
		*value = *value << 4 | (uint32_t)digit;
	}
	return n;
}

/* Passes a decimal number of at least one digit, at most `most`. False: there is none, or it is larger. */
static inline bool source_number(struct source *s, uint32_t most, uint32_t *value)
{
	size_t start = s->at;
	*value = 0;
	for (; source_peek(s) >= '0' && source_peek(s) <= '9'; s->at++) {
		*value = *value * 10 + (uint32_t)(source_peek(s) - '0');
		if (*value > most) return false;
	}
	return s->at > start;
}

#endif
