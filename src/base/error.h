/*
 * error: how a function below the programs says what went wrong.
 *
 * A function that can fail returns false (or NULL, or a negative count where its comment says so) and writes one line,
 * ready to be shown to a person, into the `struct error` that it takes as its last argument:
 *     PLACE: what happened; what to do
 * Nothing below src/app prints, exits or aborts.
 */
#ifndef HEARTH_BASE_ERROR_H
#define HEARTH_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

struct error {
	char text[512]; /* UTF-8, no line end, no control characters; empty while nothing has failed */
};

#if defined(__GNUC__)
#define ERROR_FORMAT(f, a) __attribute__((format(printf, f, a)))
#else
#define ERROR_FORMAT(f, a)
#endif

/* Writes the formatted line; bytes that a terminal would obey are shown as \xNN. Always returns false; `e` may be NULL. */
bool error_set(struct error *e, const char *format, ...) ERROR_FORMAT(2, 3);

/* Puts "PLACE: " in front of a text that stands already. Always returns false; `e` may be NULL. */
bool error_at(struct error *e, const char *format, ...) ERROR_FORMAT(2, 3);

/* The line for an allocation that failed. Always returns false. */
bool error_memory(struct error *e);

#endif
