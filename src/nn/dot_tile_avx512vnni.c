/*
 * dot_tile: packed rows of K formats to codes whose lanes are outputs, sixteen at a time, with AVX-512.
 *
 * Packed bytes are turned before they are unpacked, four of each output in a lane, so that every instruction then unpacks 64
 * weights and the turning has half of the bytes or fewer. Scales are turned as packed too.
 */
#include "nn/dot_tile.h"

#include "nn/quants_avx2.h"

/* The packed rows of up to sixteen outputs, from the same block on; what is missing is the last one again. */
struct packed {
	const uint8_t *row[16];
};

/* Bytes [at, at + 16) of the rows as four vectors: number i has the rows' i-th four bytes. */
INLINE void turn_16(const struct packed *p, size_t at, __m512i *out)
{
	__m512i v[4];
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		v[i] = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)(p->row[i] + at)));
#pragma GCC unroll 3
		for (int k = 1; k < 4; k++) {
			__m128i piece = _mm_loadu_si128((const __m128i *)(const void *)(p->row[4 * k + i] + at));
			v[i] = _mm512_mask_broadcast_i32x4(v[i], (__mmask16)(15 << 4 * k), piece);
		}
	}
	__m512i a = _mm512_unpacklo_epi32(v[0], v[1]), b = _mm512_unpackhi_epi32(v[0], v[1]);
	__m512i c = _mm512_unpacklo_epi32(v[2], v[3]), d = _mm512_unpackhi_epi32(v[2], v[3]);
	out[0] = _mm512_unpacklo_epi64(a, c);
	out[1] = _mm512_unpackhi_epi64(a, c);
	out[2] = _mm512_unpacklo_epi64(b, d);
	out[3] = _mm512_unpackhi_epi64(b, d);
}

/* Four unsigned or signed bytes of each lane as floats, times a scale of each lane. */
INLINE void spread_bytes(__m512i v, __m512 scale, const bool with_sign, float *out, size_t stride)
{
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		__m512i byte = _mm512_slli_epi32(v, (unsigned)(24 - 8 * i));
		byte = with_sign ? _mm512_srai_epi32(byte, 24) : _mm512_srli_epi32(byte, 24);
		_mm512_store_ps(out + (size_t)i * stride, _mm512_mul_ps(scale, _mm512_cvtepi32_ps(byte)));
	}
}

/* The scales and mins of Q4_K and Q5_K. */
INLINE void tile_scales_8(const struct packed *p, const struct dot_tile *t)
{
	const __m512i six = _mm512_set1_epi32(0x3f3f3f3f), four = _mm512_set1_epi32(0x0f0f0f0f),
	              two = _mm512_set1_epi32(0x30303030);
	__m512i v[4];
	turn_16(p, 0, v);
	const __m512 d = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(v[0]));
	const __m512 m = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(v[0], 16)));
	__m512i high = _mm512_and_si512(_mm512_srli_epi32(v[1], 2), two), low = _mm512_and_si512(v[3], four);
	spread_bytes(_mm512_and_si512(v[1], six), d, false, t->scales, t->scale_step);
	spread_bytes(_mm512_or_si512(low, high), d, false, t->scales + 4 * t->scale_step, t->scale_step);
	high = _mm512_and_si512(_mm512_srli_epi32(v[2], 2), two);
	low = _mm512_and_si512(_mm512_srli_epi32(v[3], 4), four);
	spread_bytes(_mm512_and_si512(v[2], six), m, false, t->mins, t->scale_step);
	spread_bytes(_mm512_or_si512(low, high), m, false, t->mins + 4 * t->scale_step, t->scale_step);
}

/* A block of Q4_K or Q5_K. */
INLINE void tile_8(const struct packed *p, enum kind f, const struct dot_tile *t)
{
	const __m512i four = _mm512_set1_epi8(15), fifth = _mm512_set1_epi8(16);
	__m512i bits[8], v[4];
	tile_scales_8(p, t);
	if (f == Q5_K) turn_16(p, 16, bits);
	if (f == Q5_K) turn_16(p, 32, bits + 4);
#pragma GCC unroll 8
	for (int piece = 0; piece < 8; piece++) {
		const int group = piece / 2 * 2, half = piece % 2 * 4;
		turn_16(p, (f == Q4_K ? 16 : 48) + 16 * (size_t)piece, v);
#pragma GCC unroll 4
		for (int i = 0; i < 4; i++) {
			__m512i low = _mm512_and_si512(v[i], four), high = _mm512_and_si512(_mm512_srli_epi32(v[i], 4), four);
			if (f == Q5_K) {
				/* bit g of a byte to bit 4 */
				const unsigned by = (unsigned)(36 - group) % 32;
				low = _mm512_or_si512(low, _mm512_and_si512(_mm512_rolv_epi32(bits[half + i],
				                                                              _mm512_set1_epi32((int)by)),
				                                            fifth));
				high = _mm512_or_si512(high,
				                       _mm512_and_si512(_mm512_rolv_epi32(bits[half + i],
				                                                          _mm512_set1_epi32((int)((by + 31) % 32))),
				                                        fifth));
			}
			uint8_t *to = t->codes + (size_t)group * t->group_step + (size_t)(half + i) * 64;
			_mm512_store_si512(to, low);
			_mm512_store_si512(to + t->group_step, high);
		}
	}
}

/* A block of Q6_K: codes 0 ... 63. */
INLINE void tile_6_k(const struct packed *p, const struct dot_tile *t)
{
	const __m512i four = _mm512_set1_epi8(15), two = _mm512_set1_epi8(48);
	_Alignas(32) uint16_t d[16];
	__m512i v[4];
	for (size_t i = 0; i < 16; i++) d[i] = load16(p->row[i] + 208);
	const __m512 scale = _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)(const void *)d));
	turn_16(p, 192, v);
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) spread_bytes(v[i], scale, true, t->scales + 4 * (size_t)i * t->scale_step, t->scale_step);
#pragma GCC unroll 2
	for (int side = 0; side < 2; side++) {
#pragma GCC unroll 2
		for (int half = 0; half < 2; half++) {
			__m512i a[4], b[4], high[4];
			turn_16(p, (size_t)(64 * side + 16 * half), a);
			turn_16(p, (size_t)(64 * side + 32 + 16 * half), b);
			turn_16(p, (size_t)(128 + 32 * side + 16 * half), high);
			uint8_t *to = t->codes + (size_t)(8 * side + half) * t->group_step;
#pragma GCC unroll 4
			for (int i = 0; i < 4; i++, to += 64) {
				const __m512i h = high[i];
#define STORE(place, low, up)                                                                                                      \
	_mm512_store_si512(to + 2 * (place)*t->group_step, _mm512_or_si512(_mm512_and_si512(low, four), _mm512_and_si512(up, two)))
				STORE(0, a[i], _mm512_slli_epi32(h, 4));
				STORE(1, b[i], _mm512_slli_epi32(h, 2));
				STORE(2, _mm512_srli_epi32(a[i], 4), h);
				STORE(3, _mm512_srli_epi32(b[i], 4), _mm512_srli_epi32(h, 2));
#undef STORE
			}
		}
	}
}

INLINE struct packed packed_rows(const uint8_t *weights, size_t row_bytes, size_t n_outputs)
{
	struct packed p;
	for (size_t i = 0; i < 16; i++) p.row[i] = weights + (i < n_outputs ? i : n_outputs - 1) * row_bytes;
	return p;
}

#define TILE(name, call)                                                                                                           \
	static void name(const uint8_t *weights, size_t row_bytes, size_t n_outputs, const struct dot_tile *t)                     \
	{                                                                                                                          \
		const struct packed p = packed_rows(weights, row_bytes, n_outputs);                                                \
		call;                                                                                                              \
	}

TILE(tile_q4_k, tile_8(&p, Q4_K, t))
TILE(tile_q5_k, tile_8(&p, Q5_K, t))
TILE(tile_q6_k, tile_6_k(&p, t))

const dot_tile_fill dot_tiles_avx512vnni[FORMAT_COUNT] = {
	[FORMAT_Q4_K] = tile_q4_k,
	[FORMAT_Q5_K] = tile_q5_k,
	[FORMAT_Q6_K] = tile_q6_k,
};
