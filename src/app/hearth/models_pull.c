/*
 * models_pull: `hearth models pull [URL|NAME]`. Without a name it is the model that suits this machine (suggest.h).
 *
 * The file is fetched into NAME.part, compared with the hash that the person, the host or an earlier pin says, read as a model, and
 * only then given its name. Of a split model the first part comes last: as long as it is not there, there is no model. What a name
 * led to the first time is pinned in the ledger; the catalogue's files are pinned by it.
 */
#include "app/hearth/commands.h"
#include "app/hearth/ledger_place.h"
#include "app/hearth/model_file.h"
#include "app/hearth/programs.h"
#include "app/hearth/pull.h"
#include "app/hearth/settings.h"
#include "app/hearth/suggest.h"
#include "app/hearth/terminal.h"
#include "app/hearth/web_address.h"
#include "base/clock.h"
#include "base/memory.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MAX_OUT = 4 << 20, PATIENCE = 3 };

static const double least_rated = 1 << 20; /* bytes: less says nothing about the rate */

/* ---- pins ---- */

static bool find_pin(struct pull *p, const struct ledger_place *place, const struct options *o, struct error *e)
{
	struct ledger_state state;
	if (!ledger_place_read(place, o, false, pull_take_pin, p, &state, e)) return false;
	if (state.unreadable && !p->wanted[0])
		commands_note(
		        "the vault is locked, so what was pinned before cannot be compared; --sha256 says what the file must be");
	return true;
}

/* ---- after the last byte ---- */

/* How the hash is known, for people. */
static const char *judge(const struct pull *p)
{
	return p->wanted[0]      ? "as --sha256 says"
	       : p->by_catalogue ? "as hearth's catalogue says"
	       : p->announced[0] ? "as the host says"
	       : p->pinned[0]    ? "the same as when it was first fetched"
	                         : "which nobody vouches for: compare it with what its maker publishes";
}

static int report(const struct pull *p, const struct options *o, const struct model_file *file, const char *hash, bool first)
{
	struct buffer out = buffer_new(MAX_OUT);
	char bytes[32];
	model_file_bytes(bytes, file->size);
	if (o->json) {
		buffer_append_text(&out, "{\"path\": ");
		json_write_text(&out, p->part.path, strlen(p->part.path));
		buffer_format(&out, ", \"bytes\": %llu, \"sha256\": \"%s\", \"pinned\": %s}\n", (unsigned long long)file->size,
		              hash, first ? "true" : "false");
		return commands_print(&out);
	}
	buffer_format(&out, "%s is here: %s, %s weights, context %u.\nSHA-256 %s,\n%s.%s\n", p->name.file, bytes, file->weights,
	              file->context_trained, hash, judge(p),
	              first ? " Pinned: from now on this name has to lead to this file." : "");
	if (p->recommended)
		buffer_format(&out, "Start it with: %s\n", o->program);
	else
		buffer_format(&out, "Start it with: %s -m %s\n", o->program, p->name.file);
	return commands_print(&out);
}

static void note_part(struct pull *p, const struct options *o, const char *hash, bool first)
{
	if (o->json) {
		if (p->fetched.size) buffer_append_text(&p->fetched, ", ");
		buffer_append_text(&p->fetched, "{\"path\": ");
		json_write_text(&p->fetched, p->part.path, strlen(p->part.path));
		buffer_format(&p->fetched, ", \"sha256\": \"%s\", \"pinned\": %s}", hash, first ? "true" : "false");
	} else {
		buffer_format(&p->fetched, "SHA-256 %s %s,\n  %s.\n", hash, p->name.file, judge(p));
		commands_note("%s is here", p->name.file);
	}
}

static int finish(struct pull *p, const struct options *o)
{
	struct error e;
	char hash[FETCH_HASH];
	struct model_file *file = memory_new(1, sizeof *file);
	if (!file) {
		error_memory(&e);
		return commands_fail(&e);
	}
	bool first = false, ok = pull_check(p, hash, file, &e);
	if (ok) {
		first = strcmp(p->pinned, hash) != 0;
		ok = (!first || pull_pin(p, hash, &e)) && part_file_finish(&p->part, &e);
	}
	if (ok && p->parts) note_part(p, o, hash, first);
	int status = ok && p->parts ? STATUS_DONE
	             : ok           ? report(p, o, file, hash, first)
	             : e.text[0]    ? commands_fail(&e)
	                            : STATUS_INTERRUPTED;
	memory_free(file);
	return status;
}

/* ---- what is remembered ---- */

/* How fast it came, for the next estimate; and a model that was fetched because it suits, for the next start. */
static void remember(const struct pull *p, const struct paths *paths, bool rate)
{
	struct error ignored; /* nothing depends on it */
	struct settings *s = memory_new(1, sizeof *s);
	double seconds = clock_seconds() - p->progress.began, bytes = (double)p->part.whole - (double)p->at;
	if (s && settings_read(s, paths, &ignored)) {
		if (rate && bytes >= least_rated && seconds > 0) s->rate = bytes / seconds;
		if (!rate && p->recommended) snprintf(s->model, sizeof s->model, "%s", p->part.path);
		settings_write(s, paths, &ignored);
	}
	memory_free(s);
}

/* ---- the command ---- */

/* What is left when the download did not come to its end. */
static int stopped(struct pull *p, enum fetching_result result, const struct error *e)
{
	char kept[32];
	uint64_t size = part_file_size(&p->part);
	int status = result == FETCHING_INTERRUPTED ? STATUS_INTERRUPTED : commands_fail(e);
	model_file_bytes(kept, size);
	if (size > 0) commands_note("%s are kept in %s; the same command goes on from there", kept, p->part.part);
	return status;
}

static int fetch(struct pull *p, const struct options *o, const struct paths *paths)
{
	struct error e;
	/* A part that is whole, from a run that ended before it was checked, needs no network. */
	bool whole = p->part.size > 0 && p->part.size == p->part.whole && p->part.hash[0];
	if (whole) {
		memcpy(p->announced, p->part.hash, FETCH_HASH);
		seal_sha256_begin(&p->hash);
		return finish(p, o);
	}
	if (p->part.size > 0 && !o->json) {
		char bytes[32];
		model_file_bytes(bytes, p->part.size);
		commands_note("%s are here from before", bytes);
	}
	enum fetching_result result = pull_fetch(p, &e);
	if (result != FETCHING_DONE) return stopped(p, result, &e);
	remember(p, paths, true);
	return finish(p, o);
}

/* Which file, if the name does not say it: asks the hub. The exit status when that is the end. */
static int choose(struct pull *p)
{
	struct error e;
	struct buffer choices = buffer_new(MAX_OUT);
	enum fetching_result result = p->name.url[0] ? FETCHING_DONE : pull_choose(p, &choices, &e);
	int status = result == FETCHING_DONE          ? STATUS_DONE
	             : result == FETCHING_INTERRUPTED ? STATUS_INTERRUPTED
	                                              : commands_fail(&e);
	if (status != STATUS_DONE && choices.size)
		commands_print(&choices);
	else
		buffer_free(&choices);
	return status;
}

/* A part that came before is told of like one that comes. */
static bool is_here(struct pull *p, const struct options *o, const struct paths *paths, bool *here, struct error *e)
{
	char hash[FETCH_HASH];
	if (!pull_has_part(p, paths, hash, here, e)) return false;
	if (*here) note_part(p, o, hash, false);
	return true;
}

/* One file, from what is known of it to its name. */
static int pull_file(struct pull *p, const struct options *o, const struct paths *paths, const struct ledger_place *place)
{
	struct error e = { "" };
	bool here = false, ok = web_host(p->name.url, p->host, &e) && find_pin(p, place, o, &e);
	if (ok) pull_pin_by_catalogue(p, paths);
	ok = ok && is_here(p, o, paths, &here, &e);
	if (here) return STATUS_DONE;
	ok = ok && part_file_open(&p->part, paths->models, p->name.file, p->name.url, &e);
	int status = ok ? fetch(p, o, paths) : e.text[0] ? commands_fail(&e) : STATUS_INTERRUPTED;
	part_file_close(&p->part);
	return status;
}

static int report_parts(struct pull *p, const struct options *o, const struct model_file *file)
{
	struct buffer out = buffer_new(MAX_OUT);
	char bytes[32];
	model_file_bytes(bytes, file->size);
	if (o->json) {
		buffer_append_text(&out, "{\"path\": ");
		json_write_text(&out, file->path, strlen(file->path));
		buffer_format(&out, ", \"bytes\": %llu, \"parts\": [", (unsigned long long)file->size);
		buffer_append(&out, p->fetched.data, p->fetched.size);
		buffer_append_text(&out, "]}\n");
	} else {
		buffer_format(&out, "%s is here, all %u parts: %s, %s weights, context %u.\n", p->name.file, p->parts, bytes,
		              file->weights, file->context_trained);
		buffer_append(&out, p->fetched.data, p->fetched.size);
		buffer_format(&out, "Start it with: %s -m %s\n", o->program, p->name.file);
	}
	return commands_print(&out);
}

static int finish_parts(struct pull *p, const struct options *o, const struct paths *paths)
{
	struct error e;
	struct model_file *file = memory_new(1, sizeof *file);
	bool ok = (file || error_memory(&e)) && pull_check_parts(p, paths, file, &e);
	int status = ok ? report_parts(p, o, file) : commands_fail(&e);
	memory_free(file);
	return status;
}

static int pull_parts(struct pull *p, const struct options *o, const struct paths *paths, const struct ledger_place *place)
{
	struct error e;
	struct model_name *first = memory_new(1, sizeof *first);
	int status = STATUS_DONE;
	bool ok = first || error_memory(&e);
	if (ok) *first = p->name;
	if (ok && p->wanted[0])
		ok = error_set(&e, "--sha256 is about one file, and this model has %u; each is compared with what its host says",
		               p->parts);
	p->fetched = buffer_new(MAX_OUT);
	for (unsigned i = 2; ok && status == STATUS_DONE && i <= p->parts + 1; i++) {
		ok = pull_turn_to(p, first, i <= p->parts ? i : 1, &e);
		if (ok) status = pull_file(p, o, paths, place);
	}
	if (!ok) status = commands_fail(&e);
	if (status == STATUS_DONE) status = finish_parts(p, o, paths);
	buffer_free(&p->fetched);
	memory_free(first);
	return status;
}

static int pull(struct pull *p, const struct options *o, const struct paths *paths)
{
	struct error e;
	struct ledger_place *place = memory_new(1, sizeof *place);
	bool ok = place || error_memory(&e);
	ok = ok && paths_make_folder(paths->models, &e) && ledger_place_find(place, paths, &e);
	if (ok) memcpy(p->fetching.ledger, place->path, sizeof place->path);
	p->fetching.spawner = programs_spawner();
	if (ok && !p->fetching.spawner) ok = error_set(&e, "no other program can be started here");
	int status = ok ? choose(p) : commands_fail(&e);
	if (status == STATUS_DONE && !pull_count_parts(p, &e)) status = commands_fail(&e);
	if (status == STATUS_DONE) status = p->parts ? pull_parts(p, o, paths, place) : pull_file(p, o, paths, place);
	if (status == STATUS_DONE) remember(p, paths, false);
	memory_free(place);
	return status;
}

/* The hash as a person types it: 64 digits, large or small. */
static bool take_hash(struct pull *p, const char *text, struct error *e)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");
	if (digits != FETCH_HASH - 1 || text[digits])
		return error_set(e, "--sha256 takes 64 hexadecimal digits, not '%.80s'", text);
	for (size_t i = 0; i < digits; i++) p->wanted[i] = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] - 'A' + 'a' : text[i]);
	return true;
}

/* The one that suits this machine, and why. False: it is here already, or the line in *e says what is wrong. */
static bool choose_suiting(char name[FETCH_URL], const struct options *o, const struct paths *paths, struct error *e)
{
	struct buffer out = buffer_new(MAX_OUT);
	struct settings *settings = memory_new(1, sizeof *settings);
	struct suggest *s = memory_new(1, sizeof *s);
	bool ok = (settings && s) || error_memory(e);
	if (ok) {
		if (!settings_read(settings, paths, e)) commands_note("%s", e->text);
		ok = suggest_make(s, paths, settings, e);
		const struct suggest_row *r = ok && s->recommended != SUGGEST_NONE ? &s->rows[s->recommended] : NULL;
		if (ok && !r) ok = error_set(e, "no known model suits this machine; `hearth models suggest` shows the arithmetic");
		if (ok) snprintf(name, FETCH_URL, "%s", r->path[0] ? "" : r->name);
		if (ok && !o->json) suggest_describe_one(&out, s, o->program, terminal_look(false).ascii);
		suggest_free(s);
	}
	memory_free(s);
	memory_free(settings);
	if (!ok || o->json)
		buffer_free(&out);
	else
		commands_print(&out);
	return ok;
}

static bool read_options(struct pull *p, const struct options *o, struct error *e)
{
	p->part.fd = -1;
	p->quiet = o->json;
	return (!o->sha256 || take_hash(p, o->sha256, e)) && (!o->proxy || web_proxy(o->proxy, &p->request, e)) &&
	       (o->n_words < 2 || model_name_read(&p->name, o->words[1], e));
}

int models_pull_command(const struct options *o)
{
	struct error e;
	char name[FETCH_URL] = "";
	struct pull *p = memory_new(1, sizeof *p);
	struct paths *paths = memory_new(1, sizeof *paths);
	int status = STATUS_FAILED;
	if (!p || !paths) {
		error_memory(&e);
		status = commands_fail(&e);
	} else if (!read_options(p, o, &e)) {
		status = commands_misuse("models", &e);
	} else {
		paths_find(paths);
		p->recommended = o->n_words < 2;
		bool ok = !p->recommended ||
		          (choose_suiting(name, o, paths, &e) && (!name[0] || model_name_read(&p->name, name, &e)));
		terminal_watch_signals(PATIENCE);
		bool fetches = !p->recommended || name[0];
		status = !ok ? commands_fail(&e) : fetches ? pull(p, o, paths) : STATUS_DONE;
	}
	memory_free(paths);
	memory_free(p);
	return status;
}
