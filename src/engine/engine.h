/* engine: what an open engine (hearth.h) is made of. Everything is built by hearth_open in this order and freed in the reverse one.
 */
#ifndef HEARTH_ENGINE_ENGINE_H
#define HEARTH_ENGINE_ENGINE_H

#include "base/arena.h"
#include "base/threads.h"
#include "engine/adapters.h"
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
	struct model *model;
	struct prompt_source source; /* vocabulary and template */
	struct draft *draft;         /* NULL: none */
	struct adapters *adapters;
	struct scheduler *scheduler;
	struct hearth_info info;
	const char *plan[2];  /* hearth_describe: as text, as JSON; made when first asked for */
	pthread_mutex_t lock; /* of `plan` and `shown` */
	struct event *shown;  /* the event whose pointers the program may use */
};

#endif
