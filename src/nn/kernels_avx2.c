/* kernels: the level of AVX2, FMA and F16C (Intel since 2013, AMD since 2017). */
#include "nn/kernel_types.h"

void kernels_fill_avx2(struct kernels *k)
{
	attention_16_fill_avx2(k);
	attention_fill_avx2(k);
	bytes_fill_avx2(k);
	dot_fill_avx2(k);
	dot_codes_fill_avx2(k);
	dot_k_fill_avx2(k);
	float_fill_avx2(k);
	i16_fill_avx2(k);
	ops_fill_avx2(k);
	scan_fill_avx2(k);
	unpack_codes_fill_avx2(k);
	unpack_fill_avx2(k);
}
