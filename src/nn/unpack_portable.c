/* unpack: the definitions of the weight formats in plain C (see unpack.h). */
#include "nn/unpack.h"

#include "nn/float16.h"

void unpack_f32(const uint8_t *blocks, size_t n, float *out)
{
	memcpy(out, blocks, n * sizeof *out);
}

void unpack_f16(const uint8_t *blocks, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++) out[i] = half_load(blocks + 2 * i);
}

void unpack_bf16(const uint8_t *blocks, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++) out[i] = bfloat_load(blocks + 2 * i);
}

/* half d; int8 q[32]. */
void unpack_q8_0(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 34) {
		float d = half_load(b);
		for (size_t i = 0; i < 32; i++) *out++ = d * (float)(int8_t)b[2 + i];
	}
}

/* 32 values of 4 bits, low halves of the bytes first. */
static unsigned nibble(const uint8_t *q, size_t i)
{
	return i < 16 ? q[i] & 15u : q[i - 16] >> 4;
}

/* Such a value with its fifth bit from 32 bits at `high`. */
static unsigned five_bits(const uint8_t *q, const uint8_t *high, size_t i)
{
	return nibble(q, i) | ((unsigned)high[i / 8] >> i % 8 & 1u) << 4;
}

/* half d; 4 bits q[32], 8 meaning 0. */
void unpack_q4_0(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 18) {
		float d = half_load(b);
		for (size_t i = 0; i < 32; i++) *out++ = d * (float)((int)nibble(b + 2, i) - 8);
	}
}

/* half d, m; 4 bits q[32]. */
void unpack_q4_1(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 20) {
		float d = half_load(b), m = half_load(b + 2);
		for (size_t i = 0; i < 32; i++) *out++ = d * (float)nibble(b + 4, i) + m;
	}
}

/* half d; fifth bits; 4 bits q[32]; 16 meaning 0. */
void unpack_q5_0(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 22) {
		float d = half_load(b);
		for (size_t i = 0; i < 32; i++) *out++ = d * (float)((int)five_bits(b + 6, b + 2, i) - 16);
	}
}

/* half d, m; fifth bits; 4 bits q[32]. */
void unpack_q5_1(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 24) {
		float d = half_load(b), m = half_load(b + 2);
		for (size_t i = 0; i < 32; i++) *out++ = d * (float)five_bits(b + 8, b + 4, i) + m;
	}
}

/* 16 bytes of 4-bit scale and 4-bit min; 2 bits q[256], 32 bytes a half, four layers deep; half d, dmin. */
void unpack_q2_k(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 84) {
		const uint8_t *q = b + 16;
		float d = half_load(b + 80), dmin = half_load(b + 82);
		for (size_t i = 0; i < 256; i++) {
			uint8_t scale = b[i / 16];
			unsigned value = (unsigned)q[i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3u;
			*out++ = d * (float)(scale & 15) * (float)value - dmin * (float)(scale >> 4);
		}
	}
}

/* high bits of q[256], 32 bytes, eight layers deep (0 means minus 4); 2 bits q[256] as in Q2_K; 6-bit scales; half d. */
void unpack_q3_k(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 110) {
		const uint8_t *q = b + 32;
		float d = half_load(b + 108);
		for (size_t i = 0; i < 256; i++) {
			int low = q[i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3, high = b[i % 32] >> i / 32 & 1;
			*out++ = d * (float)q3_k_scale(b + 96, i / 16) * (float)(low + 4 * high - 4);
		}
	}
}

/* half d, dmin; 6-bit scales and mins; 4 bits q[256]: 32 bytes hold 32 low halves, then 32 high ones. */
void unpack_q4_k(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 144) {
		float d = half_load(b), dmin = half_load(b + 2);
		for (size_t j = 0; j < 8; j++) {
			const uint8_t *q = b + 16 + j / 2 * 32;
			float scale = d * (float)q4_k_scale(b + 4, j), min = dmin * (float)q4_k_min(b + 4, j);
			for (size_t i = 0; i < 32; i++) *out++ = scale * (float)(q[i] >> j % 2 * 4 & 15) - min;
		}
	}
}

/* As Q4_K, with fifth bits of q[256] before the others: 32 bytes, eight layers deep. */
void unpack_q5_k(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 176) {
		float d = half_load(b), dmin = half_load(b + 2);
		for (size_t j = 0; j < 8; j++) {
			const uint8_t *high = b + 16, *q = b + 48 + j / 2 * 32;
			float scale = d * (float)q4_k_scale(b + 4, j), min = dmin * (float)q4_k_min(b + 4, j);
			for (size_t i = 0; i < 32; i++) {
				int value = (q[i] >> j % 2 * 4 & 15) | (high[i] >> j & 1) << 4;
				*out++ = scale * (float)value - min;
			}
		}
	}
}

/* low 4 bits of q[256]: 64 bytes a half, 64 low halves, then 64 high ones; high 2 bits, 32 bytes a half, four layers deep;
 * int8 scales[16]; half d. 32 means 0. */
void unpack_q6_k(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 210) {
		const int8_t *scales = (const int8_t *)b + 192;
		float d = half_load(b + 208);
		for (size_t i = 0; i < 256; i++) {
			const uint8_t *low = b + i / 128 * 64, *high = b + 128 + i / 128 * 32;
			int value = (low[i % 64] >> i / 64 % 2 * 4 & 15) | (high[i % 32] >> i / 32 % 4 * 2 & 3) << 4;
			*out++ = d * (float)scales[i / 16] * (float)(value - 32);
		}
	}
}
