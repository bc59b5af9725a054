/* gguf_verify: where each type's floats stand in a block, and looking at them (see gguf_verify.h). */
#include "format/gguf_verify.h"

/* Halves of a block: their places, -1 for none. Types without a row are read and nothing more. */
static const struct {
	enum tensor_type_id type;
	int16_t at[2];
} halves[] = {
	{ TYPE_F16, { 0, -1 } },    { TYPE_Q4_0, { 0, -1 } },    { TYPE_Q4_1, { 0, 2 } },     { TYPE_Q5_0, { 0, -1 } },
	{ TYPE_Q5_1, { 0, 2 } },    { TYPE_Q8_0, { 0, -1 } },    { TYPE_Q2_K, { 80, 82 } },   { TYPE_Q3_K, { 108, -1 } },
	{ TYPE_Q4_K, { 0, 2 } },    { TYPE_Q5_K, { 0, 2 } },     { TYPE_Q6_K, { 208, -1 } },  { TYPE_IQ4_NL, { 0, -1 } },
	{ TYPE_IQ4_XS, { 0, -1 } }, { TYPE_IQ3_S, { 0, -1 } },   { TYPE_IQ3_XXS, { 0, -1 } }, { TYPE_IQ2_S, { 0, -1 } },
	{ TYPE_IQ2_XS, { 0, -1 } }, { TYPE_IQ2_XXS, { 0, -1 } }, { TYPE_IQ1_S, { 0, -1 } },   { TYPE_TQ1_0, { 52, -1 } },
	{ TYPE_TQ2_0, { 64, -1 } }, { TYPE_Q1_0, { 0, -1 } },    { TYPE_Q2_0, { 0, -1 } },
};

static bool finite_half(const uint8_t *p)
{
	return (p[1] & 0x7c) != 0x7c;
}

/* The upper two bytes of a float32, or a bfloat16. */
static bool finite_upper(const uint8_t *p)
{
	return (p[1] & 0x7f) != 0x7f || !(p[0] & 0x80);
}

static bool finite_block(const struct gguf_tensor *t, const uint8_t *block, const int16_t at[2])
{
	switch (t->type->id) {
	case TYPE_F32: return finite_upper(block + 2);
	case TYPE_BF16: return finite_upper(block);
	case TYPE_MXFP4: return block[0] != 0xff;
	case TYPE_IQ1_M:
		return (block[55] & 0x70) != 0x70 || (block[53] & 0xc0) != 0xc0; /* the half's exponent in upper bits of words */
	default: break;
	}
	for (int i = 0; at && i < 2 && at[i] >= 0; i++) {
		if (!finite_half(block + at[i])) return false;
	}
	return true;
}

bool gguf_verify(const struct gguf *g, uint64_t *seen, struct error *e)
{
	if (seen) *seen = 0;
	for (size_t i = 0; i < gguf_tensor_count(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);
		const int16_t *at = NULL;
		for (size_t k = 0; k < sizeof halves / sizeof halves[0]; k++) {
			if (halves[k].type == t->type->id) at = halves[k].at;
		}
		size_t blocks = t->size / t->type->bytes;
		for (size_t b = 0; b < blocks; b++) {
			const uint8_t *block = t->data + b * t->type->bytes;
			(void)*(const volatile uint8_t *)block; /* no read is left out */
			if (finite_block(t, block, at)) continue;
			/* a file that was cut shows zeros, not this; but say first what is wrong first */
			return gguf_intact(g, e) && error_set(e,
			                                      "%s: tensor '%s': block %zu of %zu (%s) has a number that is none; "
			                                      "the file is damaged, get it again",
			                                      gguf_name(g), t->name, b, blocks, t->type->name);
		}
		if (seen) *seen += t->size;
		if (!gguf_intact(g, e)) return false;
	}
	return true;
}
