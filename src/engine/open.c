/* open: hearth_open, from a path and what the machine says of itself to the parts (see hearth.h and engine.h). */
#include "base/machine.h"
#include "engine/engine.h"

enum { MOST_THREADS = 1024 };

static bool check_options(const struct hearth_options *o, struct error *e)
{
	if (!o->model || !*o->model) return error_set(e, "options: no model is named");
	if (o->threads > MOST_THREADS && o->threads != HEARTH_THREADS_LOW)
		return error_set(e, "options: %u threads; at most %d", o->threads, (int)MOST_THREADS);
	if (o->kv > HEARTH_KV_Q4_0) return error_set(e, "options: kv %u is unknown", o->kv);
	return true;
}

static unsigned choose_threads(uint32_t asked)
{
	if (asked == HEARTH_THREADS_LOW) return threads_low();
	return asked ? asked : threads_available();
}

bool hearth_open(const struct hearth_options *options, struct hearth **out, struct hearth_error *error)
{
	struct error *e = engine_error(error);
	struct hearth_options o = { 0 };
	*out = NULL;
	if (!engine_take_struct(&o, sizeof o, options, offsetof(struct hearth_options, draft), "options", e) ||
	    !check_options(&o, e))
		return false;
	file_guard_maps_by_default();
	const struct engine_place place = { .files = &file_paths,
		                            .free_memory = machine_free_memory(),
		                            .threads = choose_threads(o.threads) };
	return engine_open(&o, &place, out, e);
}

bool hearth_adapter_open(struct hearth *h, const char *path, uint64_t *adapter, struct hearth_error *error)
{
	return engine_adapter_open(h, &file_paths, path, adapter, engine_error(error));
}
