/* dot: answer rows times the formats of signed codes with AVX-VNNI: AVX2's kernels, four products added in one instruction. */
#define dot_codes_fill_avx2 dot_codes_fill_avxvnni
#include "nn/dot_codes_avx2.c"
