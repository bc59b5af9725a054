/* kernels: the level of NEON, which every 64-bit ARM processor has. */
#include "nn/kernel_types.h"

void kernels_fill_neon(struct kernels *k)
{
	attention_fill_neon(k);
	dot_fill_neon(k);
	float_fill_neon(k);
	ops_fill_neon(k);
	scan_fill_neon(k);
	unpack_fill_neon(k);
	k->whole.products = NULL; /* floats are as fast: both take four products an instruction */
}
