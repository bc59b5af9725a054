/*
 * unicode: what kind of character a code point is, and NFC.
 *
 * Classes are bits, so that a tokenizer's "letter or mark" is one test. They come from utf8proc's general categories;
 * white space is the property White_Space. A byte that is no part of a character (the text is not UTF-8 there) counts as
 * one symbol of one byte, so that every text can be walked through and comes back byte for byte.
 * Normalization follows UAX 15; canonical order and composition are utf8proc's, in time linear in the text.
 */
#ifndef HEARTH_TEXT_UNICODE_H
#define HEARTH_TEXT_UNICODE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum unicode_class {
	UNICODE_UPPER = 1 << 0, /* Lu, Lt */
	UNICODE_LOWER = 1 << 1, /* Ll */
	UNICODE_PLAIN = 1 << 2, /* Lm, Lo: letters without case */
	UNICODE_MARK = 1 << 3,  /* M */
	UNICODE_DIGIT = 1 << 4, /* Nd */
	UNICODE_COUNT = 1 << 5, /* Nl, No */
	UNICODE_PUNCTUATION = 1 << 6,
	UNICODE_SYMBOL = 1 << 7,
	UNICODE_SPACE = 1 << 8,   /* White_Space */
	UNICODE_NEWLINE = 1 << 9, /* CR and LF, which are spaces too */
	UNICODE_JOINER = 1 << 10, /* Pc, which is punctuation too */
	UNICODE_OTHER = 1 << 11,  /* controls, formats, private use, unassigned */

	UNICODE_LETTER = UNICODE_UPPER | UNICODE_LOWER | UNICODE_PLAIN,
	UNICODE_NUMBER = UNICODE_DIGIT | UNICODE_COUNT
};

extern const uint16_t unicode_ascii_classes[128];

uint16_t unicode_class_of(uint32_t point);

struct unicode_char {
	uint32_t point; /* U+FFFD for a byte that is not UTF-8 */
	uint16_t class;
	uint16_t size; /* bytes; 0: the text is at its end */
};

/* The character at text[0..length) when its first byte is not ASCII; `length` is at least 1. */
struct unicode_char unicode_decode(const char *text, size_t length);

/* The character at text[0..length); class and size are 0 when length is 0. */
static inline struct unicode_char unicode_char_at(const char *text, size_t length)
{
	if (length == 0) return (struct unicode_char){ 0, 0, 0 };
	uint8_t first = (uint8_t)text[0];
	if (first < 0x80) return (struct unicode_char){ first, unicode_ascii_classes[first], 1 };
	return unicode_decode(text, length);
}

/* A closed range of code points. Lists of ranges ascend and end with one whose `last` is 0. */
struct unicode_range {
	uint32_t first, last;
};

bool unicode_in_ranges(const struct unicode_range *ranges, uint32_t point);

/* True when the text is surely in NFC already; false may be said of texts that are, too. */
bool unicode_is_nfc(const char *text, size_t length);

/* Appends the text in NFC. Bytes that are not UTF-8 stay as they are. */
bool unicode_append_nfc(struct buffer *out, const char *text, size_t length, struct error *e);

#endif
