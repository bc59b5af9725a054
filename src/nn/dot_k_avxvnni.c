/* dot: answer rows times Q4_K and Q5_K; the other K formats scale sums of two, which this level has no use for with AVX-VNNI:
 * AVX2's kernels, four products added in one instruction. */
#define dot_k_fill_avx2 dot_k_fill_avxvnni
#include "nn/dot_k_avx2.c"
