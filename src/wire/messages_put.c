/* messages_put: structs to bytes (see messages.h); what reads them stands in messages_get.c. Numbers are little-endian, as is every
 * machine that hearth runs on. */
#include "wire/messages.h"

#include <stddef.h>
#include <string.h>

/* Each struct ends with the member that was the last when its functions were written: a new one has to cross as well. */
#define ENDS_WITH(type, member)                                                                                                    \
	_Static_assert(sizeof(struct type) - offsetof(struct type, member) - sizeof(((struct type *)0)->member) <                  \
	                       _Alignof(struct type),                                                                              \
	               #type " has a new member")
ENDS_WITH(hearth_options, bytes_shared);
ENDS_WITH(hearth_sampling, seed);
ENDS_WITH(hearth_info, n_vector);
ENDS_WITH(hearth_file_info, tool_form);
ENDS_WITH(hearth_file_plan, context);
ENDS_WITH(hearth_request, thought_limit);
ENDS_WITH(hearth_bias, bias);
ENDS_WITH(hearth_event, n_values);
ENDS_WITH(hearth_score, length);
ENDS_WITH(hearth_importance, counts);

static void put_u8(struct buffer *b, bool value)
{
	buffer_append_byte(b, value);
}

static void put_u32(struct buffer *b, uint32_t value)
{
	buffer_append(b, &value, sizeof value);
}

void wire_put_u64(struct buffer *b, uint64_t value)
{
	buffer_append(b, &value, sizeof value);
}

static void put_f32(struct buffer *b, float value)
{
	buffer_append(b, &value, sizeof value);
}

static void put_f64(struct buffer *b, double value)
{
	buffer_append(b, &value, sizeof value);
}

/* Bytes that may hold anything, with a zero byte behind. */
static void put_bytes(struct buffer *b, const char *bytes, size_t size)
{
	wire_put_u64(b, size);
	if (size) buffer_append(b, bytes, size);
	buffer_append_byte(b, 0);
}

void wire_put_text(struct buffer *b, const char *text)
{
	put_bytes(b, text, strlen(text));
}

/* A text that may be missing. */
static void put_optional(struct buffer *b, const char *text)
{
	put_u8(b, text != NULL);
	if (text) wire_put_text(b, text);
}

static void put_ids(struct buffer *b, const int32_t *ids, size_t n)
{
	wire_put_u64(b, n);
	if (n) buffer_append(b, ids, n * sizeof *ids);
}

static void put_values(struct buffer *b, const float *values, size_t n)
{
	wire_put_u64(b, n);
	if (n) buffer_append(b, values, n * sizeof *values);
}

static void put_sampling(struct buffer *b, const struct hearth_sampling *s)
{
	put_f32(b, s->temperature);
	put_u32(b, s->top_k);
	put_f32(b, s->top_p);
	put_f32(b, s->min_p);
	put_f32(b, s->typical_p);
	put_f32(b, s->repeat_penalty);
	put_f32(b, s->presence_penalty);
	put_f32(b, s->frequency_penalty);
	put_u32(b, s->penalty_last);
	wire_put_u64(b, s->seed);
}

void wire_put_start(struct buffer *b, const struct wire_start *s)
{
	put_u32(b, WIRE_PROTOCOL);
	wire_put_text(b, s->version);
	wire_put_text(b, s->cpu);
	wire_put_u64(b, s->free_memory);
	put_u32(b, s->threads);
}

void wire_put_jailed(struct buffer *b, const struct wire_jailed *j)
{
	put_u8(b, j->no_new_privileges);
	put_u8(b, j->undumpable);
	put_u8(b, j->limits);
	put_u8(b, j->namespaces);
	put_u8(b, j->filter);
	put_u32(b, j->landlock);
	wire_put_text(b, j->lost);
}

void wire_put_options(struct buffer *b, const struct hearth_options *o)
{
	wire_put_text(b, o->model);
	put_u32(b, o->threads);
	put_u32(b, o->context);
	put_u32(b, o->kv);
	put_u8(b, o->exact);
	put_optional(b, o->draft);
	put_u8(b, o->words_only);
	put_u8(b, o->importance);
	wire_put_u64(b, o->bytes_shared);
}

void wire_put_info(struct buffer *b, const struct hearth_info *i)
{
	const char *texts[] = { i->name, i->architecture, i->weights, i->kernels };
	const uint64_t sizes[] = { i->parameters, i->bytes_weights, i->bytes_kv, i->bytes_scratch, i->bytes_total };
	const uint32_t counts[] = { i->context, i->context_trained, i->n_vocab, i->n_layer, i->n_embd, i->threads };
	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) wire_put_text(b, texts[k]);
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) wire_put_u64(b, sizes[k]);
	for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) put_u32(b, counts[k]);
	put_u8(b, i->has_template);
	put_f64(b, i->seconds_load);
	put_sampling(b, &i->sampling);
	put_f64(b, i->seconds_token);
	wire_put_text(b, i->tool_form);
	put_u8(b, i->fills);
	put_u8(b, i->encoder);
	put_u32(b, i->pooling);
	wire_put_u64(b, i->n_vector);
}

void wire_put_file_info(struct buffer *b, const struct hearth_file_info *i)
{
	const char *texts[] = { i->name, i->architecture, i->weights };
	const uint64_t sizes[] = { i->bytes, i->parameters, i->kv_position };
	const uint32_t counts[] = { i->version, i->n_layer, i->n_embd, i->n_vocab, i->context_trained, i->n_expert };
	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) wire_put_text(b, texts[k]);
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) wire_put_u64(b, sizes[k]);
	for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) put_u32(b, counts[k]);
	put_u8(b, i->has_template);
	put_sampling(b, &i->sampling);
	wire_put_text(b, i->tool_form);
}

void wire_put_file_plan(struct buffer *b, const struct hearth_file_plan *p)
{
	const uint64_t sizes[] = { p->bytes_weights, p->bytes_kv, p->bytes_scratch, p->bytes_total, p->bytes_token };
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) wire_put_u64(b, sizes[k]);
	put_u32(b, p->context);
}

void wire_put_lists(struct buffer *b, const struct wire_lists *l)
{
	wire_put_u64(b, l->n_values);
	for (size_t i = 0; i < l->n_values; i++) {
		wire_put_text(b, l->values[i].key);
		wire_put_text(b, l->values[i].value);
	}
	wire_put_u64(b, l->n_types);
	for (size_t i = 0; i < l->n_types; i++) {
		wire_put_text(b, l->types[i].name);
		wire_put_u64(b, l->types[i].count);
		wire_put_u64(b, l->types[i].bytes);
	}
}

void wire_put_adapt(struct buffer *b, const struct wire_adapt *a)
{
	wire_put_u64(b, a->session);
	wire_put_u64(b, a->n);
	for (size_t i = 0; i < a->n && i < HEARTH_MOST_ADAPTERS; i++) {
		wire_put_u64(b, a->adapters[i].adapter);
		put_f32(b, a->adapters[i].scale);
	}
}

void wire_put_request(struct buffer *b, const struct hearth_request *r)
{
	put_u32(b, r->kind);
	wire_put_u64(b, r->session);
	put_u8(b, r->text != NULL);
	if (r->text) put_bytes(b, r->text, r->text_length);
	put_u8(b, r->ids != NULL);
	if (r->ids) put_ids(b, r->ids, r->n_ids);
	put_u32(b, r->max_tokens);
	put_sampling(b, &r->sampling);
	wire_put_u64(b, r->n_stop);
	for (size_t i = 0; i < r->n_stop && i < WIRE_MOST_STOPS; i++) put_optional(b, r->stop[i]);
	put_u8(b, r->ignore_end);
	put_u8(b, r->want_prompt);
	put_optional(b, r->date);
	put_u8(b, r->no_guess);
	put_u32(b, r->grammar_kind);
	put_u8(b, r->grammar != NULL);
	if (r->grammar) put_bytes(b, r->grammar, r->grammar_length);
	put_optional(b, r->trigger);
	wire_put_u64(b, r->n_marks);
	for (size_t i = 0; i < r->n_marks && i < WIRE_MOST_STOPS; i++) put_optional(b, r->marks[i]);
	put_u32(b, r->n_scores);
	put_u32(b, r->limit_ms);
	put_u8(b, r->adapt);
	put_u32(b, r->want);
	put_u32(b, r->text_options);
	put_u8(b, r->document != NULL);
	if (r->document) put_bytes(b, r->document, r->document_length);
	put_u32(b, r->pooling);
	put_u8(b, r->raw);
	put_u8(b, r->as_answer);
	put_u8(b, r->leaves_nothing);
	put_u32(b, r->score_from);
	wire_put_u64(b, r->share);
	put_u32(b, r->prompt_limit_ms);
	wire_put_u64(b, r->n_biases);
	for (size_t i = 0; i < r->n_biases && i < WIRE_MOST_BIASES; i++) {
		put_u32(b, (uint32_t)r->biases[i].id);
		put_f32(b, r->biases[i].bias);
	}
	put_u32(b, r->thought_limit);
}

void wire_put_event(struct buffer *b, const struct hearth_event *e)
{
	const uint32_t counts[] = { e->kind,     e->stop,   e->failure,     e->n_context, e->n_prompt,
		                    e->n_cached, e->n_done, e->n_generated, e->n_guessed, e->n_accepted };
	wire_put_u64(b, e->request);
	wire_put_u64(b, e->seed);
	for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) put_u32(b, counts[k]);
	put_f64(b, e->seconds_wait);
	put_f64(b, e->seconds_prompt);
	put_f64(b, e->seconds_generate);
	put_bytes(b, e->text, e->text_length);
	wire_put_u64(b, e->n_pieces);
	for (size_t i = 0; i < e->n_pieces; i++) {
		wire_put_u64(b, e->pieces[i].start);
		wire_put_u64(b, e->pieces[i].length);
		put_u8(b, e->pieces[i].trusted);
	}
	put_ids(b, e->ids, e->n_ids);
	wire_put_u64(b, e->n_scores);
	for (size_t i = 0; i < e->n_scores; i++) {
		put_u32(b, (uint32_t)e->scores[i].id);
		put_f32(b, e->scores[i].logprob);
		put_bytes(b, e->scores[i].text, e->scores[i].length);
	}
	put_bytes(b, e->prompt_end, e->prompt_end_length);
	put_u32(b, e->stop_text);
	put_values(b, e->values, e->n_values);
}

void wire_put_importance(struct buffer *b, const struct hearth_importance *i)
{
	wire_put_text(b, i->name);
	wire_put_u64(b, i->cols);
	wire_put_u64(b, i->n_matrices);
	put_values(b, i->sums, (size_t)(i->cols * i->n_matrices));
	put_values(b, i->counts, (size_t)i->n_matrices);
}
