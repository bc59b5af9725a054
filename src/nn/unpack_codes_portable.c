/*
 * unpack: the definitions of the formats whose weights are signed codes times a scale for 16 or 32 of them, many of them points of
 * a codebook (see unpack.h and codebooks.h).
 */
#include "nn/codebooks.h"
#include "nn/float16.h"
#include "nn/unpack.h"

static uint32_t load32(const uint8_t *p)
{
	return load16(p) | (uint32_t)load16(p + 2) << 16;
}

/* n values of 4 bits at q, low halves first, as values of a table. */
static void codes_4(const uint8_t *q, const int8_t *table, size_t n, float d, float *out)
{
	for (size_t i = 0; i < n / 2; i++) {
		out[i] = d * (float)table[q[i] & 15];
		out[i + n / 2] = d * (float)table[q[i] >> 4];
	}
}

/* e8m0 d; 4 bits q[32]. */
void unpack_mxfp4(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 17, out += 32)
		codes_4(b + 1, codebook_fp4, 32, codebook_e8m0_half(b[0]), out);
}

/* e4m3 d[4], for 16 each; 4 bits q[64], 16 at a time. */
void unpack_nvfp4(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 36) {
		for (size_t i = 0; i < 4; i++, out += 16) codes_4(b + 4 + 8 * i, codebook_fp4, 16, codebook_e4m3_half(b[i]), out);
	}
}

/* half d; 4 bits q[32]. */
void unpack_iq4_nl(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 18, out += 32) codes_4(b + 2, codebook_iq4, 32, half_load(b), out);
}

/* half d; high 2 bits of scales[8]; low 4 bits; 4 bits q[256], 32 at a time. A scale of 32 means 0. */
void unpack_iq4_xs(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 136) {
		float d = half_load(b);
		for (size_t j = 0; j < 8; j++, out += 32) {
			codes_4(b + 8 + 16 * j, codebook_iq4, 32, d * (float)iq4_xs_scale(b, j), out);
		}
	}
}

/* half d; a bit for each of 128: plus or minus d. */
void unpack_q1_0(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 18) {
		float d = half_load(b);
		for (size_t i = 0; i < 128; i++) *out++ = b[2 + i / 8] >> i % 8 & 1 ? d : -d;
	}
}

/* half d; 2 bits q[64], 1 meaning 0. */
void unpack_q2_0(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 18) {
		float d = half_load(b);
		for (size_t i = 0; i < 64; i++) *out++ = d * (float)((b[2 + i / 4] >> i % 4 * 2 & 3) - 1);
	}
}

/* The digit to base 3 that follows `position` others: bytes are fractions, digit by digit the whole part of three times the rest.
 */
static int digit(uint8_t byte, size_t position)
{
	static const uint8_t powers[5] = { 1, 3, 9, 27, 81 };
	uint8_t rest = (uint8_t)(byte * powers[position]);
	return rest * 3 >> 8;
}

/* Digits q[160] in 32 bytes, five layers deep; q[80] in 16; q[16] in 4, four layers; half d. 1 means 0. */
void unpack_tq1_0(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 54) {
		float d = half_load(b + 52);
		for (size_t i = 0; i < 160; i++) *out++ = d * (float)(digit(b[i % 32], i / 32) - 1);
		for (size_t i = 0; i < 80; i++) *out++ = d * (float)(digit(b[32 + i % 16], i / 16) - 1);
		for (size_t i = 0; i < 16; i++) *out++ = d * (float)(digit(b[48 + i % 4], i / 4) - 1);
	}
}

/* 2 bits q[256], 32 bytes a half, four layers deep; half d. 1 means 0. */
void unpack_tq2_0(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 66) {
		float d = half_load(b + 64);
		for (size_t i = 0; i < 256; i++) *out++ = d * (float)((b[i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3) - 1);
	}
}

/* n sizes of a point, with signs, times d. */
static void point(uint64_t sizes, uint32_t signs, size_t n, float d, float *out)
{
	for (size_t i = 0; i < n; i++) {
		float size = (float)(sizes >> 8 * i & 255);
		out[i] = d * (signs >> i & 1 ? -size : size);
	}
}

/* half d; for each 32: four points of eight, 4 x 7 signs and a scale of 4 bits. */
void unpack_iq2_xxs(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 66) {
		for (size_t j = 0; j < 8; j++) {
			const uint8_t *q = b + 2 + 8 * j;
			uint32_t packed = load32(q + 4), signs = codebook_even_signs(packed);
			float d = half_load(b) * (0.5f + (float)(packed >> 28)) * 0.25f;
			for (size_t i = 0; i < 4; i++, out += 8) point(codebook_iq2_xxs[q[i]], signs >> 8 * i, 8, d, out);
		}
	}
}

/* half d; 9 bits of a point and 7 of signs for each eight; scales of 4 bits for each 16. */
void unpack_iq2_xs(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 74) {
		for (size_t i = 0; i < 32; i++, out += 8) {
			uint16_t q = load16(b + 2 + 2 * i);
			float d = half_load(b) * (0.5f + (float)iq2_scale(b + 66, i / 2)) * 0.25f;
			point(codebook_iq2_xs[q & 511], codebook_even_signs(q >> 9), 8, d, out);
		}
	}
}

/* half d; low 8 bits of points[32]; signs; high 2 bits; scales as in IQ2_XS. */
void unpack_iq2_s(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 82) {
		for (size_t i = 0; i < 32; i++, out += 8) {
			size_t q = b[2 + i] | ((size_t)b[66 + i / 4] >> i % 4 * 2 & 3) << 8;
			float d = half_load(b) * (0.5f + (float)iq2_scale(b + 74, i / 2)) * 0.25f;
			point(codebook_iq2_s[q], b[34 + i], 8, d, out);
		}
	}
}

/* half d; points[64] of four; for each 32: 4 x 7 signs and a scale of 4 bits. */
void unpack_iq3_xxs(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 98) {
		for (size_t j = 0; j < 8; j++) {
			uint32_t packed = load32(b + 66 + 4 * j), signs = codebook_even_signs(packed);
			float d = half_load(b) * (0.5f + (float)(packed >> 28)) * 0.5f;
			for (size_t i = 0; i < 8; i++, out += 4)
				point(codebook_iq3_xxs[b[2 + 8 * j + i]], signs >> 4 * i, 4, d, out);
		}
	}
}

/* half d; low 8 bits of points[64]; high bits; signs; scales of 4 bits for each 32. */
void unpack_iq3_s(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 110) {
		for (size_t i = 0; i < 64; i++, out += 4) {
			size_t q = b[2 + i] | ((size_t)b[66 + i / 8] >> i % 8 & 1) << 8;
			float d = half_load(b) * (float)(1 + 2 * (b[106 + i / 16] >> i / 8 % 2 * 4 & 15));
			point(codebook_iq3_s[q], (uint32_t)b[74 + i / 2] >> i % 2 * 4, 4, d, out);
		}
	}
}

/* A point of -1, 0, 1 and an eighth more or less, times d. */
static void ternary(uint64_t values, bool less, float d, float *out)
{
	for (size_t i = 0; i < 8; i++) out[i] = d * ((float)(int8_t)(values >> 8 * i & 255) + (less ? -0.125f : 0.125f));
}

/* half d; low 8 bits of points[32]; for each 32: high bits 4 x 3, a scale of 3 bits, the eighth's sign. */
void unpack_iq1_s(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 50) {
		for (size_t i = 0; i < 32; i++, out += 8) {
			unsigned high = load16(b + 34 + i / 4 * 2);
			float d = half_load(b) * (float)(2 * (high >> 12 & 7) + 1);
			ternary(codebook_iq1[b[2 + i] | (high >> i % 4 * 3 & 7) << 8], high >> 15, d, out);
		}
	}
}

/* Low 8 bits of points[32]; for each eight: high 3 bits and the eighth's sign; scales of 3 bits for each 16, with the half d in the
 * upper bits of their four words. */
void unpack_iq1_m(const uint8_t *blocks, size_t n, float *out)
{
	for (const uint8_t *b = blocks; n-- > 0; b += 56) {
		float d = half_to_float(iq1_m_half(b));
		for (size_t i = 0; i < 32; i++, out += 8) {
			unsigned high = (unsigned)b[32 + i / 2] >> i % 2 * 4 & 15;
			float scale = d * (float)(2 * iq1_m_scale(b, i / 2) + 1);
			ternary(codebook_iq1[b[i] | (high & 7) << 8], high >> 3, scale, out);
		}
	}
}
