/* config_internal: reading single keys with their limits, shared by the files that read parts of the metadata. */
#ifndef HEARTH_MODEL_CONFIG_INTERNAL_H
#define HEARTH_MODEL_CONFIG_INTERNAL_H

#include "model/config.h"

/* The largest values that any plausible model has, with room; they keep later sums far from overflow. */
enum {
	CONFIG_MAX_EMBD = 1 << 17,
	CONFIG_MAX_FF = 1 << 20,
	CONFIG_MAX_HEADS = 1 << 12,
	CONFIG_MAX_HEAD = 1024,
	CONFIG_MAX_VOCAB = 1 << 22,
	CONFIG_MAX_CONTEXT = 1 << 28,
	CONFIG_MAX_EXPERTS = 1 << 12,
	CONFIG_MAX_CONV = 64,
	CONFIG_MAX_STATE = 256,
	CONFIG_MAX_KEY = 128
};

/* The file being read and the prefix of its keys. */
struct config_source {
	const struct gguf *file;
	const char *architecture;
	struct error *e;
};

/* Writes "ARCHITECTURE.KEY" and returns it. */
const char *config_key(const struct config_source *s, const char *key, char out[CONFIG_MAX_KEY]);

/* One line that says what is wrong with the key; false. */
bool config_fail(const struct config_source *s, const char *key, const char *what);

/* An integer in [least, most]; `value` is the default, and a default of 0 below `least` means that the key must be there. */
bool config_count(const struct config_source *s, const char *key, uint32_t least, uint32_t most, uint32_t *value);

/* A float in [least, most]; `value` is the default. */
bool config_float(const struct config_source *s, const char *key, float least, float most, float *value);

/* `value` is the default. */
bool config_bool(const struct config_source *s, const char *key, bool *value);
bool config_text(const struct config_source *s, const char *key, struct gguf_text *value);

/* Whether the key is there. */
bool config_stated(const struct config_source *s, const char *key);

/* The array of that name with one item for each layer of the file; NULL when the key is absent or no array. */
bool config_layer_array(const struct config_source *s, const struct config *c, const char *key, enum gguf_type item,
                        const struct gguf_value **v);

/* The same of truth values, which some files write as integers. */
bool config_layer_flags(const struct config_source *s, const struct config *c, const char *key, const struct gguf_value **v);

/* A count for each layer: one integer for all, or an array with one each, all in [least, most]; `none` when the key is absent.
 * `offset` is that of a u32 in struct config_layer. */
bool config_layers(const struct config_source *s, struct config *c, const char *key, uint32_t least, uint32_t most, uint32_t none,
                   size_t offset);

/* Which layers have a recurrent block, and its sizes; the layers' heads and widths are read already (model/config_recurrent.c). */
bool config_recurrent(const struct config_source *s, struct config *c);

/* Latent attention: after the heads were read; and the scale of its scores, after rope (config_latent.c). */
bool config_latent(const struct config_source *s, struct config *c);
void config_latent_scale(struct config *c);

/* Attention over blocks and the stream around it: after the windows were read; and its rope (config_blocks.c). */
bool config_blocks(const struct config_source *s, struct config *c);
bool config_blocks_rope(const struct config_source *s, struct config *c);

/* Rope and its scaling (config_rope.c), experts (config_experts.c). */
bool config_rope(const struct config_source *s, struct config *c);
bool config_experts(const struct config_source *s, struct config *c);

/* The numbers of xIELU, by layer (xielu.c). */
bool config_xielu(const struct config_source *s, struct config *c);

#endif
