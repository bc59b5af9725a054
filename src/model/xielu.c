/*
 * xielu: the activation of Apertus (Huang and Schlag 2024, "Deriving Activation Functions Using Integration"):
 *     x > 0:  p x^2 + b x
 *     else:   n (exp(min(x, eps)) - 1 - x) + b x
 * with b = beta, p = softplus(alpha_p), n = beta + softplus(alpha_n), which each layer has of its own. The keys stand in the file
 * without the architecture's name.
 */
#include "model/config_internal.h"
#include "model/steps.h"

#include <math.h>

static float softplus(double x)
{
	return (float)(x > 20 ? x : log1p(exp(x)));
}

/* A float for each layer: an array with one each, or one for all. */
static bool read_each(const struct config_source *s, const struct config *c, const char *key, double out[CONFIG_MAX_LAYERS])
{
	const struct gguf_value *v = gguf_find(s->file, key);
	if (!v) return error_set(s->e, "%s: '%s' is missing", gguf_name(s->file), key);
	bool array = v->type == GGUF_ARRAY;
	float all = 0;
	if (array ? !gguf_get_array(s->file, key, GGUF_F64, &v, s->e) : !gguf_get_f32(s->file, key, &all, s->e)) return false;
	if (array && v->count != c->n_blocks)
		return error_set(s->e, "%s: '%s' has %llu values for %u layers", gguf_name(s->file), key,
		                 (unsigned long long)v->count, c->n_blocks);
	for (uint32_t i = 0; i < c->n_layer; i++) {
		out[i] = array ? gguf_item_float(v, i) : (double)all;
		if (!(fabs(out[i]) <= 1e6))
			return error_set(s->e, "%s: '%s': %g (layer %u) is not from -1e6 to 1e6", gguf_name(s->file), key, out[i],
			                 i);
	}
	return true;
}

bool config_xielu(const struct config_source *s, struct config *c)
{
	double alpha_n[CONFIG_MAX_LAYERS], alpha_p[CONFIG_MAX_LAYERS], beta[CONFIG_MAX_LAYERS], eps[CONFIG_MAX_LAYERS];
	if (!c->family->xielu) return true;
	if (!read_each(s, c, "xielu.alpha_n", alpha_n) || !read_each(s, c, "xielu.alpha_p", alpha_p) ||
	    !read_each(s, c, "xielu.beta", beta) || !read_each(s, c, "xielu.eps", eps))
		return false;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		c->layer[i].xielu = (struct xielu){ .n = (float)beta[i] + softplus(alpha_n[i]),
			                            .p = softplus(alpha_p[i]),
			                            .beta = (float)beta[i],
			                            .eps = (float)eps[i] };
	}
	return true;
}

void step_xielu(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, width = model_width(m, s->out);
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++)
		ops_xielu(model_buffer(m, s->out) + r * width, &m->config.layer[s->layer].xielu, width);
}
