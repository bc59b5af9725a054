/* model: opening: config, weights, plan, and the memory that a pass needs (see model.h). */
#include "model/attention_block.h"
#include "model/model_internal.h"
#include "model/steps.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { DEFAULT_CONTEXT = 8192, DEFAULT_ROWS = 512, ALIGNMENT = 64 };

/* A layout that is walked twice: first without memory to learn its size, then to hand out places. */
struct layout {
	uint8_t *memory;
	size_t used;
	bool failed;
};

static void *place(struct layout *l, size_t count, size_t size)
{
	size_t bytes;
	if (!memory_multiply(count, size, &bytes) || bytes > SIZE_MAX / 2 || l->used > SIZE_MAX / 4) {
		l->failed = true;
		return NULL;
	}
	uint8_t *p = l->memory ? l->memory + l->used : NULL;
	l->used += (bytes + memory_gap() + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (p) memory_poison(p + bytes, (size_t)(l->memory + l->used - (p + bytes)));
	return p;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t thread_scratch_bytes(const struct model *m)
{
	size_t most = larger(matmul_scratch_bytes(), m->config.n_embd * sizeof(float));           /* a row of position_embd */
	most = larger(most, (size_t)m->config.n_layer_input * m->config.n_layer * sizeof(float)); /* of per_layer_token_embd */
	most = larger(most, blocks_scratch_bytes(&m->config, m->context));
	most = larger(most, latent_scratch_bytes(&m->config));
	most = larger(most, step_logits_scratch_bytes());
	for (uint32_t i = 0; i < m->config.n_layer; i++) {
		const struct config_layer *n = &m->config.layer[i];
		if (n->n_head_kv == 0) continue;
		most = larger(most, attention_scratch_bytes(&m->pages.kv[i], n->n_head / n->n_head_kv));
	}
	return most;
}

static size_t partial_bytes(const struct model *m, unsigned count)
{
	size_t most = 0;
	for (uint32_t i = 0; i < m->config.n_layer; i++) {
		if (m->config.layer[i].n_head_kv == 0) continue;
		most = larger(most, attention_partial_bytes(&m->pages.kv[i], m->config.layer[i].n_head, m->context, count));
	}
	return most;
}

static void place_choices(struct model *m, struct layout *l)
{
	size_t slots = (size_t)m->max_rows * m->config.experts.n_used, n_expert = m->config.experts.n;
	if (n_expert == 0) return;
	struct choices *ch = &m->choices;
	ch->expert = place(l, slots, sizeof *ch->expert);
	ch->weight = place(l, slots, sizeof *ch->weight);
	ch->slot = place(l, slots, sizeof *ch->slot);
	ch->row_of = place(l, slots, sizeof *ch->row_of);
	ch->first = place(l, n_expert + 1, sizeof *ch->first);
	ch->n_answers = place(l, n_expert, sizeof *ch->n_answers);
	ch->score = place(l, n_expert, sizeof *ch->score);
	ch->group = place(l, n_expert, sizeof *ch->group);
	ch->best_group = place(l, n_expert, sizeof *ch->best_group);
}

static void place_scratch(struct model *m, struct layout *l)
{
	unsigned count = threads_count(m->threads);
	/* the widest input need not be one that is quantized, and then its width is no multiple of 32 */
	size_t widest = (m->room_cols + 31) / 32 * 32, q8 = activations_bytes(m->max_answers, widest);
	size_t kernel = thread_scratch_bytes(m);
	m->buffers = place(l, m->max_rows, m->room_width * sizeof *m->buffers);
	for (int set = 0; set < ROPE_SETS; set++) {
		size_t n_rot = m->rope[set].n_rot;
		m->tables[set] = n_rot ? place(l, (size_t)m->max_rows * n_rot, sizeof(float)) : NULL;
	}
	m->query_factor = place(l, m->max_rows, sizeof *m->query_factor);
	m->partial = place(l, partial_bytes(m, count), 1);
	for (unsigned t = 0; t < count; t++) {
		m->thread_scratch[t] = place(l, kernel, 1);
		m->thread_q8[t] = place(l, q8, 1);
	}
	m->x_16 = place(l, m->exact ? 0 : activations_16_bytes(m->max_rows, widest), 1);
	place_choices(m, l);
	m->rows = place(l, m->max_rows, sizeof *m->rows);
	m->runs = place(l, m->max_rows, sizeof *m->runs);
	m->wanted = place(l, m->max_rows, sizeof *m->wanted);
	m->place = place(l, m->max_rows, sizeof *m->place);
	if (!m->state_bytes) return;
	m->order = place(l, m->max_rows, sizeof *m->order);
	m->segments = place(l, m->max_rows, sizeof *m->segments);
	m->timelines = place(l, m->max_rows, sizeof *m->timelines);
}

static bool allocate_scratch(struct model *m, struct error *e)
{
	unsigned count = threads_count(m->threads);
	m->thread_scratch = arena_alloc(m->arena, count, sizeof *m->thread_scratch);
	m->thread_q8 = arena_alloc(m->arena, count, sizeof *m->thread_q8);
	if (!m->thread_scratch || !m->thread_q8) return error_memory(e);
	return model_make_room(m, &m->plan, e);
}

static void free_scratch(uint8_t *scratch, size_t bytes)
{
	if (!scratch) return;
	memory_unpoison(scratch, bytes);
	memory_wipe_sparse(scratch, bytes);
	memory_free(scratch);
}

static void hand_out_scratch(struct model *m)
{
	struct layout real = { .memory = m->scratch };
	place_scratch(m, &real);
}

bool model_make_room(struct model *m, const struct plan *plan, struct error *e)
{
	size_t width = m->room_width, cols = m->room_cols;
	if (m->scratch && plan->width <= width && plan->max_cols <= cols) return true;
	m->room_width = larger(width, plan->width);
	m->room_cols = larger(cols, plan->max_cols);
	struct layout measure = { 0 };
	place_scratch(m, &measure);
	uint8_t *scratch = measure.failed ? NULL : memory_new_large(measure.used);
	if (scratch) {
		free_scratch(m->scratch, m->scratch_bytes);
		m->scratch = scratch;
		m->scratch_bytes = measure.used;
	} else {
		m->room_width = width;
		m->room_cols = cols;
	}
	if (m->scratch) hand_out_scratch(m);
	if (measure.failed) return error_set(e, "%s: the model is too large for this machine", gguf_name(m->file));
	if (scratch) return true;
	return error_set(e, "%s: not enough memory for %zu MiB of working space; close other programs or use a smaller model",
	                 gguf_name(m->file), measure.used >> 20);
}

/* A state is written beside the one that it follows, and some earlier ones are kept. */
static bool shape_states(struct model *m, struct error *e)
{
	const struct config *c = &m->config;
	size_t floats = 0;
	m->state_offset = arena_alloc(m->arena, c->n_layer, sizeof *m->state_offset);
	if (!m->state_offset) return error_memory(e);
	for (uint32_t i = 0; i < c->n_layer; i++) {
		m->state_offset[i] = floats;
		size_t own = (recurrent_state_floats(c, i) + 15) & ~(size_t)15; /* each part aligned as the whole */
		if (!memory_add(floats, own, &floats)) return error_set(e, "%s: its states are too large", gguf_name(m->file));
	}
	return memory_multiply(floats, sizeof(float), &m->state_bytes) && m->state_bytes < SIZE_MAX / 64
	               ? true
	               : error_set(e, "%s: its states are too large", gguf_name(m->file));
}

size_t model_kv_bytes(const struct model *m, uint32_t positions)
{
	size_t states = m->state_bytes * (2 + sequence_most_marks(m));
	return page_tables_bytes(&m->pages, positions, m->max_rows, sequence_most_marks(m)) + states;
}

static void choose_context(struct model *m, const struct model_options *o)
{
	m->context = o->context;
	if (m->context) return;
	m->context = m->config.n_context < DEFAULT_CONTEXT ? m->config.n_context : DEFAULT_CONTEXT;
	while (o->free_memory && m->context > KV_PAGE && model_kv_bytes(m, m->context) > o->free_memory / 2)
		m->context = (m->context - 1) / KV_PAGE * KV_PAGE;
}

/* Biases by distance: head h of n counts each position back with slope 2^(-bias (h + 1) / n), for n a power of two; the heads
 * beyond the largest power of two in n take the slopes between (Press et al. 2021, "Train Short, Test Long"). */
static bool find_slopes(struct model *m, struct error *e)
{
	const struct config *c = &m->config;
	uint32_t n_head = c->layer[0].n_head, power = 1;
	if (c->alibi == 0) return true;
	m->slopes = arena_alloc(m->arena, n_head, sizeof *m->slopes);
	if (!m->slopes) return error_memory(e);
	while (power * 2 <= n_head) power *= 2;
	for (uint32_t h = 0; h < n_head; h++) {
		double step = h < power ? h + 1 : (2 * (h - power) + 1) / 2.0;
		m->slopes[h] = (float)exp2(-(double)c->alibi * step / power);
	}
	return true;
}

/* A text that an encoder reads lies in one batch. */
static uint32_t default_rows(const struct config *c, uint32_t context)
{
	uint32_t longest = context ? context : c->n_context < DEFAULT_CONTEXT ? c->n_context : DEFAULT_CONTEXT;
	return c->whole && longest > DEFAULT_ROWS ? longest : DEFAULT_ROWS;
}

static bool prepare(struct model *m, const struct model_options *o, struct error *e)
{
	if (o->context > MODEL_MAX_CONTEXT)
		return error_set(e, "a context of %u tokens: at most %d are possible", o->context, MODEL_MAX_CONTEXT);
	if (!config_read(&m->config, m->file, e) || !weights_bind(&m->weights, m->file, &m->config, m->arena, e)) return false;
	m->exact = o->exact;
	m->max_rows = o->max_rows ? o->max_rows : default_rows(&m->config, o->context);
	m->max_answers = m->max_rows < MODEL_MAX_ANSWERS ? m->max_rows : MODEL_MAX_ANSWERS;
	if (!page_tables_init(&m->pages, &m->config, o->exact ? KV_F32 : o->kv, m->arena, gguf_name(m->file), e) ||
	    !shape_states(m, e) || !find_slopes(m, e))
		return false;
	choose_context(m, o);
	/* there is no vector for a position beyond those it was trained with */
	if (m->weights.positions.data && m->context > m->config.n_context) m->context = m->config.n_context;
	m->pages.n_pages = (m->context + KV_PAGE - 1) / KV_PAGE;
	for (int set = 0; set < ROPE_SETS; set++) {
		if (!rope_init(&m->rope[set], &m->config, &m->weights, m->context, (enum rope_set)set, m->arena, e)) return false;
	}
	struct plan_adapters adapters = { m->file, o->adapters, o->n_adapters };
	return plan_build(&m->plan, &m->config, &m->weights, o->n_adapters ? &adapters : NULL, m->arena, e) &&
	       allocate_scratch(m, e);
}

/* Weights that will stay in memory are brought there from the start; those that will not would only drive out each other. */
static void read_ahead(struct model *m, const struct model_options *o)
{
	size_t count;
	const struct file_map *maps = gguf_maps(m->file, &count);
	if (o->free_memory == 0 || gguf_file_size(m->file) < o->free_memory) file_ahead_start(&m->ahead, maps, count);
}

struct model *model_open(const struct gguf *file, const struct model_options *options, struct threads *threads, struct error *e)
{
	struct model *m = memory_new(1, sizeof *m);
	if (!m) {
		error_memory(e);
		return NULL;
	}
	m->file = file;
	m->threads = threads;
	m->arena = arena_new(SIZE_MAX / 2); /* a few hundred bytes for each of at most CONFIG_MAX_LAYERS layers */
	read_ahead(m, options);
	bool ok = (m->arena || error_memory(e)) && prepare(m, options, e) && gguf_intact(file, e);
	if (ok) return m;
	model_close(m);
	return NULL;
}

void model_close(struct model *m)
{
	if (!m) return;
	file_ahead_stop(&m->ahead);
	free_scratch(m->scratch, m->scratch_bytes);
	arena_free(m->arena);
	memory_free(m);
}

static bool build_variant(struct model_variant *v, const struct model *m, const struct model_adapter *adapters, uint32_t n,
                          struct error *e)
{
	v->arena = arena_new(SIZE_MAX / 2);
	if (v->arena) v->files = arena_alloc(v->arena, n ? n : 1, sizeof *v->files);
	if (!v->files) return error_memory(e);
	for (uint32_t i = 0; i < n; i++) v->files[v->n_files++] = adapters[i].file;
	struct plan_adapters list = { m->file, adapters, n };
	return plan_build(&v->plan, &m->config, &m->weights, &list, v->arena, e);
}

struct model_variant *model_adapt(const struct model *m, const struct model_adapter *adapters, uint32_t n, struct error *e)
{
	struct model_variant *v = memory_new(1, sizeof *v);
	if (!v) {
		error_memory(e);
		return NULL;
	}
	if (build_variant(v, m, adapters, n, e)) return v;
	model_variant_free(v);
	return NULL;
}

void model_variant_free(struct model_variant *v)
{
	if (!v) return;
	arena_free(v->arena);
	memory_free(v);
}

const struct config *model_config(const struct model *m)
{
	return &m->config;
}

struct model_memory model_memory(const struct model *m)
{
	struct model_memory memory = { .weights = m->weights.bytes,
		                       .kv = model_kv_bytes(m, m->context),
		                       .scratch = m->scratch_bytes };
	memory.total = memory.weights + memory.kv + memory.scratch;
	return memory;
}

uint64_t model_parameters(const struct model *m)
{
	return m->weights.parameters;
}

uint32_t model_context(const struct model *m)
{
	return m->context;
}

uint32_t model_max_rows(const struct model *m)
{
	return m->max_rows;
}

bool model_drops_rows(const struct model *m)
{
	return m->state_bytes == 0;
}
