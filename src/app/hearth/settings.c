/* settings: reads and writes the settings file (see settings.h). */
#include "app/hearth/settings.h"

#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"
#include "hearth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_SETTINGS = 65536, MAX_LOCK = 10000 };

static const double usual_lock = 15, most_rate = 1e12;

static void take(struct settings *s, const char *name, const char *value)
{
	if (strcmp(name, "colour") == 0) s->colour = strcmp(value, "off") != 0;
	if (strcmp(name, "keep") == 0) s->keep = strcmp(value, "off") != 0;
	if (strcmp(name, "lock") == 0) {
		s->lock = strtod(value, NULL);
		if (!(s->lock >= 0 && s->lock <= MAX_LOCK)) s->lock = usual_lock;
		if (strcmp(value, "off") == 0) s->lock = 0;
	}
	if (strcmp(name, "threads") == 0) {
		s->threads = (uint32_t)strtoul(value, NULL, 10);
		if (s->threads > 1024) s->threads = 0;
		if (strcmp(value, "auto-low") == 0) s->threads = HEARTH_THREADS_LOW;
	}
	if (strcmp(name, "rate") == 0) {
		s->rate = strtod(value, NULL);
		if (!(s->rate > 0 && s->rate < most_rate)) s->rate = 0;
	}
	if (strcmp(name, "model") == 0) snprintf(s->model, sizeof s->model, "%s", value);
}

/* "name = value", spaces around both taken off; the line is changed. */
static void read_line(struct settings *s, char *line)
{
	char *equals = strchr(line, '=');
	if (line[0] == '#' || !equals) return;
	char *end = equals, *value = equals + 1;
	while (end > line && end[-1] == ' ') end--;
	*end = 0;
	while (*line == ' ') line++;
	while (*value == ' ') value++;
	take(s, line, value);
}

bool settings_read(struct settings *s, const struct paths *p, struct error *e)
{
	*s = (struct settings){ .colour = true, .keep = true, .lock = usual_lock };
	char path[PATHS_ROOM];
	size_t size;
	if (!p->settings[0] || !paths_join(path, p->settings, "settings") || !paths_is_file(path)) return true;
	char *text = file_read(path, MAX_SETTINGS, &size, e);
	if (!text) return false;
	for (char *line = text; line < text + size;) {
		char *end = line + strcspn(line, "\n");
		bool last = *end == 0;
		*end = 0;
		read_line(s, line);
		if (last) break;
		line = end + 1;
	}
	memory_free(text);
	return true;
}

bool settings_write(const struct settings *s, const struct paths *p, struct error *e)
{
	char path[PATHS_ROOM];
	if (strchr(s->model, '\n')) return error_set(e, "the model's path has a line end in it and is not remembered");
	if (!paths_make_folder(p->settings, e)) return false;
	if (!paths_join(path, p->settings, "settings")) return error_set(e, "%s: the path is too long", p->settings);
	struct buffer b = buffer_new(MAX_SETTINGS);
	buffer_append_text(&b, "# What hearth remembers. Nothing here tells what was said.\n");
	buffer_format(&b, "colour = %s\n", s->colour ? "on" : "off");
	if (s->threads == HEARTH_THREADS_LOW)
		buffer_append_text(&b, "threads = auto-low\n");
	else if (s->threads)
		buffer_format(&b, "threads = %u\n", s->threads);
	if (!s->keep) buffer_append_text(&b, "keep = off\n");
	if (s->lock <= 0) buffer_append_text(&b, "lock = off\n");
	if (s->lock > 0 && s->lock != usual_lock) buffer_format(&b, "lock = %g\n", s->lock);
	if (s->rate > 0) buffer_format(&b, "rate = %.0f\n", s->rate);
	if (s->model[0]) buffer_format(&b, "model = %s\n", s->model);
	struct file_writer w;
	mode_t mask = umask(077);
	bool ok = file_create(&w, path, e);
	umask(mask);
	ok = ok && !b.failed && file_write(&w, b.data, b.size, e) && file_commit(&w, e);
	if (!ok) file_abandon(&w);
	buffer_free(&b);
	return ok;
}
