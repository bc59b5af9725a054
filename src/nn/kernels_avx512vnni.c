/* kernels: the level of AVX512-VNNI (Intel since Cascade Lake, AMD since Zen 4). */
#include "nn/kernel_types.h"

void kernels_fill_avx512vnni(struct kernels *k)
{
	attention_16_fill_avx512vnni(k);
	attention_fill_avx512vnni(k);
	dot_fill_avx512vnni(k);
	dot_k_fill_avx512vnni(k);
	dot_many_fill_avx512vnni(k);
	i16_fill_avx512vnni(k);
	bytes_fill_avx512vnni(k);
}
