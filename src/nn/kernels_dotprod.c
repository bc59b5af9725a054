/* kernels: the level of the dot-product instructions (ARMv8.2 and later: since Cortex-A55, A75, Apple A13 and M1). */
#include "nn/kernel_types.h"

void kernels_fill_dotprod(struct kernels *k)
{
	bytes_fill_dotprod(k);
	dot_fill_dotprod(k);
}
