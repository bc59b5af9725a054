/* kept_list: the conversations of a vault, and what a search found, for those who show them. Titles are untrusted text. */
#ifndef HEARTH_APP_HEARTH_KEPT_LIST_H
#define HEARTH_APP_HEARTH_KEPT_LIST_H

#include "app/hearth/keeping.h"

struct kept_entry {
	int64_t id, made, changed, parent, messages;
	char *title; /* owned */
};

struct kept_list {
	struct kept_entry *entries; /* the last changed first */
	size_t n, room;
};

/* All conversations that have a message. */
bool kept_list_read(struct kept_list *l, struct vault *v, struct error *e);
void kept_list_free(struct kept_list *l);

/* The title of one; false with the line when there is none. */
bool kept_title(struct vault *v, int64_t id, char title[KEEPING_TITLE], struct error *e);

enum { KEPT_SNIPPET = 256 };
struct kept_hit {
	int64_t conversation, position, made;
	enum message_role role;
	char title[KEEPING_TITLE];
	char snippet[KEPT_SNIPPET]; /* a line of the message around the first word */
};

struct kept_found {
	struct kept_hit *hits; /* the best first */
	size_t n, room;
};

/* Messages that have all of the words, at most `most`. */
bool kept_search(struct kept_found *f, struct vault *v, const char *words, size_t most, struct error *e);
void kept_found_free(struct kept_found *f);

/* A moment for people: "today 14:03", "Mar 07 14:03", "2025-03-07". */
void kept_when(char when[32], int64_t seconds);

#endif
