/* kernels: the level of AVX512-BF16 (Intel Cooper Lake and Sapphire Rapids, AMD since Zen 4). */
#include "nn/kernel_types.h"

void kernels_fill_avx512bf16(struct kernels *k)
{
	bf16_fill_avx512bf16(k);
}
