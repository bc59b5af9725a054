/* kernels: the level of AVX-VNNI, for processors that multiply bytes but have no AVX-512 (Intel since Alder Lake). */
#include "nn/kernel_types.h"

void kernels_fill_avxvnni(struct kernels *k)
{
	attention_16_fill_avxvnni(k);
	bytes_fill_avxvnni(k);
	dot_fill_avxvnni(k);
	dot_codes_fill_avxvnni(k);
	dot_k_fill_avxvnni(k);
	i16_fill_avxvnni(k);
}
