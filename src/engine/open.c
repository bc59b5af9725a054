/* open: hearth_open, from a path and what the machine says of itself to the parts (see hearth.h and engine.h). */
#include "base/machine.h"
#include "base/sized.h"
#include "engine/engine.h"

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
	if (!sized_take(&o, sizeof o, options, offsetof(struct hearth_options, draft), "options", e) ||
	    !engine_check_options(&o, e))
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
