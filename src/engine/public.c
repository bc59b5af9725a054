/* public: what the functions of hearth.h share (see engine.h). */
#include "engine/engine.h"

#include "base/sized.h"

enum { MOST_THREADS = 1024 };

_Static_assert(sizeof(struct hearth_error) == sizeof(struct error), "errors are handed on as they are");

struct error *engine_error(struct hearth_error *error)
{
	return sized_error(error ? error->text : NULL);
}

bool engine_check_options(const struct hearth_options *o, struct error *e)
{
	if (!o->model || !*o->model) return error_set(e, "options: no model is named");
	if (o->threads > MOST_THREADS && o->threads != HEARTH_THREADS_LOW)
		return error_set(e, "options: %u threads; at most %d", o->threads, (int)MOST_THREADS);
	if (o->kv > HEARTH_KV_Q4_0) return error_set(e, "options: kv %u is unknown", o->kv);
	return true;
}
