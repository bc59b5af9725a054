/*
 * scan_lanes: the recurrences of nn/scan.h, written once for any width of vectors (see nn/lanes.h).
 *
 * Columns are taken four vectors at a time, from one panel or from two side by side, so that their sums do not wait for each other.
 * What is left of them goes in single vectors, the last one in part.
 */
#include "nn/kernel_types.h"
#include "nn/lanes.h"

/* Each caller's counts are constants, for which the loops are made anew. */
#define SCAN_INLINE static inline __attribute__((always_inline))

enum { SCAN_WIDE = 4, PANEL_VECTORS = SCAN_PANEL / LANES };

/* Some columns of a state: vector j of key k lies at first + (j / PANEL_VECTORS) * panel + k * width + j % PANEL_VECTORS * LANES.
 */
struct columns {
	float *first;
	size_t panel, width; /* floats from panel to panel, and from key to key */
};

SCAN_INLINE float *columns_at(const struct columns *c, size_t k, size_t j)
{
	return c->first + j / PANEL_VECTORS * c->panel + k * c->width + j % PANEL_VECTORS * LANES;
}

/* factors . S for `n` vectors of columns. */
SCAN_INLINE void scan_sum(const struct columns *c, size_t n_keys, const float *factors, lanes *sum, size_t n, size_t part)
{
	for (size_t j = 0; j < n; j++) sum[j] = lanes_of(0);
	for (size_t k = 0; k < n_keys; k++) {
		lanes f = lanes_of(factors[k]);
#pragma GCC unroll 4
		for (size_t j = 0; j < n; j++) sum[j] = OPS_FUSED(lanes_read(columns_at(c, k, j), part), f, sum[j]);
	}
}

/* One row over `n` vectors of columns; the out sum is of the new state. */
SCAN_INLINE void scan_step(const struct columns *c, size_t n_keys, const struct scan_row *row, const lanes *value,
                           const lanes *back, lanes *out, size_t n, size_t part)
{
	for (size_t j = 0; j < n; j++) out[j] = lanes_of(0);
	for (size_t k = 0; k < n_keys; k++) {
		lanes decay = lanes_of(row->decay[k]), key = lanes_of(row->key[k]), read = lanes_of(row->read[k]);
		lanes to = lanes_of(back ? row->to[k] : 0);
#pragma GCC unroll 4
		for (size_t j = 0; j < n; j++) {
			float *at = columns_at(c, k, j);
			lanes s = OPS_FUSED(lanes_read(at, part), decay, key * value[j]);
			if (back) s = OPS_FUSED(to, back[j], s);
			lanes_write(at, s, part);
			out[j] = OPS_FUSED(read, s, out[j]);
		}
	}
}

/* All rows over `n` vectors of columns from `column` on, each of `part` values. */
SCAN_INLINE void scan_columns(struct columns c, size_t n_keys, size_t column, const struct scan_row *rows, size_t n_rows,
                              bool first, size_t n, size_t part)
{
	for (size_t r = 0; r < n_rows; r++) {
		const struct scan_row *row = &rows[r];
		lanes value[SCAN_WIDE], back[SCAN_WIDE], out[SCAN_WIDE], before[SCAN_WIDE] = { { 0 } };
		for (size_t j = 0; j < n; j++) value[j] = lanes_read(row->value + column + j * LANES, part);
		if (first) scan_sum(&c, n_keys, row->read, before, n, part);
		if (row->from) {
			scan_sum(&c, n_keys, row->from, back, n, part);
			scan_step(&c, n_keys, row, value, back, out, n, part);
		} else {
			scan_step(&c, n_keys, row, value, NULL, out, n, part);
		}
		for (size_t j = 0; j < n; j++) {
			if (first) out[j] = OPS_FUSED(lanes_of(row->bonus), value[j], before[j]);
			lanes_write(row->out + column + j * LANES, out[j], part);
		}
	}
}

static struct columns columns_from(float *state, size_t n_keys, size_t n_values, size_t column)
{
	size_t panel = column / SCAN_PANEL * SCAN_PANEL, width = n_values - panel < SCAN_PANEL ? n_values - panel : SCAN_PANEL;
	return (struct columns){ state + scan_at(n_keys, n_values, 0, column), n_keys * SCAN_PANEL, width };
}

static void scan_rows_of_level(float *state, size_t n_keys, size_t n_values, const struct scan_row *rows, size_t n_rows, bool first)
{
	size_t column = 0, whole = n_values / SCAN_PANEL * SCAN_PANEL; /* vectors side by side lie in whole panels */
	for (; column + SCAN_WIDE * LANES <= whole; column += SCAN_WIDE * LANES) {
		struct columns c = { state + scan_at(n_keys, n_values, 0, column), n_keys * SCAN_PANEL, SCAN_PANEL };
		scan_columns(c, n_keys, column, rows, n_rows, first, SCAN_WIDE, LANES);
	}
	for (; column + LANES <= n_values; column += LANES)
		scan_columns(columns_from(state, n_keys, n_values, column), n_keys, column, rows, n_rows, first, 1, LANES);
	if (column == n_values) return;
	scan_columns(columns_from(state, n_keys, n_values, column), n_keys, column, rows, n_rows, first, 1, n_values - column);
}

/* The decays of one vector of channels, turned so that a state's lie side by side. */
static void turn_decays(const float *a, size_t n_state, size_t part, float *turned)
{
	for (size_t n = 0; n < n_state; n++) {
		for (size_t c = 0; c < LANES; c++) turned[n * LANES + c] = c < part ? a[c * n_state + n] : 0;
	}
}

SCAN_INLINE void scan_vector(struct columns s, const float *turned, size_t n_state, size_t column,
                             const struct scan_channels_row *rows, size_t n_rows, size_t part)
{
	for (size_t r = 0; r < n_rows; r++) {
		const struct scan_channels_row *row = &rows[r];
		lanes step = lanes_read(row->step + column, part), in = step * lanes_read(row->x + column, part);
		lanes out = { 0 };
		for (size_t n = 0; n < n_state; n++) {
			float *at = s.first + n * s.width;
			lanes decay = lanes_exp(step * lanes_load(turned + n * LANES));
			lanes value = OPS_FUSED(lanes_read(at, part), decay, in * row->key[n]);
			lanes_write(at, value, part);
			out = OPS_FUSED(value, lanes_of(row->read[n]), out);
		}
		lanes_write(row->out + column, out, part);
	}
}

static void scan_channels_of_level(float *state, const float *a, size_t n_state, size_t n_channels,
                                   const struct scan_channels_row *rows, size_t n_rows)
{
	float turned[SCAN_MOST_STATE * LANES];
	OPS_EACH(c, n_channels)
	{
		struct columns s = columns_from(state, n_state, n_channels, c);
		turn_decays(a + c * n_state, n_state, part, turned);
		if (part == LANES)
			scan_vector(s, turned, n_state, c, rows, n_rows, LANES);
		else
			scan_vector(s, turned, n_state, c, rows, n_rows, part);
	}
}

void OPS_NAME(scan_fill, OPS_LEVEL)(struct kernels *k)
{
	k->scan_rows = scan_rows_of_level;
	k->scan_channels = scan_channels_of_level;
}
