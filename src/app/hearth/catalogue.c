/* catalogue: reading the table (see catalogue.h). */
#include "app/hearth/catalogue.h"

#include "app/hearth/model_name.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 256 << 10, PARTS = 12 };
enum { PULL, TITLE, GOOD_AT, LICENCE, BYTES, PARAMETERS, ACTIVE, KV, CONTEXT, THINKS, KIND, HASH };

static bool take_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
	char *end;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == 0 && errno == 0 && *number >= least && *number <= most;
}

static bool take_choice(const char *text, const char *yes, const char *no, bool *chosen)
{
	*chosen = strcmp(text, yes) == 0;
	return *chosen || strcmp(text, no) == 0;
}

/* Cuts the line at its tabs. The number of parts; PARTS + 1 for more. */
static size_t cut(char *line, char *parts[PARTS])
{
	size_t n = 0;
	for (char *at = line; n < PARTS; n++) {
		parts[n] = at;
		at += strcspn(at, "\t");
		if (!*at) return n + 1;
		*at++ = 0;
	}
	return n + 1;
}

/* What is wrong with the line; NULL: nothing. */
static const char *take_row(struct catalogue_row *r, char *parts[PARTS])
{
	struct model_name name;
	struct error ignored;
	uint64_t context;
	const char *colon = strchr(parts[PULL], ':');
	if (!colon || !model_name_read(&name, parts[PULL], &ignored) || !name.url[0]) return "is no OWNER/REPO:FILE";
	const char *slash = strrchr(colon, '/');
	*r = (struct catalogue_row){ .pull = parts[PULL],
		                     .file = slash ? slash + 1 : colon + 1,
		                     .title = parts[TITLE],
		                     .good_at = parts[GOOD_AT],
		                     .licence = parts[LICENCE],
		                     .sha256 = strcmp(parts[HASH], "-") == 0 ? "" : parts[HASH] };
	if (!*r->title || !*r->good_at || !*r->licence) return "has an empty part";
	if (!take_number(parts[BYTES], 1, 1ull << 50, &r->bytes) ||
	    !take_number(parts[PARAMETERS], 1, 1ull << 50, &r->parameters) ||
	    !take_number(parts[ACTIVE], 1, r->parameters, &r->active) || !take_number(parts[KV], 1, 1ull << 32, &r->kv_position) ||
	    !take_number(parts[CONTEXT], 1, 1u << 28, &context))
		return "has a number that makes no sense";
	r->context = (uint32_t)context;
	if (!take_choice(parts[THINKS], "yes", "no", &r->thinks) || !take_choice(parts[KIND], "code", "chat", &r->code))
		return "has a part that is neither of its two words";
	size_t digits = strspn(r->sha256, "0123456789abcdef");
	return r->sha256[digits] || (digits && digits != FETCH_HASH - 1) ? "has no SHA-256 in its last part" : NULL;
}

static bool take_line(struct catalogue *c, char *line, size_t number, const char *path, struct error *e)
{
	char *parts[PARTS];
	if (line[0] == '#' || line[0] == 0) return true;
	const char *wrong = c->n == CATALOGUE_MOST      ? "is one too many"
	                    : cut(line, parts) != PARTS ? "has not 12 parts"
	                                                : take_row(&c->rows[c->n], parts);
	if (wrong) return error_set(e, "%s: line %zu %s; install hearth again", path, number, wrong);
	c->n++;
	return true;
}

bool catalogue_read_file(struct catalogue *c, const char *path, struct error *e)
{
	size_t size, number = 0;
	*c = (struct catalogue){ .text = file_read(path, MOST_BYTES, &size, e) };
	if (!c->text) return false;
	bool ok = true;
	for (char *line = c->text, *end = c->text + size; ok && line < end;) {
		size_t length = strcspn(line, "\n");
		line[length] = 0;
		ok = take_line(c, line, ++number, path, e);
		line += length + 1;
	}
	return ok;
}

bool catalogue_read(struct catalogue *c, const struct paths *p, struct error *e)
{
	char folder[PATHS_ROOM], path[PATHS_ROOM];
	*c = (struct catalogue){ .text = NULL };
	snprintf(folder, sizeof folder, "%s", p->builtin[0] ? p->builtin : p->expected);
	char *slash = strrchr(folder, '/');
	if (!slash) return true;
	*slash = 0;
	return !paths_join(path, folder, "catalogue.tsv") || !paths_is_file(path) || catalogue_read_file(c, path, e);
}

void catalogue_free(struct catalogue *c)
{
	memory_free(c->text);
	*c = (struct catalogue){ .text = NULL };
}
