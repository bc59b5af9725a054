/* describe: the plan and the memory plan in words or JSON (see model.h). */
#include "model/recurrent.h"
#include "model/steps.h"

#include <inttypes.h>

static const char *buffer_name(const struct model *m, int buffer)
{
	return buffer == PLAN_NO_BUFFER ? NULL : m->plan.buffers[buffer].name;
}

/* The matrices of a step: "2048 x 512 Q4_K -> q". */
static void describe_products(const struct model *m, const struct step *s, struct buffer *out)
{
	for (uint32_t i = 0; i < s->n_products; i++) {
		const struct plan_product *p = &s->product[i];
		buffer_format(out, "%s %zu x %zu %s%s %s %s", i ? "," : "", p->weights->cols, p->weights->rows,
		              p->weights->format->type->name, p->bias ? " + bias" : "", p->add ? "added to" : "->",
		              buffer_name(m, p->out));
	}
	if (s->after == AFTER_GATE || s->kind == STEP_EXPERTS_UP) buffer_append_text(out, ", gated");
	if (s->after == AFTER_ACTIVATION) buffer_append_text(out, ", activated");
	if (s->after == AFTER_CLAMP) buffer_format(out, ", at most %g", (double)s->limit);
}

static void describe_step(const struct model *m, size_t index, struct buffer *out)
{
	const struct step *s = &m->plan.steps[index];
	buffer_format(out, "%5zu  %-12s", index, step_type(s->kind)->name);
	if (step_type(s->kind)->in_layer)
		buffer_format(out, " layer %-3u", s->layer);
	else
		buffer_append_text(out, "          ");
	if (s->in != PLAN_NO_BUFFER) buffer_format(out, " %s", buffer_name(m, s->in));
	for (uint32_t i = 0; i < s->n_also; i++) buffer_format(out, ", %s", buffer_name(m, s->also[i]));
	if (s->keys != PLAN_NO_BUFFER) buffer_format(out, ", %s, %s -> page", buffer_name(m, s->keys), buffer_name(m, s->values));
	if (s->out != PLAN_NO_BUFFER) buffer_format(out, " -> %s", buffer_name(m, s->out));
	describe_products(m, s, out);
	if (s->kind == STEP_ATTENTION) {
		const struct config_layer *n = &m->config.layer[s->layer];
		buffer_format(out, " (%u heads, %u of keys)", n->n_head, n->n_head_kv);
		if (n->window) buffer_format(out, ", window %u", n->window);
	}
	if (s->kind == STEP_CONVOLUTION)
		buffer_format(out, " (%zu channels, %u positions)", s->convolution->n_channels, m->config.recurrent.n_conv);
	if (s->kind == STEP_SCAN) buffer_format(out, " (%s)", recurrent_block_of(m, s)->name);
	if (s->kind == STEP_LOGITS)
		buffer_format(out, " %zu x %zu %s", m->weights.output.weights.cols, m->weights.output.weights.rows,
		              m->weights.output.weights.format->type->name);
	buffer_append_byte(out, '\n');
}

static void describe_text(const struct model *m, struct buffer *out)
{
	struct model_memory memory = model_memory(m);
	const double mib = 1024.0 * 1024.0;
	for (size_t i = 0; i < m->plan.n_steps; i++) describe_step(m, i, out);
	buffer_format(out, "\n%zu steps, %zu buffers in %zu floats a row, batches of up to %u rows, context %u\n", m->plan.n_steps,
	              m->plan.n_buffers, m->plan.width, m->max_rows, m->context);
	buffer_format(out, "weights %10.1f MiB  where they lie in the file\n", (double)memory.weights / mib);
	buffer_format(out, "kv      %10.1f MiB  %u positions of %zu bytes, when all are in use\n", (double)memory.kv / mib,
	              m->context, m->pages.table[0].bytes / KV_PAGE);
	for (uint32_t i = 1; i < m->pages.n; i++)
		buffer_format(
		        out, "                        and windows of %u positions of %zu bytes, of them those that %u marks need\n",
		        m->pages.table[i].window, m->pages.table[i].bytes / KV_PAGE, sequence_most_marks(m));
	if (m->state_bytes)
		buffer_format(out, "                        of it %.1f MiB in %u states: two at work, the others to go back to\n",
		              (double)m->state_bytes * (2 + sequence_most_marks(m)) / mib, 2 + sequence_most_marks(m));
	buffer_format(out, "scratch %10.1f MiB\n", (double)memory.scratch / mib);
	buffer_format(out, "total   %10.1f MiB\n", (double)memory.total / mib);
}

static void json_product(const struct model *m, const struct plan_product *p, struct buffer *out)
{
	buffer_format(out, "{\"type\": \"%s\", \"cols\": %zu, \"rows\": %zu, \"bias\": %s, \"add\": %s, \"out\": \"%s\"}",
	              p->weights->format->type->name, p->weights->cols, p->weights->rows, p->bias ? "true" : "false",
	              p->add ? "true" : "false", buffer_name(m, p->out));
}

static void json_step(const struct model *m, const struct step *s, struct buffer *out)
{
	buffer_format(out, "{\"step\": \"%s\"", step_type(s->kind)->name);
	if (step_type(s->kind)->in_layer) buffer_format(out, ", \"layer\": %u", s->layer);
	if (s->in != PLAN_NO_BUFFER) buffer_format(out, ", \"in\": \"%s\"", buffer_name(m, s->in));
	if (s->out != PLAN_NO_BUFFER) buffer_format(out, ", \"out\": \"%s\"", buffer_name(m, s->out));
	if (s->n_products) buffer_append_text(out, ", \"products\": [");
	for (uint32_t i = 0; i < s->n_products; i++) {
		if (i) buffer_append_text(out, ", ");
		json_product(m, &s->product[i], out);
	}
	buffer_append_text(out, s->n_products ? "]}" : "}");
}

static void describe_json(const struct model *m, struct buffer *out)
{
	struct model_memory memory = model_memory(m);
	buffer_append_text(out, "{\"steps\": [");
	for (size_t i = 0; i < m->plan.n_steps; i++) {
		buffer_append_text(out, i ? ",\n" : "\n");
		json_step(m, &m->plan.steps[i], out);
	}
	buffer_format(out, "\n], \"context\": %u, \"bytes\": {\"weights\": %zu, \"kv\": %zu, \"scratch\": %zu, \"total\": %zu}}\n",
	              m->context, memory.weights, memory.kv, memory.scratch, memory.total);
}

bool model_describe(const struct model *m, bool json, struct buffer *out, struct error *e)
{
	if (json)
		describe_json(m, out);
	else
		describe_text(m, out);
	return !out->failed || error_memory(e);
}
