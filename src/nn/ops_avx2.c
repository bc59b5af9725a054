/* ops: the small operations in vectors of eight (see ops_lanes.h). */
#define OPS_LANES 8
#define OPS_LEVEL avx2
#include "nn/ops_lanes.h"
