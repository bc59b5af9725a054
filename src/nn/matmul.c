/*
 * matmul: the products' loops; what is multiplied how stands in the table of kernels.
 *
 * Float products go by tiles of TILE_OUTPUTS x TILE_COLS weights, unpacked once and then multiplied with all rows of the batch; a
 * row's sum is the sum of its tiles' sums in order. Where a level multiplies 16 bits, prompt rows go through matmul_16.c.
 * Answer rows go by pieces of DOT_OUTPUTS packed rows, which stay in cache while
 * groups of DOT_ROWS activation rows pass over them.
 */
#include "nn/matmul.h"

#include "nn/kernel_types.h"
#include "nn/matmul_16.h"

#include <string.h>

enum {
	TILE_OUTPUTS = 64,
	TILE_COLS = 512,              /* a multiple of every block */
	TILE_STRIDE = TILE_COLS + 16, /* rows of a tile start in different sets of the cache */
	DOT_OUTPUTS = 64,
	DOT_ROWS = 8,
	MANY_ROWS = 4, /* as many answer rows at least are worth a kernel that unpacks for all */
	ROWS_AT_ONCE = 24,
	COPY_FROM = 12,
	PIECE_BYTES = 64 << 10 /* packed rows that a thread takes at a time: some microseconds */
};

/* A thread's scratch: float tiles, tiles of 16 bits and answer pieces are not needed at once. */
union work {
	float tile[TILE_OUTPUTS * TILE_STRIDE];
	float piece[DOT_ROWS * DOT_OUTPUTS];
	uint8_t many[DOT_MANY_BYTES];
	struct work_16 work_16;
};

bool matrix_init(struct matrix *m, const struct format *format, const uint8_t *data, size_t rows, size_t cols)
{
	if (cols % format->type->weights != 0) return false;
	*m = (struct matrix){ format, data, rows, cols, cols / format->type->weights * format->type->bytes, false };
	return true;
}

struct matrix matrix_at(const struct matrix *m, size_t index)
{
	struct matrix one = *m;
	one.data += index * m->rows * m->row_bytes;
	return one;
}

void matrix_row(const struct matrix *m, size_t row, float *out)
{
	kernels_chosen->unpack[m->format->index](m->data + row * m->row_bytes, m->cols / m->format->type->weights, out);
}

static size_t round_up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* The parts of the 8-bit form: q, scales, sums, turned, totals. */
size_t activations_bytes(size_t n_answer, size_t cols)
{
	if (cols % 32 != 0) return 0;
	size_t values = n_answer * cols;
	return 2 * round_up(values, 64) + 2 * round_up(values / 32 * sizeof(float), 64) +
	       round_up(values / 16 * sizeof(int16_t), 64);
}

void activations_init(struct activations *a, const float *x, size_t stride, size_t n_rows, size_t n_answer, size_t cols, bool exact,
                      void *memory)
{
	*a = (struct activations){ .x = x, .stride = stride, .n_rows = n_rows, .n_answer = n_answer, .cols = cols, .exact = exact };
	if (!memory || cols % 32 != 0) return;
	size_t values = n_answer * cols;
	a->q = memory;
	a->scales = (float *)((uint8_t *)memory + round_up(values, 64));
	a->sums = (int16_t *)((uint8_t *)a->scales + round_up(values / 32 * sizeof(float), 64));
	if (!kernels_chosen->turns || cols % 256 != 0) return;
	a->turned = (int8_t *)a->sums + round_up(values / 16 * sizeof(int16_t), 64);
	a->totals = (float *)(void *)(a->turned + round_up(values, 64));
}

void activations_turn(const int8_t *q, const float *scales, const int16_t *sums, size_t n, int8_t *turned, float *totals)
{
	for (size_t i = 0; i < n / 256; i++, q += 256, turned += 256) {
		for (size_t k = 0; k < 32; k++) memcpy(turned + k % 4 * 64 + k / 4 * 8, q + k * 8, 8);
	}
	for (size_t i = 0; i < n / 32; i++) totals[i] = scales[i] * (float)(sums[2 * i] + sums[2 * i + 1]);
}

void activations_quantize(struct activations *a, size_t first, size_t last)
{
	if (a->exact || !a->q) return;
	if (last > a->n_answer) last = a->n_answer;
	for (size_t r = first; r < last; r++) {
		size_t at = r * a->cols;
		kernels_chosen->quantize(a->x + r * a->stride, a->cols, a->q + at, a->scales + at / 32, a->sums + at / 16);
		if (a->turned)
			activations_turn(a->q + at, a->scales + at / 32, a->sums + at / 16, a->cols, a->turned + at,
			                 a->totals + at / 32);
	}
}

const struct form_16 *activations_form(const struct activations *a, const struct matrix *weights)
{
	const struct kernels *k = kernels_chosen;
	if (a->exact || a->n_answer >= a->n_rows || a->cols % 32 != 0) return NULL;
	if (weights->format->index == FORMAT_F32 || weights->floats) return NULL;
	if (weights->format->quantized && k->bf16.products) return &k->bf16;
	for (size_t i = 0; i < BYTES_FORMS; i++) {
		const kernel_codes *codes = k->bytes[i].codes;
		if (codes && codes[weights->format->index] && a->cols % 64 == 0) return &k->bytes[i];
	}
	return k->whole.products ? &k->whole : NULL;
}

/* Rows start in different sets of the cache. */
static size_t stride_16(size_t cols)
{
	return round_up(cols, 64) + 32;
}

static size_t parts_16(size_t cols)
{
	return (cols + COLS_16 - 1) / COLS_16;
}

size_t activations_16_bytes(size_t n_rows, size_t cols)
{
	const struct kernels *k = kernels_chosen;
	if (!k->whole.products && !k->bf16.products && !k->bytes[0].products) return 0;
	return round_up(n_rows * stride_16(cols) * sizeof(uint16_t), 64) + round_up(n_rows * parts_16(cols) * sizeof(float), 64);
}

void activations_round(struct activations *a, const struct form_16 *form, void *memory, size_t first, size_t last)
{
	uint16_t *values = memory;
	a->form = form;
	a->x_16 = values;
	a->stride_16 = stride_16(a->cols);
	a->parts_16 = parts_16(a->cols);
	size_t bytes = round_up((a->n_rows - a->n_answer) * a->stride_16 * sizeof *values, 64);
	float *scales = (float *)(void *)((uint8_t *)memory + bytes);
	a->scales_16 = scales;
	for (size_t r = first; r < last; r++) {
		const float *x = a->x + (a->n_answer + r) * a->stride;
		for (size_t col = 0; col < a->cols; col += COLS_16) {
			size_t n = a->cols - col < COLS_16 ? a->cols - col : COLS_16;
			form->round(x + col, n, values + r * a->stride_16 + col, scales + r * a->parts_16 + col / COLS_16);
		}
	}
}

bool matmul_wants_quantized(const struct matrix *weights)
{
	return weights->format->quantized;
}

size_t matmul_piece(const struct matrix *weights, const struct activations *in)
{
	if (in->n_rows > in->n_answer || in->n_answer >= MANY_ROWS) return TILE_16_OUTPUTS;
	size_t outputs = PIECE_BYTES / (weights->row_bytes ? weights->row_bytes : 1);
	return outputs > MATMUL_UNIT ? outputs : MATMUL_UNIT;
}

size_t matmul_scratch_bytes(void)
{
	return sizeof(union work);
}

/* Which row of the input the i-th taken row is. */
static size_t input_row(const struct matmul_job *job, size_t i)
{
	return job->pick ? job->pick[i] : i;
}

/* How many of the taken rows are answer rows: they come first. */
static size_t count_answers(const struct matmul_job *job, size_t n)
{
	if (job->in->exact) return 0;
	if (!job->pick) return job->in->n_answer < n ? job->in->n_answer : n;
	size_t answers = 0;
	while (answers < n && job->pick[answers] < job->in->n_answer) answers++;
	return answers;
}

/* The taken rows [first, first + n), as kernels read them. */
static void kernel_rows(const struct matmul_job *job, size_t first, size_t n, struct kernel_row *rows)
{
	const struct activations *in = job->in;
	for (size_t i = 0; i < n; i++) {
		size_t row = input_row(job, first + i), at = row * in->cols;
		rows[i].x = in->x + row * in->stride;
		rows[i].q = in->q ? in->q + at : NULL;
		rows[i].scales = in->q ? in->scales + at / 32 : NULL;
		rows[i].sums = in->q ? in->sums + at / 16 : NULL;
		rows[i].turned = in->turned ? in->turned + at : NULL;
		rows[i].totals = in->turned ? in->totals + at / 32 : NULL;
	}
}

/* Answer rows [0, n_rows) of the taken ones, outputs [first, last). */
static void answer_rows(const struct matmul_job *job, size_t n_rows, size_t first, size_t last, float *piece)
{
	const struct matrix *w = job->weights;
	kernel_dot dot = kernels_chosen->dot[w->format->index];
	for (size_t o = first; o < last; o += DOT_OUTPUTS) {
		size_t n_outputs = last - o < DOT_OUTPUTS ? last - o : DOT_OUTPUTS;
		for (size_t r = 0; r < n_rows; r += DOT_ROWS) {
			size_t n = n_rows - r < DOT_ROWS ? n_rows - r : DOT_ROWS;
			struct kernel_row rows[DOT_ROWS];
			kernel_rows(job, r, n, rows);
			float *out = job->out + r * job->out_stride + o;
			if (!job->add) {
				dot(w->format, w->data + o * w->row_bytes, w->row_bytes, n_outputs, w->cols, rows, n, out,
				    job->out_stride);
				continue;
			}
			dot(w->format, w->data + o * w->row_bytes, w->row_bytes, n_outputs, w->cols, rows, n, piece, DOT_OUTPUTS);
			for (size_t i = 0; i < n; i++) {
				float *to = out + i * job->out_stride;
				kernels_chosen->add(to, piece + i * DOT_OUTPUTS, to, n_outputs);
			}
		}
	}
}

/* The kernel for several answer rows at once; NULL: there is none, or too few rows for it. */
static kernel_dot_many many_kernel(const struct matrix *w, size_t n_rows)
{
	return n_rows >= MANY_ROWS && w->cols <= DOT_MANY_COLS ? kernels_chosen->dot_many[w->format->index] : NULL;
}

/* The same as answer_rows for those that many_kernel has one for. */
static void many_rows(const struct matmul_job *job, size_t n_rows, size_t first, size_t last, void *scratch)
{
	const struct matrix *w = job->weights;
	kernel_dot_many dot = kernels_chosen->dot_many[w->format->index];
	for (size_t r = 0; r < n_rows; r += DOT_MANY_ROWS) {
		size_t n = n_rows - r < DOT_MANY_ROWS ? n_rows - r : DOT_MANY_ROWS;
		struct kernel_row rows[DOT_MANY_ROWS];
		kernel_rows(job, r, n, rows);
		dot(w->format, w->data + first * w->row_bytes, w->row_bytes, last - first, w->cols, rows, n,
		    job->out + r * job->out_stride + first, job->out_stride, job->add, scratch);
	}
}

/* Weights [o, o + n_outputs) x [col, col + n_cols) as floats: unpacked into `tile`, or where they lie. Floats are copied for many
 * rows: a matrix's rows often start in the same set of the cache. */
static const float *weight_tile(const struct matrix *w, size_t n_rows, size_t o, size_t n_outputs, size_t col, size_t n_cols,
                                float *tile, size_t *stride)
{
	const struct tensor_type *type = w->format->type;
	const uint8_t *packed = w->data + o * w->row_bytes + col / type->weights * type->bytes;
	if (w->format->index == FORMAT_F32 && n_rows < COPY_FROM && (uintptr_t)packed % sizeof(float) == 0) {
		*stride = w->cols;
		return (const float *)(const void *)packed;
	}
	format_unpack unpack = kernels_chosen->unpack[w->format->index];
	for (size_t i = 0; i < n_outputs; i++) {
		unpack(packed + i * w->row_bytes, n_cols / type->weights, tile + i * TILE_STRIDE);
	}
	*stride = TILE_STRIDE;
	return tile;
}

/* Rows [first_row, n_rows) of the taken ones with one tile; `add`: to what stands in the output. */
static void multiply_tile(const struct matmul_job *job, size_t first_row, size_t n_rows, size_t o, size_t n_outputs, size_t col,
                          size_t n_cols, bool add, float *scratch)
{
	const struct activations *in = job->in;
	size_t stride;
	const float *tile = weight_tile(job->weights, n_rows - first_row, o, n_outputs, col, n_cols, scratch, &stride);
	for (size_t r = first_row; r < n_rows; r += ROWS_AT_ONCE) {
		size_t n = n_rows - r < ROWS_AT_ONCE ? n_rows - r : ROWS_AT_ONCE;
		const float *x[ROWS_AT_ONCE];
		for (size_t i = 0; i < n; i++) x[i] = in->x + input_row(job, r + i) * in->stride + col;
		kernels_chosen->products(tile, stride, n_outputs, x, n, n_cols, job->out + r * job->out_stride + o, job->out_stride,
		                         add);
	}
}

static void float_rows(const struct matmul_job *job, size_t first_row, size_t n_rows, size_t first, size_t last, float *tile)
{
	size_t cols = job->weights->cols;
	for (size_t o = first; o < last; o += TILE_OUTPUTS) {
		size_t n_outputs = last - o < TILE_OUTPUTS ? last - o : TILE_OUTPUTS;
		for (size_t col = 0; col < cols; col += TILE_COLS) {
			size_t n_cols = cols - col < TILE_COLS ? cols - col : TILE_COLS;
			multiply_tile(job, first_row, n_rows, o, n_outputs, col, n_cols, job->add || col > 0, tile);
		}
	}
}

void matmul(const struct matmul_job *job, size_t first, size_t last, void *scratch)
{
	union work *w = scratch;
	size_t n_rows = job->pick ? job->n_pick : job->in->n_rows, answers = count_answers(job, n_rows);
	if (first >= last) return;
	if (many_kernel(job->weights, answers))
		many_rows(job, answers, first, last, w->many);
	else if (answers > 0)
		answer_rows(job, answers, first, last, w->piece);
	const struct form_16 *form = activations_form(job->in, job->weights);
	if (answers < n_rows && form)
		matmul_16(job, form, answers, n_rows, first, last, &w->work_16);
	else if (answers < n_rows)
		float_rows(job, answers, n_rows, first, last, w->tile);
	if (!job->bias) return;
	for (size_t r = 0; r < n_rows; r++) {
		float *to = job->out + r * job->out_stride + first;
		kernels_chosen->add(to, job->bias + first, to, last - first);
	}
}
