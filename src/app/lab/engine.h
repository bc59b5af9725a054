/* engine: the jailed process as hearth-lab uses it (--engine). */
#ifndef HEARTH_APP_LAB_ENGINE_H
#define HEARTH_APP_LAB_ENGINE_H

#include "app/lab/model_options.h"
#include "base/error.h"
#include "hearth.h"

#include <stdbool.h>

/* Forks the spawner and says that client_open starts hearth-engine; before threads are started. */
bool engine_begin(struct error *e);

/* Opens the model in hearth-engine, with a session that has the adapters. NULL with the reason; engine_end in both cases. */
struct hearth *engine_open_model(const struct model_arguments *a, const struct hearth_options *o, uint64_t *session,
                                 struct error *e);

/* Ends everything that was started. */
void engine_end(void);

#endif
