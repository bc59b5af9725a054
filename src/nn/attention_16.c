/*
 * attention_16: the walk of prompt rows over pages, in whole numbers of 16 bits (see attention_16.h).
 *
 * A unit of work is a tile of rows of one run for the query heads that read one key head, up to MOST_QUERIES queries. A page's keys
 * and values become pairs once for all of them and stay in the second-level cache with the unit's queries and sums; two groups
 * of queries at a time go through scores, weights and weighted sums, while these stay in the first. A page that a group does not
 * see is passed over, which changes no bit.
 */
#include "nn/attention_walk.h"
#include "nn/kernel_types.h"
#include "nn/kv_page.h"

#include <math.h>
#include <string.h>

enum {
	MOST_QUERIES = 256,
	MOST_BYTES = 256 * 1024, /* of a unit's queries and sums */
	TOGETHER = 2             /* groups */
};

/* A thread's memory for one unit. */
struct work {
	size_t n_queries, n_pairs, value_width; /* pairs of a key's values */
	struct pair_page pages[TOGETHER];
	float key_scales[KV_PAGE], value_scales[KV_PAGE];
	size_t first[MOST_QUERIES], last[MOST_QUERIES]; /* positions that a query sees */
	struct pair_state states[MOST_QUERIES / PAIR_QUERIES];
	uint16_t *queries, *keys, *values;
	float *acc;  /* of each group value_width x PAIR_QUERIES */
	float *part; /* a page's keys or values of one head as floats, or a group's queries, or one result */
};

static size_t round_up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

static size_t key_pairs(const struct kv_shape *s)
{
	return (kv_kept_length(s->type, s->head_k) + 1) / 2;
}

static size_t value_width(const struct kv_shape *s)
{
	return round_up(kv_kept_length(s->type, s->head_v), PAIR_QUERIES);
}

/* Queries that go together, whole groups. */
static size_t most_queries(const struct kv_shape *s)
{
	size_t most = MOST_BYTES / (key_pairs(s) * 4 + value_width(s) * sizeof(float)) / PAIR_QUERIES * PAIR_QUERIES;
	return most > MOST_QUERIES ? MOST_QUERIES : most < PAIR_QUERIES ? PAIR_QUERIES : most;
}

static size_t part_floats(const struct kv_shape *s)
{
	size_t k = 2 * key_pairs(s), v = value_width(s);
	return KV_PAGE * (k > v ? k : v);
}

size_t attention_16_scratch(const struct kv_shape *s)
{
	size_t bytes = round_up(sizeof(struct work), 64), n = most_queries(s);
	bytes += (n + KV_PAGE) * key_pairs(s) * 4 + KV_PAGE / 2 * value_width(s) * 4;
	return bytes + (n * value_width(s) + part_floats(s)) * sizeof(float);
}

static struct work *work_init(const struct kv_shape *s, void *scratch)
{
	struct work *w = scratch;
	w->n_queries = most_queries(s);
	w->n_pairs = key_pairs(s);
	w->value_width = value_width(s);
	w->queries = (uint16_t *)(void *)((uint8_t *)scratch + round_up(sizeof *w, 64));
	w->keys = w->queries + w->n_queries * w->n_pairs * 2;
	w->values = w->keys + KV_PAGE * w->n_pairs * 2;
	w->acc = (float *)(void *)(w->values + KV_PAGE * w->value_width);
	w->part = w->acc + w->n_queries * w->value_width;
	return w;
}

bool attention_16_takes(const struct attention_job *job, const struct attention_run *run)
{
	return run->prompt && job->kv.type != KV_F32 && kernels_chosen->attention_16.scores;
}

/* Rounds the unit's queries and clears what they have gathered; query i is row i / n_heads, head i % n_heads of the unit. */
static void begin(const struct attention_job *job, const struct attention_unit *u, struct work *w)
{
	const size_t n = job->kv.head_k, n_q = u->n_rows * u->n_heads;
	for (size_t g = 0; g < n_q; g += PAIR_QUERIES) {
		struct pair_state *state = &w->states[g / PAIR_QUERIES];
		memset(w->part, 0, 2 * w->n_pairs * PAIR_QUERIES * sizeof *w->part);
		for (size_t lane = 0; lane < PAIR_QUERIES && g + lane < n_q; lane++) {
			const size_t i = g + lane, row = u->row + i / u->n_heads;
			const float *q = job->q + (u->run->first_row + row) * job->q_stride + (u->head + i % u->n_heads) * n;
			for (size_t d = 0; d < n; d++) w->part[d * PAIR_QUERIES + lane] = q[d] * job->scale;
			attention_visible(job, u->run, row, &w->first[i], &w->last[i]);
		}
		kernels_chosen->attention_16.round_columns(w->part, 2 * w->n_pairs, PAIR_QUERIES, w->queries + g * w->n_pairs * 2,
		                                           state->scales);
		for (size_t lane = 0; lane < PAIR_QUERIES; lane++) {
			state->max[lane] = -INFINITY;
			state->sum[lane] = 0;
		}
	}
	memset(w->acc, 0, round_up(n_q, PAIR_QUERIES) * w->value_width * sizeof *w->acc);
}

/* What each query of a group sees of the positions [begin, begin + n); whether there is anything, and whether any is hidden. */
static bool look(const struct work *w, size_t g, size_t n_q, size_t begin, size_t n, struct pair_page *page, bool *hides)
{
	bool any = false;
	*hides = n < KV_PAGE;
	for (size_t lane = 0; lane < PAIR_QUERIES; lane++) {
		size_t i = g + lane, first = 0, last = 0;
		if (i < n_q) {
			first = w->first[i] > begin ? w->first[i] - begin : 0;
			last = w->last[i] > begin ? w->last[i] - begin : 0;
			if (last > n) last = n;
			if (first > last) first = last;
		}
		page->first[lane] = (int32_t)first;
		page->last[lane] = (int32_t)last;
		any |= first < last;
		*hides |= first > 0 || last < n;
	}
	return any;
}

/* What the distance costs, and the cap. */
static void bend(const struct attention_job *job, const struct attention_unit *u, size_t g, size_t begin, size_t n,
                 struct pair_page *page)
{
	const size_t n_q = u->n_rows * u->n_heads;
	for (size_t p = 0; job->slopes && p < n; p++) {
		for (size_t lane = 0; lane < PAIR_QUERIES && g + lane < n_q; lane++)
			page->scores[p][lane] -= attention_lean(job, u, g + lane, begin + p);
	}
	if (job->soft_cap > 0) kernels_chosen->soft_cap(page->scores[0], job->soft_cap, n * PAIR_QUERIES);
}

/* The positions [begin, begin + n) of a page for the groups from query g on. */
static void attend(const struct attention_job *job, const struct attention_unit *u, struct work *w, size_t g, size_t begin,
                   size_t n)
{
	const struct kernels_16 *k = &kernels_chosen->attention_16;
	const size_t n_q = u->n_rows * u->n_heads, left = (n_q - g + PAIR_QUERIES - 1) / PAIR_QUERIES;
	const size_t n_groups = left < TOGETHER ? left : TOGETHER;
	bool any = false, hides[TOGETHER];
	for (size_t i = 0; i < n_groups; i++) any |= look(w, g + i * PAIR_QUERIES, n_q, begin, n, &w->pages[i], &hides[i]);
	if (!any) return;
	struct pair_state *states = w->states + g / PAIR_QUERIES;
	k->scores(w->keys, w->key_scales, w->queries + g * w->n_pairs * 2, w->n_pairs, n, states, w->pages, n_groups);
	for (size_t i = 0; i < n_groups; i++) {
		bend(job, u, g + i * PAIR_QUERIES, begin, n, &w->pages[i]);
		k->soften(&states[i], &w->pages[i], w->value_scales, n, hides[i]);
	}
	k->values(w->values, kv_kept_length(job->kv.type, job->kv.head_v), n, w->pages, n_groups, w->acc + g * w->value_width);
}

/* A page's keys and values as pairs; what lies behind the last position is finite and does not count. */
static void unpack(const struct attention_job *job, const struct attention_unit *u, struct work *w, size_t page)
{
	const struct kv_shape *s = &job->kv;
	const uint8_t *layer = u->run->pages[job->table + page] + job->layer_offset;
	const size_t k = kv_kept_length(s->type, s->head_k), v = kv_kept_length(s->type, s->head_v);
	kernels_chosen->unpack_keys[s->type](layer + kv_keys_at(s, u->kv_head), s->head_k, KV_PAGE, w->part);
	kernels_chosen->attention_16.round_columns(w->part, k, KV_PAGE, w->keys, w->key_scales);
	kernels_chosen->unpack_values[s->type](layer + kv_values_at(s, u->kv_head), s->head_v, KV_PAGE, w->part);
	kernels_chosen->attention_16.round_values(w->part, v, w->values, w->value_scales);
}

static void compute(const struct attention_job *job, const struct attention_unit *u, struct work *w)
{
	const size_t n_q = u->n_rows * u->n_heads;
	size_t first, last;
	begin(job, u, w);
	attention_span(job, u, &first, &last);
	for (size_t at = first / KV_PAGE * KV_PAGE; at < last; at += KV_PAGE) {
		size_t n = last - at < KV_PAGE ? last - at : KV_PAGE;
		unpack(job, u, w, at / KV_PAGE);
		for (size_t g = 0; g < n_q; g += TOGETHER * PAIR_QUERIES) attend(job, u, w, g, at, n);
	}
	for (size_t i = 0; i < n_q; i++) {
		const struct pair_state *state = &w->states[i / PAIR_QUERIES];
		const float *acc = w->acc + i / PAIR_QUERIES * w->value_width * PAIR_QUERIES + i % PAIR_QUERIES;
		for (size_t d = 0; d < job->kv.head_v; d++) w->part[d] = acc[d * PAIR_QUERIES];
		attention_finish(job, u->run->first_row + u->row + i / u->n_heads, u->head + i % u->n_heads,
		                 state->max[i % PAIR_QUERIES], state->sum[i % PAIR_QUERIES], w->part);
	}
}

/* How a job falls into units. */
struct cut {
	size_t heads, chunks, rows; /* query heads of a unit, units per key head, rows of a unit */
};

static size_t count_units(const struct attention_job *job, const struct cut *cut)
{
	size_t n = 0;
	for (size_t i = 0; i < job->n_runs; i++) {
		if (attention_16_takes(job, &job->runs[i]))
			n += (job->runs[i].n_rows + cut->rows - 1) / cut->rows * cut->chunks * job->kv.n_heads;
	}
	return n;
}

/* As many rows in a unit as leave four units or more for each thread. */
static struct cut cut_job(const struct attention_job *job, unsigned count)
{
	const size_t group = job->n_heads / job->kv.n_heads, most = most_queries(&job->kv);
	struct cut cut = { .heads = group < most ? group : most };
	cut.chunks = (group + cut.heads - 1) / cut.heads;
	cut.rows = most / cut.heads;
	while (cut.rows > 1 && cut.rows * cut.heads > 2 * TOGETHER * PAIR_QUERIES && count_units(job, &cut) < 4 * (size_t)count)
		cut.rows = (cut.rows + 1) / 2;
	return cut;
}

/* The n-th unit, key head by key head so that a thread's share reads few of them; false behind the last. */
static bool unit_at(const struct attention_job *job, const struct cut *cut, size_t n, struct attention_unit *u)
{
	const size_t group = job->n_heads / job->kv.n_heads;
	for (const struct attention_run *run = job->runs; run < job->runs + job->n_runs; run++) {
		if (!attention_16_takes(job, run)) continue;
		size_t tiles = (run->n_rows + cut->rows - 1) / cut->rows, units = tiles * cut->chunks * job->kv.n_heads;
		if (n >= units) {
			n -= units;
			continue;
		}
		size_t chunk = n / tiles % cut->chunks, row = n % tiles * cut->rows;
		*u = (struct attention_unit){ .run = run, .row = row, .kv_head = n / tiles / cut->chunks };
		u->n_rows = run->n_rows - row < cut->rows ? run->n_rows - row : cut->rows;
		u->head = u->kv_head * group + chunk * cut->heads;
		u->n_heads = group - chunk * cut->heads < cut->heads ? group - chunk * cut->heads : cut->heads;
		return true;
	}
	return false;
}

static size_t unit_cost(const struct attention_job *job, const struct attention_unit *u)
{
	size_t first, last;
	attention_span(job, u, &first, &last);
	return (last - first) * u->n_rows * u->n_heads;
}

void attention_16_compute(const struct attention_job *job, unsigned thread, unsigned count, void *scratch)
{
	const struct cut cut = cut_job(job, count);
	struct attention_unit u;
	struct work *w = work_init(&job->kv, scratch);
	size_t total = 0, before = 0;
	for (size_t n = 0; unit_at(job, &cut, n, &u); n++) total += unit_cost(job, &u);
	for (size_t n = 0; unit_at(job, &cut, n, &u); n++) {
		size_t owner = (size_t)((double)before / (double)total * count);
		before += unit_cost(job, &u);
		if (owner == thread) compute(job, &u, w);
	}
}
