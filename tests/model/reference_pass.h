/*
 * reference_pass: what a made model (made_kind.h) computes, in double precision, straight from the formulas of the families'
 * papers and published code. It shares nothing with src/model. Rows are computed layer by layer, scores against all positions at
 * once; nothing is fast here.
 */
#ifndef HEARTH_TESTS_MODEL_REFERENCE_PASS_H
#define HEARTH_TESTS_MODEL_REFERENCE_PASS_H

#include "made_kind.h"

#include <math.h>

enum { PASS_MOST = 160 }; /* values of a row of anything */

struct pass {
	const struct made *m;
	const struct kind *k;
	size_t n;                      /* rows */
	uint32_t i;                    /* the layer */
	double *x;                     /* [row][MADE_EMBD] */
	double *q, *keys, *values, *a; /* [row][PASS_MOST] */
};

static inline const struct made_tensor *pass_search(const struct pass *p, const char *name, size_t first, size_t end)
{
	for (size_t t = first; t < end; t++) {
		if (strcmp(p->m->tensor[t].name, name) == 0) return &p->m->tensor[t];
	}
	return NULL;
}

static inline const struct made_tensor *pass_find(const struct pass *p, const char *name)
{
	return pass_search(p, name, 0, p->m->n_tensors);
}

/* The layer's tensor of that role; NULL where there is none. */
static inline const struct made_tensor *pass_tensor(const struct pass *p, const char *role, const char *end)
{
	char name[96];
	snprintf(name, sizeof name, "blk.%u.%s%s", p->i, role, end);
	return pass_search(p, name, p->m->first[p->i], p->m->first[p->i + 1]);
}

/* Rows [first, first + rows) of W x + b. */
static inline void pass_rows(const struct pass *p, const char *role, size_t first, size_t rows, const double *in, double *out)
{
	const struct made_tensor *w = pass_tensor(p, role, ".weight"), *bias = pass_tensor(p, role, ".bias");
	assert_non_null(w);
	for (size_t r = 0; r < rows; r++) {
		const float *row = w->data + (first + r) * w->cols;
		out[r] = bias ? (double)bias->data[first + r] : 0;
		for (size_t c = 0; c < w->cols; c++) out[r] += (double)row[c] * in[c];
	}
}

static inline void pass_all(const struct pass *p, const char *role, const double *in, double *out)
{
	pass_rows(p, role, 0, pass_tensor(p, role, ".weight")->rows, in, out);
}

/* RMS or layer norm of n values; weight and bias may be NULL. */
static inline void pass_normed(bool layer, const float *weight, const float *bias, const double *in, double *out, size_t n)
{
	double mean = 0, square = 0;
	for (size_t i = 0; layer && i < n; i++) mean += in[i] / (double)n;
	for (size_t i = 0; i < n; i++) square += (in[i] - mean) * (in[i] - mean) / (double)n;
	for (size_t i = 0; i < n; i++) {
		out[i] = (in[i] - mean) / sqrt(square + (double)1e-5f) * (weight ? (double)weight[i] : 1);
		if (bias) out[i] += (double)bias[i];
	}
}

static inline void pass_named_norm(const struct pass *p, const char *name, const double *in, double *out)
{
	char full[128];
	snprintf(full, sizeof full, "%s.weight", name);
	const struct made_tensor *w = pass_find(p, full);
	snprintf(full, sizeof full, "%s.bias", name);
	const struct made_tensor *b = pass_find(p, full);
	pass_normed(p->k->layer_norm, w ? w->data : NULL, b ? b->data : NULL, in, out, MADE_EMBD);
}

static inline void pass_norm(const struct pass *p, const char *role, const double *in, double *out)
{
	char name[96];
	snprintf(name, sizeof name, "blk.%u.%s", p->i, role);
	pass_named_norm(p, name, in, out);
}

static inline double pass_act(enum act act, double x)
{
	switch (act) {
	case ACT_GELU: return x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x))) / 2;
	case ACT_RELU_SQUARED: return x > 0 ? x * x : 0;
	case ACT_SILU: break;
	}
	return x / (1 + exp(-x));
}

/* ---- attention ---- */

static inline bool pass_turns(const struct pass *p)
{
	const struct kind *k = p->k;
	if (k->turning == TURNS_NOT) return false;
	if (k->turn_windowed_only && !made_windowed(p->m, p->i)) return false;
	return !k->unturned || p->i % k->unturned != k->unturned - 1;
}

/* Turns the n values of a head, of which there are `size` with those that do not turn. */
static inline void pass_turn(const struct pass *p, double *head, size_t n, size_t position)
{
	double base = 10000;
	if (p->k->alpha > 0) base *= pow((double)p->k->alpha, (double)n / ((double)n - 2));
	for (size_t i = 0; i < n / 2; i++) {
		size_t one = p->k->turning == TURNS_PAIRS ? 2 * i : i, two = p->k->turning == TURNS_PAIRS ? one + 1 : i + n / 2;
		double angle = (double)position * pow(base, -2.0 * (double)i / (double)n), a = head[one], b = head[two];
		head[one] = a * cos(angle) - b * sin(angle);
		head[two] = a * sin(angle) + b * cos(angle);
	}
}

/* A row's heads of queries or keys: their norm and their turn. */
static inline void pass_place(const struct pass *p, const char *norm, double *heads, size_t n_heads, size_t position)
{
	size_t size = made_head(p->m, p->i);
	for (size_t h = 0; h < n_heads; h++) {
		double *head = heads + h * size;
		const struct made_tensor *w = pass_tensor(p, norm, ".weight");
		if (p->k->head_norm == HEADS_NORMED_FIRST) pass_normed(false, w->data, NULL, head, head, size);
		if (pass_turns(p)) pass_turn(p, head, size, position);
		if (p->k->head_norm == HEADS_NORMED_LAST) pass_normed(false, w->data, NULL, head, head, size);
		if (p->k->head_norm == HEADS_NORMED_BARE && pass_turns(p)) pass_normed(false, NULL, NULL, head, head, size);
	}
}

static inline void pass_clamp(const struct pass *p, double *x, size_t n)
{
	double most = (double)p->k->clamp;
	for (size_t i = 0; most > 0 && i < n; i++) x[i] = fmax(-most, fmin(most, x[i]));
}

/* One row's queries, keys and values out of what attention reads. */
static inline void pass_plain_row(const struct pass *p, size_t r, const double *h)
{
	const struct kind *k = p->k;
	size_t head = made_head(p->m, p->i), nq = made_heads(p->m, p->i), nk = made_kv(p->m, p->i);
	double *q = p->q + r * PASS_MOST, *key = p->keys + r * PASS_MOST, *value = p->values + r * PASS_MOST;
	bool fused = k->fused_qkv;
	pass_rows(p, fused ? "attn_qkv" : "attn_q", 0, nq * head, h, q);
	pass_rows(p, fused ? "attn_qkv" : "attn_k", fused ? nq * head : 0, nk * head, h, key);
	const char *from = fused ? "attn_qkv" : pass_tensor(p, "attn_v", ".weight") ? "attn_v" : "attn_k";
	pass_rows(p, from, fused ? (nq + nk) * head : 0, nk * head, h, value);
	pass_clamp(p, q, nq * head);
	pass_clamp(p, key, nk * head);
	pass_clamp(p, value, nk * head);
	pass_place(p, "attn_q_norm", q, nq, r);
	pass_place(p, "attn_k_norm", key, nk, r);
	for (size_t i = 0; k->wide && i < nk; i++) pass_normed(false, NULL, NULL, value + i * head, value + i * head, head);
	double factor = k->tempered && !pass_turns(p) ? 1 + 0.1 * log(1 + floor(((double)r + 1) / k->window)) : 1;
	for (size_t i = 0; i < nq * head; i++) q[i] *= factor;
}

/* The same where keys and values are unpacked from a short vector, and a part of the keys is the same in all heads. */
static inline void pass_latent_row(const struct pass *p, size_t r, const double *h)
{
	enum { OWN = MADE_LATENT_K - MADE_LATENT_ROT, BOTH = OWN + MADE_HEAD };
	double *q = p->q + r * PASS_MOST, *key = p->keys + r * PASS_MOST, *value = p->values + r * PASS_MOST;
	double packed[PASS_MOST], open[PASS_MOST];
	pass_all(p, "attn_q", h, q);
	pass_all(p, "attn_kv_a_mqa", h, packed);
	pass_turn(p, packed + MADE_LATENT, MADE_LATENT_ROT, r);
	pass_normed(false, pass_tensor(p, "attn_kv_a_norm", ".weight")->data, NULL, packed, packed, MADE_LATENT);
	pass_all(p, "attn_kv_b", packed, open);
	for (size_t i = 0; i < MADE_HEADS; i++) {
		pass_turn(p, q + i * MADE_LATENT_K + OWN, MADE_LATENT_ROT, r);
		memcpy(key + i * MADE_LATENT_K, open + i * BOTH, OWN * sizeof *key);
		memcpy(key + i * MADE_LATENT_K + OWN, packed + MADE_LATENT, MADE_LATENT_ROT * sizeof *key);
		memcpy(value + i * MADE_HEAD, open + i * BOTH + OWN, MADE_HEAD * sizeof *value);
	}
}

static inline bool pass_sees(const struct pass *p, size_t row, size_t other)
{
	size_t w = p->k->window;
	if (p->k->encoder) return true;
	if (other > row) return false;
	if (!made_windowed(p->m, p->i)) return true;
	return p->k->chunks ? row / w == other / w : row - other < w;
}

/* The bias of a score by distance, times the distance (the published rule for numbers of heads that are no power of 2 too). */
static inline double pass_bias(const struct pass *p, size_t h, size_t n_heads, double distance)
{
	double greatest = (double)p->k->alibi, power = exp2(floor(log2((double)n_heads))), at = (double)h;
	if (greatest == 0) return 0;
	double slope = at < power ? pow(exp2(-greatest / power), at + 1) : pow(exp2(-greatest / 2 / power), 2 * (at - power) + 1);
	return -slope * fabs(distance);
}

/* Head h of row r. */
static inline void pass_head(const struct pass *p, size_t r, size_t h, double *weights, double *out)
{
	const struct kind *k = p->k;
	size_t nq = made_heads(p->m, p->i), nk = k->latent ? nq : made_kv(p->m, p->i), kv = h / (nq / nk);
	size_t v_size = made_head(p->m, p->i), k_size = k->latent ? MADE_LATENT_K : v_size, end = k->encoder ? p->n : r + 1;
	double scale = k->unscored ? 1 : k->by_size ? 1 / (double)k_size : 1 / sqrt((double)k_size), most = -INFINITY, sum = 0;
	const double *q = p->q + r * PASS_MOST + h * k_size;
	for (size_t o = 0; o < end; o++) {
		weights[o] = -INFINITY;
		if (!pass_sees(p, r, o)) continue;
		double score = 0;
		for (size_t i = 0; i < k_size; i++) score += q[i] * p->keys[o * PASS_MOST + kv * k_size + i];
		weights[o] = score * scale + pass_bias(p, h, nq, (double)r - (double)o);
		most = fmax(most, weights[o]);
	}
	memset(out, 0, v_size * sizeof *out);
	for (size_t o = 0; o < end; o++) sum += weights[o] = isinf(weights[o]) ? 0 : exp(weights[o] - most);
	for (size_t o = 0; o < end; o++) {
		const double *value = p->values + o * PASS_MOST + kv * v_size;
		for (size_t i = 0; weights[o] > 0 && i < v_size; i++) out[i] += weights[o] / sum * value[i];
	}
}

/* a = what attention gives to each row from `first` on, h = what it reads. */
static inline void pass_attention(struct pass *p, const double *h, size_t first, double *weights)
{
	size_t nq = made_heads(p->m, p->i), size = made_head(p->m, p->i);
	for (size_t r = 0; r < p->n; r++) {
		if (p->k->latent)
			pass_latent_row(p, r, h + r * MADE_EMBD);
		else
			pass_plain_row(p, r, h + r * MADE_EMBD);
	}
	for (size_t r = first; r < p->n; r++) {
		double heads[PASS_MOST], gate[PASS_MOST];
		for (size_t i = 0; i < nq; i++) pass_head(p, r, i, weights, heads + i * size);
		if (p->k->gates) pass_all(p, "attn_gate", h + r * MADE_EMBD, gate);
		for (size_t i = 0; p->k->gates && i < nq * size; i++) heads[i] /= 1 + exp(-gate[i]);
		pass_all(p, "attn_output", heads, p->a + r * PASS_MOST);
	}
}

/* ---- feed-forward ---- */

/* down(act(gate) * up), or down(act(up)), of the tensors with that ending. */
static inline void pass_block(const struct pass *p, const char *ending, const double *in, double *out)
{
	char gate_role[24], up_role[24], down_role[24];
	double gate[PASS_MOST], up[PASS_MOST];
	snprintf(gate_role, sizeof gate_role, "ffn_gate%s", ending);
	snprintf(up_role, sizeof up_role, "ffn_up%s", ending);
	snprintf(down_role, sizeof down_role, "ffn_down%s", ending);
	size_t width = pass_tensor(p, down_role, ".weight")->cols;
	bool fused = p->k->fused_ffn && !*ending, gated = fused || pass_tensor(p, gate_role, ".weight");
	pass_rows(p, up_role, fused ? width : 0, width, in, up);
	if (gated) pass_rows(p, fused ? up_role : gate_role, 0, width, in, gate);
	for (size_t i = 0; i < width; i++) up[i] = gated ? pass_act(p->k->act, gate[i]) * up[i] : pass_act(p->k->act, up[i]);
	pass_all(p, down_role, up, out);
}

/* Row after row of experts: what those that the router chose make of `in`, and the shared one. */
static inline void pass_mixture(const struct pass *p, const double *router_in, const double *in, double *out)
{
	const struct kind *k = p->k;
	double score[PASS_MOST], choice[PASS_MOST], worth[MADE_USED], sum = 0;
	size_t chosen[MADE_USED], ff = MADE_EXPERT_FF, n = MADE_EMBD;
	const struct made_tensor *bias = pass_tensor(p, "exp_probs_b", ".bias"), *scale = pass_tensor(p, "ffn_down_exps", ".scale");
	pass_all(p, "ffn_gate_inp", router_in, score);
	for (size_t x = 0; x < k->n_experts; x++) score[x] = k->sigmoid ? 1 / (1 + exp(-score[x])) : exp(score[x]);
	for (size_t x = 0; x < k->n_experts; x++) sum += score[x];
	for (size_t x = 0; x < k->n_experts; x++) {
		if (!k->sigmoid) score[x] /= sum;
		choice[x] = score[x] + (bias ? (double)bias->data[x] : 0);
	}
	sum = 0;
	for (size_t c = 0; c < MADE_USED; c++) {
		size_t best = 0;
		for (size_t x = 1; x < k->n_experts; x++) best = choice[x] > choice[best] ? x : best;
		choice[best] = -INFINITY;
		chosen[c] = best;
		sum += worth[c] = score[best];
	}
	memset(out, 0, n * sizeof *out);
	for (size_t c = 0; c < MADE_USED; c++) {
		double read[MADE_EMBD], gate[MADE_EXPERT_FF], up[MADE_EXPERT_FF], gives[MADE_EMBD];
		const struct made_tensor *down = pass_tensor(p, "ffn_down_exps", ".weight");
		if (k->normed_choice) worth[c] /= sum;
		for (size_t i = 0; i < n; i++) read[i] = in[i] * (k->early ? worth[c] : 1);
		pass_rows(p, "ffn_gate_exps", chosen[c] * ff, ff, read, gate);
		pass_rows(p, "ffn_up_exps", chosen[c] * ff, ff, read, up);
		for (size_t i = 0; i < ff; i++) up[i] *= pass_act(k->act, gate[i]);
		for (size_t i = 0; i < n; i++) {
			gives[i] = 0;
			for (size_t j = 0; j < ff; j++) gives[i] += (double)down->data[(chosen[c] * n + i) * ff + j] * up[j];
			out[i] += gives[i] * (k->early ? 1 : worth[c]) * (scale ? (double)scale->data[chosen[c]] : 1);
		}
	}
	if (!k->shared) return;
	double also[MADE_EMBD];
	pass_block(p, "_shexp", in, also);
	for (size_t i = 0; i < n; i++) out[i] += also[i];
}

/* A dense block and experts side by side, each with norms of its own; the router reads the stream, normed and scaled. */
static inline void pass_beside(const struct pass *p, const double *x, double *out)
{
	double h[MADE_EMBD], experts[MADE_EMBD], router[MADE_EMBD];
	const float *scale = pass_tensor(p, "ffn_gate_inp", ".scale")->data;
	pass_norm(p, "ffn_norm", x, h);
	pass_block(p, "", h, out);
	pass_norm(p, "post_ffw_norm_1", out, out);
	pass_normed(false, NULL, NULL, x, router, MADE_EMBD);
	for (size_t i = 0; i < MADE_EMBD; i++) router[i] *= (double)scale[i] / sqrt(MADE_EMBD);
	pass_norm(p, "pre_ffw_norm_2", x, h);
	pass_mixture(p, router, h, experts);
	pass_norm(p, "post_ffw_norm_2", experts, experts);
	for (size_t i = 0; i < MADE_EMBD; i++) out[i] += experts[i];
}

/* ---- layers ---- */

static inline void pass_second_half(const struct pass *p, double *x)
{
	const struct kind *k = p->k;
	double h[MADE_EMBD], out[MADE_EMBD];
	memcpy(h, x, sizeof h);
	if (!k->sum_norms) pass_norm(p, "ffn_norm", x, h);
	if (k->beside)
		pass_beside(p, x, out);
	else if (made_experts(p->m, p->i))
		pass_mixture(p, h, h, out);
	else
		pass_block(p, "", h, out);
	if (k->post_norms) pass_norm(p, "post_ffw_norm", out, out);
	for (size_t i = 0; i < MADE_EMBD; i++) x[i] += out[i];
	if (k->sum_norms) pass_norm(p, "layer_output_norm", x, x);
}

static inline void pass_layer(struct pass *p, size_t first, double *h, double *weights)
{
	const struct kind *k = p->k;
	memcpy(h, p->x, p->n * MADE_EMBD * sizeof *h);
	for (size_t r = 0; r < p->n && !k->sum_norms; r++) pass_norm(p, "attn_norm", p->x + r * MADE_EMBD, h + r * MADE_EMBD);
	pass_attention(p, h, first, weights);
	for (size_t r = first; r < p->n; r++) {
		double *x = p->x + r * MADE_EMBD, *a = p->a + r * PASS_MOST, before[MADE_EMBD];
		memcpy(before, x, sizeof before);
		if (k->post_norms) pass_norm(p, "post_attention_norm", a, a);
		for (size_t i = 0; i < MADE_EMBD; i++) x[i] += a[i];
		if (k->sum_norms) pass_norm(p, "attn_output_norm", x, x);
		for (size_t i = 0; k->second_norm && i < MADE_EMBD; i++) x[i] += before[i];
		if (k->second_norm) pass_norm(p, "attn_norm_2", x, x);
		pass_second_half(p, x);
	}
}

static inline void pass_output(const struct pass *p, const double *x, double *out)
{
	double h[MADE_EMBD];
	const struct made_tensor *w = pass_find(p, "output.weight"), *bias = pass_find(p, "output.bias");
	memcpy(h, x, sizeof h);
	if (!p->k->sum_norms) pass_named_norm(p, p->k->out_norm ? p->k->out_norm : "output_norm", x, h);
	if (!w) memcpy(out, h, sizeof h);
	for (size_t v = 0; w && v < MADE_VOCAB; v++) {
		double cap = (double)p->k->soft_cap;
		out[v] = bias ? (double)bias->data[v] : 0;
		for (size_t i = 0; i < MADE_EMBD; i++) out[v] += (double)w->data[v * MADE_EMBD + i] * h[i];
		if (cap > 0) out[v] = cap * tanh(out[v] / cap);
	}
}

/* Values of a row of the result: logits, or of an encoder the vector behind its last norm. */
static inline size_t pass_width(const struct kind *k)
{
	return k->encoder ? MADE_EMBD : MADE_VOCAB;
}

/* What the model makes of n tokens, for the rows from `first` on. */
static inline void pass_run(const struct made *m, const int32_t *ids, size_t n, size_t first, double *out)
{
	struct pass p = { .m = m, .k = m->kind, .n = n };
	const struct made_tensor *table = pass_find(&p, "token_embd.weight");
	double *h = memory_new(n * MADE_EMBD, sizeof *h), *weights = memory_new(n, sizeof *weights);
	p.x = memory_new(n * MADE_EMBD, sizeof *p.x);
	p.q = memory_new(n * PASS_MOST, sizeof *p.q);
	p.keys = memory_new(n * PASS_MOST, sizeof *p.keys);
	p.values = memory_new(n * PASS_MOST, sizeof *p.values);
	p.a = memory_new(n * PASS_MOST, sizeof *p.a);
	for (size_t r = 0; r < n; r++) {
		double *x = p.x + r * MADE_EMBD, factor = m->kind->scaled ? sqrt(MADE_EMBD) : 1;
		for (size_t i = 0; i < MADE_EMBD; i++) x[i] = (double)table->data[(size_t)ids[r] * MADE_EMBD + i] * factor;
		if (m->kind->sum_norms) pass_named_norm(&p, "token_embd_norm", x, x);
	}
	for (p.i = 0; p.i < m->n_layer; p.i++) pass_layer(&p, p.i + 1 == m->n_layer ? first : 0, h, weights);
	for (size_t r = first; r < n; r++) pass_output(&p, p.x + r * MADE_EMBD, out + (r - first) * pass_width(m->kind));
	double *all[] = { h, weights, p.x, p.q, p.keys, p.values, p.a };
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) memory_free(all[i]);
}

#endif
