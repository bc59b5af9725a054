/* model_options: what every MODEL command of hearth-lab takes, and the opened model. */
#ifndef HEARTH_APP_LAB_MODEL_OPTIONS_H
#define HEARTH_APP_LAB_MODEL_OPTIONS_H

#include "base/threads.h"
#include "format/gguf.h"
#include "hearth.h"
#include "model/model.h"

enum { LAB_MOST_ADAPTERS = 16 };

/* --lora FILE[=SCALE], --control-vector FILE[=SCALE]: the file says which it is */
struct lab_adapter {
	const char *text; /* as given */
	size_t path;      /* bytes of it that are the path */
	float scale;
};

struct model_arguments {
	uint32_t threads; /* 0: all cores */
	uint32_t context; /* 0: as many as the command needs */
	bool exact, kv_given, engine;
	enum kv_type kv;
	const char *path; /* the first argument that is no option */
	struct lab_adapter adapters[LAB_MOST_ADAPTERS];
	uint32_t n_adapters;
};

/* Looks at argv[*i]; when it is an option of every MODEL command, takes it (and its value, moving *i) and sets *taken. The status
 * is LAB_DONE, or that of the message that was printed. */
int model_option(struct model_arguments *a, int argc, char **argv, int *i, bool *taken);

/* An unsigned number of the command line; false when `text` is none from least to most. */
bool lab_number(const char *text, uint64_t least, uint64_t most, uint64_t *value);

/* A floating-point number of the command line. */
bool lab_real(const char *text, double least, double most, double *value);

/* The options of hearth.h for these, with `context` positions where they do not say. */
struct hearth_options lab_engine_options(const struct model_arguments *a, uint32_t context);

/* How keys and values are kept. */
enum kv_type lab_kv(const struct model_arguments *a);

struct lab_model {
	struct gguf *file;
	struct gguf *adapter_files[LAB_MOST_ADAPTERS];
	struct threads *threads;
	struct model *model;
};

/* Opens the model with `context` positions where the arguments do not say (0: the model's default). */
bool lab_model_open(struct lab_model *m, const struct model_arguments *a, uint32_t context, uint32_t max_rows, struct error *e);
void lab_model_close(struct lab_model *m);

#endif
