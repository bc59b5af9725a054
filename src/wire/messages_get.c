/* messages_get: bytes to structs, with every length checked (see messages.h). */
#include "wire/messages.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { MOST_IDS = 1 << 26, MOST_LIST = 1 << 17, MOST_LOST = 4096 };

struct wire_room wire_room_new(void)
{
	const struct buffer unbounded = buffer_new(SIZE_MAX / 4); /* by more than a frame has */
	return (struct wire_room){
		.ids = unbounded, .pieces = unbounded, .scores = unbounded, .values = unbounded, .biases = unbounded
	};
}

void wire_room_free(struct wire_room *r)
{
	struct buffer *all[] = { &r->ids, &r->pieces, &r->scores, &r->values, &r->biases };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (all[i]->data) memory_wipe(all[i]->data, all[i]->room);
		buffer_free(all[i]);
	}
}

/* Everything was there and nothing is left. */
static bool whole(const struct cursor *c)
{
	return !c->failed && cursor_left(c) == 0;
}

/* 0 or 1, as a bool must be. */
static bool get_bool(struct cursor *c)
{
	uint8_t value = cursor_u8(c);
	if (value > 1) c->failed = true;
	return value == 1;
}

/* A count of things of at least `least` bytes each, which therefore must be there. */
static size_t get_count(struct cursor *c, size_t least, uint64_t most)
{
	uint64_t n = cursor_u64(c);
	if (n <= most && n <= cursor_left(c) / least) return (size_t)n;
	c->failed = true;
	return 0;
}

static const char *get_bytes(struct cursor *c, size_t *size)
{
	*size = get_count(c, 1, WIRE_MOST_TEXT);
	const uint8_t *bytes = cursor_bytes(c, *size);
	if (cursor_u8(c) != 0) c->failed = true;
	if (!c->failed) return (const char *)bytes;
	*size = 0;
	return "";
}

static const char *get_text(struct cursor *c)
{
	size_t size;
	const char *text = get_bytes(c, &size);
	if (size && memchr(text, 0, size)) c->failed = true;
	return c->failed ? "" : text;
}

static const char *get_optional(struct cursor *c)
{
	return get_bool(c) ? get_text(c) : NULL;
}

/* A copy of `n` things of 4 bytes each, since in the frame they need not be aligned, behind what `room` holds. NULL when there are
 * none. */
static const void *get_words(struct cursor *c, size_t n, struct buffer *room)
{
	const uint8_t *bytes = cursor_bytes(c, n * 4);
	size_t before = room->size;
	if (!c->failed && n && buffer_append(room, bytes, n * 4)) return room->data + before;
	if (n) c->failed = true;
	return NULL;
}

static const int32_t *get_ids(struct cursor *c, size_t *n, struct buffer *room)
{
	*n = get_count(c, sizeof(int32_t), MOST_IDS);
	buffer_clear(room);
	const int32_t *ids = get_words(c, *n, room);
	if (!ids) *n = 0;
	return ids;
}

static const float *get_values(struct cursor *c, size_t *n, struct buffer *room)
{
	*n = get_count(c, sizeof(float), SIZE_MAX / sizeof(float));
	buffer_clear(room);
	const float *values = get_words(c, *n, room);
	if (!values) *n = 0;
	return values;
}

static struct hearth_sampling get_sampling(struct cursor *c)
{
	struct hearth_sampling s = { .temperature = cursor_f32(c) };
	s.top_k = cursor_u32(c);
	s.top_p = cursor_f32(c);
	s.min_p = cursor_f32(c);
	s.typical_p = cursor_f32(c);
	s.repeat_penalty = cursor_f32(c);
	s.presence_penalty = cursor_f32(c);
	s.frequency_penalty = cursor_f32(c);
	s.penalty_last = cursor_u32(c);
	s.seed = cursor_u64(c);
	return s;
}

bool wire_get_u64(const void *data, size_t size, uint64_t *value)
{
	struct cursor c = cursor_over(data, size);
	*value = cursor_u64(&c);
	return whole(&c);
}

bool wire_get_text(const void *data, size_t size, const char **text)
{
	struct cursor c = cursor_over(data, size);
	*text = get_text(&c);
	return whole(&c);
}

bool wire_get_start(const void *data, size_t size, struct wire_start *s)
{
	struct cursor c = cursor_over(data, size);
	bool ours = cursor_u32(&c) == WIRE_PROTOCOL;
	*s = (struct wire_start){ .version = get_text(&c) };
	s->cpu = get_text(&c);
	s->free_memory = cursor_u64(&c);
	s->threads = cursor_u32(&c);
	return ours && whole(&c);
}

bool wire_get_jailed(const void *data, size_t size, struct wire_jailed *j)
{
	struct cursor c = cursor_over(data, size);
	*j = (struct wire_jailed){ .no_new_privileges = get_bool(&c) };
	j->undumpable = get_bool(&c);
	j->limits = get_bool(&c);
	j->namespaces = get_bool(&c);
	j->filter = get_bool(&c);
	j->landlock = cursor_u32(&c);
	j->lost = get_text(&c);
	return whole(&c) && strlen(j->lost) < MOST_LOST;
}

bool wire_get_options(const void *data, size_t size, struct hearth_options *o)
{
	struct cursor c = cursor_over(data, size);
	*o = (struct hearth_options){ .size = sizeof *o, .model = get_text(&c) };
	o->threads = cursor_u32(&c);
	o->context = cursor_u32(&c);
	o->kv = cursor_u32(&c);
	o->exact = get_bool(&c);
	o->draft = get_optional(&c);
	o->words_only = get_bool(&c);
	o->importance = get_bool(&c);
	o->bytes_shared = cursor_u64(&c);
	return whole(&c);
}

bool wire_get_info(const void *data, size_t size, struct hearth_info *i)
{
	struct cursor c = cursor_over(data, size);
	*i = (struct hearth_info){ .size = sizeof *i };
	const char **texts[] = { &i->name, &i->architecture, &i->weights, &i->kernels };
	uint64_t *sizes[] = { &i->parameters, &i->bytes_weights, &i->bytes_kv, &i->bytes_scratch, &i->bytes_total };
	uint32_t *counts[] = { &i->context, &i->context_trained, &i->n_vocab, &i->n_layer, &i->n_embd, &i->threads };
	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) *texts[k] = get_text(&c);
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) *sizes[k] = cursor_u64(&c);
	for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) *counts[k] = cursor_u32(&c);
	i->has_template = get_bool(&c);
	i->seconds_load = cursor_f64(&c);
	i->sampling = get_sampling(&c);
	i->seconds_token = cursor_f64(&c);
	i->tool_form = get_text(&c);
	i->fills = get_bool(&c);
	i->encoder = get_bool(&c);
	i->pooling = cursor_u32(&c);
	i->n_vector = cursor_u64(&c);
	return whole(&c) && isfinite(i->seconds_load) && i->seconds_token >= 0;
}

bool wire_get_file_info(const void *data, size_t size, struct hearth_file_info *i)
{
	struct cursor c = cursor_over(data, size);
	*i = (struct hearth_file_info){ .size = sizeof *i };
	const char **texts[] = { &i->name, &i->architecture, &i->weights };
	uint64_t *sizes[] = { &i->bytes, &i->parameters, &i->kv_position };
	uint32_t *counts[] = { &i->version, &i->n_layer, &i->n_embd, &i->n_vocab, &i->context_trained, &i->n_expert };
	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) *texts[k] = get_text(&c);
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) *sizes[k] = cursor_u64(&c);
	for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) *counts[k] = cursor_u32(&c);
	i->has_template = get_bool(&c);
	i->sampling = get_sampling(&c);
	i->tool_form = get_text(&c);
	return whole(&c);
}

bool wire_get_file_plan(const void *data, size_t size, struct hearth_file_plan *p)
{
	struct cursor c = cursor_over(data, size);
	*p = (struct hearth_file_plan){ .size = sizeof *p };
	uint64_t *sizes[] = { &p->bytes_weights, &p->bytes_kv, &p->bytes_scratch, &p->bytes_total, &p->bytes_token };
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) *sizes[k] = cursor_u64(&c);
	p->context = cursor_u32(&c);
	return whole(&c);
}

bool wire_get_lists(const void *data, size_t size, struct wire_lists *l)
{
	struct cursor c = cursor_over(data, size);
	*l = (struct wire_lists){ .n_values = get_count(&c, 18, MOST_LIST) };
	l->values = memory_new(l->n_values + 1, sizeof *l->values);
	for (size_t i = 0; l->values && i < l->n_values; i++) {
		l->values[i].key = get_text(&c);
		l->values[i].value = get_text(&c);
	}
	l->n_types = get_count(&c, 25, MOST_LIST);
	l->types = memory_new(l->n_types + 1, sizeof *l->types);
	for (size_t i = 0; l->types && i < l->n_types; i++) {
		l->types[i].name = get_text(&c);
		l->types[i].count = cursor_u64(&c);
		l->types[i].bytes = cursor_u64(&c);
	}
	if (l->values && l->types && whole(&c)) return true;
	wire_lists_free(l);
	return false;
}

void wire_lists_free(struct wire_lists *l)
{
	memory_free(l->values);
	memory_free(l->types);
	*l = (struct wire_lists){ 0 };
}

bool wire_get_adapt(const void *data, size_t size, struct wire_adapt *a)
{
	struct cursor c = cursor_over(data, size);
	*a = (struct wire_adapt){ .session = cursor_u64(&c) };
	a->n = get_count(&c, 12, HEARTH_MOST_ADAPTERS);
	for (size_t i = 0; i < a->n; i++) {
		a->adapters[i].adapter = cursor_u64(&c);
		a->adapters[i].scale = cursor_f32(&c);
	}
	return whole(&c);
}

static void get_biases(struct cursor *c, struct hearth_request *r, struct buffer *room)
{
	size_t n = get_count(c, 8, WIRE_MOST_BIASES);
	buffer_clear(room);
	for (size_t i = 0; i < n && !c->failed; i++) {
		struct hearth_bias bias = { .id = (int32_t)cursor_u32(c), .bias = cursor_f32(c) };
		if (!buffer_append(room, &bias, sizeof bias)) c->failed = true;
	}
	if (c->failed || n == 0) return;
	r->biases = (const struct hearth_bias *)(const void *)room->data;
	r->n_biases = n;
}

bool wire_get_request(const void *data, size_t size, struct hearth_request *r, struct wire_room *room)
{
	struct cursor c = cursor_over(data, size);
	*r = (struct hearth_request){ .size = sizeof *r, .kind = cursor_u32(&c) };
	r->session = cursor_u64(&c);
	if (get_bool(&c)) r->text = get_bytes(&c, &r->text_length);
	if (get_bool(&c)) {
		static const int32_t none; /* an empty list stays a list */
		r->ids = get_ids(&c, &r->n_ids, &room->ids);
		if (!r->ids) r->ids = &none;
	}
	r->max_tokens = cursor_u32(&c);
	r->sampling = get_sampling(&c);
	r->n_stop = get_count(&c, 1, WIRE_MOST_STOPS);
	r->stop = room->stops;
	for (size_t i = 0; i < r->n_stop; i++) room->stops[i] = get_optional(&c);
	r->ignore_end = get_bool(&c);
	r->want_prompt = get_bool(&c);
	r->date = get_optional(&c);
	r->no_guess = get_bool(&c);
	r->grammar_kind = cursor_u32(&c);
	if (get_bool(&c)) r->grammar = get_bytes(&c, &r->grammar_length);
	r->trigger = get_optional(&c);
	r->n_marks = get_count(&c, 1, WIRE_MOST_STOPS);
	r->marks = room->marks;
	for (size_t i = 0; i < r->n_marks; i++) room->marks[i] = get_optional(&c);
	r->n_scores = cursor_u32(&c);
	r->limit_ms = cursor_u32(&c);
	r->adapt = get_bool(&c);
	r->want = cursor_u32(&c);
	r->text_options = cursor_u32(&c);
	if (get_bool(&c)) r->document = get_bytes(&c, &r->document_length);
	r->pooling = cursor_u32(&c);
	r->raw = get_bool(&c);
	r->as_answer = get_bool(&c);
	r->leaves_nothing = get_bool(&c);
	r->score_from = cursor_u32(&c);
	r->share = cursor_u64(&c);
	r->prompt_limit_ms = cursor_u32(&c);
	get_biases(&c, r, &room->biases);
	r->thought_limit = cursor_u32(&c);
	return whole(&c);
}

/* Pieces must lie in the event's text. */
static void get_pieces(struct cursor *c, struct hearth_event *e, struct buffer *room)
{
	size_t n = get_count(c, 17, SIZE_MAX / sizeof(struct hearth_piece));
	buffer_clear(room);
	for (size_t i = 0; i < n && !c->failed; i++) {
		uint64_t start = cursor_u64(c), length = cursor_u64(c);
		struct hearth_piece piece = { .start = (size_t)start, .length = (size_t)length, .trusted = get_bool(c) };
		if (start > e->text_length || length > e->text_length - start || !buffer_append(room, &piece, sizeof piece))
			c->failed = true;
	}
	if (c->failed || n == 0) return;
	e->pieces = (const struct hearth_piece *)(const void *)room->data;
	e->n_pieces = n;
}

static void get_scores(struct cursor *c, struct hearth_event *e, struct buffer *room)
{
	size_t n = get_count(c, 17, SIZE_MAX / sizeof(struct hearth_score));
	buffer_clear(room);
	for (size_t i = 0; i < n && !c->failed; i++) {
		struct hearth_score score = { .id = (int32_t)cursor_u32(c), .logprob = cursor_f32(c) };
		score.text = get_bytes(c, &score.length);
		if (!isfinite(score.logprob) || !buffer_append(room, &score, sizeof score)) c->failed = true;
	}
	if (c->failed || n == 0) return;
	e->scores = (const struct hearth_score *)(const void *)room->data;
	e->n_scores = n;
}

bool wire_get_event(const void *data, size_t size, struct hearth_event *e, struct wire_room *room)
{
	struct cursor c = cursor_over(data, size);
	*e = (struct hearth_event){ .request = cursor_u64(&c) };
	uint32_t *counts[] = { &e->kind,     &e->stop,   &e->failure,     &e->n_context, &e->n_prompt,
		               &e->n_cached, &e->n_done, &e->n_generated, &e->n_guessed, &e->n_accepted };
	e->seed = cursor_u64(&c);
	for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) *counts[k] = cursor_u32(&c);
	e->seconds_wait = cursor_f64(&c);
	e->seconds_prompt = cursor_f64(&c);
	e->seconds_generate = cursor_f64(&c);
	e->text = get_bytes(&c, &e->text_length);
	get_pieces(&c, e, &room->pieces);
	e->ids = get_ids(&c, &e->n_ids, &room->ids);
	get_scores(&c, e, &room->scores);
	e->prompt_end = get_bytes(&c, &e->prompt_end_length);
	e->stop_text = cursor_u32(&c);
	e->values = get_values(&c, &e->n_values, &room->values);
	bool known = e->kind >= HEARTH_PROMPT && e->kind <= HEARTH_SCORES && e->stop <= HEARTH_STOP_CONTEXT &&
	             e->failure <= HEARTH_FAIL_ENGINE;
	/* What a program computes with must be sensible whoever sent it. */
	bool sensible = isfinite(e->seconds_wait) && isfinite(e->seconds_prompt) && isfinite(e->seconds_generate) &&
	                e->n_cached <= e->n_prompt && e->n_done <= e->n_prompt;
	bool ended = e->kind == HEARTH_DONE     ? e->stop >= HEARTH_STOP_END
	             : e->kind == HEARTH_FAILED ? e->failure >= HEARTH_FAIL_REQUEST
	                                        : true;
	return whole(&c) && known && sensible && ended;
}

bool wire_get_importance(const void *data, size_t size, struct hearth_importance *i, struct wire_room *room)
{
	struct cursor c = cursor_over(data, size);
	*i = (struct hearth_importance){ .size = sizeof *i, .name = get_text(&c) };
	i->cols = cursor_u64(&c);
	i->n_matrices = cursor_u64(&c);
	size_t sums, counts;
	i->sums = get_values(&c, &sums, &room->values);
	i->counts = get_values(&c, &counts, &room->scores);
	return whole(&c) && i->n_matrices == counts && (i->n_matrices == 0 ? sums == 0 : i->cols == sums / i->n_matrices) &&
	       sums == i->cols * i->n_matrices;
}
