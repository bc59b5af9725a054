// The model that train.c trains: its shape, its parameters, one micro-batch of rows, and the passes over it.
//
// A llama-like transformer: RMS norms, rotary positions on neighbouring pairs, grouped heads, SwiGLU, tied embedding. Products are
// bf16 with float32 sums (gemm.h), all else is float32. One micro-batch is in work at a time; its buffers are this module's.
#ifndef TRAIN_MODEL_H
#define TRAIN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	N_VOCAB = 4096,
	DIM = 256,
	N_LAYER = 8,
	N_HEAD = 8,
	N_KV = 4,
	HEAD = 32,
	FF = 768,
	KV = N_KV * HEAD,
	QKV = DIM + 2 * KV,
	MAX_CONTEXT = 2048,
	MICRO = 1024,
	ROWS = MAX_CONTEXT + MICRO,
	PAD = 128,
	QUERIES = 96,
	LOGIT_ROWS = 256,
	PAD_TOKEN = 7
};
#define EPS       1e-5f
#define ROPE_BASE 10000.0

struct tensor {
	const char *name;
	size_t at;
	int rows, cols;
}; // rows == 1: a norm

enum { W_Q, W_K, W_V, W_O, W_GATE, W_UP, W_DOWN, NORM1, NORM2, PER_LAYER };
enum { EMBEDDING = N_LAYER * PER_LAYER, NORM = EMBEDDING + 1, N_TENSOR };

struct segment {
	int start, length;
};

static inline int up(int n, int to)
{
	return (n + to - 1) / to * to;
}

static inline int least(int a, int b)
{
	return a < b ? a : b;
}

extern struct tensor tensors[N_TENSOR];
extern size_t n_param;
extern float *param, *grad, *mom1, *mom2; // one block each, laid out as `tensors` says

// The micro-batch: T rows, documents one behind another as n_segment segments. A row's target is the token after it; weight 0: not
// learned.
extern int T, n_segment, token[ROWS + PAD], target[ROWS + PAD], position[ROWS + PAD];
extern float weight[ROWS + PAD];
extern struct segment segments[ROWS];

void model_lay_out(void);
void model_allocate(void);
void model_initialize(void);
void model_pack_weights(void); // after every change of the parameters

void model_forward(void);
// Cross entropy of the rows that count is added to *loss, their weights to *total; with `learn` the gradient, times `scale`, is
// kept for model_back.
void model_logits(bool learn, float scale, double *loss, double *total);
void model_back(void); // adds to `grad`

void *model_zeros(size_t n); // n floats, aligned to 64 bytes; ends the program where there is no memory
float model_normal(void);    // a normally distributed number

#endif
