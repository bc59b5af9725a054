/* kernels: the level of matrix products of bytes (ARMv8.6: since Neoverse V1 and N2, Cortex-A510 and A715, Apple M2). */
#include "nn/kernel_types.h"

void kernels_fill_i8mm(struct kernels *k)
{
	bytes_fill_i8mm(k);
}
