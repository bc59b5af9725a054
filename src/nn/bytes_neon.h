/*
 * bytes_neon: prompt rows times codes of weights, written once for the dot products of ARMv8.2 and for the matrix products of i8mm.
 *
 * Activations are bytes with a scale for each 32, as of answer rows; or two bytes, for the formats with blocks of 32, which a
 * single one is too coarse for: t = 128 high + low, |t| at most 16,256, with a scale for COLS_16. ARM has no product of 16 bits
 * that adds more than one: two of bytes are half the work of the floats'. A sum of 32 products is whole: high ones first, then 128
 * times that plus the low ones.
 *
 * A block is 4 rows by 8 outputs in 8 vectors of sums, four of them in a vector in one of two arrangements:
 *     dotprod   a row's sums with 4 outputs; 4 inputs are multiplied at a time, those of a row in one lane of a vector;
 *     i8mm      2 rows by 2 outputs, the first row's first; 8 inputs at a time. (BYTES_BY_MATRICES)
 * An output's UNIT inputs stand beside the next one's.
 */
#include "nn/bytes.h"
#include "nn/quants_neon.h"

enum { ROWS = 4, OUTPUTS = 8, TILES = 8, TWO_MOST = 127 * 128 };
#ifdef BYTES_BY_MATRICES
enum { UNIT = 8, ROW_TILES = 2, OUTPUT_TILES = 4, HALF_X = 64 };
#else
enum { UNIT = 4, ROW_TILES = 4, OUTPUT_TILES = 2, HALF_X = 16 };
#endif

/* 32 inputs of the rows of a block; HALF_X: bytes from the first 16 of them to the others. Floats stand ready for the lanes of a
 * tile: one for each row, or two for each. */
struct part {
	int8_t codes[2][ROWS * 32];
	float scales[ROWS * 2], totals[ROWS * 2];
};

/* What a form is, known when it is compiled: activations of two bytes; scales of 16; something added. */
struct shape {
	bool two, halves, mins;
};

INLINE void put_codes(int8_t *to, size_t r, int8x16_t a, int8x16_t b)
{
#ifdef BYTES_BY_MATRICES
	to += r / 2 * 16 + r % 2 * 8;
	vst1_s8(to, vget_low_s8(a));
	vst1_s8(to + 32, vget_high_s8(a));
	vst1_s8(to + 64, vget_low_s8(b));
	vst1_s8(to + 96, vget_high_s8(b));
#else
	vst1q_s8(to + 32 * r, a);
	vst1q_s8(to + 32 * r + 16, b);
#endif
}

INLINE void put_float(float *to, size_t r, float v)
{
#ifdef BYTES_BY_MATRICES
	to[2 * r] = to[2 * r + 1] = v;
#else
	to[r] = v;
#endif
}

/* 8 numbers of 16 bits as the high bytes and the low ones. */
INLINE int8x8_t high_bytes(int16x8_t t)
{
	return vrshrn_n_s16(t, 7);
}

INLINE int8x8_t low_bytes(int16x8_t t, int8x8_t high)
{
	return vmovn_s16(vsubq_s16(t, vshll_n_s8(high, 7)));
}

/* 32 inputs of a row in two bytes each. */
INLINE void put_two(struct part *p, size_t r, const int16_t *t)
{
	int8x8_t high[4], low[4];
	int32x4_t sum = vdupq_n_s32(0);
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		int16x8_t v = vld1q_s16(t + 8 * i);
		high[i] = high_bytes(v);
		low[i] = low_bytes(v, high[i]);
		sum = vpadalq_s16(sum, v);
	}
	put_codes(p->codes[0], r, vcombine_s8(high[0], high[1]), vcombine_s8(high[2], high[3]));
	put_codes(p->codes[1], r, vcombine_s8(low[0], low[1]), vcombine_s8(low[2], low[3]));
	put_float(p->totals, r, (float)vaddvq_s32(sum));
}

/* n inputs of R rows; the rows of a block behind them are zeros. */
INLINE void gather_rows(const struct rows_16 *x, size_t row, size_t n_rows, size_t n, struct part *parts, const bool two)
{
	if (n_rows < ROWS) memset(parts, 0, n / 32 * sizeof *parts);
	for (size_t r = 0; r < n_rows; r++) {
		const uint16_t *from = x->values + (row + r) * x->stride;
		const int8_t *q = (const int8_t *)from;
		for (size_t b = 0; b < n / 32; b++) {
			struct part *p = parts + b;
			float scale, total;
			if (two) {
				put_two(p, r, (const int16_t *)from + 32 * b);
				continue;
			}
			put_codes(p->codes[0], r, vld1q_s8(q + 32 * b), vld1q_s8(q + 32 * b + 16));
			memcpy(&scale, q + n + 4 * b, sizeof scale);
			memcpy(&total, q + n + n / 8 + 4 * b, sizeof total);
			put_float(p->scales, r, scale);
			put_float(p->totals, r, total);
		}
	}
}

/* sum += the products of 16 inputs. */
INLINE void sixteen_products(const int8_t *w, const int8_t *x, int32x4_t sum[TILES])
{
#ifdef BYTES_BY_MATRICES
#pragma GCC unroll 2
	for (int k = 0; k < 2; k++, w += GROUP_16 * UNIT, x += ROWS * UNIT) {
		const int8x16_t x0 = vld1q_s8(x), x1 = vld1q_s8(x + 16);
#pragma GCC unroll 4
		for (int o = 0; o < OUTPUT_TILES; o++) {
			const int8x16_t v = vld1q_s8(w + 16 * o);
			sum[o] = vmmlaq_s32(sum[o], x0, v);
			sum[OUTPUT_TILES + o] = vmmlaq_s32(sum[OUTPUT_TILES + o], x1, v);
		}
	}
#else
	const int8x16_t x0 = vld1q_s8(x), x1 = vld1q_s8(x + 32), x2 = vld1q_s8(x + 64), x3 = vld1q_s8(x + 96);
#define FOUR_INPUTS(k)                                                                                                             \
	{                                                                                                                          \
		const int8x16_t v0 = vld1q_s8(w + (k)*GROUP_16 * UNIT), v1 = vld1q_s8(w + (k)*GROUP_16 * UNIT + 16);               \
		sum[0] = vdotq_laneq_s32(sum[0], v0, x0, k);                                                                       \
		sum[1] = vdotq_laneq_s32(sum[1], v1, x0, k);                                                                       \
		sum[2] = vdotq_laneq_s32(sum[2], v0, x1, k);                                                                       \
		sum[3] = vdotq_laneq_s32(sum[3], v1, x1, k);                                                                       \
		sum[4] = vdotq_laneq_s32(sum[4], v0, x2, k);                                                                       \
		sum[5] = vdotq_laneq_s32(sum[5], v1, x2, k);                                                                       \
		sum[6] = vdotq_laneq_s32(sum[6], v0, x3, k);                                                                       \
		sum[7] = vdotq_laneq_s32(sum[7], v1, x3, k);                                                                       \
	}
	FOUR_INPUTS(0)
	FOUR_INPUTS(1)
	FOUR_INPUTS(2)
	FOUR_INPUTS(3)
#undef FOUR_INPUTS
#endif
}

/* The same of a part, or of its half h where scales are of 16. */
INLINE void part_products(const int8_t *w, const int8_t *x, int32x4_t sum[TILES], const struct shape s, const int h)
{
	sixteen_products(w + h * 16 * GROUP_16, x + h * HALF_X, sum);
	if (!s.halves) sixteen_products(w + 16 * GROUP_16, x + HALF_X, sum);
}

/* A float for each lane of the block's tiles: of outputs, those of piece b at `floats`, which lie UNIT / 4 pieces together; and of
 * rows. */
INLINE void of_outputs(const uint8_t *floats, size_t b, float32x4_t v[OUTPUT_TILES])
{
#ifdef BYTES_BY_MATRICES
	floats += b / 2 * GROUP_16 * UNIT;
#pragma GCC unroll 4
	for (int o = 0; o < OUTPUT_TILES; o++) {
		const float32x4_t two = vreinterpretq_f32_u8(vld1q_u8(floats + 16 * o));
		v[o] = b % 2 ? vuzp2q_f32(two, two) : vuzp1q_f32(two, two);
	}
#else
	floats += b * GROUP_16 * UNIT;
	v[0] = vreinterpretq_f32_u8(vld1q_u8(floats));
	v[1] = vreinterpretq_f32_u8(vld1q_u8(floats + 16));
#endif
}

INLINE void of_rows(const float *floats, float32x4_t v[ROW_TILES])
{
#pragma GCC unroll 4
	for (int r = 0; r < ROW_TILES; r++) {
#ifdef BYTES_BY_MATRICES
		v[r] = vld1q_f32(floats + 4 * r);
#else
		v[r] = vdupq_n_f32(floats[r]);
#endif
	}
}

/* acc += the products of one part, half h of it where scales are of 16. `w`, `first` and `second`: the codes of the part and the
 * floats of all, of the block's outputs. */
INLINE void add_part(const int8_t *w, const uint8_t *first, const uint8_t *second, size_t b, const struct part *p,
                     float32x4_t acc[TILES], const struct shape s, const int h)
{
	float32x4_t scale[OUTPUT_TILES], x_scale[ROW_TILES];
	int32x4_t sum[TILES];
	of_outputs(s.halves && h ? second : first, b, scale);
#pragma GCC unroll 8
	for (int t = 0; t < TILES; t++) sum[t] = vdupq_n_s32(0);
	part_products(w, p->codes[0], sum, s, h);
	if (s.two) {
#pragma GCC unroll 8
		for (int t = 0; t < TILES; t++) sum[t] = vshlq_n_s32(sum[t], 7);
		part_products(w, p->codes[1], sum, s, h);
	}
	if (!s.two) of_rows(p->scales, x_scale);
#pragma GCC unroll 8
	for (int t = 0; t < TILES; t++) {
		const float32x4_t v = vcvtq_f32_s32(sum[t]);
		if (s.two)
			acc[t] = vfmaq_f32(acc[t], v, scale[t % OUTPUT_TILES]);
		else
			acc[t] = vfmaq_f32(acc[t], vmulq_f32(v, scale[t % OUTPUT_TILES]), x_scale[t / OUTPUT_TILES]);
	}
	if (!s.mins) return;
	float32x4_t min[OUTPUT_TILES], total[ROW_TILES];
	of_outputs(second, b, min);
	of_rows(p->totals, total);
#pragma GCC unroll 8
	for (int t = 0; t < TILES; t++) acc[t] = vfmaq_f32(acc[t], min[t % OUTPUT_TILES], total[t / OUTPUT_TILES]);
}

/* The sums of a block, row by row. */
INLINE void store_block(const float32x4_t acc[TILES], float sums[ROWS][OUTPUTS])
{
#pragma GCC unroll 8
	for (int t = 0; t < TILES; t++) {
		const int r = t / OUTPUT_TILES, o = t % OUTPUT_TILES;
#ifdef BYTES_BY_MATRICES
		vst1_f32(sums[2 * r] + 2 * o, vget_low_f32(acc[t]));
		vst1_f32(sums[2 * r + 1] + 2 * o, vget_high_f32(acc[t]));
#else
		vst1q_f32(sums[r] + 4 * o, acc[t]);
#endif
	}
}

/* A block; `group`: codes of the group that its outputs are in, `o`: where they begin in it, 0 or OUTPUTS. */
INLINE void block(const uint8_t *group, size_t o, const struct part *parts, size_t n, float sums[ROWS][OUTPUTS],
                  const struct shape s)
{
	const int8_t *w = (const int8_t *)group + o * UNIT;
	const uint8_t *first = group + n * GROUP_16 + o * UNIT, *second = first + n / 8 * GROUP_16;
	float32x4_t acc[TILES];
#pragma GCC unroll 8
	for (int t = 0; t < TILES; t++) acc[t] = vdupq_n_f32(0);
	for (size_t b = 0; b < n / 32; b++, parts++, w += 32 * GROUP_16) {
		add_part(w, first, second, b, parts, acc, s, 0);
		if (s.halves) add_part(w, first, second, b, parts, acc, s, 1);
	}
	store_block(acc, sums);
}

/* n_rows rows, at most ROWS, with all outputs. */
INLINE void outputs_of(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t row, size_t n_rows, size_t n,
                       float *out, size_t out_stride, bool add, const struct shape s)
{
	struct part parts[COLS_16 / 32];
	float sums[ROWS][OUTPUTS];
	const size_t group_bytes = GROUP_16 * (n / 32 * BYTES_32);
	gather_rows(x, row, n_rows, n, parts, s.two);
	for (size_t o = 0; o < n_outputs; o += OUTPUTS) {
		const size_t left = n_outputs - o < OUTPUTS ? n_outputs - o : OUTPUTS;
		block((const uint8_t *)tile->values + o / GROUP_16 * group_bytes, o % GROUP_16, parts, n, sums, s);
		for (size_t r = 0; r < n_rows; r++) {
			const float scale = s.two ? x->scales[(row + r) * x->scales_stride] : 1;
			float *to = out + (row + r) * out_stride + o;
			for (size_t i = 0; i < left; i++) to[i] = (add ? to[i] : 0) + sums[r][i] * scale;
		}
	}
}

#define PRODUCTS(name, two, halves, mins)                                                                                          \
	static void name(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t n_rows, size_t n,           \
	                 float *out, size_t out_stride, bool add)                                                                  \
	{                                                                                                                          \
		static const struct shape shape = { two, halves, mins };                                                           \
		for (size_t r = 0; r < n_rows; r += ROWS)                                                                          \
			outputs_of(tile, n_outputs, x, r, n_rows - r < ROWS ? n_rows - r : ROWS, n, out, out_stride, add, shape);  \
	}

PRODUCTS(products_mins, false, false, true)
PRODUCTS(products_plain, false, false, false)
PRODUCTS(products_halves, false, true, false)
PRODUCTS(products_two_mins, true, false, true)
PRODUCTS(products_two_plain, true, false, false)
PRODUCTS(products_two_halves, true, true, false)

/* Units of UNIT bytes of the rows side by side (kernel_interleave). */
static void interleave(const uint16_t *rows, size_t stride, size_t n_outputs, size_t n, uint16_t *group)
{
	for (size_t o = 0; o < GROUP_16; o += 4, group += 2 * UNIT) {
		uint16_t *to = group;
		for (size_t i = 0; i < n; i += 8) {
			uint32x4_t v[4];
#pragma GCC unroll 4
			for (size_t r = 0; r < 4; r++)
				v[r] = o + r < n_outputs ? vreinterpretq_u32_u16(vld1q_u16(rows + (o + r) * stride + i))
				                         : vdupq_n_u32(0);
			const uint64x2_t a = vreinterpretq_u64_u32(UNIT == 4 ? vtrn1q_u32(v[0], v[1]) : v[0]);
			const uint64x2_t b = vreinterpretq_u64_u32(UNIT == 4 ? vtrn2q_u32(v[0], v[1]) : v[1]);
			const uint64x2_t c = vreinterpretq_u64_u32(UNIT == 4 ? vtrn1q_u32(v[2], v[3]) : v[2]);
			const uint64x2_t d = vreinterpretq_u64_u32(UNIT == 4 ? vtrn2q_u32(v[2], v[3]) : v[3]);
			const size_t next = GROUP_16 * UNIT / 2;
			if (UNIT == 4) {
				vst1q_u16(to, vreinterpretq_u16_u64(vzip1q_u64(a, c)));
				vst1q_u16(to + next, vreinterpretq_u16_u64(vzip1q_u64(b, d)));
				vst1q_u16(to + 2 * next, vreinterpretq_u16_u64(vzip2q_u64(a, c)));
				vst1q_u16(to + 3 * next, vreinterpretq_u16_u64(vzip2q_u64(b, d)));
				to += 4 * next;
			} else {
				vst1q_u16(to, vreinterpretq_u16_u64(vzip1q_u64(a, b)));
				vst1q_u16(to + 8, vreinterpretq_u16_u64(vzip1q_u64(c, d)));
				vst1q_u16(to + next, vreinterpretq_u16_u64(vzip2q_u64(a, b)));
				vst1q_u16(to + next + 8, vreinterpretq_u16_u64(vzip2q_u64(c, d)));
				to += 2 * next;
			}
		}
	}
}

/* Activations of two bytes as whole numbers of 16 bits. */
static void round_two(const float *x, size_t n, uint16_t *out, float *scale)
{
	uint32x4_t most_bits = vdupq_n_u32(0);
	for (size_t i = 0; i < n; i += 4) most_bits = vmaxq_u32(most_bits, vreinterpretq_u32_f32(vabsq_f32(vld1q_f32(x + i))));
	const uint32_t bits = vmaxvq_u32(most_bits); /* what is no number is above all numbers */
	const float most = float_from_bits(bits), factor = most > 0x1p-100f ? TWO_MOST / most : 0;
	*scale = most * (1.0f / TWO_MOST);
	for (size_t i = 0; i < n; i += 8) {
		/* minimum and maximum of numbers: what is none becomes the limit */
		const float32x4_t a = vmaxnmq_f32(vmulq_n_f32(vld1q_f32(x + i), factor), vdupq_n_f32(-TWO_MOST));
		const float32x4_t b = vmaxnmq_f32(vmulq_n_f32(vld1q_f32(x + i + 4), factor), vdupq_n_f32(-TWO_MOST));
		const int32x4_t p = vcvtnq_s32_f32(vminq_f32(a, vdupq_n_f32(TWO_MOST)));
		const int32x4_t q = vcvtnq_s32_f32(vminq_f32(b, vdupq_n_f32(TWO_MOST)));
		vst1q_u16(out + i, vreinterpretq_u16_s16(vcombine_s16(vmovn_s32(p), vmovn_s32(q))));
	}
}

/* As many sums as two blocks have. */
static double peak(size_t turns)
{
	int32x4_t sum[2 * TILES];
	int8x16_t a = vdupq_n_s8(0);
#pragma GCC unroll 16
	for (int i = 0; i < 2 * TILES; i++) sum[i] = vdupq_n_s32(0);
	for (size_t t = 0; t < turns; t++) {
#pragma GCC unroll 16
		for (int i = 0; i < 2 * TILES; i++) {
			__asm__ volatile("" : "+w"(a));
#ifdef BYTES_BY_MATRICES
			sum[i] = vmmlaq_s32(sum[i], a, a);
#else
			sum[i] = vdotq_s32(sum[i], a, a);
#endif
			__asm__ volatile("" : "+w"(sum[i]));
		}
	}
	return (UNIT == 8 ? 64.0 : 32.0) * 2 * TILES * (double)turns;
}

INLINE void bytes_fill(struct kernels *k)
{
	static const kernel_products_16 all[BYTES_FORMS] = {
		[BYTES_MINS] = products_mins,           [BYTES_PLAIN] = products_plain,
		[BYTES_HALVES] = products_halves,       [BYTES_TWO_MINS] = products_two_mins,
		[BYTES_TWO_PLAIN] = products_two_plain, [BYTES_TWO_HALVES] = products_two_halves,
	};
	for (size_t i = 0; i < BYTES_FORMS; i++) {
		k->bytes[i] = (struct form_16){ all[i], NULL, i < BYTES_TWO_MINS ? bytes_round : round_two, bytes_codes_neon[i],
			                        BYTES_32 };
	}
	k->interleave = interleave;
	k->peak = peak;
}
