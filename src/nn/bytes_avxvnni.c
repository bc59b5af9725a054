/* bytes: prompt rows in 8 bits with AVX-VNNI: AVX2's kernels, four products added in one instruction, of all formats. */
#define bytes_fill_avx2 bytes_fill_avxvnni
#include "nn/bytes_avx2.c"
