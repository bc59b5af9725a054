/*
 * charsmap: SentencePiece's precompiled map of characters, by which a text is normalized before it is cut (NFKC and more).
 *
 * The map is a double array (Darts): the length of its units in bytes as 32 bits, the units of 32 bits, then the replacements, each
 * ended by a zero. A unit holds a label, an offset and whether a value hangs on it; at each place of the text the longest key
 * is replaced. Files come from strangers: every index is checked.
 */
#ifndef HEARTH_TEXT_CHARSMAP_H
#define HEARTH_TEXT_CHARSMAP_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { CHARSMAP_LONGEST = 64 /* bytes of a replacement */ };

struct charsmap {
	const uint32_t *units;
	size_t n_units;
	const char *replacements; /* ended by a zero */
	size_t size;              /* with it */
};

/* Takes the map at `bytes` (aligned to 4; it stays the caller's); false with what is wrong with it. */
bool charsmap_open(struct charsmap *m, const uint8_t *bytes, size_t size, struct error *e);

/* The longest key that text[0..length) begins with: its replacement and that one's length, and the bytes of the key; 0: none. */
size_t charsmap_find(const struct charsmap *m, const char *text, size_t length, const char **replacement,
                     size_t *replacement_length);

#endif
