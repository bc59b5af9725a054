/*
 * bytes: prompt rows in 8 bits with AVX2 and AVX-VNNI; the two forms of kernel_types.h. What brings weights into them stands in
 * bytes_codes_avx2.c.
 *
 * A block of a few rows by 16 outputs, which are the lanes of two vectors, keeps its whole sums in registers and its float sums in
 * memory: they meet once for 32 or 16 inputs. AVX-VNNI adds four products in 32 bits. AVX2 adds pairs, which saturate, in 16 bits,
 * as many as fit there whatever the values; so each form comes for formats of small and of middling codes, and those of
 * large ones stay in 16 bits, which are as fast as sums of two.
 */
#include "nn/bytes.h"
#include "nn/quants_avx2.h"

#if defined(__AVXVNNI__) || defined(VNNI_OF_8)
#define WITH_VNNI 1
#else
#define WITH_VNNI 0
#endif

enum {
	MOST_ROWS = 6,
	ROW_32 = 32 + 2 * 4 /* bytes of a row's 32 inputs among those of a block: codes; behind those of all rows the floats */
};

/* 32 inputs of R rows stand together: R x 32 codes, R scales, R totals. `sixteen`: codes are unsigned, 128 more. */
INLINE void gather_rows(const struct rows_16 *x, size_t row, size_t n, uint8_t *to, const bool sixteen, const int R)
{
	const __m256i more = _mm256_set1_epi8(sixteen ? (char)0x80 : 0);
	for (size_t r = 0; r < (size_t)R; r++) {
		const uint8_t *from = (const uint8_t *)(x->values + (row + r) * x->stride);
		for (size_t b = 0; b < n / 32; b++) {
			uint8_t *at = to + b * (size_t)R * ROW_32;
			__m256i codes = _mm256_xor_si256(more, load32(from + 32 * b));
			_mm256_storeu_si256((__m256i *)(void *)(at + 32 * r), codes);
			memcpy(at + 32 * (size_t)R + 4 * r, from + n + 4 * b, 4);
			memcpy(at + 36 * (size_t)R + 4 * r, from + n + n / 8 + 4 * b, 4);
		}
	}
}

INLINE __m256i four_at(const uint8_t *p)
{
	int v;
	memcpy(&v, p, sizeof v);
	return _mm256_set1_epi32(v);
}

INLINE __m256 float_at(const uint8_t *p)
{
	float v;
	memcpy(&v, p, sizeof v);
	return _mm256_set1_ps(v);
}

/* sum[r][g] = the products of 4 x STEPS inputs; sums of 16 bits take DEPTH pairs. */
INLINE void whole_sums(const uint8_t *w, const uint8_t *x, __m256i sum[MOST_ROWS][2], const bool sixteen, const int STEPS,
                       const int DEPTH, const int R)
{
	__m256i pairs[MOST_ROWS][2];
#pragma GCC unroll 8
	for (int k = 0; k < STEPS; k++) {
		const __m256i w0 = load32(w + 64 * k), w1 = load32(w + 64 * k + 32);
#pragma GCC unroll 6
		for (int r = 0; r < R; r++) {
			const __m256i a = four_at(x + 32 * r + 4 * k);
#pragma GCC unroll 2
			for (int g = 0; g < 2; g++) {
				const __m256i u = sixteen ? a : g ? w1 : w0, s = sixteen ? (g ? w1 : w0) : a;
#if WITH_VNNI
				(void)pairs, (void)DEPTH;
				sum[r][g] = _mm256_dpbusd_epi32(k ? sum[r][g] : _mm256_setzero_si256(), u, s);
#else
				const __m256i p = _mm256_maddubs_epi16(u, s);
				/* compilers would make trees of sums, which need many registers */
				pairs[r][g] = k % DEPTH ? _mm256_add_epi16(pairs[r][g], p) : p;
				__asm__("" : "+x"(pairs[r][g]));
				if (k % DEPTH + 1 < DEPTH) continue;
				const __m256i four = _mm256_madd_epi16(pairs[r][g], _mm256_set1_epi16(1));
				sum[r][g] = k < DEPTH ? four : _mm256_add_epi32(sum[r][g], four);
				__asm__("" : "+x"(sum[r][g]));
#endif
			}
		}
	}
}

/* sums[r * GROUP_16 + o] += the products of R rows with a group's outputs. Scales of 32. */
INLINE void block_32(const uint8_t *group, const uint8_t *x, size_t n, float *sums, const int DEPTH, const int R)
{
	const uint8_t *scales = group + n * GROUP_16, *mins = scales + n / 32 * 64;
	for (size_t b = 0; b < n / 32; b++, group += 512, scales += 64, mins += 64, x += R * ROW_32) {
		__m256i sum[MOST_ROWS][2];
		whole_sums(group, x, sum, false, 8, DEPTH, R);
#pragma GCC unroll 6
		for (int r = 0; r < R; r++) {
			const __m256 x_scale = float_at(x + 32 * R + 4 * r), total = float_at(x + 36 * R + 4 * r);
#pragma GCC unroll 2
			for (int g = 0; g < 2; g++) {
				float *to = sums + r * GROUP_16 + 8 * g;
				const __m256 scale = _mm256_loadu_ps((const float *)(const void *)(scales + 32 * g));
				const __m256 min = _mm256_loadu_ps((const float *)(const void *)(mins + 32 * g));
				const __m256 v = _mm256_mul_ps(_mm256_cvtepi32_ps(sum[r][g]), x_scale);
				_mm256_storeu_ps(to, _mm256_fmadd_ps(min, total, _mm256_fmadd_ps(v, scale, _mm256_loadu_ps(to))));
			}
		}
	}
}

/* The same with scales of 16. */
INLINE void block_16(const uint8_t *group, const uint8_t *x, size_t n, float *sums, const int DEPTH, const int R)
{
	const uint8_t *floats = group + n * GROUP_16;
	for (size_t b = 0; b < n / 32; b++, group += 512, floats += 256, x += R * ROW_32) {
#pragma GCC unroll 2
		for (int h = 0; h < 2; h++) {
			__m256i sum[MOST_ROWS][2];
			whole_sums(group + 256 * h, x + 16 * h, sum, true, 4, DEPTH, R);
#pragma GCC unroll 6
			for (int r = 0; r < R; r++) {
				const __m256 x_scale = float_at(x + 32 * R + 4 * r);
#pragma GCC unroll 2
				for (int g = 0; g < 2; g++) {
					float *to = sums + r * GROUP_16 + 8 * g;
					const __m256 scale =
					        _mm256_loadu_ps((const float *)(const void *)(floats + 64 * h + 32 * g));
					__m256 v = _mm256_cvtepi32_ps(sum[r][g]);
					/* the sum's offset goes with the first half */
					if (h == 0)
						v = _mm256_fmadd_ps(v, scale,
						                    _mm256_loadu_ps(
						                            (const float *)(const void *)(floats + 128 + 32 * g)));
					else
						v = _mm256_mul_ps(v, scale);
					_mm256_storeu_ps(to, _mm256_fmadd_ps(v, x_scale, _mm256_loadu_ps(to)));
				}
			}
		}
	}
}

/* The first n of GROUP_16 sums of R rows; zeros where `from` is NULL. */
INLINE void copy_sums(const float *from, size_t from_stride, float *to, size_t to_stride, size_t n, const int R)
{
	for (size_t r = 0; r < (size_t)R; r++, to += to_stride, from = from ? from + from_stride : NULL) {
		if (!from)
			memset(to, 0, GROUP_16 * sizeof *to);
		else if (n == GROUP_16)
			memcpy(to, from, GROUP_16 * sizeof *to);
		else
			memcpy(to, from, n * sizeof *to);
	}
}

/* R rows with all outputs. */
INLINE void outputs_of(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t row, size_t n, float *out,
                       size_t out_stride, bool add, const bool sixteen, const int DEPTH, const int R)
{
	_Alignas(64) uint8_t rows[MOST_ROWS * COLS_16 / 32 * ROW_32];
	_Alignas(64) float block_sums[MOST_ROWS * GROUP_16];
	float *sums = block_sums;
	__asm__("" : "+r"(sums) : : "memory"); /* else compilers keep them in registers, of which there are none left */
	const size_t group_bytes = GROUP_16 * (n / 32 * (sixteen ? BYTES_16 : BYTES_32));
	gather_rows(x, row, n, rows, sixteen, R);
	for (size_t o = 0; o < n_outputs; o += GROUP_16) {
		const size_t left = n_outputs - o < GROUP_16 ? n_outputs - o : GROUP_16;
		const uint8_t *group = (const uint8_t *)tile->values + o / GROUP_16 * group_bytes;
		float *to = out + row * out_stride + o;
		copy_sums(add ? to : NULL, out_stride, sums, GROUP_16, left, R);
		if (sixteen)
			block_16(group, rows, n, sums, DEPTH, R);
		else
			block_32(group, rows, n, sums, DEPTH, R);
		copy_sums(sums, GROUP_16, to, out_stride, left, R);
	}
}

/* `most`: rows of a block. Fewer than registers would hold are faster where sums of 16 bits are added up. */
#define PRODUCTS(name, sixteen, depth, most)                                                                                       \
	static void name(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t n_rows, size_t n,           \
	                 float *out, size_t out_stride, bool add)                                                                  \
	{                                                                                                                          \
		size_t r = 0;                                                                                                      \
		for (; r + (most) <= n_rows; r += (most))                                                                          \
			outputs_of(tile, n_outputs, x, r, n, out, out_stride, add, sixteen, depth, most);                          \
		for (; r < n_rows; r++) outputs_of(tile, n_outputs, x, r, n, out, out_stride, add, sixteen, depth, 1);             \
	}

#if WITH_VNNI
PRODUCTS(products_32, false, 8, 6)
PRODUCTS(products_16, true, 4, 6)

void bytes_fill_avx2(struct kernels *k)
{
	memset(k->bytes, 0, sizeof k->bytes);
	k->bytes[0] = (struct form_16){ products_32, .round = bytes_round, .codes = bytes_codes_32_avx2, .codes_bytes = BYTES_32 };
	k->bytes[1] = (struct form_16){ products_16, .round = bytes_round, .codes = bytes_codes_16_avx2, .codes_bytes = BYTES_16 };
}

#else
PRODUCTS(products_32_of_16, false, 8, 4)
PRODUCTS(products_32_of_8, false, 4, 4)
PRODUCTS(products_16_of_8, true, 4, 3)
PRODUCTS(products_16_of_4, true, 2, 3)

void bytes_fill_avx2(struct kernels *k)
{
	static const kernel_products_16 of_32[2] = { products_32_of_16, products_32_of_8 };
	static const kernel_products_16 of_16[2] = { products_16_of_8, products_16_of_4 };
	for (size_t i = 0; i < 2; i++) {
		k->bytes[i] = (struct form_16){ of_32[i], NULL, bytes_round, bytes_codes_32_sums_avx2[i], BYTES_32 };
		k->bytes[2 + i] = (struct form_16){ of_16[i], NULL, bytes_round, bytes_codes_16_sums_avx2[i], BYTES_16 };
	}
}
#endif
