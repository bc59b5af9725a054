/* scan: see scan.h; the loops are those of the chosen level. */
#include "nn/scan.h"

#include "nn/kernel_types.h"

void scan_rows(float *state, size_t n_keys, size_t n_values, const struct scan_row *rows, size_t n_rows, bool first)
{
	kernels_chosen->scan_rows(state, n_keys, n_values, rows, n_rows, first);
}

void scan_channels(float *state, const float *a, size_t n_state, size_t n_channels, const struct scan_channels_row *rows,
                   size_t n_rows)
{
	kernels_chosen->scan_channels(state, a, n_state, n_channels, rows, n_rows);
}
