/*
 * markdown: the light Markdown that models write, onto a screen as it comes.
 *
 * Headings and **strong** words become bold, *stressed* ones italic, lists get bullets and hanging indents, code blocks stay
 * letter for letter, rules and quotes get a line. Everything else stays as it was written: no character of a text is lost but
 * the marks that are shown in another way. Text is held back only from a mark to its counterpart in the same line.
 */
#ifndef HEARTH_APP_HEARTH_MARKDOWN_H
#define HEARTH_APP_HEARTH_MARKDOWN_H

#include "app/hearth/screen.h"

enum { MARKDOWN_HEAD = 96, MARKDOWN_SPAN = 480 };

struct markdown {
	struct screen *screen;
	bool active;              /* false: text goes to the screen as it is */
	bool in_line;             /* the kind of this line is known */
	char head[MARKDOWN_HEAD]; /* the line's beginning until then */
	size_t head_size;
	unsigned fence; /* length of the open code fence; 0: outside of code */
	char fence_mark;
	bool in_code;             /* between backticks in a line */
	bool whole_line;          /* a line without marks, such as one of a table */
	char before;              /* the byte before the next one */
	char span[MARKDOWN_SPAN]; /* from an opening mark on */
	size_t span_size;
};

struct markdown markdown_new(struct screen *screen, bool active);

/* Whole characters of untrusted text. */
void markdown_text(struct markdown *m, const char *text, size_t length);

/* The text ends here: what was held back is shown. The line is not ended. */
void markdown_end(struct markdown *m);

#endif
