/* hearth-lab tokenize and detokenize: texts to ids and back, as JSON, by a model file's vocabulary. */
#include "app/lab/json_file.h"
#include "app/lab/lab.h"
#include "app/lab/model_options.h"

#include "text/tokenizer.h"

#include <stdint.h>
#include <string.h>

enum { MOST_INPUT = 1 << 30 };

/* The vocabulary of a model file; NULL with the reason. */
static struct vocab *open_vocab(const char *path, struct error *e)
{
	struct gguf *file = gguf_open(path, e);
	if (!file) return NULL;
	struct vocab *v = vocab_load(file, e);
	gguf_close(file);
	return v;
}

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

static bool tokenize_all(const struct vocab *v, const json_t *lines, const char *path, unsigned options, struct buffer *out,
                         struct error *e)
{
	struct token_list ids = { 0 };
	bool ok = true;
	buffer_append_byte(out, '[');
	for (size_t i = 0; ok && i < json_array_size(lines); i++) {
		const json_t *line = json_array_get(lines, i);
		ids.count = 0;
		if (i > 0) buffer_append_text(out, ",\n");
		ok = json_is_string(line) || error_set(e, "%s: item %zu is not a string", path, i);
		ok = ok && tokenizer_encode(v, json_string_value(line), json_string_length(line), options, &ids, e);
		ok = ok && (write_ids(out, &ids) || error_memory(e));
	}
	token_list_free(&ids);
	return ok && (buffer_append_text(out, "]\n") || error_memory(e));
}

/* The arguments of both commands: a model file, a JSON file and up to two options of their own, each with a bit in *options. */
static int read_arguments(int argc, char **argv, const char *const own[2], const char **model, const char **input,
                          unsigned *options)
{
	struct model_arguments a = { 0 };
	*input = NULL;
	*options = 0;
	for (int i = 0; i < argc; i++) {
		bool taken;
		int status = model_option(&a, argc, argv, &i, &taken);
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
	*model = a.path;
	return a.path && *input ? LAB_DONE : lab_misuse("a model file and a JSON file are needed");
}

int lab_tokenize(int argc, char **argv)
{
	static const char *const own[2] = { "--special", "--bos" };
	const char *model, *input;
	unsigned options;
	struct error e = { "" };
	int status = read_arguments(argc, argv, own, &model, &input, &options);
	if (status != LAB_DONE) return status;
	options = TOKENIZER_ALL_TOKENS | (options & 1 ? TOKENIZER_SPECIAL : 0) | (options & 2 ? TOKENIZER_ADD : 0);
	struct buffer out = buffer_new(SIZE_MAX / 2);
	struct vocab *v = open_vocab(model, &e);
	json_t *lines = v ? json_file_array(input, MOST_INPUT, &e) : NULL;
	bool ok = lines && tokenize_all(v, lines, input, options, &out, &e);
	status = ok ? lab_print(out.data, out.size) : lab_fail(&e);
	json_decref(lines);
	vocab_free(v);
	buffer_free(&out);
	return status;
}

static bool write_bytes(struct buffer *out, const struct buffer *bytes, bool hex)
{
	if (!hex) return json_write_text(out, buffer_text(bytes), bytes->size);
	buffer_append_byte(out, '"');
	for (size_t i = 0; i < bytes->size; i++) buffer_format(out, "%02x", (unsigned)(uint8_t)bytes->data[i]);
	return buffer_append_byte(out, '"');
}

static bool detokenize_line(const struct vocab *v, const json_t *line, const char *path, size_t index, struct buffer *bytes,
                            struct error *e)
{
	if (!json_is_array(line)) return error_set(e, "%s: item %zu is not an array of ids", path, index);
	for (size_t i = 0; i < json_array_size(line); i++) {
		const json_t *id = json_array_get(line, i);
		json_int_t number = json_is_integer(id) ? json_integer_value(id) : -1;
		if (number < 0 || number >= v->count) {
			return error_set(e, "%s: item %zu: number %zu in it is no id from 0 to %u", path, index, i + 1,
			                 (unsigned)v->count - 1);
		}
		size_t length;
		const char *piece = vocab_bytes(v, (uint32_t)number, &length);
		if (!buffer_append(bytes, piece, length)) return error_memory(e);
	}
	return true;
}

static bool detokenize_all(const struct vocab *v, const json_t *lines, const char *path, bool hex, struct buffer *out,
                           struct error *e)
{
	struct buffer bytes = buffer_new(SIZE_MAX / 2);
	bool ok = true;
	buffer_append_byte(out, '[');
	for (size_t i = 0; ok && i < json_array_size(lines); i++) {
		if (i > 0) buffer_append_text(out, ",\n");
		buffer_clear(&bytes);
		ok = detokenize_line(v, json_array_get(lines, i), path, i, &bytes, e);
		ok = ok && (write_bytes(out, &bytes, hex) || error_memory(e));
	}
	buffer_free(&bytes);
	return ok && (buffer_append_text(out, "]\n") || error_memory(e));
}

int lab_detokenize(int argc, char **argv)
{
	static const char *const own[2] = { "--hex", NULL };
	const char *model, *input;
	unsigned hex;
	struct error e = { "" };
	int status = read_arguments(argc, argv, own, &model, &input, &hex);
	if (status != LAB_DONE) return status;
	struct buffer out = buffer_new(SIZE_MAX / 2);
	struct vocab *v = open_vocab(model, &e);
	json_t *lines = v ? json_file_array(input, MOST_INPUT, &e) : NULL;
	bool ok = lines && detokenize_all(v, lines, input, hex != 0, &out, &e);
	status = ok ? lab_print(out.data, out.size) : lab_fail(&e);
	json_decref(lines);
	vocab_free(v);
	buffer_free(&out);
	return status;
}
