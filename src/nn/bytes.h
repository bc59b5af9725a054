/* bytes: what the forms in 8 bits of several levels share (kernel_types.h). */
#ifndef HEARTH_NN_BYTES_H
#define HEARTH_NN_BYTES_H

#include "nn/kernel_types.h"

enum { BYTES_32 = 40, BYTES_16 = 48 }; /* of 32 weights, with their floats */

/* Activations: kernel_round_16. */
void bytes_round(const float *x, size_t n, uint16_t *out, float *scale);

/* Packed weights (kernel_codes) by format; NULL for those that a form does not take. */
extern const kernel_codes bytes_codes_32_avx2[FORMAT_COUNT], bytes_codes_16_avx2[FORMAT_COUNT];

/* The same by what sums of 16 bits hold, a row for each: of scales of 32 sixteen and eight products, of scales of 16 eight and
 * four. */
extern const kernel_codes bytes_codes_32_sums_avx2[2][FORMAT_COUNT], bytes_codes_16_sums_avx2[2][FORMAT_COUNT];

/* The forms of 64-bit ARM (bytes_neon.h): activations of one byte with something added to scaled codes, with nothing, with scales
 * of 16; and the same for activations of two bytes. */
enum { BYTES_MINS, BYTES_PLAIN, BYTES_HALVES, BYTES_TWO_MINS, BYTES_TWO_PLAIN, BYTES_TWO_HALVES };
extern const kernel_codes bytes_codes_neon[BYTES_FORMS][FORMAT_COUNT];

#endif
