/*
 * attention: the walk over pages of rows that are computed in floats (see attention.h and attention_walk.h); scores, weights and
 * weighted sums are the kernels'.
 *
 * A unit of work is a tile of rows of one run for the query heads (at most QUERIES queries together) that read one key head, and,
 * where threads outnumber such units, one split of the positions. A query's state is (max, sum, weighted values); a split starts
 * afresh, and its state is merged into that of the splits before it.
 */
#include "nn/attention_walk.h"
#include "nn/kernel_types.h"
#include "nn/kv_page.h"

#include <math.h>
#include <string.h>

enum {
	QUERIES = KV_QUERIES, /* of a unit */
	UNPACK_FROM = 9,      /* queries that make it worth to unpack a page's halves before they are read again and again */
	SPLIT_ROWS = 4,       /* most rows of a job whose splits are computed apart */
	SPLIT = KV_PAGE * KV_SPLIT_PAGES
};

/* States of the queries of a unit. */
struct states {
	float max[QUERIES], sum[QUERIES];
	float *acc; /* QUERIES x head_v */
};

/* A thread's memory for one unit. */
struct work {
	struct kernel_queries queries;
	float *q;         /* head_k x QUERIES, scaled */
	int32_t *q_words; /* of quantized types: see struct kernel_queries */
	float *q_scales;
	int32_t *q_sums;
	float *scores; /* QUERIES x KV_PAGE */
	float *keys;   /* a page's keys of one head as floats */
	float *values; /* the same of its values */
	float factors[QUERIES];
	struct states split, total;
};

static size_t round_up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* Values of a head as they are computed with. */
static size_t key_length(const struct kv_shape *s)
{
	return kv_kept_length(s->type, s->head_k);
}

static size_t value_length(const struct kv_shape *s)
{
	return kv_kept_length(s->type, s->head_v);
}

/* Floats in a record of one query's state for one split: acc, max, sum. */
static size_t record_floats(const struct kv_shape *s)
{
	return round_up(value_length(s) + 2, 16);
}

static size_t work_floats(const struct kv_shape *s)
{
	size_t k = key_length(s), v = value_length(s);
	return QUERIES * (k + (k + 1) / 2 + KV_PAGE + 2 * v) + 2 * k + KV_PAGE * (k + v);
}

size_t attention_scratch_bytes(const struct kv_shape *s, size_t group)
{
	(void)group;
	size_t prompt = attention_16_scratch(s), others = round_up(sizeof(struct work), 64) + work_floats(s) * sizeof(float);
	return round_up(prompt > others ? prompt : others, 64);
}

static struct work *work_init(const struct kv_shape *s, void *scratch)
{
	struct work *w = scratch;
	w->q = (float *)(void *)((uint8_t *)scratch + round_up(sizeof *w, 64));
	size_t k_length = key_length(s), v_length = value_length(s);
	w->q_words = (int32_t *)(void *)(w->q + QUERIES * k_length);
	w->q_scales = (float *)(void *)(w->q_words + QUERIES * ((k_length + 1) / 2));
	w->q_sums = (int32_t *)(void *)(w->q_scales + k_length);
	w->queries = (struct kernel_queries){ w->q, w->q_words, w->q_scales, w->q_sums };
	w->scores = (float *)(void *)(w->q_sums + k_length);
	w->split.acc = w->scores + QUERIES * KV_PAGE;
	w->total.acc = w->split.acc + QUERIES * v_length;
	w->keys = w->total.acc + QUERIES * v_length;
	w->values = w->keys + KV_PAGE * k_length;
	return w;
}

void attention_visible(const struct attention_job *job, const struct attention_run *run, size_t row, size_t *first, size_t *last)
{
	size_t position = run->position + row, end = run->position + run->n_rows, half = job->window / 2;
	if (job->whole) {
		*first = job->window > 0 && position > half ? position - half : 0;
		*last = job->window > 0 && position + half + 1 < end ? position + half + 1 : end;
		return;
	}
	*last = position + 1;
	*first = job->window > 0 && position + 1 > job->window ? position + 1 - job->window : 0;
	if (job->chunks && job->window > 0) *first = position / job->window * job->window;
}

void attention_span(const struct attention_job *job, const struct attention_unit *u, size_t *first, size_t *last)
{
	size_t none;
	attention_visible(job, u->run, u->row, first, &none);
	attention_visible(job, u->run, u->row + u->n_rows - 1, &none, last);
}

static size_t n_splits(size_t n_positions)
{
	return (n_positions + SPLIT - 1) / SPLIT;
}

/* Query heads of a unit, units per key head, and rows of a unit. */
static size_t unit_heads(const struct attention_job *job)
{
	size_t group = job->n_heads / job->kv.n_heads;
	return group < QUERIES ? group : QUERIES;
}

static size_t units_per_head(const struct attention_job *job)
{
	size_t group = job->n_heads / job->kv.n_heads, heads = unit_heads(job);
	return (group + heads - 1) / heads;
}

static size_t unit_rows(const struct attention_job *job)
{
	return QUERIES / unit_heads(job);
}

/* Most splits of any run of the job that is not attention_16.c's. */
static size_t job_splits(const struct attention_job *job)
{
	size_t most = 0;
	for (size_t i = 0; i < job->n_runs; i++) {
		size_t splits = n_splits(job->runs[i].position + job->runs[i].n_rows);
		if (!attention_16_takes(job, &job->runs[i]) && splits > most) most = splits;
	}
	return most;
}

bool attention_wants_merge(const struct attention_job *job, unsigned count)
{
	size_t units = 0, rows = 0, per_row = job->kv.n_heads * units_per_head(job), tile = unit_rows(job);
	for (size_t i = 0; i < job->n_runs; i++) {
		if (attention_16_takes(job, &job->runs[i])) continue;
		rows += job->runs[i].n_rows;
		units += (job->runs[i].n_rows + tile - 1) / tile * per_row;
	}
	return count > 1 && rows <= SPLIT_ROWS && units < 2 * (size_t)count && job_splits(job) > 1;
}

size_t attention_partial_bytes(const struct kv_shape *s, size_t n_heads, size_t n_positions, unsigned count)
{
	if (count < 2) return 0;
	return SPLIT_ROWS * n_heads * n_splits(n_positions) * record_floats(s) * sizeof(float);
}

/* Where the state of (row of the job's small batch, head, split) lies. */
static float *record(const struct attention_job *job, size_t row, size_t head, size_t split)
{
	return (float *)job->partial + ((row * job->n_heads + head) * job_splits(job) + split) * record_floats(&job->kv);
}

/* The number of a run's first row when the rows of all runs that are not attention_16.c's are counted in order. */
static size_t rows_before(const struct attention_job *job, const struct attention_run *run)
{
	size_t rows = 0;
	for (const struct attention_run *r = job->runs; r < run; r++) rows += attention_16_takes(job, r) ? 0 : r->n_rows;
	return rows;
}

/* Copies the unit's queries, scaled, value by value; query i is row i / n_heads, head i % n_heads of the unit. */
static void load_queries(const struct attention_job *job, const struct attention_unit *u, struct work *w)
{
	size_t n = job->kv.head_k, n_q = u->n_rows * u->n_heads;
	for (size_t i = 0; i < n_q; i++) {
		size_t row = u->run->first_row + u->row + i / u->n_heads, head = u->head + i % u->n_heads;
		const float *q = job->q + row * job->q_stride + head * n;
		for (size_t d = 0; d < n; d++) w->q[d * QUERIES + i] = q[d] * job->scale;
	}
	for (size_t d = n; d < key_length(&job->kv); d++) memset(w->q + d * QUERIES, 0, n_q * sizeof *w->q);
	if (!kv_is_plain(job->kv.type) && kernels_chosen->scores[job->kv.type])
		kernel_queries_split(w->q, key_length(&job->kv), n_q, w->q_words, w->q_scales, w->q_sums);
}

static void states_clear(struct states *s, size_t n, size_t head_v)
{
	for (size_t i = 0; i < n; i++) {
		s->max[i] = -INFINITY;
		s->sum[i] = 0;
	}
	memset(s->acc, 0, n * head_v * sizeof *s->acc);
}

float attention_lean(const struct attention_job *job, const struct attention_unit *u, size_t i, size_t position)
{
	size_t own = u->run->position + u->row + i / u->n_heads;
	return job->slopes[u->head + i % u->n_heads] * fabsf((float)own - (float)position);
}

/* Turns the scores in a page into weights; each row sees positions of its own. */
static void weigh(const struct attention_job *job, const struct attention_unit *u, struct work *w, size_t begin, size_t n)
{
	struct kernel_span spans[QUERIES];
	for (size_t row = 0, i = 0; row < u->n_rows; row++) {
		size_t first, last;
		attention_visible(job, u->run, u->row + row, &first, &last);
		first = first > begin ? first - begin : 0;
		last = last > begin ? last - begin : 0;
		if (last > n) last = n;
		if (first > last) first = last;
		for (size_t h = 0; h < u->n_heads; h++, i++) {
			float *scores = w->scores + i * KV_PAGE;
			spans[i] = (struct kernel_span){ (uint8_t)first, (uint8_t)last };
			for (size_t p = 0; job->slopes && p < n; p++) scores[p] -= attention_lean(job, u, i, begin + p);
			if (job->soft_cap > 0 && first < last)
				kernels_chosen->soft_cap(scores + first, job->soft_cap, last - first);
		}
	}
	kernels_chosen->soften(w->scores, spans, u->n_rows * u->n_heads, n, w->split.max, w->split.sum, w->factors);
}

/* The scores of all queries in a page; `next` is read after it. */
static void score_page(const struct attention_job *job, struct work *w, const uint8_t *keys, size_t n_q, size_t n, const void *next)
{
	const struct kv_shape *s = &job->kv;
	kernel_scores direct = kernels_chosen->scores[s->type];
	if (direct && (n_q < UNPACK_FROM || s->type != KV_F16)) {
		direct(keys, key_length(s), &w->queries, n_q, n, w->scores, next);
		return;
	}
	kernels_chosen->unpack_keys[s->type](keys, s->head_k, n, w->keys);
	kernels_chosen->scores[KV_F32](w->keys, key_length(s), &w->queries, n_q, n, w->scores, next);
}

/* The weighted values of a page into the states. */
static void value_page(const struct attention_job *job, struct work *w, const uint8_t *values, size_t n_q, size_t n,
                       const void *next)
{
	const struct kv_shape *s = &job->kv;
	kernel_values direct = kernels_chosen->values[s->type];
	if (direct && (n_q < UNPACK_FROM || s->type != KV_F16)) {
		direct(values, value_length(s), w->scores, w->factors, n_q, n, w->split.acc, next);
		return;
	}
	kernels_chosen->unpack_values[s->type](values, s->head_v, n, w->values);
	kernels_chosen->values[KV_F32](w->values, value_length(s), w->scores, w->factors, n_q, n, w->split.acc, next);
}

/* One page's part in the split's states; `begin` is the page's first position, `end` the last the unit sees plus one. */
static void attend_page(const struct attention_job *job, const struct attention_unit *u, struct work *w, size_t begin, size_t end)
{
	const struct kv_shape *s = &job->kv;
	const uint8_t *layer = u->run->pages[job->table + begin / KV_PAGE] + job->layer_offset, *next = NULL;
	const uint8_t *keys = layer + kv_keys_at(s, u->kv_head), *values = layer + kv_values_at(s, u->kv_head);
	size_t n_q = u->n_rows * u->n_heads, n = end - begin < KV_PAGE ? end - begin : KV_PAGE;
	bool fetch = n_q < UNPACK_FROM; /* more queries compute for longer than memory takes */
	score_page(job, w, keys, n_q, n, fetch ? values : NULL);
	weigh(job, u, w, begin, n);
	if (fetch && end - begin > KV_PAGE)
		next = u->run->pages[job->table + begin / KV_PAGE + 1] + job->layer_offset + kv_keys_at(s, u->kv_head);
	value_page(job, w, values, n_q, n, next);
}

/* The positions of one split. */
static void attend_split(const struct attention_job *job, const struct attention_unit *u, struct work *w, size_t split)
{
	size_t first, last, n_q = u->n_rows * u->n_heads;
	attention_span(job, u, &first, &last);
	states_clear(&w->split, n_q, value_length(&job->kv));
	if (first < split * SPLIT) first = split * SPLIT;
	if (last > (split + 1) * SPLIT) last = (split + 1) * SPLIT;
	for (size_t begin = first / KV_PAGE * KV_PAGE; begin < last; begin += KV_PAGE) attend_page(job, u, w, begin, last);
}

/* Takes a split's state into the total of those before it; an empty one changes nothing. */
static void merge(float *max, float *sum, float *acc, float split_max, float split_sum, const float *split_acc, size_t n)
{
	if (split_max == -INFINITY) return;
	if (*max == -INFINITY) {
		*max = split_max;
		*sum = split_sum;
		memcpy(acc, split_acc, n * sizeof *acc);
		return;
	}
	float most = *max > split_max ? *max : split_max, before = expf(*max - most), now = expf(split_max - most);
	kernels_chosen->scale_multiply(acc, NULL, before, acc, n);
	kernels_chosen->add_scaled(acc, split_acc, now, n);
	*sum = *sum * before + split_sum * now;
	*max = most;
}

void attention_finish(const struct attention_job *job, size_t row, size_t head, float max, float sum, const float *acc)
{
	float factor = 1;
	if (job->sinks) {
		float most = job->sinks[head] > max ? job->sinks[head] : max;
		factor = expf(max - most);
		sum = sum * factor + expf(job->sinks[head] - most);
	}
	float *out = job->out + row * job->out_stride + head * job->kv.head_v;
	kernels_chosen->scale_multiply(acc, NULL, sum > 0 ? factor / sum : 0, out, job->kv.head_v);
}

static void compute_all_splits(const struct attention_job *job, const struct attention_unit *u, struct work *w)
{
	size_t first, last, n_q = u->n_rows * u->n_heads, n = value_length(&job->kv);
	attention_span(job, u, &first, &last);
	states_clear(&w->total, n_q, n);
	for (size_t split = first / SPLIT; split < n_splits(last); split++) {
		attend_split(job, u, w, split);
		for (size_t i = 0; i < n_q; i++) {
			merge(&w->total.max[i], &w->total.sum[i], w->total.acc + i * n, w->split.max[i], w->split.sum[i],
			      w->split.acc + i * n, n);
		}
	}
	for (size_t i = 0; i < n_q; i++) {
		attention_finish(job, u->run->first_row + u->row + i / u->n_heads, u->head + i % u->n_heads, w->total.max[i],
		                 w->total.sum[i], w->total.acc + i * n);
	}
}

static void compute_one_split(const struct attention_job *job, const struct attention_unit *u, struct work *w)
{
	size_t n = value_length(&job->kv);
	attend_split(job, u, w, u->split);
	for (size_t i = 0; i < u->n_rows * u->n_heads; i++) {
		size_t row = rows_before(job, u->run) + u->row + i / u->n_heads;
		float *to = record(job, row, u->head + i % u->n_heads, u->split);
		memcpy(to, w->split.acc + i * n, n * sizeof *to);
		to[n] = w->split.max[i];
		to[n + 1] = w->split.sum[i];
	}
}

/* The positions that a unit reads: its cost. */
static size_t unit_cost(const struct attention_job *job, const struct attention_unit *u, bool apart)
{
	size_t first, last;
	attention_span(job, u, &first, &last);
	if (apart) {
		if (first < u->split * SPLIT) first = u->split * SPLIT;
		if (last > (u->split + 1) * SPLIT) last = (u->split + 1) * SPLIT;
	}
	return last > first ? (last - first) * u->n_rows * u->n_heads : 0;
}

/* The n-th unit, key head by key head so that a thread's share reads few of them; false behind the last. */
static bool unit_at(const struct attention_job *job, size_t n, bool apart, struct attention_unit *u)
{
	size_t tile = unit_rows(job), heads = unit_heads(job), chunks = units_per_head(job), group = job->n_heads / job->kv.n_heads;
	for (const struct attention_run *run = job->runs; run < job->runs + job->n_runs; run++) {
		if (attention_16_takes(job, run)) continue;
		size_t tiles = (run->n_rows + tile - 1) / tile, splits = apart ? n_splits(run->position + run->n_rows) : 1;
		size_t units = tiles * job->kv.n_heads * chunks * splits;
		if (n >= units) {
			n -= units;
			continue;
		}
		size_t chunk = n / (tiles * splits) % chunks, row = n / splits % tiles * tile;
		*u = (struct attention_unit){
			.run = run, .row = row, .split = n % splits, .kv_head = n / (tiles * splits * chunks)
		};
		u->n_rows = run->n_rows - row < tile ? run->n_rows - row : tile;
		u->head = u->kv_head * group + chunk * heads;
		u->n_heads = group - chunk * heads < heads ? group - chunk * heads : heads;
		return true;
	}
	return false;
}

static void compute_floats(const struct attention_job *job, unsigned thread, unsigned count, void *scratch)
{
	struct work *w = work_init(&job->kv, scratch);
	struct attention_unit u;
	bool apart = attention_wants_merge(job, count);
	size_t total = 0, before = 0;
	for (size_t n = 0; unit_at(job, n, apart, &u); n++) total += unit_cost(job, &u, apart);
	/* the last unit holds the last row's own position, so that `before` stays below `total` */
	for (size_t n = 0; unit_at(job, n, apart, &u); n++) {
		size_t cost = unit_cost(job, &u, apart), owner = (size_t)((double)before / (double)total * count);
		before += cost;
		if (owner != thread) continue;
		load_queries(job, &u, w);
		if (apart)
			compute_one_split(job, &u, w);
		else
			compute_all_splits(job, &u, w);
	}
}

void attention_compute(const struct attention_job *job, unsigned thread, unsigned count, void *scratch)
{
	compute_floats(job, thread, count, scratch);
	attention_16_compute(job, thread, count, scratch);
}

void attention_merge(const struct attention_job *job, unsigned thread, unsigned count)
{
	size_t n = value_length(&job->kv), pair = 0;
	for (size_t i = 0; i < job->n_runs; i++) {
		const struct attention_run *run = &job->runs[i];
		if (attention_16_takes(job, run)) continue;
		for (size_t k = 0; k < run->n_rows * job->n_heads; k++, pair++) {
			if (pair % count != thread) continue;
			size_t head = k % job->n_heads, row = rows_before(job, run) + k / job->n_heads;
			size_t splits = n_splits(run->position + run->n_rows);
			float *acc = record(job, row, head, 0);
			for (size_t s = 1; s < splits; s++) {
				const float *from = record(job, row, head, s);
				merge(&acc[n], &acc[n + 1], acc, from[n], from[n + 1], from, n);
			}
			attention_finish(job, run->first_row + k / job->n_heads, head, acc[n], acc[n + 1], acc);
		}
	}
}
