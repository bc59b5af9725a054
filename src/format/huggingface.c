/* huggingface: a folder's parts put together (see huggingface.h). */
#include "format/huggingface.h"

#include "base/memory.h"
#include "format/huggingface_internal.h"

#include <stdio.h>
#include <string.h>

enum { MOST_JSON = 64 << 20 };

bool hf_path(const struct hf_folder *f, const char *name, char *out, size_t room)
{
	int n = snprintf(out, room, "%s/%s", f->path, name);
	return (n > 0 && (size_t)n < room) || error_set(f->e, "%s: the path is too long", f->path);
}

bool hf_json(const struct hf_folder *f, const char *name, bool needed, json_t **value)
{
	char path[4096];
	*value = NULL;
	if (!hf_path(f, name, path, sizeof path)) return false;
	if (!needed && !f->files->has(f->files, path)) return true;
	size_t size;
	char *text = file_source_read(f->files, path, MOST_JSON, &size, f->e);
	if (!text) return false;
	*value = json_parse(text, size, path, f->e);
	memory_free(text);
	if (*value && !json_is_object(*value)) {
		json_decref(*value);
		*value = NULL;
		error_set(f->e, "%s: is no JSON object", path);
	}
	return *value != NULL;
}

bool hf_count(const struct hf_folder *f, const char *key, uint32_t least, uint32_t most, uint32_t *value)
{
	const json_t *v = json_object_get(f->config, key);
	json_int_t n = *value;
	if (v && !json_is_null(v)) {
		if (!json_is_integer(v)) return error_set(f->e, "%s/config.json: '%s': is no whole number", f->path, key);
		n = json_integer_value(v);
	} else if (*value < least) {
		return error_set(f->e, "%s/config.json: '%s': is missing", f->path, key);
	}
	if (n < least || n > most)
		return error_set(f->e, "%s/config.json: '%s': %lld is not from %u to %u", f->path, key, (long long)n, least, most);
	*value = (uint32_t)n;
	return true;
}

bool hf_real(const struct hf_folder *f, const json_t *object, const char *key, double least, double most, double *value)
{
	const json_t *v = json_object_get(object, key);
	if (!v || json_is_null(v)) return true;
	double d = json_number_value(v);
	if (!json_is_number(v) || !(d >= least && d <= most))
		return error_set(f->e, "%s/config.json: '%s': is no number from %g to %g", f->path, key, least, most);
	*value = d;
	return true;
}

bool hf_put_tensor(struct hf_folder *f, const char *name, uint32_t type, uint32_t n_dims, const uint64_t *dims, const void *data,
                   size_t size)
{
	if (f->n_tensors == f->room_tensors) {
		size_t room = f->room_tensors ? 2 * f->room_tensors : 256;
		struct gguf_external *more = memory_resize(f->tensors, room, sizeof *more);
		if (!more) return error_memory(f->e);
		f->tensors = more;
		f->room_tensors = room;
	}
	f->tensors[f->n_tensors++] = (struct gguf_external){ data, size };
	gguf_put_tensor(&f->writer, name, type, n_dims, dims, NULL, size);
	return true;
}

/* The header, in the arena, as the first map; then the weight files. */
static struct gguf *put_together(struct hf_folder *f)
{
	struct buffer head = buffer_new(SIZE_MAX / 4);
	struct gguf *g = NULL;
	if (gguf_writer_begin(&f->writer, &head, f->e)) {
		char *bytes = arena_copy(f->arena, head.data, head.size);
		struct file_map map;
		if (!bytes)
			error_memory(f->e);
		else if (file_map_memory(&map, bytes, head.size, f->path, f->e)) {
			memmove(f->maps + 1, f->maps, f->n_maps * sizeof *f->maps);
			f->maps[0] = map;
			g = gguf_open_external(f->maps, f->n_maps + 1, f->tensors, f->n_tensors, f->arena, f->e);
			f->n_maps = 0;
			f->arena = NULL;
		}
	}
	buffer_free(&head);
	return g;
}

bool huggingface_is(const struct file_source *files, const char *path)
{
	char config[4096];
	int n = snprintf(config, sizeof config, "%s/config.json", path);
	return n > 0 && (size_t)n < sizeof config && files->has(files, config);
}

static bool read_all(struct hf_folder *f)
{
	return hf_read_config(f) && hf_read_weights(f) && hf_read_tokenizer(f);
}

struct gguf *huggingface_open(const struct file_source *files, const char *folder, struct error *e)
{
	struct hf_folder f = { .files = files, .path = folder, .writer = gguf_writer_new(), .e = e };
	json_t *root = NULL;
	struct gguf *g = NULL;
	f.arena = arena_new(SIZE_MAX / 2); /* bounded by the sizes of the files */
	f.maps = memory_new(GGUF_MAX_PARTS, sizeof *f.maps);
	if (!f.arena || !f.maps) {
		error_memory(e);
	} else if (hf_json(&f, "config.json", true, &root)) {
		const json_t *text = json_object_get(root, "text_config");
		f.root = root;
		f.config = json_is_object(text) ? text : root;
		if (read_all(&f)) g = put_together(&f);
	}
	json_decref(root);
	for (size_t i = 0; i < f.n_maps; i++) file_unmap(&f.maps[i]);
	memory_free(f.maps);
	memory_free(f.tensors);
	gguf_writer_free(&f.writer);
	arena_free(f.arena);
	return g;
}
