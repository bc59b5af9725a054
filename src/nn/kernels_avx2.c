/* kernels: AVX2, FMA and F16C. */
#include "nn/kernel_types.h"

void ops_fill_avx2(struct kernels *k);

void kernels_fill_avx2(struct kernels *k)
{
	ops_fill_avx2(k);
}
