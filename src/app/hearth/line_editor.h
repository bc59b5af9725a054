/*
 * line_editor: lines that a person types, with editing and a history that lives in memory alone.
 *
 * Built on libedit. Pasted text with several lines arrives as one message where the terminal marks pastes.
 */
#ifndef HEARTH_APP_HEARTH_LINE_EDITOR_H
#define HEARTH_APP_HEARTH_LINE_EDITOR_H

#include "app/hearth/terminal.h"
#include "base/buffer.h"

struct line_editor;

enum line_result {
	LINE_TAKEN,       /* a line, without its end */
	LINE_INTERRUPTED, /* Ctrl-C with something typed: it is gone */
	LINE_BREAK,       /* Ctrl-C on an empty line */
	LINE_END,         /* Ctrl-D on an empty line, or the input is over */
	LINE_AWAY         /* the watch ended it */
};

/* What happens while a line is typed: `pause` every two seconds in which no key comes, and when the descriptor *wake (-1: none) can
 * be read, which may end the line; and `key` at every key. */
enum line_pause { LINE_STAY, LINE_LEAVE };
struct line_watch {
	enum line_pause (*pause)(void *data);
	void (*key)(void *data);
	void *data;
	const int *wake; /* may be NULL */
};

/* `complete` gives the n-th command that begins with `start` (NULL: no more); `watch` may be NULL. NULL when the editor cannot
 * start. */
struct line_editor *line_editor_open(const struct terminal *t, const char *(*complete)(const char *start, size_t n),
                                     const struct line_watch *watch);
void line_editor_close(struct line_editor *l); /* NULL is allowed; wipes the history */

/* Reads a line into `out` (cleared first). */
enum line_result line_editor_read(struct line_editor *l, const char *prompt, struct buffer *out);

/* Reads a whole message: a line; further ones behind a backslash at its end; or all between lines of """. */
enum line_result line_editor_message(struct line_editor *l, const char *prompt, struct buffer *out);

#endif
