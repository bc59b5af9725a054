/*
 * screen: words on a terminal of a certain width.
 *
 * Text goes in piece by piece, as a model writes it, and comes out filtered (visible.h), with lines broken between words and
 * styles as escape sequences, which nothing but this file writes. The word that is not finished yet is held back until the
 * next space; screen_flush lets it out.
 */
#ifndef HEARTH_APP_HEARTH_SCREEN_H
#define HEARTH_APP_HEARTH_SCREEN_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

enum screen_style { SCREEN_PLAIN = 0, SCREEN_BOLD = 1, SCREEN_DIM = 2, SCREEN_ITALIC = 4 };

/* Takes finished bytes for the terminal. */
typedef void (*screen_sink)(void *data, const char *bytes, size_t size);

enum { SCREEN_MAX_INDENT = 64 };

struct screen {
	screen_sink sink;
	void *data;
	unsigned width; /* columns a line may take; 0: lines are never broken */
	bool styled;    /* escape sequences for bold and the like are welcome */
	bool ascii;
	bool verbatim;   /* lines are not broken, as in code */
	unsigned column; /* of what was let out; 0: at a line's start */
	unsigned style;  /* of what comes next */
	unsigned spaces; /* in front of the word that is held */
	unsigned marks;  /* characters without width in a row */
	struct buffer word;
	unsigned word_columns;
	bool after_return;              /* the last character was a CR */
	char indent[SCREEN_MAX_INDENT]; /* what a broken line's rest begins with */
	unsigned indent_columns;
};

struct screen screen_new(screen_sink sink, void *data, unsigned width, bool styled, bool ascii);
void screen_free(struct screen *s);

/* Untrusted text. Line ends in it are kept. */
void screen_text(struct screen *s, const char *text, size_t length);

/* Text of the program's own, through the same filter. */
void screen_say(struct screen *s, const char *text);

void screen_style(struct screen *s, unsigned style); /* for the text that comes next */
void screen_newline(struct screen *s);               /* also forgets the indent */

/* What the further lines of this line begin with when it is broken: visible text, at most SCREEN_MAX_INDENT - 1 bytes. */
void screen_indent(struct screen *s, const char *text);

void screen_flush(struct screen *s); /* lets the held word out */

#endif
