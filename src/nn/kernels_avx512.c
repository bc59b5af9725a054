/* kernels: the level of AVX-512 F, BW, DQ and VL (Intel since Skylake-X, AMD since Zen 4). */
#include "nn/kernel_types.h"

void kernels_fill_avx512(struct kernels *k)
{
	attention_16_fill_avx512(k);
	attention_fill_avx512(k);
	float_fill_avx512(k);
	i16_fill_avx512(k);
	ops_fill_avx512(k);
	scan_fill_avx512(k);
}
