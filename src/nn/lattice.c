/* lattice: cells and their candidates (see lattice.h). */
#include "nn/lattice.h"

#include "base/memory.h"
#include "nn/codebooks.h"

#include <math.h>

/* Of the distances between a cell and the points, the smallest few are listed. */
enum { SHELLS = 2, SHELLS_IQ1 = 3 };

struct book {
	unsigned dims, levels, shells;
	float values[8];
	size_t n_points;
	const uint64_t *eight; /* one of the two */
	const uint32_t *four;
};

static const struct book *book_of(enum format_index format)
{
	static const struct book iq2_xxs = { 8, 3, SHELLS, { 8, 25, 43 }, 256, codebook_iq2_xxs, NULL },
	                         iq2_xs = { 8, 3, SHELLS, { 8, 25, 43 }, 512, codebook_iq2_xs, NULL },
	                         iq2_s = { 8, 3, SHELLS, { 8, 25, 43 }, 1024, codebook_iq2_s, NULL },
	                         iq3_xxs = { 4, 8, SHELLS, { 4, 12, 20, 28, 36, 44, 52, 62 }, 256, NULL, codebook_iq3_xxs },
	                         iq3_s = { 4, 8, SHELLS, { 1, 3, 5, 7, 9, 11, 13, 15 }, 512, NULL, codebook_iq3_s },
	                         iq1 = { 8, 3, SHELLS_IQ1, { -1, 0, 1 }, 2048, codebook_iq1, NULL };
	switch (format) {
	case FORMAT_IQ2_XXS: return &iq2_xxs;
	case FORMAT_IQ2_XS: return &iq2_xs;
	case FORMAT_IQ2_S: return &iq2_s;
	case FORMAT_IQ3_XXS: return &iq3_xxs;
	case FORMAT_IQ3_S: return &iq3_s;
	case FORMAT_IQ1_S:
	case FORMAT_IQ1_M: return &iq1;
	default: return NULL;
	}
}

bool lattice_has(enum format_index format)
{
	return book_of(format) != NULL;
}

static size_t cells(const struct lattice *l)
{
	size_t n = 1;
	for (unsigned i = 0; i < l->dims; i++) n *= l->levels;
	return n;
}

static void fill_points(struct lattice *l, const struct book *b)
{
	for (size_t p = 0; p < l->n_points; p++) {
		uint64_t bytes = b->eight ? b->eight[p] : b->four[p];
		for (unsigned i = 0; i < l->dims; i++) l->points[p * l->dims + i] = (float)(int8_t)(bytes >> 8 * i & 255);
	}
}

/* The squared distances of all points from a cell, and the largest one that is listed. */
static float distances(const struct lattice *l, size_t cell, unsigned shells, float *out)
{
	float middle[8];
	for (unsigned i = 0; i < l->dims; i++, cell /= l->levels) middle[i] = l->values[cell % l->levels];
	for (size_t p = 0; p < l->n_points; p++) {
		out[p] = 0;
		for (unsigned i = 0; i < l->dims; i++) {
			float d = l->points[p * l->dims + i] - middle[i];
			out[p] += d * d;
		}
	}
	float shell = -1;
	for (unsigned s = 0; s < shells; s++) {
		float next = INFINITY;
		for (size_t p = 0; p < l->n_points; p++) {
			if (out[p] > shell && out[p] < next) next = out[p];
		}
		if (next == INFINITY) break;
		shell = next;
		if (shell == 0) break;
	}
	return shell;
}

/* Counts the candidates when there is no room for them yet. */
static size_t list_candidates(struct lattice *l, unsigned shells, float *distance)
{
	size_t n = 0;
	for (size_t c = 0; c < cells(l); c++) {
		float shell = distances(l, c, shells, distance);
		l->first[c] = (uint32_t)n;
		for (size_t p = 0; p < l->n_points; p++) {
			if (distance[p] > shell) continue;
			if (l->candidates) l->candidates[n] = (uint16_t)p;
			n++;
		}
	}
	l->first[cells(l)] = (uint32_t)n;
	return n;
}

struct lattice *lattice_new(enum format_index format, struct error *e)
{
	const struct book *b = book_of(format);
	struct lattice *l = memory_new(1, sizeof *l);
	if (!l) {
		error_memory(e);
		return NULL;
	}
	*l = (struct lattice){ .dims = b->dims, .levels = b->levels, .n_points = b->n_points };
	for (unsigned i = 0; i < b->levels; i++) l->values[i] = b->values[i];
	float *distance = memory_new(b->n_points, sizeof *distance);
	l->points = memory_new(b->n_points * b->dims, sizeof *l->points);
	l->first = memory_new(cells(l) + 1, sizeof *l->first);
	if (distance && l->points && l->first) {
		fill_points(l, b);
		size_t n = list_candidates(l, b->shells, distance);
		l->candidates = memory_new(n, sizeof *l->candidates);
		if (l->candidates) list_candidates(l, b->shells, distance);
	}
	memory_free(distance);
	if (l->candidates) return l;
	lattice_free(l);
	error_memory(e);
	return NULL;
}

void lattice_free(struct lattice *l)
{
	if (!l) return;
	memory_free(l->points);
	memory_free(l->first);
	memory_free(l->candidates);
	memory_free(l);
}

uint16_t lattice_nearest(const struct lattice *l, const float *t, const float *w)
{
	size_t cell = 0;
	for (unsigned i = l->dims; i-- > 0;) {
		unsigned level = 0;
		while (level + 1 < l->levels && t[i] * 2 > l->values[level] + l->values[level + 1]) level++;
		cell = cell * l->levels + level;
	}
	uint32_t at = l->first[cell], end = l->first[cell + 1];
	uint16_t best = l->candidates[at];
	if (end - at == 1) return best;
	float least = INFINITY;
	for (; at < end; at++) {
		const float *p = l->points + (size_t)l->candidates[at] * l->dims;
		float error = 0;
		for (unsigned i = 0; i < l->dims; i++) error += w[i] * (t[i] - p[i]) * (t[i] - p[i]);
		if (error < least) {
			least = error;
			best = l->candidates[at];
		}
	}
	return best;
}
