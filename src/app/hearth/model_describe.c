/* model_describe: what `hearth models inspect` shows of a file (see model_file.h). */
#include "app/hearth/model_file.h"

#include "app/hearth/visible.h"
#include "base/machine.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN = 200 };

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

static void describe_facts(struct buffer *out, const struct model_file *m)
{
	char text[32];
	buffer_format(out, "%s\n\n", m->name);
	buffer_format(out, "file          %s\n", m->path);
	model_file_bytes(text, m->size);
	buffer_format(out, "size          %s, GGUF version %u\n", text, m->version);
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

static bool describe_values(struct buffer *out, struct hearth_file *file, bool ascii)
{
	char line[SHOWN];
	const struct hearth_file_value *values;
	size_t n = hearth_file_values(file, &values);
	buffer_append_text(out, "\nWhat the file says:\n");
	for (size_t i = 0; i < n; i++) {
		visible_line(line, sizeof line, values[i].key, strlen(values[i].key), ascii);
		buffer_format(out, "  %s = ", line);
		visible_line(line, sizeof line, values[i].value, strlen(values[i].value), ascii);
		buffer_format(out, "%s\n", line);
	}
	return values != NULL;
}

static void describe_tensors(struct buffer *out, struct hearth_file *file)
{
	char text[32], name[32];
	const struct hearth_file_type *types;
	size_t n = hearth_file_types(file, &types);
	buffer_append_text(out, "\nTensors:\n");
	for (size_t i = 0; i < n; i++) {
		visible_line(name, sizeof name, types[i].name, strlen(types[i].name), true);
		model_file_bytes(text, types[i].bytes);
		buffer_format(out, "  %6llu of %-8s %s\n", (unsigned long long)types[i].count, name, text);
	}
}

bool model_file_describe(struct buffer *out, const struct model_file *m, struct hearth_file *file, bool ascii, struct error *e)
{
	describe_facts(out, m);
	bool ok = describe_values(out, file, ascii);
	describe_tensors(out, file);
	return (ok && !out->failed) || error_memory(e);
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
