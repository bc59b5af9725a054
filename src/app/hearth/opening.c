/* opening: choosing and opening a model (see opening.h). */
#include "app/hearth/opening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Plain C computes where nothing faster can; whoever asked for it by HEARTH_CPU knows. */
static void note_slow_processor(struct opening *n)
{
	const char *forced = getenv("HEARTH_CPU");
	if ((forced && *forced) || strcmp(n->info.kernels, "portable") != 0) return;
	snprintf(n->notes[NOTE_SLOW], sizeof n->notes[NOTE_SLOW],
	         "this processor has none of the vector instructions that hearth computes fast with (on a PC: AVX2 and FMA, usual "
	         "since "
	         "2013), so answers come slowly");
}

void opening_begin(struct opening *n, const struct options *o)
{
	*n = (struct opening){ .options = o, .locked.memory.fd = -1 };
	struct error e;
	paths_find(&n->paths);
	if (!settings_read(&n->settings, &n->paths, &e)) snprintf(n->notes[0], sizeof n->notes[0], "%s", e.text);
	n->wanted = (struct hearth_options){ .size = sizeof n->wanted, .context = (uint32_t)o->context };
	n->wanted.draft = o->no_guess ? NULL : o->draft;
	n->wanted.threads = o->threads ? (uint32_t)o->threads : n->settings.threads;
}

/* The path of the model to open when none is named. */
static bool usual_model(struct opening *n, char path[PATHS_ROOM], struct error *e)
{
	const char *last = n->settings.model;
	if (last[0] && paths_is_file(last)) return snprintf(path, PATHS_ROOM, "%s", last) < PATHS_ROOM;
	if (last[0])
		snprintf(n->notes[0], sizeof n->notes[0],
		         "the last used model is gone (%.300s): this is the one that comes with hearth", last);
	if (n->paths.builtin[0]) return snprintf(path, PATHS_ROOM, "%s", n->paths.builtin) < PATHS_ROOM;
	return error_set(e, "no model: the built-in one is not at %s; name a GGUF file with -m FILE", n->paths.expected);
}

/* Looks at what was found. */
static bool take(struct opening *n, const char *path, bool remembered, struct error *e)
{
	struct error warning;
	struct model_file file;
	bool ok = model_file_look(&file, path, e) && model_file_fits(&file, n->wanted.context, &warning, e);
	if (!ok) {
		struct error why = *e;
		return remembered ? error_set(e, "%s (hearth -m builtin starts the one that comes with hearth)", why.text) : false;
	}
	n->file = file;
	n->builtin = strcmp(path, n->paths.builtin) == 0;
	/* A locked model lies in memory already. */
	snprintf(n->notes[1], sizeof n->notes[1], "%s", n->locked.loaded ? "" : warning.text);
	if (n->locked.loaded && !n->locked.memory.locked && !n->notes[0][0])
		snprintf(n->notes[0], sizeof n->notes[0],
		         "the opened model is more than this user may lock in memory (ulimit -l), so the system may swap it out to "
		         "the disk");
	if (file.context_trained && n->wanted.context > file.context_trained && !n->notes[1][0])
		snprintf(n->notes[1], sizeof n->notes[1],
		         "a context of %u tokens is more than the %u that this model was trained for: far into it, answers get "
		         "worse",
		         n->wanted.context, file.context_trained);
	return true;
}

bool opening_choose(struct opening *n, const char *name, struct error *e)
{
	char path[PATHS_ROOM];
	bool found = name ? model_file_find(path, &n->paths, name, e) : usual_model(n, path, e);
	if (!found && name && opening_choose_locked(n, name, e)) found = snprintf(path, sizeof path, "%s", n->locked.path) > 0;
	return found && take(n, path, !name && strcmp(path, n->settings.model) == 0, e);
}

bool opening_choose_in_vault(struct opening *n, const char *name, struct error *e)
{
	error_set(e, "%s: no model of this name is locked in the vault", name);
	bool ok = opening_choose_locked(n, name, e) && take(n, n->locked.path, false, e);
	if (!ok) locked_model_unload(&n->locked);
	return ok;
}

/* Weights that stay on the disk: what speed follows from it. */
static void note_slow_disk(struct opening *n)
{
	double seconds = n->info.seconds_token;
	if (seconds <= 0) return;
	snprintf(n->notes[NOTE_SLOW], sizeof n->notes[NOTE_SLOW],
	         "about %.2g tokens a second are to be expected, since what a token needs of the weights comes from the disk",
	         1 / seconds);
}

bool opening_engine(struct opening *n, struct error *e)
{
	struct hearth_error failed;
	struct hearth *engine;
	n->wanted.model = n->file.path;
	if (!hearth_open(&n->wanted, &engine, &failed)) return error_set(e, "%s", failed.text);
	n->engine = engine;
	n->info = (struct hearth_info){ .size = sizeof n->info };
	hearth_info(engine, &n->info);
	note_slow_processor(n);
	note_slow_disk(n);
	return true;
}

bool opening_remember(struct opening *n, struct error *e)
{
	if (n->locked.name[0]) return true; /* its name is the vault's to know */
	const char *path = n->builtin ? "" : n->file.path;
	if (strcmp(n->settings.model, path) == 0) return true;
	snprintf(n->settings.model, sizeof n->settings.model, "%s", path);
	return settings_write(&n->settings, &n->paths, e);
}

struct hearth_request opening_request(const struct opening *n, const struct options *o, uint32_t kind, uint64_t turn)
{
	struct hearth_request r = hearth_request_new(kind);
	struct hearth_sampling *s = &r.sampling;
	*s = n->info.sampling;
	if (o->has_temperature) s->temperature = (float)o->temperature;
	if (o->has_max_tokens) r.max_tokens = (uint32_t)o->max_tokens;
	r.no_guess = o->no_guess;
	s->seed = o->seed ? o->seed + turn : 0;
	return r;
}
