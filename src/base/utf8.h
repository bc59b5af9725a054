/* utf8: code points to bytes and back (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
#ifndef HEARTH_BASE_UTF8_H
#define HEARTH_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_REPLACEMENT = 0xFFFD };

/* The code point at text[0..length) into *point; returns its length in bytes (1 to 4), 0 when the bytes are not UTF-8 or cut
 * short. `length` must be at least 1. */
size_t utf8_decode(const char *text, size_t length, uint32_t *point);

/* Writes 1 to 4 bytes and returns how many; an invalid code point is written as U+FFFD. */
size_t utf8_encode(uint32_t point, char out[4]);

bool utf8_valid(const char *text, size_t length);

/* How many bytes at the end of the text are the start of a character that is not whole yet (0 to 3). */
size_t utf8_incomplete(const char *text, size_t length);

/* Whether a terminal would obey the code point instead of showing it: C0 and C1 controls, line ends, and the marks that turn
 * the direction of the text around them. */
bool utf8_is_control(uint32_t point);

/* Valid and without control characters: may be shown in a line as it is. */
bool utf8_plain(const char *text, size_t length);

#endif
