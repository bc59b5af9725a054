/* vault_size: `hearth vault size`: what takes how much room, and where everything lies. Nothing is opened. */
#include "app/hearth/commands.h"
#include "app/hearth/model_file.h"
#include "app/hearth/vault_commands.h"
#include "app/hearth/vault_place.h"
#include "format/json.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_OUT = 1 << 20 };

struct part {
	const char *name; /* a file, or a folder whose files count together */
	const char *what;
	uint64_t bytes;
	size_t files;
};

static struct part parts[] = {
	{ "vault.db", "conversations and messages", 0, 0 },
	{ "vault.db-journal", "a change that is under way", 0, 0 },
	{ "index.db", "the search index", 0, 0 },
	{ "index.db-journal", "a change of the index", 0, 0 },
	{ "blobs", "models and documents", 0, 0 },
	{ "vault.key", "who can open it", 0, 0 },
	{ "erase.key", "keys of conversations and objects", 0, 0 },
};

enum { PARTS = sizeof parts / sizeof parts[0] };

static void show_bytes(char text[32], uint64_t bytes)
{
	if (bytes < 1000)
		snprintf(text, 32, "%u bytes", (unsigned)bytes);
	else
		model_file_bytes(text, bytes);
}

/* What the files take on the disk. */
static void count_file(struct part *p, const char *path)
{
	struct stat st;
	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode)) return;
	p->bytes += (uint64_t)st.st_size;
	p->files++;
}

static void count_part(struct part *p, const char *folder)
{
	char path[PATHS_ROOM], inner[PATHS_ROOM];
	struct dirent *entry;
	p->bytes = p->files = 0;
	if (!paths_join(path, folder, p->name)) return;
	count_file(p, path);
	DIR *d = p->files ? NULL : opendir(path);
	while (d && (entry = readdir(d)) != NULL) {
		if (paths_join(inner, path, entry->d_name)) count_file(p, inner);
	}
	if (d) closedir(d);
}

static void describe(struct buffer *out, const struct vault_place *place, const struct paths *paths, uint64_t all)
{
	char bytes[32];
	buffer_format(out, "The vault \"%s\" in\n  %s\n\n", place->name, place->folder);
	for (int i = 0; i < PARTS; i++) {
		const struct part *p = parts + i;
		if (p->bytes == 0) continue;
		show_bytes(bytes, p->bytes);
		buffer_format(out, "%12s  %-18s%s", bytes, p->name, p->what);
		if (p->files > 1) buffer_format(out, " (%zu files)", p->files);
		buffer_append_byte(out, '\n');
	}
	show_bytes(bytes, all);
	buffer_format(out, "%12s  in all\n\nElsewhere\n  models    %s\n  settings  %s\n", bytes, paths->models, paths->settings);
}

static void describe_json(struct buffer *out, const struct vault_place *place, const struct paths *paths, uint64_t all)
{
	const char *const texts[][2] = { { "{\"name\": ", place->name },
		                         { ", \"folder\": ", place->folder },
		                         { ", \"models\": ", paths->models },
		                         { ", \"settings\": ", paths->settings } };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		buffer_append_text(out, texts[i][0]);
		json_write_text(out, texts[i][1], strlen(texts[i][1]));
	}
	buffer_format(out, ", \"bytes\": %llu, \"files\": {", (unsigned long long)all);
	for (int i = 0; i < PARTS; i++)
		buffer_format(out, "%s\"%s\": %llu", i ? ", " : "", parts[i].name, (unsigned long long)parts[i].bytes);
	buffer_append_text(out, "}}\n");
}

int vault_size_command(const struct options *o)
{
	struct vault_place place;
	struct paths paths;
	struct error e;
	uint64_t all = 0;
	struct buffer out = buffer_new(MAX_OUT);
	paths_find(&paths);
	if (!vault_place_find(&place, &paths, o->vault, &e)) return commands_fail(&e);
	if (place.state == VAULT_ABSENT) {
		error_set(&e, "%s: there is no vault here; `hearth vault create` makes one", place.folder);
		return commands_fail(&e);
	}
	for (int i = 0; i < PARTS; i++) {
		count_part(&parts[i], place.folder);
		all += parts[i].bytes;
	}
	if (o->json)
		describe_json(&out, &place, &paths, all);
	else
		describe(&out, &place, &paths, all);
	return commands_print(&out);
}
