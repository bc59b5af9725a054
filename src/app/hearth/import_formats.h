/*
 * import_formats: one conversation of another program's export as a tree of messages.
 *
 * Known are ChatGPT's conversations.json, Claude's export, Open WebUI's, and hearth's own. A tree comes from answers that were
 * tried again and questions that were changed: each message names the one before it. What is no text (images, files, a program's
 * inner notes) is counted and left out.
 */
#ifndef HEARTH_APP_HEARTH_IMPORT_FORMATS_H
#define HEARTH_APP_HEARTH_IMPORT_FORMATS_H

#include "base/arena.h"
#include "format/json.h"
#include "store/conversations.h"

struct import_node {
	int64_t parent; /* index; -1: the first of its branch */
	bool leaf;      /* nothing names it as the one before */
	enum message_role role;
	int64_t made;     /* seconds since 1970; 0: not known */
	const char *text; /* UTF-8; NULL: not a message that is kept */
	size_t size;
};

struct import_tree {
	char title[MAX_TITLE + 1];
	int64_t made;
	struct import_node *nodes;
	size_t n;
	int64_t current; /* the end of the branch that was shown last; -1 when there is none */
	size_t left_out; /* parts that are no text */
};

/* The name of the program that wrote the item; NULL when it is not known. */
const char *import_program(const json_t *item);

/* Everything lies in the arena, or in `item`. */
bool import_tree_of(struct import_tree *t, const json_t *item, struct arena *a, struct error *e);

#endif
