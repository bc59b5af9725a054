/* scan: recurrences in vectors of four, which every CPU has (see scan_lanes.h). */
#define OPS_LANES 4
#define OPS_LEVEL portable
#include "nn/scan_lanes.h"
