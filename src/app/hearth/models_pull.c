/*
 * models_pull: `hearth models pull URL|NAME`.
 *
 * The file is fetched into NAME.part, compared with the hash that the person, the host or an earlier pin says, read as a model, and
 * only then given its name. What a name led to the first time is pinned in the ledger.
 */
#include "app/hearth/commands.h"
#include "app/hearth/ledger_place.h"
#include "app/hearth/model_file.h"
#include "app/hearth/programs.h"
#include "app/hearth/pull.h"
#include "app/hearth/terminal.h"
#include "app/hearth/web_address.h"
#include "base/memory.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MAX_OUT = 4 << 20, PATIENCE = 3 };

/* ---- pins ---- */

static bool on_line(void *context, uint64_t number, const struct ledger_entry *entry)
{
	struct pull *p = context;
	(void)number;
	if (entry->kind == LEDGER_PIN && strcmp(entry->name, p->name.url) == 0) memcpy(p->pinned, entry->hash, FETCH_HASH);
	return true;
}

static bool find_pin(struct pull *p, const struct ledger_place *place, const struct options *o, struct error *e)
{
	struct ledger_state state;
	if (!ledger_place_read(place, o, false, on_line, p, &state, e)) return false;
	if (state.unreadable && !p->wanted[0])
		commands_note(
		        "the vault is locked, so what was pinned before cannot be compared; --sha256 says what the file must be");
	return true;
}

static bool pin(const struct pull *p, const char *hash, struct error *e)
{
	struct ledger_entry *entry = memory_new(1, sizeof *entry);
	if (!entry) return error_memory(e);
	*entry = (struct ledger_entry){ .kind = LEDGER_PIN, .time = (uint64_t)time(NULL) };
	memcpy(entry->hash, hash, sizeof entry->hash);
	snprintf(entry->name, sizeof entry->name, "%s", p->name.url);
	bool ok = ledger_add(disk_real(), p->fetching.ledger, entry, NULL, e);
	memory_free(entry);
	return ok;
}

/* ---- after the last byte ---- */

/* How the hash is known, for people. */
static const char *judge(const struct pull *p)
{
	return p->wanted[0]      ? "as --sha256 says"
	       : p->announced[0] ? "as the host says"
	       : p->pinned[0]    ? "the same as when it was first fetched"
	                         : "which nobody vouches for: compare it with what its maker publishes";
}

/* The whole part: is it the file, and is it a model? What is not goes. */
static bool check_part(struct pull *p, char hash[FETCH_HASH], struct model_file *file, struct error *e)
{
	const char *wanted = p->wanted[0] ? p->wanted : p->announced[0] ? p->announced : p->pinned;
	struct error why;
	if (!pull_hash(p, hash, e)) return false;
	if (wanted[0] && strcmp(hash, wanted) != 0) {
		part_file_discard(&p->part);
		return error_set(e, "%s: the file that came has SHA-256 %s instead of %s; it was removed", p->host, hash, wanted);
	}
	if (model_file_look(file, p->part.part, &why)) return true;
	part_file_discard(&p->part);
	return error_set(e, "%s: what came is no usable model and was removed: %s", p->host, why.text);
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
	buffer_format(&out, "%s is here: %s, %s weights, context %u.\nSHA-256 %s,\n%s.%s\nStart it with: hearth -m %s\n",
	              p->name.file, bytes, file->weights, file->context_trained, hash, judge(p),
	              first ? " Pinned: from now on this name has to lead to this file." : "", p->name.file);
	return commands_print(&out);
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
	bool first = false, ok = check_part(p, hash, file, &e);
	if (ok) {
		first = strcmp(p->pinned, hash) != 0;
		ok = (!first || pin(p, hash, &e)) && part_file_finish(&p->part, &e);
	}
	int status = ok ? report(p, o, file, hash, first) : e.text[0] ? commands_fail(&e) : STATUS_INTERRUPTED;
	memory_free(file);
	return status;
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

static int fetch(struct pull *p, const struct options *o)
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
	return result == FETCHING_DONE ? finish(p, o) : stopped(p, result, &e);
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
	if (status == STATUS_DONE) {
		ok = web_host(p->name.url, p->host, &e) && find_pin(p, place, o, &e) &&
		     part_file_open(&p->part, paths->models, p->name.file, p->name.url, &e);
		status = ok ? fetch(p, o) : commands_fail(&e);
		part_file_close(&p->part);
	}
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

int models_pull_command(const struct options *o)
{
	struct error e;
	struct pull *p = memory_new(1, sizeof *p);
	struct paths *paths = memory_new(1, sizeof *paths);
	int status = STATUS_FAILED;
	if (!p || !paths) {
		error_memory(&e);
		status = commands_fail(&e);
	} else if ((o->sha256 && !take_hash(p, o->sha256, &e)) || (o->proxy && !web_proxy(o->proxy, &p->request, &e)) ||
	           !model_name_read(&p->name, o->words[1], &e)) {
		status = commands_misuse("models", &e);
	} else {
		p->part.fd = -1;
		p->quiet = o->json;
		paths_find(paths);
		terminal_watch_signals(PATIENCE);
		status = pull(p, o, paths);
	}
	memory_free(paths);
	memory_free(p);
	return status;
}
