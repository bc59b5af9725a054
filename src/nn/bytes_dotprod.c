/* bytes: prompt rows in bytes with the dot products of ARMv8.2: 16 products an instruction, where floats have 4 (see bytes_neon.h).
 */
#include "nn/bytes_neon.h"

void bytes_fill_dotprod(struct kernels *k)
{
	bytes_fill(k);
}
