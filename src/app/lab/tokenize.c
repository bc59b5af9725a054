/* hearth-lab tokenize and detokenize: texts to ids and back, as JSON, by a model file's vocabulary. */
#include "app/lab/engine.h"
#include "app/lab/json_file.h"
#include "app/lab/lab.h"
#include "app/lab/words.h"

#include <stdint.h>
#include <string.h>

enum { MOST_INPUT = 1 << 30 };

static bool write_ids(struct buffer *out, const struct token_list *ids)
{
	buffer_append_byte(out, '[');
	for (size_t i = 0; i < ids->count; i++) {
		char digits[12];
		size_t n = sizeof digits;
		for (uint32_t id = ids->ids[i]; n == sizeof digits || id; id /= 10) digits[--n] = (char)('0' + id % 10);
		if (i > 0) buffer_append_byte(out, ',');
		buffer_append(out, digits + n, sizeof digits - n);
	}
	return buffer_append_byte(out, ']');
}

static bool tokenize_all(struct words *w, const json_t *lines, const char *path, uint32_t options, struct buffer *out,
                         struct error *e)
{
	struct token_list ids = { 0 };
	bool ok = true;
	buffer_append_byte(out, '[');
	for (size_t i = 0; ok && i < json_array_size(lines); i++) {
		const json_t *line = json_array_get(lines, i);
		const struct hearth_request r = words_text(json_string_value(line), json_string_length(line), options);
		ids.count = 0;
		if (i > 0) buffer_append_text(out, ",\n");
		ok = json_is_string(line) || error_set(e, "%s: item %zu is not a string", path, i);
		ok = ok && words_encode(w, &r, &ids, e) && (write_ids(out, &ids) || error_memory(e));
	}
	token_list_free(&ids);
	return ok && (buffer_append_text(out, "]\n") || error_memory(e));
}

/* The arguments of both commands: a model file, a JSON file and up to two options of their own, each with a bit in *options. */
static int read_arguments(int argc, char **argv, const char *const own[2], struct model_arguments *a, const char **input,
                          unsigned *options)
{
	*a = (struct model_arguments){ 0 };
	*input = NULL;
	*options = 0;
	for (int i = 0; i < argc; i++) {
		bool taken;
		int status = model_option(a, argc, argv, &i, &taken);
		if (status != LAB_DONE) return status;
		if (taken) continue;
		if (own[0] && strcmp(argv[i], own[0]) == 0)
			*options |= 1;
		else if (own[1] && strcmp(argv[i], own[1]) == 0)
			*options |= 2;
		else if (argv[i][0] != '-' && !*input)
			*input = argv[i];
		else
			return lab_misuse("'%.80s' is not understood", argv[i]);
	}
	return a->path && *input ? LAB_DONE : lab_misuse("a model file and a JSON file are needed");
}

int lab_tokenize(int argc, char **argv)
{
	static const char *const own[2] = { "--special", "--bos" };
	struct model_arguments a;
	const char *input;
	unsigned given;
	struct error e = { "" };
	int status = read_arguments(argc, argv, own, &a, &input, &given);
	if (status != LAB_DONE) return status;
	uint32_t options = HEARTH_TEXT_ALL | HEARTH_TEXT_PLAIN;
	if (given & 1) options |= HEARTH_TEXT_CONTROL;
	if (given & 2) options |= HEARTH_TEXT_CLOSED;
	struct buffer out = buffer_new(SIZE_MAX / 2);
	struct words w;
	json_t *lines = words_open(&w, &a, &e) ? json_file_array(input, MOST_INPUT, &e) : NULL;
	bool ok = lines && tokenize_all(&w, lines, input, options, &out, &e);
	status = ok ? lab_print(out.data, out.size) : lab_fail(&e);
	json_decref(lines);
	words_close(&w);
	engine_end();
	buffer_free(&out);
	return status;
}

static bool write_bytes(struct buffer *out, const struct prompt *p, bool hex)
{
	if (!hex) return json_write_text(out, p->text ? p->text : "", p->text_length);
	buffer_append_byte(out, '"');
	for (size_t i = 0; i < p->text_length; i++) buffer_format(out, "%02x", (unsigned)(uint8_t)p->text[i]);
	return buffer_append_byte(out, '"');
}

/* The ids of an array, appended to a list. */
static bool read_line(const struct words *w, const json_t *line, const char *path, size_t index, struct token_list *ids,
                      struct error *e)
{
	if (!json_is_array(line)) return error_set(e, "%s: item %zu is not an array of ids", path, index);
	for (size_t i = 0; i < json_array_size(line); i++) {
		const json_t *id = json_array_get(line, i);
		json_int_t number = json_is_integer(id) ? json_integer_value(id) : -1;
		if (number < 0 || number >= w->n_vocab) {
			return error_set(e, "%s: item %zu: number %zu in it is no id from 0 to %u", path, index, i + 1,
			                 (unsigned)w->n_vocab - 1);
		}
		if (!token_list_add(ids, (uint32_t)number)) return error_memory(e);
	}
	return true;
}

static bool detokenize_line(struct words *w, const struct token_list *ids, bool hex, struct buffer *out, struct error *e)
{
	struct hearth_request r = hearth_request_new(HEARTH_IDS);
	struct prompt p = { .text = NULL };
	r.want = HEARTH_WANT_PROMPT;
	r.ids = (const int32_t *)ids->ids;
	r.n_ids = ids->count;
	bool ok = words_make(w, &r, &p, e) && (write_bytes(out, &p, hex) || error_memory(e));
	prompt_clear(&p);
	return ok;
}

static bool detokenize_all(struct words *w, const json_t *lines, const char *path, bool hex, struct buffer *out, struct error *e)
{
	struct token_list ids = { 0 };
	bool ok = true;
	buffer_append_byte(out, '[');
	for (size_t i = 0; ok && i < json_array_size(lines); i++) {
		if (i > 0) buffer_append_text(out, ",\n");
		ids.count = 0;
		ok = read_line(w, json_array_get(lines, i), path, i, &ids, e) && detokenize_line(w, &ids, hex, out, e);
	}
	token_list_free(&ids);
	return ok && (buffer_append_text(out, "]\n") || error_memory(e));
}

int lab_detokenize(int argc, char **argv)
{
	static const char *const own[2] = { "--hex", NULL };
	struct model_arguments a;
	const char *input;
	unsigned hex;
	struct error e = { "" };
	int status = read_arguments(argc, argv, own, &a, &input, &hex);
	if (status != LAB_DONE) return status;
	struct buffer out = buffer_new(SIZE_MAX / 2);
	struct words w;
	json_t *lines = words_open(&w, &a, &e) ? json_file_array(input, MOST_INPUT, &e) : NULL;
	bool ok = lines && detokenize_all(&w, lines, input, hex != 0, &out, &e);
	status = ok ? lab_print(out.data, out.size) : lab_fail(&e);
	json_decref(lines);
	words_close(&w);
	engine_end();
	buffer_free(&out);
	return status;
}
