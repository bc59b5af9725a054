/* kept_list: lists and findings (see kept_list.h). */
#include "app/hearth/kept_list.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { AROUND = 30, SNIPPET_BYTES = 110 };

static void forget(void *block, size_t size)
{
	if (block) memory_wipe(block, size);
	memory_free(block);
}

/* ---- the list */

struct reading {
	struct kept_list *list;
	bool failed;
};

static bool take(void *context, const struct conversation_entry *c)
{
	struct reading *r = context;
	struct kept_list *l = r->list;
	if (c->messages == 0) return true;
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct kept_entry *grown = memory_resize(l->entries, room, sizeof *grown);
		if (!grown) return !(r->failed = true);
		l->entries = grown;
		l->room = room;
	}
	struct kept_entry k = { .id = c->id, .made = c->made, .changed = c->changed, .parent = c->parent, .messages = c->messages };
	k.title = memory_copy_text(c->title, strlen(c->title));
	if (!k.title) return !(r->failed = true);
	l->entries[l->n++] = k;
	return true;
}

bool kept_list_read(struct kept_list *l, struct vault *v, struct error *e)
{
	struct reading r = { .list = l };
	*l = (struct kept_list){ 0 };
	if (conversations_list(v, take, &r, e) && (!r.failed || error_memory(e))) return true;
	kept_list_free(l);
	return false;
}

void kept_list_free(struct kept_list *l)
{
	for (size_t i = 0; i < l->n; i++) forget(l->entries[i].title, strlen(l->entries[i].title));
	memory_free(l->entries);
	*l = (struct kept_list){ 0 };
}

/* ---- titles */

struct wanted {
	int64_t id;
	char *title;
	bool found;
};

static bool take_title(void *context, const struct conversation_entry *c)
{
	struct wanted *w = context;
	if (c->id != w->id) return true;
	snprintf(w->title, KEEPING_TITLE, "%s", c->title);
	w->found = true;
	return false;
}

bool kept_title(struct vault *v, int64_t id, char title[KEEPING_TITLE], struct error *e)
{
	struct wanted w = { .id = id, .title = title };
	if (!conversations_list(v, take_title, &w, e)) return false;
	return w.found || error_set(e, "there is no conversation %lld", keeping_number(id));
}

/* ---- searching */

struct searching {
	struct kept_found *found;
	const char *words;
	bool failed;
};

/* Where the first word stands; 0 when it is written otherwise than it was typed. */
static size_t place_of(const char *text, size_t size, const char *words)
{
	words += strspn(words, " \t\"");
	size_t n = strcspn(words, " \t\"");
	for (size_t i = 0; n && i + n <= size; i++) {
		if (strncasecmp(text + i, words, n) == 0) return i;
	}
	return 0;
}

static bool is_inside_character(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

static void make_snippet(char out[KEPT_SNIPPET], const char *text, size_t size, const char *words)
{
	size_t at = place_of(text, size, words), n = 0;
	at = at > AROUND ? at - AROUND : 0;
	while (at > 0 && is_inside_character(text[at])) at--;
	size_t end = at + SNIPPET_BYTES < size ? at + SNIPPET_BYTES : size;
	while (end < size && is_inside_character(text[end])) end++;
	if (at > 0) n += (size_t)snprintf(out, KEPT_SNIPPET, "...");
	for (size_t i = at; i < end; i++) {
		bool space = (unsigned char)text[i] <= ' ';
		if (space && (n == 0 || out[n - 1] == ' ')) continue;
		out[n++] = space ? ' ' : text[i];
	}
	snprintf(out + n, KEPT_SNIPPET - n, "%s", end < size ? "..." : "");
}

static bool take_hit(void *context, const struct message_entry *m)
{
	struct searching *s = context;
	struct kept_found *f = s->found;
	if (f->n == f->room) return !(s->failed = true);
	struct kept_hit *h = &f->hits[f->n++];
	*h = (struct kept_hit){ .conversation = m->conversation, .position = m->position, .made = m->made, .role = m->role };
	make_snippet(h->snippet, m->text, m->size, s->words);
	return true;
}

static bool take_titles(void *context, const struct conversation_entry *c)
{
	struct kept_found *f = context;
	for (size_t i = 0; i < f->n; i++) {
		if (f->hits[i].conversation == c->id) snprintf(f->hits[i].title, KEEPING_TITLE, "%s", c->title);
	}
	return true;
}

bool kept_search(struct kept_found *f, struct vault *v, const char *words, size_t most, struct error *e)
{
	*f = (struct kept_found){ .hits = memory_new(most + 1, sizeof *f->hits), .room = most + 1 };
	struct searching s = { .found = f, .words = words };
	if (!f->hits) return error_memory(e);
	if (conversations_search(v, words, most, take_hit, &s, e) && conversations_list(v, take_titles, f, e)) return true;
	kept_found_free(f);
	return false;
}

void kept_found_free(struct kept_found *f)
{
	forget(f->hits, f->room * sizeof *f->hits);
	*f = (struct kept_found){ 0 };
}

void kept_when(char when[32], int64_t seconds)
{
	time_t now = time(NULL), then = (time_t)seconds;
	struct tm today, day;
	when[0] = 0;
	if (!localtime_r(&now, &today) || !localtime_r(&then, &day)) return;
	if (today.tm_year == day.tm_year && today.tm_yday == day.tm_yday)
		strftime(when, 32, "today %H:%M", &day);
	else
		strftime(when, 32, today.tm_year == day.tm_year ? "%b %d %H:%M" : "%Y-%m-%d", &day);
}
