/* huggingface_internal: a folder while it is read, shared by the files that read its parts. */
#ifndef HEARTH_FORMAT_HUGGINGFACE_INTERNAL_H
#define HEARTH_FORMAT_HUGGINGFACE_INTERNAL_H

#include "base/arena.h"
#include "format/gguf_internal.h"
#include "format/gguf_writer.h"
#include "format/json.h"
#include "format/safetensors.h"

/* What a family's folder has of its own. */
struct hf_family {
	const char *model_type;   /* of config.json */
	const char *architecture; /* GGUF's name */
	bool turned_pairs;        /* GGUF turns neighbours: rows of queries and keys change their order */
	bool norm_plus_one;       /* norms are stored without their 1 */
	bool post_norms;          /* norms behind the blocks too */
	bool windowed;            /* sliding_window counts */
	bool layer_norm;          /* LayerNorm; else RMS */
	bool caps;                /* soft caps count */
	/* what transformers takes where config.json leaves it out; 0: what the others take */
	uint32_t n_head, n_head_kv, head_size, n_context, window;
	double rope_base;
};

struct hf_folder {
	const struct file_source *files;
	const char *path;
	struct arena *arena; /* becomes the open file's */
	const struct hf_family *family;
	const json_t *root, *config; /* config.json, and the text model's part of it */
	struct gguf_writer writer;
	struct gguf_external *tensors; /* of the writer's tensors, in their order */
	size_t n_tensors, room_tensors;
	struct file_map *maps; /* of the weight files; room for GGUF_MAX_PARTS */
	size_t n_maps;
	uint64_t n_vocab; /* rows of the embedding; 0 until it was met */
	struct error *e;
};

/* FOLDER/name; NULL when it is too long. */
bool hf_path(const struct hf_folder *f, const char *name, char *out, size_t room);

/* A JSON file of the folder. *value is NULL when the file is absent and `needed` is false. To be freed with json_decref. */
bool hf_json(const struct hf_folder *f, const char *name, bool needed, json_t **value);

/* Numbers of the configuration; `least` to `most` or it is an error. An absent one stays what it is and is an error when *value is
 * below `least`. */
bool hf_count(const struct hf_folder *f, const char *key, uint32_t least, uint32_t most, uint32_t *value);
bool hf_real(const struct hf_folder *f, const json_t *object, const char *key, double least, double most, double *value);

/* Adds a tensor whose bytes lie elsewhere until the file is closed. */
bool hf_put_tensor(struct hf_folder *f, const char *name, uint32_t type, uint32_t n_dims, const uint64_t *dims, const void *data,
                   size_t size);

bool hf_read_config(struct hf_folder *f);    /* huggingface_config.c: hyperparameters, and tensors that are made of them */
bool hf_read_weights(struct hf_folder *f);   /* huggingface_weights.c */
bool hf_read_tokenizer(struct hf_folder *f); /* huggingface_tokenizer.c: after the weights */

#endif
