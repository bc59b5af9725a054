/* public: what the functions of hearth.h share: errors and structs that cross it (see engine.h). */
#include "engine/engine.h"

#include <string.h>

enum { MOST_THREADS = 1024 };

_Static_assert(sizeof(struct hearth_error) == sizeof(struct error), "errors are handed on as they are");

struct error *engine_error(struct hearth_error *error)
{
	if (error) error->text[0] = 0;
	return (struct error *)(void *)error;
}

bool engine_take_struct(void *to, size_t size, const void *from, size_t least, const char *name, struct error *e)
{
	size_t given;
	if (!from) return error_set(e, "%s: missing", name);
	memcpy(&given, from, sizeof given);
	if (given < least || given > size)
		return error_set(e, "%s: its size member is %zu; this version of hearth takes %zu to %zu", name, given, least,
		                 size);
	memcpy(to, from, given);
	memcpy(to, &size, sizeof size);
	return true;
}

bool engine_check_options(const struct hearth_options *o, struct error *e)
{
	if (!o->model || !*o->model) return error_set(e, "options: no model is named");
	if (o->threads > MOST_THREADS && o->threads != HEARTH_THREADS_LOW)
		return error_set(e, "options: %u threads; at most %d", o->threads, (int)MOST_THREADS);
	if (o->kv > HEARTH_KV_Q4_0) return error_set(e, "options: kv %u is unknown", o->kv);
	return true;
}
