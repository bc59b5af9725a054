/* i16: prompt rows in 16 bits as whole numbers with AVX-512; they are packed and rounded as with AVX2. */
#include "nn/i16.h"

void i16_fill_avx512(struct kernels *k)
{
	k->peak = peak;
	k->whole.products = products;
}
