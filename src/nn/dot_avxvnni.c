/* dot: answer rows times the formats with blocks of 32 with AVX-VNNI: AVX2's kernels, four products added in one instruction. */
#define dot_fill_avx2 dot_fill_avxvnni
#include "nn/dot_avx2.c"
