/* models_suggest: `hearth models scan` and `hearth models suggest`. */
#include "app/hearth/commands.h"
#include "app/hearth/model_file.h"
#include "app/hearth/suggest.h"
#include "app/hearth/terminal.h"
#include "app/hearth/visible.h"
#include "base/memory.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>

enum { MAX_OUT = 4 << 20 };

/* ---- scan ---- */

static void scan_json(struct buffer *out, const struct model_caches *c)
{
	const struct {
		const char *name;
		size_t place;
	} texts[] = { { "name", offsetof(struct cached_model, name) },
		      { "path", offsetof(struct cached_model, path) },
		      { "source", offsetof(struct cached_model, source) } };
	buffer_append_text(out, "{\"models\": [");
	for (size_t i = 0; i < c->n; i++) {
		buffer_append_text(out, i ? ",\n {" : "{");
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
			const char *text = *(const char *const *)(const void *)((const char *)&c->models[i] + texts[k].place);
			buffer_format(out, "\"%s\": ", texts[k].name);
			json_write_text(out, text, strlen(text));
			buffer_append_text(out, ", ");
		}
		buffer_format(out, "\"bytes\": %llu}", (unsigned long long)c->models[i].bytes);
	}
	buffer_format(out, "], \"links_out\": %zu, \"more\": %s}\n", c->outside, c->cut ? "true" : "false");
}

static void scan_describe(struct buffer *out, const struct model_caches *c, const char *program)
{
	char bytes[32], name[160];
	bool ascii = terminal_look(false).ascii;
	for (size_t i = 0; i < c->n; i++) {
		const struct cached_model *m = &c->models[i];
		model_file_bytes(bytes, m->bytes);
		visible_line(name, sizeof name, m->name, strlen(m->name), ascii);
		buffer_format(out, "%10s  %s (%s)\n", bytes, name, m->source);
	}
	if (c->n)
		buffer_format(out, "\nThey stay where they are. Start one by its name, or a part of it: %s -m NAME\n", program);
	else
		buffer_format(out, "No model of another program is on this machine. `%s models suggest` proposes some to fetch.\n",
		              program);
	if (c->outside) buffer_format(out, "%zu links that lead out of their cache were left out.\n", c->outside);
	if (c->cut) buffer_append_text(out, "There is more than was looked at.\n");
}

int models_scan_command(const struct options *o)
{
	struct model_caches c;
	struct error e;
	struct buffer out = buffer_new(MAX_OUT);
	bool ok = model_caches_scan(&c, &e);
	if (ok && o->json)
		scan_json(&out, &c);
	else if (ok)
		scan_describe(&out, &c, o->program);
	model_caches_free(&c);
	return ok ? commands_print(&out) : commands_fail(&e);
}

/* ---- suggest ---- */

int models_suggest_command(const struct options *o)
{
	struct error e = { "" };
	struct buffer out = buffer_new(MAX_OUT);
	struct paths *p = memory_new(1, sizeof *p);
	struct settings *settings = memory_new(1, sizeof *settings);
	struct suggest *s = memory_new(1, sizeof *s);
	bool ok = (p && settings && s) || error_memory(&e);
	if (ok) {
		paths_find(p);
		if (!settings_read(settings, p, &e)) commands_note("%s", e.text);
		ok = suggest_make(s, p, settings, &e);
		if (ok && o->json)
			suggest_json(&out, s);
		else if (ok)
			suggest_describe(&out, s, o->program, terminal_look(false).ascii);
		suggest_free(s);
	}
	memory_free(s);
	memory_free(settings);
	memory_free(p);
	return ok ? commands_print(&out) : commands_fail(&e);
}
