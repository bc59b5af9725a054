/* config_experts: how many experts there are, which layers have them, and how a row chooses. */
#include "model/config_internal.h"

#include <stdio.h>

static bool read_gating(const struct config_source *s, struct config_experts *x, const struct family *f)
{
	char what[64];
	x->gating = f->gating ? f->gating : GATING_SOFTMAX;
	x->normalized = !f->experts_raw;
	if (!f->experts_keys && !f->gating_key) return true;
	uint32_t gating = 0;
	if (!config_count(s, "expert_gating_func", 0, UINT32_MAX, &gating)) return false;
	if (gating > GATING_ROOT_SOFTPLUS) {
		snprintf(what, sizeof what, "%u is unknown (1 to 4 are known)", gating);
		return config_fail(s, "expert_gating_func", what);
	}
	if (gating) x->gating = (enum expert_gating)gating;
	return !f->experts_keys || config_bool(s, "expert_weights_norm", &x->normalized);
}

static bool read_groups(const struct config_source *s, struct config_experts *x)
{
	if (!config_count(s, "expert_group_count", 0, CONFIG_MAX_EXPERTS, &x->n_groups)) return false;
	if (x->n_groups < 2) {
		x->n_groups = x->n_groups_used = 1;
		return true;
	}
	if (x->n % x->n_groups != 0) return config_fail(s, "expert_group_count", "does not divide the number of experts");
	if (!config_count(s, "expert_group_used_count", 1, x->n_groups, &x->n_groups_used)) return false;
	if (x->n_groups >= x->n) return config_fail(s, "expert_group_count", "is not below the number of experts");
	if (x->n_used > x->n / x->n_groups * x->n_groups_used)
		return config_fail(s, "expert_group_used_count", "leaves fewer experts than are used");
	return true;
}

static bool read_shared(const struct config_source *s, const struct config *c, struct config_experts *x)
{
	uint32_t shared = 0;
	enum shared_expert kind = c->family->shared;
	if (kind == SHARED_ONE) x->n_ff_shared = x->n_ff;
	if (kind == SHARED_ONE) return true;
	if (kind != SHARED_BY_COUNT && kind != SHARED_OPTIONAL) {
		if (kind == SHARED_ALWAYS) x->n_ff_shared = c->layer[0].n_ff;
		return config_count(s, "expert_shared_feed_forward_length", 0, CONFIG_MAX_FF, &x->n_ff_shared);
	}
	if (!config_count(s, "expert_shared_count", 0, CONFIG_MAX_EXPERTS, &shared)) return false;
	if ((uint64_t)shared * x->n_ff > CONFIG_MAX_FF) return config_fail(s, "expert_shared_count", "is too large");
	x->n_ff_shared = shared * x->n_ff;
	return true;
}

/* Which layers have experts. A layer without a feed-forward block, where others have one, has none either. */
static void mark_layers(const struct config_source *s, struct config *c, uint32_t dense, uint32_t step, uint32_t every)
{
	const struct family *f = c->family;
	char name[64];
	bool wide = false;
	for (uint32_t i = 0; i < c->n_layer; i++) wide |= c->layer[i].n_ff > 0;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		bool experts = i >= dense && (i + 1) % step == 0 && !f->side_experts && (c->layer[i].n_ff > 0 || !wide);
		snprintf(name, sizeof name, "blk.%u.ffn_gate_inp.weight", i);
		if (f->experts_every && (every == 0 || i % every != 1)) experts = false;
		if (f->experts_found && !gguf_tensor(s->file, name)) experts = false;
		c->layer[i].experts = experts;
	}
}

bool config_experts(const struct config_source *s, struct config *c)
{
	const struct family *f = c->family;
	struct config_experts *x = &c->experts;
	x->scale = 1;
	for (uint32_t i = 0; i < c->n_layer && f->gate_limit > 0; i++) c->layer[i].gate_limit = f->gate_limit;
	x->up_plus = f->up_plus;
	if (!config_count(s, "expert_count", f->experts ? 1 : 0, CONFIG_MAX_EXPERTS, &x->n)) return false;
	if (x->n == 0) return true;
	if (!config_count(s, "expert_used_count", 1, CONFIG_MAX_EXPERTS, &x->n_used)) return false;
	if (x->n_used > x->n) return config_fail(s, "expert_used_count", "is larger than the number of experts");
	x->n_ff = f->experts_split ? c->layer[0].n_ff / x->n_used : c->layer[0].n_ff;
	uint32_t dense = 0, step = 1, every = 0;
	if (!config_count(s, "expert_feed_forward_length", 1, CONFIG_MAX_FF, &x->n_ff) ||
	    !config_count(s, "leading_dense_block_count", 0, CONFIG_MAX_LAYERS, &dense))
		return false;
	if (f->experts_step && !config_count(s, "interleave_moe_layer_step", 1, CONFIG_MAX_LAYERS, &step)) return false;
	if (f->experts_every && !config_count(s, "moe_every_n_layers", 0, CONFIG_MAX_LAYERS, &every)) return false;
	mark_layers(s, c, dense, step, every);
	if (!read_gating(s, x, f) || !read_groups(s, x) || !read_shared(s, c, x)) return false;
	if (f->experts_keys && !config_float(s, "expert_weights_scale", 0, 1e6f, &x->scale)) return false;
	if (x->scale == 0) x->scale = 1; /* "none" in some files */
	return true;
}
