/*
 * terminal: what the program is connected to, and the signals that come from it.
 *
 * Interrupts (Ctrl-C), changes of the window's size and the return from Ctrl-Z become marks that the program looks at between
 * events; nothing else happens in a signal handler.
 */
#ifndef HEARTH_APP_HEARTH_TERMINAL_H
#define HEARTH_APP_HEARTH_TERMINAL_H

#include <stdbool.h>

struct terminal {
	bool input, output; /* a person is there */
	bool ascii;         /* the locale does not speak UTF-8 */
	bool movable;       /* a line can be written again: a terminal that is not dumb */
	bool styled;        /* bold and dim text are welcome: movable, and NO_COLOR unset */
};

/* Looks at standard input and output, at the locale, TERM and NO_COLOR. `colour` false: no styles. */
struct terminal terminal_look(bool colour);

/* Columns of the terminal behind standard output now; COLUMNS or 80 when it does not say. At least 20. */
unsigned terminal_width(void);

/* From here on Ctrl-C and changes of size are marks. When Ctrl-C comes `patience` times before the program takes it, the program
 * ends with status 130. */
void terminal_watch_signals(int patience);
/* An eventfd that Ctrl-C writes to as well, for a wait that would not see the mark in time; -1: none. */
void terminal_wake_by(int descriptor);

bool terminal_interrupted(void);      /* Ctrl-C came and was not taken */
bool terminal_take_interrupt(void);   /* the same, and takes it */
bool terminal_take_size_change(void); /* the size changed since the last call */
bool terminal_take_return(void);      /* the program was stopped (Ctrl-Z) and goes on since the last call */

/* While an answer comes, nothing that is typed is written into it; the next line that is edited begins with it. */
void terminal_hide_typing(bool hide);

/* Writes all bytes to standard output at once. False when that fails. */
bool terminal_write(const char *bytes, unsigned long size);

#endif
