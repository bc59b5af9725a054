/* adapter: checking the files and writing the steps (see adapter.h). */
#include "model/adapter.h"

#include "model/weights_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_RANK = 4096 };

/* Both matrices of one adapter for one of the model's. */
struct pair {
	const struct gguf_tensor *target;
	struct projection down, up; /* A, with the scale, and B, as they lie in the file */
	float scale;
	bool used;
};

/* What one control vector adds behind a layer. */
struct direction {
	uint32_t layer;
	const float *values; /* n_embd */
	float scale;
};

struct rewriting {
	struct plan_builder *b;
	const struct gguf *model;
	struct pair *pairs;
	struct direction *directions;
	size_t n_pairs, n_directions;
	struct error *e;
};

/* "NAME.lora_a" to NAME; false when it ends otherwise. */
static bool target_name(const char *name, const char *ending, char *out, size_t room)
{
	size_t length = strlen(name), cut = strlen(ending);
	if (length <= cut || strcmp(name + length - cut, ending) != 0 || length - cut >= room) return false;
	snprintf(out, room, "%.*s", (int)(length - cut), name);
	return true;
}

static bool bind_matrix(struct rewriting *r, const struct gguf *file, const struct gguf_tensor *t, struct matrix *out)
{
	const struct format *format = format_find(t->type->id);
	if (format && matrix_init(out, format, t->data, (size_t)t->dims[1], (size_t)t->dims[0])) return true;
	return error_set(r->e, "%s: tensor '%s': weight type %s is not supported in an adapter", gguf_name(file), t->name,
	                 t->type->name);
}

static bool read_pair(struct rewriting *r, const struct model_adapter *a, const struct gguf_tensor *down, float alpha)
{
	char name[GGUF_MAX_NAME + 1], other[GGUF_MAX_NAME + 8];
	const char *file = gguf_name(a->file);
	struct pair *p = &r->pairs[r->n_pairs];
	if (!target_name(down->name, ".lora_a", name, sizeof name)) return true;
	snprintf(other, sizeof other, "%s.lora_b", name);
	const struct gguf_tensor *up = gguf_tensor(a->file, other);
	p->target = gguf_tensor(r->model, name);
	if (!up) return error_set(r->e, "%s: tensor '%s' is missing", file, other);
	if (!p->target)
		return error_set(r->e, "%s: tensor '%s': the model has no '%s'; it is for another model", file, down->name, name);
	uint64_t rank = down->dims[1];
	if (rank > MOST_RANK || down->n_dims > 2 || up->n_dims > 2 || up->dims[0] != rank || down->dims[0] != p->target->dims[0] ||
	    up->dims[1] != p->target->dims[1] || p->target->n_dims != 2)
		return error_set(r->e, "%s: tensor '%s': its shape does not fit the model's '%s'; it is for another model", file,
		                 down->name, name);
	p->scale = alpha != 0 ? a->scale * alpha / (float)rank : a->scale;
	p->down.scale = &p->scale;
	if (!bind_matrix(r, a->file, down, &p->down.weights) || !bind_matrix(r, a->file, up, &p->up.weights)) return false;
	r->n_pairs++;
	return true;
}

/* "direction.N" to N; false when it is none, or no layer of the model. */
static bool direction_layer(const char *name, uint32_t n_layer, uint32_t *layer)
{
	static const char start[] = "direction.";
	uint32_t n = 0;
	if (strncmp(name, start, sizeof start - 1) != 0) return false;
	for (const char *p = name + sizeof start - 1; *p; p++) {
		if (*p < '0' || *p > '9' || n > n_layer) return false;
		n = n * 10 + (uint32_t)(*p - '0');
	}
	*layer = n;
	return n > 0 && n < n_layer;
}

static bool read_control_vector(struct rewriting *r, const struct model_adapter *a)
{
	const struct config *c = r->b->c;
	const char *file = gguf_name(a->file);
	size_t n = gguf_tensor_count(a->file);
	if (n == 0) return error_set(r->e, "%s: the control vector has no directions", file);
	if (c->family->stream != STREAM_PLAIN)
		return error_set(r->e, "%s: control vectors of '%s' models are not supported", file, c->family->architecture);
	for (size_t i = 0; i < n; i++) {
		const struct gguf_tensor *t = gguf_tensor_at(a->file, i);
		struct direction *d = &r->directions[r->n_directions++];
		struct matrix row;
		if (!direction_layer(t->name, c->n_layer, &d->layer))
			return error_set(r->e, "%s: tensor '%s' is no direction of a layer from 1 to %u", file, t->name,
			                 c->n_layer - 1);
		if (t->n_dims != 1 || t->dims[0] != c->n_embd)
			return error_set(r->e,
			                 "%s: tensor '%s': its shape does not fit the model's width of %u; it is for another model",
			                 file, t->name, c->n_embd);
		float *values = arena_alloc(r->b->arena, c->n_embd, sizeof *values);
		if (!values) return error_memory(r->e);
		if (!bind_matrix(r, a->file, t, &row)) return false;
		matrix_row(&row, 0, values);
		d->values = values;
		d->scale = a->scale;
	}
	return true;
}

static bool is_text(struct gguf_text text, const char *word)
{
	return text.length == strlen(word) && memcmp(text.data, word, text.length) == 0;
}

static bool read_adapter(struct rewriting *r, const struct model_adapter *a)
{
	struct gguf_text kind = { "", 0 }, mine = { "", 0 }, its = { "", 0 };
	float alpha = 0;
	const char *file = gguf_name(a->file);
	if (!gguf_get_text(a->file, "adapter.type", &kind, r->e) || !gguf_get_text(a->file, "general.architecture", &its, r->e) ||
	    !gguf_get_text(r->model, "general.architecture", &mine, r->e) ||
	    !gguf_get_f32(a->file, "adapter.lora.alpha", &alpha, r->e))
		return false;
	if (is_text(its, "controlvector")) return read_control_vector(r, a);
	if (!is_text(kind, "lora"))
		return error_set(r->e, "%s: is no LoRA adapter ('adapter.type' is not 'lora') and no control vector", file);
	if (its.length != mine.length || memcmp(its.data, mine.data, its.length) != 0)
		return error_set(r->e, "%s: an adapter for '%.*s' models; this one is '%.*s'", file, (int)its.length, its.data,
		                 (int)mine.length, mine.data);
	if (!isfinite(alpha)) return error_set(r->e, "%s: 'adapter.lora.alpha': is no number", file);
	size_t before = r->n_pairs;
	for (size_t i = 0; i < gguf_tensor_count(a->file); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(a->file, i);
		char name[GGUF_MAX_NAME + 1];
		if (!read_pair(r, a, t, alpha)) return false;
		if (strstr(t->name, ".lora_a") || target_name(t->name, ".lora_b", name, sizeof name)) continue;
		return error_set(r->e, "%s: tensor '%s' is no part of a LoRA adapter", file, t->name);
	}
	return r->n_pairs > before || error_set(r->e, "%s: the adapter has no matrices", file);
}

/* The two steps of one pair before one product, whose matrix begins at row `first` of the adapted one. */
static void add_steps(struct rewriting *r, const struct pair *p, const struct step *s, const struct plan_product *product,
                      size_t first, bool add)
{
	struct projection *up = arena_alloc(r->b->arena, 1, sizeof *up);
	if (!up) {
		r->b->failed = true;
		return;
	}
	*up = weights_part(&p->up, first, product->weights->rows);
	int thin = plan_add_buffer(r->b, "adapter", p->down.weights.rows);
	r->b->layer = s->layer;
	plan_add_product(plan_add_step(r->b, STEP_MATMUL, s->in, PLAN_NO_BUFFER), &p->down, thin, false);
	plan_add_product(plan_add_step(r->b, STEP_MATMUL, thin, PLAN_NO_BUFFER), up, product->out, add);
}

/* What all adapters add to one product; then the product is added to it. */
static bool adapt_product(struct rewriting *r, const struct step *s, struct plan_product *product)
{
	const struct matrix *w = product->weights;
	for (size_t i = 0; i < r->n_pairs; i++) {
		struct pair *p = &r->pairs[i];
		if (w->data < p->target->data || w->data >= p->target->data + p->target->size) continue;
		if (product->scale)
			return error_set(r->e, "tensor '%s': adapters of matrices with a scale of their own are not supported",
			                 p->target->name);
		add_steps(r, p, s, product, (size_t)(w->data - p->target->data) / w->row_bytes, product->add);
		product->add = true;
		p->used = true;
	}
	return true;
}

/* The steps of all directions behind a layer, which end in the stream that the embedding began. */
static void add_directions(struct rewriting *r, uint32_t layer, int stream)
{
	r->b->layer = layer;
	for (size_t i = 0; i < r->n_directions; i++) {
		const struct direction *d = &r->directions[i];
		if (d->layer != layer) continue;
		struct step *s = plan_add_step(r->b, STEP_SHIFT, stream, stream);
		s->weight = d->values;
		s->factor = d->scale;
	}
}

bool adapter_rewrite(struct plan_builder *b, const struct gguf *model, const struct model_adapter *adapters, uint32_t n_adapters,
                     struct error *e)
{
	size_t most = 0, n_steps = b->p->n_steps;
	const struct step *steps = b->p->steps;
	for (uint32_t i = 0; i < n_adapters; i++) most += gguf_tensor_count(adapters[i].file);
	struct rewriting r = { .b = b,
		               .model = model,
		               .pairs = arena_alloc(b->arena, most + 1, sizeof *r.pairs),
		               .directions = arena_alloc(b->arena, most + 1, sizeof *r.directions),
		               .e = e };
	if (!r.pairs || !r.directions) return error_memory(e);
	memset(r.pairs, 0, (most + 1) * sizeof *r.pairs);
	for (uint32_t i = 0; i < n_adapters; i++) {
		if (!read_adapter(&r, &adapters[i])) return false;
	}
	b->p->steps = NULL;
	b->p->n_steps = b->p->room_steps = 0;
	int stream = PLAN_NO_BUFFER;
	uint32_t layer = 0; /* the one whose steps are being written */
	for (size_t i = 0; i < n_steps && !b->failed; i++) {
		struct step s = steps[i];
		if (s.kind == STEP_EMBED) stream = s.out;
		for (; layer < s.layer; layer++) add_directions(&r, layer, stream);
		for (uint32_t k = 0; s.kind == STEP_MATMUL && k < s.n_products; k++) {
			if (!adapt_product(&r, &s, &s.product[k])) return false;
		}
		*plan_add_step(b, s.kind, s.in, s.out) = s;
	}
	for (size_t i = 0; i < r.n_pairs; i++) {
		if (!r.pairs[i].used)
			return error_set(e, "tensor '%s': adapters of embeddings, outputs and experts are not supported",
			                 r.pairs[i].target->name);
	}
	return true;
}
