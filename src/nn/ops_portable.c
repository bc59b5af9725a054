/* ops: the small operations in vectors of four, which every CPU has (see ops_lanes.h). */
#define OPS_LANES 4
#define OPS_LEVEL portable
#include "nn/ops_lanes.h"
