/* engine: what an open engine (hearth.h) is made of. Everything is built by hearth_open in this order and freed in the reverse one.
 */
#ifndef HEARTH_ENGINE_ENGINE_H
#define HEARTH_ENGINE_ENGINE_H

#include "base/arena.h"
#include "base/threads.h"
#include "engine/adapters.h"
#include "engine/importance.h"
#include "engine/prompt.h"
#include "engine/scheduler.h"
#include "format/gguf.h"
#include "hearth.h"
#include "model/model.h"

#include <pthread.h>

struct hearth {
	struct arena *arena; /* texts of info and the plan */
	struct gguf *file;
	struct threads *threads;
	struct model *model;         /* NULL, like what follows from it: only the words were asked for */
	struct prompt_source source; /* vocabulary and template */
	struct draft *draft;         /* NULL: none */
	struct adapters *adapters;
	struct importance *importance; /* NULL: not asked for */
	float *floats;                 /* that hearth_importance has shown */
	struct scheduler *scheduler;
	struct hearth_info info;
	const char *plan[2];  /* hearth_describe: as text, as JSON; made when first asked for */
	pthread_mutex_t lock; /* of `plan` and `shown` */
	struct event *shown;  /* the event whose pointers the program may use */
};

/* What an engine is told of the place where it runs, since it may not be able to look. */
struct engine_place {
	const struct file_source *files; /* where the options' paths are */
	size_t free_memory;              /* 0: cannot be told */
	unsigned threads;                /* never 0 */
};

/* Opens the parts for options that were checked. */
bool engine_open(const struct hearth_options *o, const struct engine_place *place, struct hearth **out, struct error *e);

/* As hearth_adapter_open, from files that are somewhere else. */
bool engine_adapter_open(struct hearth *h, const struct file_source *files, const char *path, uint64_t *adapter, struct error *e);

/* Waits until the last event of some request is there, at most so many milliseconds; costs nothing while tokens come. */
void engine_settle(struct hearth *h, int milliseconds);

/* False with the reason when a model cannot be opened so. */
bool engine_check_options(const struct hearth_options *o, struct error *e);

/* The caller's error as ours; NULL is allowed. */
struct error *engine_error(struct hearth_error *error);

#endif
