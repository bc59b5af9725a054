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

/* Takes one event of a request; false with the reason when it cannot be taken. */
typedef bool (*engine_taker)(void *data, const struct hearth_event *event, struct error *e);

/* Submits a request, hands its events to `take` and returns when it is over. False with the reason when it has failed. */
bool engine_ask(struct hearth *h, const struct hearth_request *r, engine_taker take, void *data, struct error *e);

/* The same for `n` requests of which several run at a time: `make` fills in the i-th, and `take` is given its number. */
struct engine_many {
	void *data;
	bool (*make)(void *data, size_t i, struct hearth_request *r, struct error *e);
	bool (*take)(void *data, size_t i, const struct hearth_event *event, struct error *e);
};
bool engine_ask_all(struct hearth *h, size_t n, const struct engine_many *many, struct error *e);

/* Ends everything that was started. */
void engine_end(void);

#endif
