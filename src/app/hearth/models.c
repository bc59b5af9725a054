/* models: `hearth models list`, `hearth models inspect FILE` and `hearth models verify FILE`. */
#include "app/hearth/commands.h"
#include "app/hearth/opening.h"
#include "app/hearth/terminal.h"
#include "app/hearth/unlock.h"
#include "app/hearth/visible.h"
#include "base/memory.h"
#include "base/split_name.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>

enum { MAX_OUT = 64 << 20 };

/* ---- list ---- */

static void list_one(struct buffer *out, const struct opening *n, const char *path, const char *label, bool json, bool *any)
{
	struct model_file m;
	struct error e, warning, reason;
	char bytes[32], shown[128];
	bool ascii = terminal_look(false).ascii;
	bool usable = model_file_look(&m, path, &e);
	if (json) {
		if (!usable) return;
		buffer_append_text(out, *any ? ",\n " : "");
		*any = true;
		model_file_json(out, &m);
		return;
	}
	*any = true;
	visible_line(shown, sizeof shown, label, strlen(label), ascii);
	bool current = strcmp(n->settings.model, path) == 0 || (!n->settings.model[0] && strcmp(path, n->paths.builtin) == 0);
	buffer_format(out, "%c %s\n", current ? '*' : ' ', shown);
	if (!usable) {
		buffer_format(out, "    not usable: %s\n", e.text);
		return;
	}
	model_file_bytes(bytes, m.size);
	buffer_format(out, "    %s, %s, %s weights, context %u\n", bytes, m.architecture, m.weights, m.context_trained);
	if (!model_file_fits(&m, 0, &warning, &reason))
		buffer_append_text(out, "    does not fit into this machine's memory\n");
	else if (warning.text[0])
		buffer_append_text(out, "    does not fit into the memory that is free now: it would be slow\n");
}

struct locked_list {
	struct buffer *out;
	bool json, ascii, *any;
};

static bool on_locked(void *context, const struct blob_entry *b)
{
	struct locked_list *l = context;
	char bytes[32], shown[128];
	unsigned parts = split_name_parts(b->name);
	if (b->kind != BLOB_MODEL || split_name_is_later(b->name)) return true;
	if (l->json) {
		buffer_append_text(l->out, *l->any ? ",\n {\"locked\": true, \"name\": " : "{\"locked\": true, \"name\": ");
		json_write_text(l->out, b->name, strlen(b->name));
		buffer_format(l->out, ", \"bytes\": %llu}", (unsigned long long)b->size);
	} else {
		model_file_bytes(bytes, b->size);
		visible_line(shown, sizeof shown, b->name, strlen(b->name), l->ascii);
		if (parts > 1)
			buffer_format(l->out, "  %s\n    %s and %u more parts, locked in the vault\n", shown, bytes, parts - 1);
		else
			buffer_format(l->out, "  %s\n    %s, locked in the vault\n", shown, bytes);
	}
	return *l->any = true;
}

/* Those in the vault, when its key is at hand. */
static bool list_locked(struct buffer *out, const struct options *o, bool *any, struct error *e)
{
	struct vault_place place;
	struct locked_list l = { .out = out, .json = o->json, .ascii = terminal_look(false).ascii, .any = any };
	if (!o->key_file) return true;
	struct vault *v = unlock_for_command(o, &place, e);
	bool ok = v && blobs_list(v, on_locked, &l, e);
	vault_close(v);
	return ok;
}

static int list(const struct options *o, struct opening *n)
{
	struct error e;
	struct buffer out = buffer_new(MAX_OUT), names = buffer_new(MAX_OUT);
	char path[PATHS_ROOM];
	bool any = false;
	if (o->json) buffer_append_byte(&out, '[');
	if (n->paths.builtin[0]) list_one(&out, n, n->paths.builtin, "builtin (comes with hearth)", o->json, &any);
	size_t count = n->paths.models[0] ? model_file_list(&names, n->paths.models) : 0;
	const char *name = names.data;
	for (size_t i = 0; i < count; i++, name += strlen(name) + 1) {
		if (paths_join(path, n->paths.models, name)) list_one(&out, n, path, name, o->json, &any);
	}
	const char *last = n->settings.model;
	size_t folder = strlen(n->paths.models);
	bool elsewhere = last[0] && (strncmp(last, n->paths.models, folder) != 0 || last[folder] != '/');
	if (elsewhere && paths_is_file(last)) list_one(&out, n, last, last, o->json, &any);
	if (!list_locked(&out, o, &any, &e)) {
		buffer_free(&names);
		buffer_free(&out);
		return commands_fail(&e);
	}
	if (o->json)
		buffer_append_text(&out, "]\n");
	else {
		buffer_append_text(&out, any ? "\n* starts when no model is named. " : "No model is here yet. ");
		buffer_format(&out,
		              "Save GGUF files in\n  %s\nand start one with: hearth -m NAME\n`hearth models suggest` says which "
		              "suit this machine, `hearth models scan` finds those of other programs.\n",
		              n->paths.models[0] ? n->paths.models : "a folder");
	}
	buffer_free(&names);
	return commands_print(&out);
}

/* ---- inspect ---- */

static bool append_plan(struct buffer *out, struct opening *n, bool json, struct error *e)
{
	if (!opening_engine(n, e)) return false;
	const char *plan = hearth_describe(n->engine, json);
	if (!plan) return error_memory(e);
	buffer_append_text(out, plan);
	if (out->size && out->data[out->size - 1] != '\n') buffer_append_byte(out, '\n');
	return true;
}

static int inspect(const struct options *o, struct opening *n)
{
	struct error e;
	struct buffer out = buffer_new(MAX_OUT);
	struct hearth_file *file = NULL;
	char path[PATHS_ROOM];
	bool ok = model_file_find(path, &n->paths, o->words[1], &e) && model_file_open(&n->file, path, &file, &e);
	if (ok && o->plan)
		ok = append_plan(&out, n, o->json, &e);
	else if (ok && o->json)
		ok = model_file_json(&out, &n->file) && buffer_append_byte(&out, '\n');
	else if (ok)
		ok = model_file_describe(&out, &n->file, file, terminal_look(false).ascii, &e);
	hearth_file_close(file);
	if (ok) return commands_print(&out);
	buffer_free(&out);
	return commands_fail(&e);
}

/* ---- verify ---- */

/* Reads all of it: the parts of a split model, the vocabulary, every weight. */
static int verify(const struct options *o, struct opening *n)
{
	struct error e;
	struct hearth_error broken;
	struct buffer out = buffer_new(MAX_OUT);
	struct hearth_file *file = NULL;
	char path[PATHS_ROOM], bytes[32];
	uint64_t seen = 0, tensors = 0;
	bool ok = model_file_find(path, &n->paths, o->words[1], &e) && model_file_open(&n->file, path, &file, &e);
	if (ok) ok = hearth_file_verify(file, &tensors, &seen, &broken) || error_set(&e, "%s", broken.text);
	hearth_file_close(file);
	if (ok && o->json) {
		buffer_format(&out, "{\"whole\": true, \"tensors\": %llu, \"bytes\": %llu}\n", (unsigned long long)tensors,
		              (unsigned long long)seen);
	} else if (ok) {
		model_file_bytes(bytes, seen);
		buffer_format(&out, "The model is whole: %llu tensors, %s of weights, all of them numbers.\n",
		              (unsigned long long)tensors, bytes);
	}
	if (ok) return commands_print(&out);
	buffer_free(&out);
	return commands_fail(&e);
}

/* ---- the words ---- */

static int looking(const struct options *o, int (*command)(const struct options *o, struct opening *n))
{
	struct error e;
	struct opening *n = memory_new(1, sizeof *n);
	if (!n) {
		error_memory(&e);
		return commands_fail(&e);
	}
	opening_begin(n, o);
	int status = command(o, n);
	hearth_close(n->engine);
	memory_free(n);
	return status;
}

static int list_command(const struct options *o)
{
	return looking(o, list);
}

static int inspect_command(const struct options *o)
{
	return looking(o, inspect);
}

static int verify_command(const struct options *o)
{
	return looking(o, verify);
}

static const char words[] = "list, scan, suggest, inspect FILE, verify FILE, pull [NAME], lock NAME or unlock NAME";

static const struct model_word {
	const char *name;
	const char *needs; /* NULL: no further word */
	command_run run;
} model_words[] = {
	{ "list", NULL, list_command },
	{ "scan", NULL, models_scan_command },
	{ "suggest", NULL, models_suggest_command },
	{ "inspect", "file", inspect_command },
	{ "verify", "file", verify_command },
	{ "pull", NULL, models_pull_command }, /* or a name */
	{ "lock", "file", models_lock_command },
	{ "unlock", "file", models_unlock_command },
};

static const struct model_word *find_word(const struct options *o, struct error *e)
{
	const struct model_word *word = NULL;
	for (size_t i = 0; o->n_words && i < sizeof model_words / sizeof *model_words; i++) {
		if (strcmp(o->words[0], model_words[i].name) == 0) word = &model_words[i];
	}
	size_t least = word && word->needs ? 2 : 1, most = word && word->run == models_pull_command ? 2 : least;
	if (o->n_words == 0)
		error_set(e, "models needs a word: %s", words);
	else if (!word)
		error_set(e, "models does not know '%.80s': %s", o->words[0], words);
	else if (o->n_words < least)
		error_set(e, "models %s needs a %s", word->name, word->needs);
	else if (o->n_words > most)
		error_set(e, "models %s takes no further word '%.80s'", word->name, o->words[most]);
	else if (word->run != inspect_command && o->plan)
		error_set(e, "--plan belongs to models inspect");
	else if (word->run != models_pull_command && (o->sha256 || o->proxy))
		error_set(e, "%s belongs to models pull", o->sha256 ? "--sha256" : "--proxy");
	else
		return word;
	return NULL;
}

int models_command(const struct options *o)
{
	struct error e;
	const struct model_word *word = find_word(o, &e);
	return word ? word->run(o) : commands_misuse("models", &e);
}
