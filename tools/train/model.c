// The forward and backward pass of model.h, read from top to bottom.
#include "model.h"

#include <math.h>
#include <stdio.h>

#include "gemm.h"

// ---- parameters: one block of floats, and a table that says what is what

static const struct {
	const char *name;
	int rows, cols;
} shapes[PER_LAYER] = { { "attn_q", DIM, DIM },      { "attn_k", KV, DIM },   { "attn_v", KV, DIM },
	                { "attn_output", DIM, DIM }, { "ffn_gate", FF, DIM }, { "ffn_up", FF, DIM },
	                { "ffn_down", DIM, FF },     { "attn_norm", 1, DIM }, { "ffn_norm", 1, DIM } };

struct tensor tensors[N_TENSOR];
size_t n_param;
float *param, *grad, *mom1, *mom2; // the second moment serves AdamW's tensors alone

void model_lay_out(void)
{
	for (int i = 0; i < N_TENSOR; i++) {
		struct tensor *t = &tensors[i];
		if (i < EMBEDDING)
			*t = (struct tensor){ shapes[i % PER_LAYER].name, n_param, shapes[i % PER_LAYER].rows,
				              shapes[i % PER_LAYER].cols };
		else
			*t = i == EMBEDDING ? (struct tensor){ "token_embd", n_param, N_VOCAB, DIM }
			                    : (struct tensor){ "output_norm", n_param, 1, DIM };
		n_param += (size_t)t->rows * (size_t)t->cols;
	}
}

static float *at(float *base, int layer, int which)
{
	return base + tensors[layer * PER_LAYER + which].at;
}

void *model_zeros(size_t n)
{
	void *p = aligned_alloc(64, (n * 4 + 63) / 64 * 64);
	if (!p) {
		fprintf(stderr, "train: out of memory\n");
		exit(1);
	}
	return memset(p, 0, (n * 4 + 63) / 64 * 64);
}

static uint64_t random_state = 88172645463325252ull;
static double uniform(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (double)(random_state >> 11) / 9007199254740992.0;
}
float model_normal(void)
{
	return (float)(sqrt(-2 * log(uniform() + 1e-300)) * cos(6.283185307179586 * uniform()));
}

void model_initialize(void)
{
	for (int i = 0; i < N_TENSOR; i++) {
		int which = i < EMBEDDING ? i % PER_LAYER : -1;
		size_t n = (size_t)tensors[i].rows * (size_t)tensors[i].cols;
		// What writes into the residual stream begins at zero: each layer starts as the identity.
		float std = which == W_O || which == W_DOWN ? 0 : 0.03f;
		for (size_t k = 0; k < n; k++)
			param[tensors[i].at + k] = tensors[i].rows == 1 ? 1 : std > 0 ? std * model_normal() : 0;
	}
}

// ---- packed weights: `forward` multiplies by the transpose, `back` by the matrix itself

struct packed {
	uint32_t *forward, *back;
};
static struct packed w_qkv[N_LAYER], w_o[N_LAYER], w_gu[N_LAYER], w_down[N_LAYER], w_emb;

static void pack_one(struct packed *p, const float *w, int rows, int cols)
{
	if (!p->forward) {
		p->forward = model_zeros((size_t)rows * (size_t)cols / 2);
		p->back = model_zeros((size_t)rows * (size_t)cols / 2);
	}
	gemm_pack_nk(p->forward, w, (size_t)cols, cols, rows);
	gemm_pack_kn(p->back, w, (size_t)cols, rows, cols);
}

// q, k and v lie one behind another, and so do gate and up: each group is one product.
void model_pack_weights(void)
{
	for (int l = 0; l < N_LAYER; l++) {
		pack_one(&w_qkv[l], at(param, l, W_Q), QKV, DIM);
		pack_one(&w_o[l], at(param, l, W_O), DIM, DIM);
		pack_one(&w_gu[l], at(param, l, W_GATE), 2 * FF, DIM);
		pack_one(&w_down[l], at(param, l, W_DOWN), DIM, FF);
	}
	pack_one(&w_emb, param + tensors[EMBEDDING].at, N_VOCAB, DIM);
}

// ---- activations of one micro-batch, T rows

int T, n_segment, token[ROWS + PAD], target[ROWS + PAD], position[ROWS + PAD];
float weight[ROWS + PAD];
struct segment segments[ROWS];

struct layer {
	float *x, *n1, *qkv, *o, *mid, *n2, *gu, *h; // T x DIM, DIM, QKV, DIM, DIM, DIM, 2 FF, FF
	float *r1, *r2, *lse;                        // T; T; N_HEAD x T
};
static struct layer layers[N_LAYER];
static float *x_end, *n_end, *r_end;
static float *d_x, *d_mid, *d_n, *d_qkv, *d_o, *d_gu, *d_h;
static float rope_cos[MAX_CONTEXT][HEAD / 2], rope_sin[MAX_CONTEXT][HEAD / 2];
static uint32_t *pack_a, *pack_b, *pack_c, *pack_d;

void model_allocate(void)
{
	size_t r = ROWS + PAD;
	for (int l = 0; l < N_LAYER; l++)
		layers[l] =
		        (struct layer){ model_zeros(r * DIM), model_zeros(r * DIM), model_zeros(r * QKV),    model_zeros(r * DIM),
			                model_zeros(r * DIM), model_zeros(r * DIM), model_zeros(r * 2 * FF), model_zeros(r * FF),
			                model_zeros(r),       model_zeros(r),       model_zeros(r * N_HEAD) };
	x_end = model_zeros(r * DIM), n_end = model_zeros(r * DIM), r_end = model_zeros(r);
	d_x = model_zeros(r * DIM), d_mid = model_zeros(r * DIM), d_n = model_zeros(r * DIM), d_qkv = model_zeros(r * QKV),
	d_o = model_zeros(r * DIM);
	d_gu = model_zeros(r * 2 * FF), d_h = model_zeros(r * FF);
	pack_a = model_zeros(r * FF), pack_b = model_zeros(r * FF), pack_c = model_zeros(r * FF), pack_d = model_zeros(r * FF);
	param = model_zeros(n_param), grad = model_zeros(n_param), mom1 = model_zeros(n_param), mom2 = model_zeros(n_param);
	for (int p = 0; p < MAX_CONTEXT; p++)
		for (int i = 0; i < HEAD / 2; i++) {
			double angle = p * pow(ROPE_BASE, -2.0 * i / HEAD);
			rope_cos[p][i] = (float)cos(angle), rope_sin[p][i] = (float)sin(angle);
		}
}

// ---- the small operations

static void norm(float *y, float *r, const float *x, const float *g)
{
	for (int t = 0; t < T; t++) {
		const float *a = x + (size_t)t * DIM;
		float s = 0;
		for (int i = 0; i < DIM; i++) s += a[i] * a[i];
		r[t] = 1 / sqrtf(s / DIM + EPS);
		for (int i = 0; i < DIM; i++) y[i] = a[i] * r[t] * g[i];
		y += DIM;
	}
}

// dx += the gradient through y = x r g; dg likewise.
static void norm_back(float *dx, float *dg, const float *dy, const float *x, const float *r, const float *g)
{
	for (int t = 0; t < T; t++) {
		const float *a = x + (size_t)t * DIM, *d = dy + (size_t)t * DIM;
		float *o = dx + (size_t)t * DIM, s = 0, rt = r[t];
		for (int i = 0; i < DIM; i++) s += d[i] * g[i] * a[i];
		s *= rt * rt * rt / DIM;
		for (int i = 0; i < DIM; i++) {
			dg[i] += d[i] * a[i] * rt;
			o[i] += rt * d[i] * g[i] - s * a[i];
		}
	}
}

// Neighbouring values are a pair (the NORM order of GGUF); `sign` -1 turns back.
static void rope(float *qkv, float sign)
{
	for (int t = 0; t < T; t++)
		for (int h = 0; h < N_HEAD + N_KV; h++) {
			float *v = qkv + (size_t)t * QKV + h * HEAD;
			const float *c = rope_cos[position[t]], *s = rope_sin[position[t]];
			for (int i = 0; i < HEAD / 2; i++) {
				float a = v[2 * i], b = v[2 * i + 1];
				v[2 * i] = a * c[i] - sign * b * s[i];
				v[2 * i + 1] = sign * a * s[i] + b * c[i];
			}
		}
}

static void swiglu(float *h, const float *gu)
{
	for (int t = 0; t < T; t++) {
		const float *g = gu + (size_t)t * 2 * FF, *u = g + FF;
		float *o = h + (size_t)t * FF;
		for (int i = 0; i < FF; i++) o[i] = g[i] / (1 + expf(-g[i])) * u[i];
	}
}

static void swiglu_back(float *dgu, const float *dh, const float *gu)
{
	for (int t = 0; t < T; t++) {
		const float *g = gu + (size_t)t * 2 * FF, *u = g + FF, *d = dh + (size_t)t * FF;
		float *dg = dgu + (size_t)t * 2 * FF, *du = dg + FF;
		for (int i = 0; i < FF; i++) {
			float s = 1 / (1 + expf(-g[i]));
			du[i] = d[i] * g[i] * s;
			dg[i] = d[i] * u[i] * s * (1 + g[i] * (1 - s));
		}
	}
}

// ---- attention, document by document, in blocks of query rows. Rows of a block behind the document's end belong to the next
// document: what is written there is written again when its turn comes, and their probabilities are zero on the way back.

static void attention(const struct layer *a)
{
	static float score[QUERIES * MAX_CONTEXT];
	const float scale = 1 / sqrtf(HEAD);
	for (int s = 0; s < n_segment; s++) {
		int L = segments[s].length, keys = up(L, 32);
		size_t first = (size_t)segments[s].start;
		for (int g = 0; g < N_KV; g++) {
			const float *k = a->qkv + first * QKV + DIM + g * HEAD, *v = k + KV;
			gemm_pack_nk(pack_a, k, QKV, HEAD, keys);
			gemm_pack_kn(pack_b, v, QKV, keys, HEAD);
			for (int h = g * N_HEAD / N_KV; h < (g + 1) * N_HEAD / N_KV; h++)
				for (int q0 = 0; q0 < L; q0 += QUERIES) {
					int rows = least(QUERIES, up(L - q0, 4)), km = up(least(L, q0 + rows), 32);
					size_t row0 = first + (size_t)q0;
					gemm(rows, km, HEAD, a->qkv + row0 * QKV + h * HEAD, QKV, 0, pack_a, score, (size_t)km, 0);
					for (int i = 0; i < rows; i++) {
						float *p = score + (size_t)i * (size_t)km, top = -1e30f, sum = 0;
						int seen = least(q0 + i + 1, L);
						for (int j = 0; j < seen; j++) top = p[j] > top ? p[j] : top;
						for (int j = 0; j < seen; j++) sum += p[j] = expf((p[j] - top) * scale);
						for (int j = 0; j < seen; j++) p[j] *= 1 / sum;
						for (int j = seen; j < km; j++) p[j] = 0;
						a->lse[(size_t)h * (ROWS + PAD) + row0 + (size_t)i] = top * scale + logf(sum);
					}
					gemm(rows, HEAD, km, score, (size_t)km, 0, pack_b, a->o + row0 * DIM + h * HEAD, DIM, 0);
				}
		}
	}
}

// From d_o to d_qkv.
static void attention_back(const struct layer *a)
{
	static float prob[QUERIES * MAX_CONTEXT], dp[QUERIES * MAX_CONTEXT];
	const float scale = 1 / sqrtf(HEAD);
	memset(d_qkv, 0, (size_t)(T + PAD) * QKV * 4);
	for (int s = 0; s < n_segment; s++) {
		int L = segments[s].length, keys = up(L, 32);
		size_t first = (size_t)segments[s].start;
		for (int g = 0; g < N_KV; g++) {
			const float *k = a->qkv + first * QKV + DIM + g * HEAD, *v = k + KV;
			float *dk = d_qkv + first * QKV + DIM + g * HEAD, *dv = dk + KV;
			gemm_pack_nk(pack_a, k, QKV, HEAD, keys);
			gemm_pack_nk(pack_b, v, QKV, HEAD, keys);
			gemm_pack_kn(pack_c, k, QKV, keys, HEAD);
			for (int h = g * N_HEAD / N_KV; h < (g + 1) * N_HEAD / N_KV; h++)
				for (int q0 = 0; q0 < L; q0 += QUERIES) {
					int rows = least(QUERIES, up(L - q0, 4)), km = up(least(L, q0 + rows), 32);
					size_t row0 = first + (size_t)q0;
					const float *q = a->qkv + row0 * QKV + h * HEAD, *d = d_o + row0 * DIM + h * HEAD,
					            *o = a->o + row0 * DIM + h * HEAD;
					gemm(rows, km, HEAD, q, QKV, 0, pack_a, prob, (size_t)km, 0);
					gemm(rows, km, HEAD, d, DIM, 0, pack_b, dp, (size_t)km, 0);
					for (int i = 0; i < rows; i++) {
						float *p = prob + (size_t)i * (size_t)km, *e = dp + (size_t)i * (size_t)km,
						      delta = 0;
						int seen = q0 + i < L ? q0 + i + 1 : 0;
						float lse = a->lse[(size_t)h * (ROWS + PAD) + row0 + (size_t)i];
						for (size_t c = 0; c < HEAD; c++)
							delta += d[(size_t)i * DIM + c] * o[(size_t)i * DIM + c];
						for (int j = 0; j < seen; j++) {
							p[j] = expf(p[j] * scale - lse);
							e[j] = p[j] * (e[j] - delta) * scale;
						}
						for (int j = seen; j < km; j++) p[j] = e[j] = 0;
					}
					gemm(rows, HEAD, km, dp, (size_t)km, 0, pack_c, d_qkv + row0 * QKV + h * HEAD, QKV, 0);
					gemm_pack_kn(pack_d, q, QKV, rows, HEAD);
					gemm(km, HEAD, rows, dp, (size_t)km, 1, pack_d, dk, QKV, 1);
					gemm_pack_kn(pack_d, d, DIM, rows, HEAD);
					gemm(km, HEAD, rows, prob, (size_t)km, 1, pack_d, dv, QKV, 1);
				}
		}
	}
}

// ---- forward and back

void model_forward(void)
{
	const float *emb = param + tensors[EMBEDDING].at;
	for (int t = 0; t < T; t++) memcpy(layers[0].x + (size_t)t * DIM, emb + (size_t)token[t] * DIM, DIM * 4);
	for (int l = 0; l < N_LAYER; l++) {
		struct layer *a = &layers[l];
		float *next = l + 1 < N_LAYER ? layers[l + 1].x : x_end;
		norm(a->n1, a->r1, a->x, at(param, l, NORM1));
		gemm(T, QKV, DIM, a->n1, DIM, 0, w_qkv[l].forward, a->qkv, QKV, 0);
		rope(a->qkv, 1);
		attention(a);
		memcpy(a->mid, a->x, (size_t)T * DIM * 4);
		gemm(T, DIM, DIM, a->o, DIM, 0, w_o[l].forward, a->mid, DIM, 1);
		norm(a->n2, a->r2, a->mid, at(param, l, NORM2));
		gemm(T, 2 * FF, DIM, a->n2, DIM, 0, w_gu[l].forward, a->gu, 2 * FF, 0);
		swiglu(a->h, a->gu);
		memcpy(next, a->mid, (size_t)T * DIM * 4);
		gemm(T, DIM, FF, a->h, FF, 0, w_down[l].forward, next, DIM, 1);
	}
	norm(n_end, r_end, x_end, param + tensors[NORM].at);
}

// Cross entropy of the rows that count; with `learn` their gradient goes to d_n (all rows) and the embedding. Adds to *loss and
// *total.
void model_logits(bool learn, float scale, double *loss, double *total)
{
	static float in[LOGIT_ROWS * DIM], out[LOGIT_ROWS * DIM], z[(size_t)LOGIT_ROWS * N_VOCAB];
	static int row[LOGIT_ROWS];
	if (learn) memset(d_n, 0, (size_t)T * DIM * 4);
	for (int t = 0; t < T;) {
		int n = 0;
		for (; t < T && n < LOGIT_ROWS; t++)
			if (weight[t] > 0) {
				memcpy(in + (size_t)n * DIM, n_end + (size_t)t * DIM, DIM * 4);
				row[n++] = t;
			}
		int m = up(n, 4);
		memset(in + (size_t)n * DIM, 0, (size_t)(m - n) * DIM * 4);
		if (!n) break;
		gemm(m, N_VOCAB, DIM, in, DIM, 0, w_emb.forward, z, N_VOCAB, 0);
		for (int i = 0; i < m; i++) {
			float *p = z + (size_t)i * N_VOCAB, top = -1e30f, sum = 0;
			if (i >= n) {
				memset(p, 0, N_VOCAB * 4);
				continue;
			}
			for (int j = 0; j < N_VOCAB; j++) top = p[j] > top ? p[j] : top;
			float hit = p[target[row[i]]] - top, w = weight[row[i]];
			for (int j = 0; j < N_VOCAB; j++) sum += p[j] = expf(p[j] - top);
			*loss += (double)w * ((double)logf(sum) - (double)hit);
			*total += (double)w;
			float f = w * scale / sum;
			for (int j = 0; j < N_VOCAB; j++) p[j] *= f;
			p[target[row[i]]] -= w * scale;
		}
		if (!learn) continue;
		gemm(m, DIM, N_VOCAB, z, N_VOCAB, 0, w_emb.back, out, DIM, 0);
		for (int i = 0; i < n; i++) memcpy(d_n + (size_t)row[i] * DIM, out + (size_t)i * DIM, DIM * 4);
		gemm_pack_kn(pack_a, in, DIM, m, DIM);
		gemm(N_VOCAB, DIM, m, z, N_VOCAB, 1, pack_a, grad + tensors[EMBEDDING].at, DIM, 1);
	}
}

static void weight_back(float *dw, int rows, int cols, const float *dy, const float *x)
{
	gemm_pack_kn(pack_a, x, (size_t)cols, T, cols);
	gemm(rows, cols, T, dy, (size_t)rows, 1, pack_a, dw, (size_t)cols, 1);
}

void model_back(void)
{
	memset(d_x, 0, (size_t)T * DIM * 4);
	norm_back(d_x, grad + tensors[NORM].at, d_n, x_end, r_end, param + tensors[NORM].at);
	for (int l = N_LAYER - 1; l >= 0; l--) {
		struct layer *a = &layers[l];
		weight_back(at(grad, l, W_DOWN), DIM, FF, d_x, a->h);
		gemm(T, FF, DIM, d_x, DIM, 0, w_down[l].back, d_h, FF, 0);
		swiglu_back(d_gu, d_h, a->gu);
		weight_back(at(grad, l, W_GATE), 2 * FF, DIM, d_gu, a->n2);
		gemm(T, DIM, 2 * FF, d_gu, 2 * FF, 0, w_gu[l].back, d_n, DIM, 0);
		norm_back(d_x, at(grad, l, NORM2), d_n, a->mid, a->r2, at(param, l, NORM2));
		weight_back(at(grad, l, W_O), DIM, DIM, d_x, a->o);
		gemm(T, DIM, DIM, d_x, DIM, 0, w_o[l].back, d_o, DIM, 0);
		attention_back(a);
		rope(d_qkv, -1);
		weight_back(at(grad, l, W_Q), QKV, DIM, d_qkv, a->n1);
		gemm(T, DIM, QKV, d_qkv, QKV, 0, w_qkv[l].back, d_n, DIM, 0);
		norm_back(d_x, at(grad, l, NORM1), d_n, a->x, a->r1, at(param, l, NORM1));
	}
	float *emb = grad + tensors[EMBEDDING].at;
	for (int t = 0; t < T; t++)
		for (size_t i = 0; i < DIM; i++) emb[(size_t)token[t] * DIM + i] += d_x[(size_t)t * DIM + i];
}
