/* model_describe: what `hearth models inspect` shows of a file (see model_file.h). */
#include "app/hearth/model_file.h"

#include "app/hearth/visible.h"
#include "base/machine.h"
#include "format/gguf.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN = 200, MAX_TYPES = 256 };

/* The arithmetic of what it takes, for the context that it would get. */
static void describe_memory(struct buffer *out, const struct model_file *m)
{
	struct error warning, reason;
	uint64_t positions = model_file_usual_context(m);
	char weights[32], context[32], tokens[32], left[32];
	model_file_bytes(weights, m->size);
	model_file_bytes(context, m->kv_position * positions);
	model_file_count(tokens, positions);
	model_file_bytes(left, machine_free_memory());
	bool fits = model_file_fits(m, positions, &warning, &reason);
	buffer_format(out, "memory        %s + %s for a context of %s tokens + up to 100 MB to work;\n", weights, context, tokens);
	buffer_format(out, "              %s are free now: %s\n", left,
	              !fits             ? "it does not fit"
	              : warning.text[0] ? "it would be slow"
	                                : "it fits");
}

static void describe_facts(struct buffer *out, const struct model_file *m, const struct gguf *g)
{
	char text[32];
	buffer_format(out, "%s\n\n", m->name);
	buffer_format(out, "file          %s\n", m->path);
	model_file_bytes(text, m->size);
	buffer_format(out, "size          %s, GGUF version %u\n", text, gguf_version(g));
	buffer_format(out, "architecture  %s\n", m->architecture[0] ? m->architecture : "not said");
	model_file_count(text, m->parameters);
	buffer_format(out, "weights       %s, most of them %s\n", text, m->weights);
	buffer_format(out, "shape         %u layers, width %u, vocabulary %u\n", m->n_layer, m->n_embd, m->n_vocab);
	model_file_count(text, m->context_trained);
	buffer_format(out, "context       trained for %s tokens\n", text);
	describe_memory(out, m);
	buffer_format(out, "chat          %s\n",
	              m->has_template ? "has its own chat template" : "has no chat template: a plain form is used");
}

static void describe_values(struct buffer *out, const struct gguf *g, bool ascii)
{
	char value[256], line[SHOWN];
	buffer_append_text(out, "\nWhat the file says:\n");
	for (size_t i = 0; i < gguf_value_count(g); i++) {
		const struct gguf_value *v = gguf_value_at(g, i);
		visible_line(line, sizeof line, v->key, strlen(v->key), ascii);
		buffer_format(out, "  %s = ", line);
		gguf_describe(v, value, sizeof value);
		visible_line(line, sizeof line, value, strlen(value), ascii);
		buffer_format(out, "%s\n", line);
	}
}

static void describe_tensors(struct buffer *out, const struct gguf *g)
{
	uint64_t bytes[MAX_TYPES] = { 0 }, count[MAX_TYPES] = { 0 };
	char text[32];
	for (size_t i = 0; i < gguf_tensor_count(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);
		if (t->type->id >= MAX_TYPES) continue;
		bytes[t->type->id] += t->size;
		count[t->type->id]++;
	}
	buffer_append_text(out, "\nTensors:\n");
	for (uint32_t id = 0; id < MAX_TYPES; id++) {
		const struct tensor_type *type = tensor_type_find(id);
		if (!count[id] || !type) continue;
		model_file_bytes(text, bytes[id]);
		buffer_format(out, "  %6llu of %-8s %s\n", (unsigned long long)count[id], type->name, text);
	}
}

bool model_file_describe(struct buffer *out, const struct model_file *m, bool ascii, struct error *e)
{
	struct gguf *g = gguf_open(m->path, e);
	if (!g) return false;
	describe_facts(out, m, g);
	describe_values(out, g, ascii);
	describe_tensors(out, g);
	gguf_close(g);
	if (out->failed) return error_memory(e);
	return true;
}

bool model_file_json(struct buffer *out, const struct model_file *m)
{
	const struct {
		const char *name, *text;
	} texts[] = { { "file", m->path }, { "name", m->name }, { "architecture", m->architecture }, { "weights", m->weights } };
	buffer_append_byte(out, '{');
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		buffer_format(out, "%s\"%s\": ", i ? ", " : "", texts[i].name);
		json_write_text(out, texts[i].text, strlen(texts[i].text));
	}
	return buffer_format(
	        out,
	        ", \"bytes\": %llu, \"parameters\": %llu, \"layers\": %u, \"width\": %u, \"vocabulary\": %u, \"context\": %u, "
	        "\"kv_bytes_per_token\": %llu, \"chat_template\": %s}",
	        (unsigned long long)m->size, (unsigned long long)m->parameters, m->n_layer, m->n_embd, m->n_vocab,
	        m->context_trained, (unsigned long long)m->kv_position, m->has_template ? "true" : "false");
}
