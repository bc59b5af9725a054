/* template_run: starts and ends a run, and keeps its budgets (see template_run.h). */
#include "text/template_run.h"

#include "text/template_input.h"

#include "base/memory.h"

#include <stdio.h>

struct value run_fail(struct run *r, const char *format, ...)
{
	if (r->failed) return value_failed();
	r->failed = true;
	char line[400];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	error_set(r->error, "template line %u: %s", r->line, line);
	return value_failed();
}

struct value run_fail_memory(struct run *r)
{
	return run_fail(r, "no memory for this (a template may use %zu MiB and %d bytes for each byte of its input)",
	                TEMPLATE_MEMORY_LIMIT >> 20, TEMPLATE_MEMORY_PER_BYTE);
}

bool run_charge(struct run *r, uint64_t steps)
{
	if (r->failed) return false;
	r->steps += steps;
	if (r->steps <= r->step_limit) return true;
	run_fail(r, "this takes more than %llu steps", (unsigned long long)r->step_limit);
	return false;
}

bool run_enter(struct run *r)
{
	if (r->depth >= TEMPLATE_DEPTH_LIMIT) {
		run_fail(r, "nested more than %d deep", TEMPLATE_DEPTH_LIMIT);
		return false;
	}
	r->depth++;
	return true;
}

void run_leave(struct run *r)
{
	r->depth--;
}

void *run_alloc(struct run *r, size_t count, size_t size)
{
	void *p = r->failed ? NULL : arena_alloc(r->arena, count, size);
	if (!p && !r->failed) run_fail_memory(r);
	return p;
}

/* The budgets grow with what the input holds. */
static bool open_run(struct run *r, const struct template_input *input, size_t input_size)
{
	size_t memory = TEMPLATE_MEMORY_LIMIT + input_size * TEMPLATE_MEMORY_PER_BYTE;
	r->arena = arena_new(memory);
	r->text = buffer_new(TEMPLATE_OUTPUT_LIMIT + input_size * TEMPLATE_OUTPUT_PER_BYTE);
	r->pieces = buffer_new(TEMPLATE_OUTPUT_LIMIT + input_size * TEMPLATE_OUTPUT_PER_BYTE);
	r->step_limit = TEMPLATE_STEP_LIMIT + (uint64_t)input_size * TEMPLATE_STEPS_PER_BYTE;
	r->input = input;
	r->line = 1;
	if (!r->arena) return run_fail_memory(r), false;
	r->empty = text_static(r, "");
	r->root = scope_new(r, NULL, NULL);
	r->scope = r->root;
	if (!r->root || !r->empty) return false;
	r->root->all = run_alloc(r, r->tree->n_symbols, sizeof(struct value));
	for (uint32_t i = 0; r->root->all && i < r->tree->n_symbols; i++) r->root->all[i].kind = VALUE_MISSING;
	if (!r->root->all || !input_bind(r)) return false;
	for (const struct hidden *h = r->tree->hidden; h; h = h->next)
		r->root->all[h->symbol] = value_undefined(r->tree->symbols[h->symbol]);
	return true;
}

/* Hands the buffers over to the output. */
static bool close_run(struct run *r)
{
	struct template_output *out = r->out;
	if (!r->text.data && !buffer_extend(&r->text, 0)) {
		r->text.data = memory_copy_text("", 0);
		if (!r->text.data) return error_memory(r->error);
	}
	out->text = r->text.data;
	out->length = r->text.size;
	out->pieces = (struct template_piece *)(void *)r->pieces.data;
	out->n_pieces = r->pieces.size / sizeof(*out->pieces);
	r->text = buffer_new(0);
	r->pieces = buffer_new(0);
	return true;
}

bool template_render(const struct template *t, const struct template_input *input, struct template_output *out, struct error *e)
{
	struct run *r = memory_new(1, sizeof *r);
	*out = (struct template_output){ 0 };
	if (!r) return error_memory(e);
	r->tree = t;
	r->error = e;
	r->out = out;
	bool good = open_run(r, input, input_size(input->variables));
	good = good && execute(r, t->body) != FLOW_FAILED && !r->failed && close_run(r);
	buffer_free(&r->text);
	buffer_free(&r->pieces);
	arena_free(r->arena);
	memory_free(r);
	return good;
}

void template_output_free(struct template_output *out)
{
	memory_free(out->text);
	memory_free(out->pieces);
	memory_free(out->raised);
	*out = (struct template_output){ 0 };
}
