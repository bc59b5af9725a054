/* bytes: prompt rows in bytes with the matrix products of ARMv8.6: 32 products an instruction (see bytes_neon.h). */
#define BYTES_BY_MATRICES
#include "nn/bytes_neon.h"

void bytes_fill_i8mm(struct kernels *k)
{
	bytes_fill(k);
}
