/*
 * serve_engine: the models that are open while hearth serves, each in an engine of its own, opened when one is asked for and put
 * away when nobody has for a while.
 *
 * An engine has two threads: one takes jobs (open, submit, cancel) in order, the other tells what comes. All requests of an engine
 * are rows of its batches; what a request leaves of keys and values is there for every later one that begins alike.
 */
#ifndef HEARTH_APP_HEARTH_SERVE_ENGINE_H
#define HEARTH_APP_HEARTH_SERVE_ENGINE_H

#include "app/hearth/serve.h"

enum { SERVE_MOST_ENGINES = 4 };

struct serve_engines;

struct serve_engines *serve_engines_new(struct serve *s, struct error *e);
void serve_engines_free(struct serve_engines *n); /* ends all; NULL is allowed */

/* A SERVE_SUBMIT frame that came: it runs, or is denied. */
void serve_engines_submit(struct serve_engines *n, const struct frame *frame);
/* What was submitted for this call ends soon; false when it is none of theirs. */
bool serve_engines_cancel(struct serve_engines *n, uint64_t call);

/* Puts away what has not been used for long; to be called now and then. */
void serve_engines_tidy(struct serve_engines *n);

/* Ends all of them and what runs in them, with one line for each request. */
void serve_engines_end(struct serve_engines *n);

/* Ends the one of this file, if it is open. */
void serve_engines_leave(struct serve_engines *n, const char *path);

/* Whether this file is open, and with which context; from any thread. */
bool serve_engines_open(struct serve_engines *n, const char *path, uint32_t *context);

#endif
