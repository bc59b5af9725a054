/*
 * rope: the frequencies that a model's heads turn with, scaled as its file says.
 *
 * Value pair i of a head turns by position * frequency[i]. Plain: base^(-2i/n_rot), divided by a factor of the file where it
 * has one for each pair. Linear scaling divides all by the factor; YaRN (Peng et al. 2023, "YaRN: Efficient Context Window
 * Extension") divides the slow pairs and leaves the fast ones, with a ramp between, and makes cosines and sines larger.
 */
#ifndef HEARTH_MODEL_ROPE_H
#define HEARTH_MODEL_ROPE_H

#include "model/weights.h"

struct rope {
	uint32_t n_rot;   /* values of a head that turn; 0: no layer uses this set */
	float *frequency; /* n_rot / 2 */
	float magnitude;  /* of cosines and sines */
};

/* `context`: positions in use, which choose between the long and the short factors. Memory from the arena. */
bool rope_init(struct rope *r, const struct config *c, const struct weights *w, uint32_t context, enum rope_set set,
               struct arena *arena, struct error *e);

#endif
