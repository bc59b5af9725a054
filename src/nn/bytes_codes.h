/* bytes_codes: packed weights as the forms in 8 bits have them (kernel_codes), by format; NULL for those that a form does not take.
 */
#ifndef HEARTH_NN_BYTES_CODES_H
#define HEARTH_NN_BYTES_CODES_H

#include "nn/kernel_types.h"

enum { BYTES_32 = 40, BYTES_16 = 48 }; /* of 32 weights, with their floats */

extern const kernel_codes bytes_codes_32_avx512vnni[FORMAT_COUNT], bytes_codes_16_avx512vnni[FORMAT_COUNT];

#endif
