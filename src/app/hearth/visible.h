/*
 * visible: what of a text may reach a terminal.
 *
 * Text from a model, a document or a file name is data: nothing in it may move the cursor, change a title, hide words or turn
 * their order round. Control characters (C0, C1) are shown in writing, characters that reorder text are shown by their number,
 * those that only hide are dropped. Where the terminal does not speak UTF-8, everything becomes ASCII, as close as it gets:
 * there the bytes of an ordinary letter can be control characters.
 */
#ifndef HEARTH_APP_HEARTH_VISIBLE_H
#define HEARTH_APP_HEARTH_VISIBLE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VISIBLE_ROOM = 32 };

/* Writes what stands for the code point and its width in columns; returns its length in bytes, 0 when it is dropped. Line ends
 * and tabs are the caller's: here they are control characters like others. */
size_t visible_point(uint32_t point, bool ascii, char out[VISIBLE_ROOM], unsigned *columns);

/* Appends the whole text: line ends stay (CR LF and U+2028 become one), a tab becomes four spaces. */
bool visible_append(struct buffer *out, const char *text, size_t length, bool ascii);

/* The same for one line: line ends are shown as \n. `out` is always terminated; what does not fit is cut with "...". */
void visible_line(char *out, size_t room, const char *text, size_t length, bool ascii);

/* The columns that a text of visible characters takes. */
unsigned visible_columns(const char *text, size_t length);

#endif
