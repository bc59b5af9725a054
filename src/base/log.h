/*
 * log: lines for whoever looks after the program (never for what a user said or a model answered).
 *
 * The sink is the program's choice and nothing is written without one. Lines carry no content of conversations or documents.
 */
#ifndef HEARTH_BASE_LOG_H
#define HEARTH_BASE_LOG_H

#include "base/error.h"

/* Takes one finished line without line end. Called from any thread, one call at a time. */
typedef void (*log_sink)(void *data, const char *line);

void log_to(log_sink sink, void *data); /* NULL: silence */
void log_line(const char *format, ...) ERROR_FORMAT(1, 2);

#endif
