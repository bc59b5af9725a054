/*
 * opening: from what the user asked for to a model that can answer: which file, whether it fits into memory, and the engine.
 */
#ifndef HEARTH_APP_HEARTH_OPENING_H
#define HEARTH_APP_HEARTH_OPENING_H

#include "app/hearth/locked_model.h"
#include "app/hearth/model_file.h"
#include "app/hearth/options.h"
#include "app/hearth/paths.h"
#include "app/hearth/settings.h"
#include "hearth.h"

enum { NOTE_SLOW = 2 /* known when the engine is open */, OPENING_NOTES };

struct opening {
	struct paths paths;
	struct settings settings;
	struct model_file file;
	bool builtin;                   /* it is the one that comes with hearth */
	char notes[OPENING_NOTES][512]; /* what the user should know before; empty ones are none */
	struct hearth *engine;          /* the caller closes it */
	struct hearth_info info;
	struct hearth_options wanted;
	const struct options *options;
	struct locked_model locked; /* the model, when it is one that lies in the vault */
	struct vault *vault;        /* where locked models are looked for; NULL: it is opened when one is named */
	bool owns_vault;            /* it was opened for that, and nobody has taken it over */
};

/* Folders and settings; no model yet. */
void opening_begin(struct opening *n, const struct options *o);

/* Looks at the model named `name` (NULL: the last used one, else the built-in one) and checks that it fits. */
bool opening_choose(struct opening *n, const char *name, struct error *e);

/* The same among the models that are locked in the vault. False: none is meant (*e as it was), or the line says why not. */
bool opening_choose_locked(struct opening *n, const char *name, struct error *e);

/* The model of this name in n->vault, which is open, and no other. */
bool opening_choose_in_vault(struct opening *n, const char *name, struct error *e);

/* Opens a locked model again, into memory, after the vault was locked. No effect on others. */
bool opening_reload(struct opening *n, struct vault *v, struct error *e);

/* Closes the vault that was opened for a locked model, if nobody has taken it over. */
void opening_leave_vault(struct opening *n);

/* Closes the engine, and what was opened for a locked model. */
void opening_end(struct opening *n);

/* Opens the engine for what was chosen. */
bool opening_engine(struct opening *n, struct error *e);

/* Remembers the model for the next start. False with a line in *e when the settings cannot be written. */
bool opening_remember(struct opening *n, struct error *e);

/* The request that the options ask for, of that kind; where they say nothing, what the model's file advises. `turn` changes the
 * seed from request to request. */
struct hearth_request opening_request(const struct opening *n, const struct options *o, uint32_t kind, uint64_t turn);

#endif
