/* pack: a row, block by block (see pack.h). */
#include "nn/pack.h"

#include "base/memory.h"
#include "nn/pack_blocks.h"

#include <math.h>

struct packer {
	const struct format *format;
	pack_block pack;
	struct lattice *lattice; /* NULL: the format has none */
};

struct packer *packer_new(const struct format *format, struct error *e)
{
	struct packer *p = memory_new(1, sizeof *p);
	if (!p) {
		error_memory(e);
		return NULL;
	}
	p->format = format;
	p->pack = pack_plain(format->index);
	if (!p->pack) p->pack = pack_k(format->index);
	if (!p->pack) p->pack = pack_lattice(format->index);
	if (lattice_has(format->index)) {
		p->lattice = lattice_new(format->index, e);
		if (!p->lattice) {
			packer_free(p);
			return NULL;
		}
	}
	return p;
}

void packer_free(struct packer *p)
{
	if (!p) return;
	lattice_free(p->lattice);
	memory_free(p);
}

/* Whether importance counts. Where a scale is coarse or codes are many it does not: what it moves from one weight to another costs
 * more than it saves. */
static bool takes_importance(enum format_index format)
{
	switch (format) {
	case FORMAT_F32:
	case FORMAT_F16:
	case FORMAT_BF16:
	case FORMAT_Q8_0:
	case FORMAT_MXFP4:
	case FORMAT_NVFP4:
	case FORMAT_Q1_0:
	case FORMAT_Q2_0:
	case FORMAT_TQ1_0:
	case FORMAT_TQ2_0: return false;
	default: return true;
	}
}

/* The root of the importance, 1 on average. Errors weighed by the importance itself would be small for the text that it was
 * measured with and large for others: the root halves what is lost either way. */
static void weigh(const float *importance, size_t n, float *w)
{
	float sum = 0;
	for (size_t i = 0; i < n; i++) sum += importance[i];
	/* a block whose inputs never were anything but 0 keeps its weights as if they were equally important */
	for (size_t i = 0; i < n; i++) w[i] = sum > 0 ? sqrtf(importance[i] * ((float)n / sum)) + 1e-6f : 1;
}

void packer_row(const struct packer *p, const float *x, const float *importance, size_t cols, uint8_t *out)
{
	const size_t n = p->format->type->weights;
	float w[256];
	for (size_t i = 0; i < n; i++) w[i] = 1;
	if (!takes_importance(p->format->index)) importance = NULL;
	for (size_t at = 0; at < cols; at += n, out += p->format->type->bytes) {
		if (importance) weigh(importance + at, n, w);
		p->pack(p->lattice, x + at, w, out);
	}
}
