/* config_keys: one key with its range (see config_internal.h). Key names are ggml's (docs/gguf.md). */
#include "model/config_internal.h"

#include <stdio.h>
#include <string.h>

const char *config_key(const struct config_source *s, const char *key, char out[CONFIG_MAX_KEY])
{
	snprintf(out, CONFIG_MAX_KEY, "%s.%s", s->architecture, key);
	return out;
}

bool config_fail(const struct config_source *s, const char *key, const char *what)
{
	return error_set(s->e, "%s: '%s.%s': %s; the file is damaged or its model unusual", gguf_name(s->file), s->architecture,
	                 key, what);
}

bool config_stated(const struct config_source *s, const char *key)
{
	char name[CONFIG_MAX_KEY];
	return gguf_find(s->file, config_key(s, key, name)) != NULL;
}

bool config_count(const struct config_source *s, const char *key, uint32_t least, uint32_t most, uint32_t *value)
{
	char name[CONFIG_MAX_KEY], what[96];
	if (!gguf_get_u32(s->file, config_key(s, key, name), value, s->e)) return false;
	if (*value == 0 && least > 0 && !gguf_find(s->file, name)) return config_fail(s, key, "is missing");
	if (*value >= least && *value <= most) return true;
	snprintf(what, sizeof what, "%u is not from %u to %u", *value, least, most);
	return config_fail(s, key, what);
}

bool config_float(const struct config_source *s, const char *key, float least, float most, float *value)
{
	char name[CONFIG_MAX_KEY], what[96];
	if (!gguf_get_f32(s->file, config_key(s, key, name), value, s->e)) return false;
	if (*value >= least && *value <= most) return true; /* false for what is not a number */
	snprintf(what, sizeof what, "%g is not from %g to %g", (double)*value, (double)least, (double)most);
	return config_fail(s, key, what);
}

bool config_bool(const struct config_source *s, const char *key, bool *value)
{
	char name[CONFIG_MAX_KEY];
	return gguf_get_bool(s->file, config_key(s, key, name), value, s->e);
}

bool config_text(const struct config_source *s, const char *key, struct gguf_text *value)
{
	char name[CONFIG_MAX_KEY];
	return gguf_get_text(s->file, config_key(s, key, name), value, s->e);
}

bool config_layer_array(const struct config_source *s, const struct config *c, const char *key, enum gguf_type item,
                        const struct gguf_value **v)
{
	char name[CONFIG_MAX_KEY], what[96];
	*v = gguf_find(s->file, config_key(s, key, name));
	if (!*v || (*v)->type != GGUF_ARRAY) {
		*v = NULL;
		return true;
	}
	if (!gguf_get_array(s->file, name, item, v, s->e)) return false;
	if ((*v)->count == c->n_blocks) return true;
	snprintf(what, sizeof what, "has %llu values for %u layers", (unsigned long long)(*v)->count, c->n_blocks);
	return config_fail(s, key, what);
}

bool config_layer_flags(const struct config_source *s, const struct config *c, const char *key, const struct gguf_value **v)
{
	char name[CONFIG_MAX_KEY];
	const struct gguf_value *any = gguf_find(s->file, config_key(s, key, name));
	bool integers = any && any->type == GGUF_ARRAY && any->item != GGUF_BOOL;
	return config_layer_array(s, c, key, integers ? GGUF_I64 : GGUF_BOOL, v);
}

bool config_layers(const struct config_source *s, struct config *c, const char *key, uint32_t least, uint32_t most, uint32_t none,
                   size_t offset)
{
	char what[96];
	const struct gguf_value *v;
	uint32_t all = none;
	if (!config_layer_array(s, c, key, GGUF_I64, &v)) return false;
	if (!v && !config_count(s, key, least, most, &all)) return false;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		int64_t value = v ? gguf_item_int(v, i) : all;
		if (value < least || value > most) {
			snprintf(what, sizeof what, "%lld (layer %u) is not from %u to %u", (long long)value, i, least, most);
			return config_fail(s, key, what);
		}
		uint32_t small = (uint32_t)value;
		memcpy((char *)&c->layer[i] + offset, &small, sizeof small);
	}
	return true;
}
