/* kernels: the level of AMX with bfloat16 (Intel since Sapphire Rapids). */
#include "nn/kernel_types.h"

void kernels_fill_amx(struct kernels *k)
{
	bf16_fill_amx(k);
}
