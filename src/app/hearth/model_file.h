/*
 * model_file: what a model file says about itself, read without computing anything.
 *
 * The facts come from the engine, which alone parses model files. Texts from the file are untrusted and are made visible before
 * they are stored here.
 */
#ifndef HEARTH_APP_HEARTH_MODEL_FILE_H
#define HEARTH_APP_HEARTH_MODEL_FILE_H

#include "app/hearth/paths.h"
#include "base/buffer.h"
#include "hearth.h"

#include <stdbool.h>
#include <stdint.h>

struct model_file {
	char path[PATHS_ROOM];
	char name[128]; /* general.name, else the file's */
	char architecture[64];
	char weights[16];     /* the weight type that most bytes have */
	uint64_t size;        /* bytes of the file, all parts */
	uint64_t parameters;  /* weights */
	uint64_t kv_position; /* bytes of keys and values for one position, F16 */
	uint32_t version;     /* of GGUF */
	uint32_t n_layer, n_embd, n_vocab, context_trained;
	bool has_template, has_experts;
	char tool_form[32]; /* how it calls tools; "": its template knows of none */
};

/* Reads the facts. False: no usable model file, *e says why and what to do. */
bool model_file_look(struct model_file *m, const char *path, struct error *e);

/* The same, and leaves the file open: for hearth_file_close. */
bool model_file_open(struct model_file *m, const char *path, struct hearth_file **file, struct error *e);

/* Appends everything the file says, for people: facts, metadata, tensors by type. */
bool model_file_describe(struct buffer *out, const struct model_file *m, struct hearth_file *file, bool ascii, struct error *e);

/* Appends the facts as one JSON object. */
bool model_file_json(struct buffer *out, const struct model_file *m);

/* Finds the file that a person means: a path, or a name in the models folder, with or without its ending, or a part of a name
 * that only one file has. "builtin" is the built-in model. */
bool model_file_find(char out[PATHS_ROOM], const struct paths *p, const char *name, struct error *e);

/* Is it the name of a model's file to show: ends with .gguf, is no later part of a split one and no projector? */
bool model_file_is_name(const char *name);

/* A projector of images, which is no model of its own? */
bool model_file_is_projector(const char *name);

/* Appends the names of the model files in a folder, in order, each with a zero byte behind it, and returns how many. */
size_t model_file_list(struct buffer *names, const char *folder);

/* Positions of the context when nothing else is wished and memory suffices. */
uint32_t model_file_usual_context(const struct model_file *m);

/* Does it fit? False: it cannot, *e has the arithmetic. True with a text in `warning` (else empty): it will be slow.
 * `context` 0: the default. */
bool model_file_fits(const struct model_file *m, uint64_t context, struct error *warning, struct error *e);

/* Bytes and counts for people: "2.5 GB", "12,345". */
void model_file_bytes(char out[32], uint64_t bytes);
void model_file_count(char out[32], uint64_t count);

#endif
