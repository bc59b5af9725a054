/*
 * dot_many: several answer rows times K formats with AVX512-VNNI: the bits of dot_k_avx512vnni.c, where lanes are outputs.
 *
 * Sixteen outputs are unpacked once (dot_tile.h) and multiplied with up to MANY_ROWS rows, 64 products an instruction. What is a
 * lane of a sum there, the group of two blocks or the half group of one, comes one after the other here: a whole sum of a group
 * meets its scales as there, is added in the same order, and the sixteen sums are folded as the lanes are. While a tile is
 * multiplied with its first rows, the next one's packed bytes are fetched.
 */
#include "nn/dot_tile.h"
#include "nn/kernel_types.h"
#include "nn/quants_avx2.h"

enum { SLOTS = 16, MOST_ROWS = 12, LINES_AHEAD = 5 };

/* A call's rows and tile. Inputs of a group stand together: R rows of codes, then for each row two words: its scale, and what its
 * mins are multiplied with or the sum begins with. */
struct many {
	uint8_t *codes;
	float *scales, *mins;
	uint8_t *x;
	size_t blocks;
	const uint8_t *next, *next_end; /* packed bytes to fetch */
};

INLINE __m512i word_at(const uint8_t *p)
{
	int v;
	memcpy(&v, p, sizeof v);
	return _mm512_set1_epi32(v);
}

INLINE __m512 float_at(const uint8_t *p)
{
	return _mm512_castsi512_ps(word_at(p));
}

/* Bytes of a group's inputs. */
INLINE size_t group_bytes(const bool of_32, const size_t R)
{
	return R * ((of_32 ? 32u : 16u) + 8);
}

/* The inputs of `n` rows, at most R, group by group; rows behind them are zeros. */
INLINE void lay_rows(const struct many *m, enum kind f, const struct kernel_row *rows, size_t n, const size_t R)
{
	const bool of_32 = f == Q4_K || f == Q5_K;
	const size_t length = of_32 ? 32 : 16, step = group_bytes(of_32, R);
	memset(m->x, 0, m->blocks * 256 / length * step);
	for (size_t r = 0; r < n; r++) {
		uint8_t *to = m->x;
		for (size_t g = 0; g < m->blocks * 256 / length; g++, to += step) {
			memcpy(to + r * length, rows[r].q + g * length, length);
			uint8_t *words = to + R * length + r * 8;
			int32_t start = of_32 ? 0 : rows[r].sums[g] * -32;
			memcpy(words, rows[r].scales + g * length / 32, 4);
			memcpy(words + 4, of_32 ? (const void *)(rows[r].totals + g) : (const void *)&start, 4);
		}
	}
}

/* A group's products with R rows into their sums. */
INLINE void group_products(const uint8_t *codes, const float *scales, const float *mins, const uint8_t *x, __m512 *acc,
                           const bool of_32, const int R)
{
	const int length = of_32 ? 32 : 16;
	const uint8_t *words = x + (size_t)R * (size_t)length;
	__m512i sum[MOST_ROWS];
#pragma GCC unroll 12
	for (int r = 0; r < R; r++) sum[r] = of_32 ? _mm512_setzero_si512() : word_at(words + 8 * r + 4);
#pragma GCC unroll 8
	for (int k = 0; k < length / 4; k++) {
		const __m512i q = _mm512_load_si512(codes + 64 * k);
#pragma GCC unroll 12
		for (int r = 0; r < R; r++) sum[r] = _mm512_dpbusd_epi32(sum[r], q, word_at(x + r * length + 4 * k));
	}
	const __m512 d = _mm512_load_ps(scales), m = of_32 ? _mm512_load_ps(mins) : d;
#pragma GCC unroll 12
	for (int r = 0; r < R; r++) {
		const __m512 scale = _mm512_mul_ps(d, float_at(words + 8 * r));
		acc[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r]), scale, acc[r]);
		if (of_32) acc[r] = _mm512_fnmadd_ps(m, float_at(words + 8 * r + 4), acc[r]);
	}
}

INLINE void fetch_next(struct many *m)
{
	for (int i = 0; i < LINES_AHEAD && m->next < m->next_end; i++, m->next += 64)
		_mm_prefetch((const char *)m->next, _MM_HINT_T1);
}

/* The tile with R rows, of which the first n are written. */
INLINE void multiply_rows(struct many *m, size_t n, float *out, size_t out_stride, __mmask16 mask, bool add, const bool of_32,
                          const int R)
{
	_Alignas(64) float slots[SLOTS][MOST_ROWS][16];
	const size_t stride = of_32 ? (m->blocks + 1) / 2 : m->blocks, step = group_bytes(of_32, (size_t)R);
	for (size_t s = 0; s < SLOTS; s++) {
		const size_t count = of_32 ? (m->blocks + 1 - s / 8) / 2 : m->blocks;
		const uint8_t *codes = m->codes + s * stride * (of_32 ? 512 : 256), *x = m->x + s * step;
		const float *scales = m->scales + s * stride * 16, *mins = m->mins + s * stride * 16;
		__m512 acc[MOST_ROWS];
#pragma GCC unroll 12
		for (int r = 0; r < R; r++) acc[r] = _mm512_setzero_ps();
		for (size_t i = 0; i < count; i++) {
			fetch_next(m);
			group_products(codes, scales, mins, x, acc, of_32, R);
			codes += of_32 ? 512 : 256;
			scales += 16;
			mins += 16;
			x += SLOTS * step;
		}
#pragma GCC unroll 12
		for (int r = 0; r < R; r++) _mm512_store_ps(slots[s][r], acc[r]);
	}
	for (size_t r = 0; r < n; r++) {
		__m512 v[SLOTS];
#pragma GCC unroll 16
		for (int s = 0; s < SLOTS; s++) v[s] = _mm512_load_ps(slots[s][r]);
#pragma GCC unroll 4
		for (int half = 8; half > 0; half /= 2) {
#pragma GCC unroll 8
			for (int s = 0; s < half; s++) v[s] = _mm512_add_ps(v[s], v[s + half]);
		}
		float *to = out + r * out_stride;
		if (add) v[0] = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, to), v[0]);
		_mm512_mask_storeu_ps(to, mask, v[0]);
	}
}

/* All blocks of up to sixteen outputs. */
INLINE void fill(const struct many *m, const struct format *format, const uint8_t *w, size_t row_bytes, size_t n_outputs,
                 const bool of_32)
{
	const dot_tile_fill one = dot_tiles_avx512vnni[format->index];
	const size_t stride = of_32 ? (m->blocks + 1) / 2 : m->blocks;
	for (size_t b = 0; b < m->blocks; b++, w += format->type->bytes) {
		size_t at = of_32 ? b % 2 * 8 * stride + b / 2 : b;
		struct dot_tile t = { m->codes + at * (of_32 ? 512 : 256), stride * (of_32 ? 512 : 256), m->scales + at * 16,
			              m->mins + at * 16, stride * 16 };
		one(w, row_bytes, n_outputs, &t);
	}
}

static void place(struct many *m, size_t cols, void *scratch)
{
	m->blocks = cols / 256;
	const size_t places = (m->blocks + 1) / 2 * 2; /* an odd last block has an empty one beside it */
	m->codes = scratch;
	m->scales = (float *)(void *)(m->codes + places * 4096);
	m->mins = m->scales + places * 256;
	m->x = (uint8_t *)(m->mins + places * 256);
}

INLINE void all(const struct format *format, enum kind f, const uint8_t *w, size_t row_bytes, size_t n_outputs, size_t cols,
                const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride, bool add, void *scratch)
{
	const bool of_32 = f == Q4_K || f == Q5_K;
	const size_t turns = (n_rows + MOST_ROWS - 1) / MOST_ROWS, each = (n_rows + turns - 1) / turns;
	struct many m;
	place(&m, cols, scratch);
	uint8_t *const x = m.x;
	const size_t x_bytes = m.blocks * (of_32 ? 8 : 16) * group_bytes(of_32, MOST_ROWS);
	for (size_t t = 0; t < turns; t++, m.x += x_bytes) {
		size_t n = n_rows - t * each < each ? n_rows - t * each : each;
		if (each <= 4)
			lay_rows(&m, f, rows + t * each, n, 4);
		else if (each <= 8)
			lay_rows(&m, f, rows + t * each, n, 8);
		else
			lay_rows(&m, f, rows + t * each, n, 12);
	}
	for (size_t o = 0; o < n_outputs; o += 16, w += 16 * row_bytes, out += 16) {
		size_t left = n_outputs - o < 16 ? n_outputs - o : 16;
		const __mmask16 mask = (__mmask16)((1u << left) - 1);
		fill(&m, format, w, row_bytes, left, of_32);
		m.x = x;
		m.next = w + 16 * row_bytes;
		m.next_end = m.next + 16 * row_bytes;
		for (size_t r = 0; r < n_rows; r += each, m.x += x_bytes) {
			size_t n = n_rows - r < each ? n_rows - r : each;
			float *to = out + r * out_stride;
			if (each <= 4)
				multiply_rows(&m, n, to, out_stride, mask, add, of_32, 4);
			else if (each <= 8)
				multiply_rows(&m, n, to, out_stride, mask, add, of_32, 8);
			else
				multiply_rows(&m, n, to, out_stride, mask, add, of_32, 12);
		}
	}
}

#define MANY(name, kind)                                                                                                           \
	static void name(const struct format *format, const uint8_t *weights, size_t row_bytes, size_t n_outputs, size_t cols,     \
	                 const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride, bool add, void *scratch)     \
	{                                                                                                                          \
		all(format, kind, weights, row_bytes, n_outputs, cols, rows, n_rows, out, out_stride, add, scratch);               \
	}

MANY(many_q4_k, Q4_K)
MANY(many_q5_k, Q5_K)
MANY(many_q6_k, Q6_K)

void dot_many_fill_avx512vnni(struct kernels *k)
{
	k->dot_many[FORMAT_Q4_K] = many_q4_k;
	k->dot_many[FORMAT_Q5_K] = many_q5_k;
	k->dot_many[FORMAT_Q6_K] = many_q6_k;
}
