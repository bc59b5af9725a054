/*
 * blocks: attention over a window and, beyond it, over compressed blocks of positions (DeepSeek V4).
 *
 *     q = norm(norm(h Wa) Wb) of each head;  k = norm(h Wk), one head, which is the value too; the ends of both turn
 *     every `ratio` positions  b = norm(sum over the block of softmax(h Wg + position in block) * h Wc), value by value; its end
 * turns a = softmax over the window's keys, the blocks behind and a sink; its end turns back;  out = (a of each group Wo_a) Wo_b
 *
 * With ratio 4 a block also has the 4 positions before its own (with weights of their own), and of the blocks a row sees only those
 * that an index chooses: small keys made the same way, scored by sum over heads of relu(q . k) * weight. With ratio 128 it sees
 * all. With 0 there are none.
 *
 * What a layer keeps lies by position in the sequence's pages, as floats: keys and what blocks are made of, which go when the
 * window and the next block have passed them, and finished blocks in the page of their last position, which stay. So a sequence
 * goes back, and is forked, as any other.
 */
#include "model/attention_block.h"
#include "model/steps.h"

#include <math.h>
#include <string.h>

/* Makes blocks of `size` values. */
struct compressor {
	struct projection values, weights;
	const float *places; /* [position in block][values of a position] */
	struct norm norm;
	size_t size;
};

struct blocks {
	struct projection q_low, q, k, o;
	struct norm q_low_norm, k_norm;
	struct matrix o_low; /* of the first group, the others follow */
	struct compressor keys, index;
	struct projection index_q, index_weights;
};

/* The buffers of the steps, in `also`. */
enum { BLOCKS_K, BLOCKS_VALUES, BLOCKS_WEIGHTS, BLOCKS_INDEX_VALUES, BLOCKS_INDEX_WEIGHTS, BLOCKS_INDEX_Q, BLOCKS_ALL };
enum { ATTEND_INDEX_Q, ATTEND_INDEX_WEIGHTS };

/* Where things lie in a layer's parts of a page, in floats: of one, behind the keys, what blocks are made of; of the other the
 * finished blocks. */
struct layout {
	size_t made, index_made, total;
	size_t index_blocks, blocks_total; /* blocks are at 0 */
};

/* Values of a position that go into blocks: two sets where blocks overlap. */
static size_t set_count(uint32_t ratio)
{
	return ratio == BLOCKS_INDEXED ? 2 : 1;
}

static struct layout layout_of(const struct config *c, uint32_t layer)
{
	size_t ratio = c->layer[layer].block_ratio, size = c->layer[layer].head_k, index = c->blocks.index_size;
	size_t sets = set_count((uint32_t)ratio), n = ratio == 0 ? 0 : ratio > KV_PAGE ? 1 : KV_PAGE / ratio;
	bool indexed = ratio == BLOCKS_INDEXED;
	struct layout l = { .made = KV_PAGE * size, .index_blocks = n * size };
	l.index_made = l.made + (ratio ? KV_PAGE * 2 * sets * size : 0);
	l.total = l.index_made + (indexed ? KV_PAGE * 2 * sets * index : 0);
	l.blocks_total = l.index_blocks + (indexed ? n * index : 0);
	return l;
}

size_t blocks_page_bytes(const struct config *c, uint32_t layer, bool finished)
{
	struct layout l = layout_of(c, layer);
	return ((finished ? l.blocks_total : l.total) * sizeof(float) + 63) & ~(size_t)63;
}

uint32_t blocks_lookback(const struct config *c, uint32_t layer)
{
	uint32_t ratio = c->layer[layer].block_ratio;
	return ratio * (uint32_t)set_count(ratio);
}

static size_t most_blocks(uint32_t context)
{
	return context / BLOCKS_INDEXED + 1;
}

size_t blocks_scratch_bytes(const struct config *c, uint32_t context)
{
	if (c->family->attention != ATTENTION_BLOCKS) return 0;
	const struct config_layer *n = &c->layer[0];
	size_t floats = (n->window < context ? n->window : context) + 3 * most_blocks(context);
	size_t making = 3 * (size_t)(n->head_k > c->blocks.index_size ? n->head_k : c->blocks.index_size);
	return (floats + making + 2 * (size_t)c->n_rot[ROPE_GLOBAL] + 64) * sizeof(float);
}

/* ---- weights ---- */

static bool bind_compressor(const struct weights_binder *b, uint32_t i, const char *const roles[4], size_t size,
                            struct compressor *w)
{
	char name[WEIGHTS_MAX_NAME];
	uint32_t ratio = b->c->layer[i].block_ratio;
	size_t all = set_count(ratio) * size;
	w->size = size;
	return weights_projection(b, i, roles[0], b->c->n_embd, all, &w->values) &&
	       weights_projection(b, i, roles[1], b->c->n_embd, all, &w->weights) &&
	       weights_table(b, weights_name(name, i, roles[2], ".weight"), all, ratio, &w->places) &&
	       weights_layer_norm(b, i, roles[3], true, size, &w->norm);
}

static bool bind_blocks(const struct weights_binder *b, uint32_t i, struct blocks *w)
{
	static const char *const keys[] = { "attn_compressor_kv", "attn_compressor_gate", "attn_compressor_ape",
		                            "attn_compressor_norm" };
	static const char *const index[] = { "indexer_compressor_kv", "indexer_compressor_gate", "indexer_compressor_ape",
		                             "indexer_compressor_norm" };
	const struct config_blocks *c = &b->c->blocks;
	uint32_t ratio = b->c->layer[i].block_ratio;
	if (ratio == 0) return true;
	if (!bind_compressor(b, i, keys, b->c->layer[i].head_k, &w->keys)) return false;
	return ratio != BLOCKS_INDEXED ||
	       (bind_compressor(b, i, index, c->index_size, &w->index) &&
	        weights_projection(b, i, "indexer.attn_q_b", c->n_query, (size_t)c->n_index_heads * c->index_size, &w->index_q) &&
	        weights_projection(b, i, "indexer.proj", b->c->n_embd, c->n_index_heads, &w->index_weights));
}

/* The groups' matrices, one after the other: as a stack, or as one matrix with the rows of all. */
static bool bind_output(const struct weights_binder *b, uint32_t i, struct blocks *w)
{
	const struct config_blocks *c = &b->c->blocks;
	const struct config_layer *n = &b->c->layer[i];
	char name[WEIGHTS_MAX_NAME];
	size_t cols = (size_t)n->n_head * n->head_v / c->n_groups;
	weights_name(name, i, "attn_output_a", ".weight");
	const struct gguf_tensor *t = gguf_tensor(b->file, name);
	bool one = t && t->dims[2] == 1;
	if (!weights_stack(b, name, true, cols, one ? (size_t)c->n_groups * c->n_output : c->n_output, one ? 1 : c->n_groups,
	                   &w->o_low))
		return false;
	w->o_low.rows = c->n_output;
	return weights_projection(b, i, "attn_output_b", (size_t)c->n_groups * c->n_output, b->c->n_embd, &w->o);
}

static bool bind(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	const struct config_layer *n = &b->c->layer[i];
	const struct config_blocks *c = &b->c->blocks;
	char name[WEIGHTS_MAX_NAME];
	struct blocks *w = arena_alloc(b->arena, 1, sizeof *w);
	if (!w) return error_memory(b->e);
	l->blocks = w;
	return weights_projection(b, i, "attn_q_a", b->c->n_embd, c->n_query, &w->q_low) &&
	       weights_layer_norm(b, i, "attn_q_a_norm", true, c->n_query, &w->q_low_norm) &&
	       weights_projection(b, i, "attn_q_b", c->n_query, (size_t)n->n_head * n->head_k, &w->q) &&
	       weights_projection(b, i, "attn_kv", b->c->n_embd, n->head_k, &w->k) &&
	       weights_layer_norm(b, i, "attn_kv_a_norm", true, n->head_k, &w->k_norm) &&
	       weights_vector(b, weights_name(name, i, "attn_sinks", ".weight"), true, n->n_head, &l->sinks) &&
	       bind_blocks(b, i, w) && bind_output(b, i, w);
}

/* ---- the plan ---- */

/* Products that make what blocks are made of; their buffers go to also[at], also[at + 1]. */
static void add_compressor(struct plan_builder *b, const struct compressor *w, int h, int also[2])
{
	also[0] = plan_add_buffer(b, "block-values", w->values.weights.rows);
	also[1] = plan_add_buffer(b, "block-weights", w->weights.weights.rows);
	plan_add_product(plan_add_matmul(b, h, &w->values, (struct plan_sink){ also[0], false }), &w->weights, also[1], false);
}

static void add_output(struct plan_builder *b, const struct blocks *w, int a, struct plan_sink out)
{
	const struct config_blocks *c = &b->c->blocks;
	int low = plan_add_buffer(b, "o-low", (size_t)c->n_groups * c->n_output);
	struct step *s = plan_add_step(b, STEP_EACH_HEAD, a, low);
	s->in_width = w->o_low.cols;
	s->out_width = c->n_output;
	s->product[0] = (struct plan_product){ .weights = &w->o_low, .out = low };
	s->n_products = 1;
	plan_add_matmul(b, low, &w->o, out);
}

static void plan(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	const struct config_blocks *c = &b->c->blocks;
	const struct config_layer *n = &b->c->layer[b->layer];
	const struct blocks *w = l->blocks;
	int also[BLOCKS_ALL] = { PLAN_NO_BUFFER, PLAN_NO_BUFFER, PLAN_NO_BUFFER, PLAN_NO_BUFFER, PLAN_NO_BUFFER, PLAN_NO_BUFFER };
	bool indexed = n->block_ratio == BLOCKS_INDEXED;
	int low = plan_add_buffer(b, "q-low", c->n_query), q = plan_add_buffer(b, "q", (size_t)n->n_head * n->head_k);
	int weights = indexed ? plan_add_buffer(b, "index-weights", c->n_index_heads) : PLAN_NO_BUFFER;
	also[BLOCKS_K] = plan_add_buffer(b, "k", n->head_k);
	struct step *s = plan_add_matmul(b, h, &w->q_low, (struct plan_sink){ low, false });
	plan_add_product(s, &w->k, also[BLOCKS_K], false);
	if (indexed) plan_add_product(s, &w->index_weights, weights, false);
	if (n->block_ratio) add_compressor(b, &w->keys, h, also + BLOCKS_VALUES);
	if (indexed) add_compressor(b, &w->index, h, also + BLOCKS_INDEX_VALUES);
	plan_add_step(b, STEP_NORM, low, low)->norm = w->q_low_norm;
	plan_add_step(b, STEP_NORM, also[BLOCKS_K], also[BLOCKS_K])->norm = w->k_norm;
	if (indexed) also[BLOCKS_INDEX_Q] = plan_add_buffer(b, "index-q", w->index_q.weights.rows);
	s = plan_add_matmul(b, low, &w->q, (struct plan_sink){ q, false });
	if (indexed) plan_add_product(s, &w->index_q, also[BLOCKS_INDEX_Q], false);
	s = plan_add_step(b, STEP_BLOCKS_STORE, q, PLAN_NO_BUFFER);
	memcpy(s->also, also, sizeof also);
	s->n_also = BLOCKS_ALL;
	if (n->block_ratio) plan_add_step(b, STEP_BLOCKS_MAKE, PLAN_NO_BUFFER, PLAN_NO_BUFFER);
	int a = plan_add_buffer(b, "a", (size_t)n->n_head * n->head_k);
	s = plan_add_step(b, STEP_BLOCKS_ATTEND, q, a);
	s->also[ATTEND_INDEX_Q] = also[BLOCKS_INDEX_Q];
	s->also[ATTEND_INDEX_WEIGHTS] = weights;
	s->n_also = ATTEND_INDEX_WEIGHTS + 1;
	add_output(b, w, a, out);
}

const struct attention_block attention_blocks = { "attention over blocks", bind, plan };

/* ---- the steps ---- */

static const float *row_of(const struct model *m, int buffer, size_t r)
{
	return model_buffer(m, buffer) + r * model_width(m, buffer);
}

/* The layer's part with keys of the page of a position. */
static float *page_of(const struct model *m, const struct sequence *s, uint32_t layer, uint32_t position)
{
	return (float *)(void *)model_page(m, s, &m->pages.keys[layer], position);
}

static void store_made(const struct model *m, const struct step *s, const struct compressor *w, size_t r, int first, float *made)
{
	uint32_t ratio = m->config.layer[s->layer].block_ratio, position = m->rows[r].position;
	size_t all = set_count(ratio) * w->size;
	float *to = made + position % KV_PAGE * 2 * all;
	memcpy(to, row_of(m, s->also[first], r), all * sizeof *to);
	ops_add(row_of(m, s->also[first + 1], r), w->places + position % ratio * all, to + all, all);
}

void step_blocks_store(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct config_layer *n = &m->config.layer[s->layer];
	const struct config_blocks *c = &m->config.blocks;
	const struct blocks *w = m->weights.layer[s->layer].blocks;
	const struct layout at = layout_of(&m->config, s->layer);
	size_t first, last, n_rot = m->config.n_rot[ROPE_GLOBAL];
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		float *q = model_buffer(m, s->in) + r * model_width(m, s->in);
		float *page = page_of(m, m->rows[r].sequence, s->layer, m->rows[r].position);
		float *key = page + m->rows[r].position % KV_PAGE * n->head_k;
		for (size_t i = 0; i < n->n_head; i++)
			ops_rms_norm(q + i * n->head_k, NULL, m->config.norm_eps, q + i * n->head_k, n->head_k);
		step_turn(m, s->layer, r, q + n->head_k - n_rot, n->n_head, n->head_k);
		memcpy(key, row_of(m, s->also[BLOCKS_K], r), n->head_k * sizeof *key);
		step_turn(m, s->layer, r, key + n->head_k - n_rot, 1, n->head_k);
		if (n->block_ratio) store_made(m, s, &w->keys, r, BLOCKS_VALUES, page + at.made);
		if (n->block_ratio != BLOCKS_INDEXED) continue;
		store_made(m, s, &w->index, r, BLOCKS_INDEX_VALUES, page + at.index_made);
		float *index_q = model_buffer(m, s->also[BLOCKS_INDEX_Q]) + r * model_width(m, s->also[BLOCKS_INDEX_Q]);
		step_turn(m, s->layer, r, index_q + c->index_size - n_rot, c->n_index_heads, c->index_size);
	}
}

/* A block that is being made: the maximum, the sum and the weighted sum of each value. */
struct making {
	float *most, *sum, *value;
};

/* Takes a position's values and weights in; twice, first to find the maxima. */
static void take(struct making *k, const float *values, const float *weights, size_t n, bool maxima)
{
	for (size_t i = 0; i < n; i++) {
		if (maxima) {
			if (weights[i] > k->most[i]) k->most[i] = weights[i];
			continue;
		}
		float e = expf(weights[i] - k->most[i]);
		k->sum[i] += e;
		k->value[i] += e * values[i];
	}
}

/* The block that ends at the row's position, to `out`. */
static void make_block(const struct model *m, const struct step *s, const struct compressor *w, const struct batch_row *row,
                       size_t made, float *out, float *work)
{
	uint32_t ratio = m->config.layer[s->layer].block_ratio, start = row->position + 1 - ratio;
	size_t n = w->size, all = set_count(ratio) * n, n_rot = m->config.n_rot[ROPE_GLOBAL];
	struct making k = { work, work + n, work + 2 * n };
	float *cosines = work + 3 * n;
	for (size_t i = 0; i < n; i++) {
		k.most[i] = -INFINITY;
		k.sum[i] = k.value[i] = 0;
	}
	uint32_t before = all > n && start >= ratio ? ratio : 0;
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t p = start - before; p <= row->position; p++) {
			const float *from = page_of(m, row->sequence, s->layer, p) + made + p % KV_PAGE * 2 * all;
			size_t set = all > n && p >= start ? n : 0;
			take(&k, from + set, from + all + set, n, pass == 0);
		}
	}
	for (size_t i = 0; i < n; i++) out[i] = k.value[i] / k.sum[i];
	step_apply_norm(m, &w->norm, out, out, n);
	const struct rope *rope = &m->rope[m->config.layer[s->layer].rope];
	ops_rope_table(rope->frequency, n_rot / 2, start, rope->magnitude, cosines, cosines + n_rot / 2);
	if (m->config.family->rope == ROPE_PAIRS)
		ops_rope_pairs(out + n - n_rot, 1, n, n_rot, cosines, cosines + n_rot / 2);
	else
		ops_rope_halves(out + n - n_rot, 1, n, n_rot, cosines, cosines + n_rot / 2);
}

/* Where block `index` lies, of those that begin at `at`: in the page of its last position. */
static float *block_at(const struct model *m, const struct sequence *s, uint32_t layer, size_t at, size_t index, size_t size)
{
	uint32_t ratio = m->config.layer[layer].block_ratio, position = (uint32_t)((index + 1) * ratio - 1);
	float *page = (float *)(void *)model_page(m, s, &m->pages.blocks[layer], position);
	return page + at + (ratio > KV_PAGE ? 0 : position % KV_PAGE / ratio) * size;
}

void step_blocks_make(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct blocks *w = m->weights.layer[s->layer].blocks;
	const struct layout at = layout_of(&m->config, s->layer);
	uint32_t ratio = m->config.layer[s->layer].block_ratio;
	float *work = (float *)(void *)m->thread_scratch[t];
	size_t first, last;
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		const struct batch_row *row = &m->rows[r];
		uint32_t index = row->position / ratio;
		if ((row->position + 1) % ratio != 0) continue;
		make_block(m, s, &w->keys, row, at.made, block_at(m, row->sequence, s->layer, 0, index, w->keys.size), work);
		if (ratio != BLOCKS_INDEXED) continue;
		float *out = block_at(m, row->sequence, s->layer, at.index_blocks, index, w->index.size);
		make_block(m, s, &w->index, row, at.index_made, out, work);
	}
}

/* What a row looks at: the window from `first` on, and `n_blocks` blocks; `blocks` NULL: the first ones. */
struct view {
	uint32_t first, n_keys;
	size_t n_blocks;
	const uint32_t *blocks;
};

/*
 * The n best of all scores, in no order, by a heap with the worst at its root. Scores are often equal, zero above all, and which of
 * them stay decides what the row sees; so the heap moves as in the C++ library that the model's first implementations choose with:
 * a new value goes from the root to the bottom along the worse children, and from there up again.
 */
static void sink(const float *scores, uint32_t *heap, size_t at, size_t n, uint32_t value)
{
	size_t top = at, child = at;
	while (child < (n - 1) / 2) {
		child = 2 * (child + 1);
		if (scores[heap[child]] > scores[heap[child - 1]]) child--;
		heap[at] = heap[child];
		at = child;
	}
	if (n % 2 == 0 && child == (n - 2) / 2) {
		child = 2 * child + 1;
		heap[at] = heap[child];
		at = child;
	}
	while (at > top && scores[heap[(at - 1) / 2]] > scores[value]) {
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap[at] = value;
}

static void choose_best(const float *scores, size_t n_scores, uint32_t *heap, size_t n)
{
	for (size_t i = 0; i < n; i++) heap[i] = (uint32_t)i;
	for (size_t i = n / 2; n > 1 && i-- > 0;) sink(scores, heap, i, n, heap[i]);
	for (size_t i = n; i < n_scores; i++) {
		if (scores[i] > scores[heap[0]]) sink(scores, heap, 0, n, (uint32_t)i);
	}
}

/* The blocks that the row's index scores highest; `scores` and `chosen`: room for all. */
static void choose_blocks(const struct model *m, const struct step *s, size_t r, struct view *v, float *scores, uint32_t *chosen)
{
	const struct config_blocks *c = &m->config.blocks;
	const struct layout at = layout_of(&m->config, s->layer);
	if (v->n_blocks <= c->n_chosen) return;
	const float *q = row_of(m, s->also[ATTEND_INDEX_Q], r), *weights = row_of(m, s->also[ATTEND_INDEX_WEIGHTS], r);
	for (size_t i = 0; i < v->n_blocks; i++) {
		const float *key = block_at(m, m->rows[r].sequence, s->layer, at.index_blocks, i, c->index_size);
		scores[i] = 0;
		for (size_t h = 0; h < c->n_index_heads; h++) {
			float score = ops_dot(q + h * c->index_size, key, c->index_size);
			if (score > 0) scores[i] += score * weights[h];
		}
	}
	choose_best(scores, v->n_blocks, chosen, c->n_chosen);
	v->n_blocks = c->n_chosen;
	v->blocks = chosen;
}

/* The i-th key that the row sees, which is the value as well. */
static const float *key_at(const struct model *m, const struct step *s, size_t r, const struct view *v, size_t i)
{
	const struct sequence *q = m->rows[r].sequence;
	size_t size = m->config.layer[s->layer].head_k;
	if (i < v->n_keys) {
		uint32_t position = v->first + (uint32_t)i;
		return page_of(m, q, s->layer, position) + position % KV_PAGE * size;
	}
	size_t block = i - v->n_keys;
	return block_at(m, q, s->layer, 0, v->blocks ? v->blocks[block] : block, size);
}

static void attend_head(const struct model *m, const struct step *s, size_t r, size_t head, const struct view *v, float *scores)
{
	size_t n = v->n_keys + v->n_blocks, size = m->config.layer[s->layer].head_k;
	const float *q = row_of(m, s->in, r) + head * size;
	float *out = model_buffer(m, s->out) + r * model_width(m, s->out) + head * size;
	float most = m->weights.layer[s->layer].sinks[head], sum;
	for (size_t i = 0; i < n; i++) {
		scores[i] = ops_dot(q, key_at(m, s, r, v, i), size) * m->config.attention_scale;
		if (scores[i] > most) most = scores[i];
	}
	sum = expf(m->weights.layer[s->layer].sinks[head] - most);
	memset(out, 0, size * sizeof *out);
	for (size_t i = 0; i < n; i++) {
		float weight = expf(scores[i] - most);
		sum += weight;
		ops_add_scaled(out, key_at(m, s, r, v, i), weight, size);
	}
	ops_scale(out, 1 / sum, size);
}

/* Turns the end of a head's result back by the row's position; `sines`: room for n_rot / 2. */
static void turn_back(const struct model *m, const struct step *s, size_t r, size_t head, float *sines)
{
	enum rope_set set = m->config.layer[s->layer].rope;
	size_t n_rot = m->rope[set].n_rot, half = n_rot / 2, size = m->config.layer[s->layer].head_k;
	float *out = model_buffer(m, s->out) + r * model_width(m, s->out) + (head + 1) * size - n_rot;
	const float *cosines = m->tables[set] + r * half;
	for (size_t i = 0; i < half; i++) sines[i] = -cosines[(size_t)m->max_rows * half + i];
	if (m->config.family->rope == ROPE_PAIRS)
		ops_rope_pairs(out, 1, size, n_rot, cosines, sines);
	else
		ops_rope_halves(out, 1, size, n_rot, cosines, sines);
}

void step_blocks_attend(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct config_layer *n = &m->config.layer[s->layer];
	size_t first, last, seen = SIZE_MAX, room = most_blocks(m->context);
	float *sines = (float *)(void *)m->thread_scratch[t], *index_scores = sines + m->config.n_rot[ROPE_GLOBAL];
	uint32_t *chosen = (uint32_t *)(void *)(index_scores + room);
	float *scores = index_scores + 2 * room;
	struct view v = { 0 };
	threads_range((size_t)m->n_rows * n->n_head, 1, t, count, &first, &last);
	for (size_t i = first; i < last; i++) {
		size_t r = i / n->n_head, head = i % n->n_head;
		if (r != seen) {
			uint32_t position = m->rows[r].position;
			v.first = position + 1 > n->window ? position + 1 - n->window : 0;
			v.n_keys = position + 1 - v.first;
			v.n_blocks = n->block_ratio ? (position + 1) / n->block_ratio : 0;
			v.blocks = NULL;
			if (n->block_ratio == BLOCKS_INDEXED) choose_blocks(m, s, r, &v, index_scores, chosen);
			seen = r;
		}
		attend_head(m, s, r, head, &v, scores);
		turn_back(m, s, r, head, sines);
	}
}
