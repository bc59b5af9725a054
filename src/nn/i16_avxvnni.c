/* i16: prompt rows in 16 bits as whole numbers with AVX-VNNI, which adds the products of pairs in the same instruction. */
#include "nn/i16.h"

void i16_fill_avxvnni(struct kernels *k)
{
	k->peak = peak;
	k->whole.products = products;
}
