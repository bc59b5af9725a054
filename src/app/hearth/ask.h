/*
 * ask: short questions on the terminal, before or between what the line editor reads.
 *
 * A secret is typed without echo and lies in locked memory from the first byte on. All of this needs a terminal on standard input
 * and output (terminal_look) and terminal_watch_signals.
 */
#ifndef HEARTH_APP_HEARTH_ASK_H
#define HEARTH_APP_HEARTH_ASK_H

#include <stdbool.h>
#include <stddef.h>

enum { ASK_SECRET = 1024 }; /* room for a secret, with a zero byte behind */

enum ask_result {
	ASK_TAKEN, /* something was typed, or nothing but Enter */
	ASK_END,   /* Ctrl-D, or the input is over */
	ASK_BREAK, /* Ctrl-C */
	ASK_LONG   /* more than there is room for */
};

/* A line with echo, without its end. */
enum ask_result ask_line(const char *prompt, char *out, size_t room);

/* ASK_SECRET bytes of secret memory for ask_secret, to be freed with secret_free; NULL when memory is out. */
char *ask_secret_room(void);

/* A line without echo; *size is its length. */
enum ask_result ask_secret(const char *prompt, char *secret, size_t *size);

/* A question that only "y" or "yes" agrees to. */
bool ask_yes(const char *question);

#endif
