/*
 * vault_import: `hearth vault import`: the conversations of another program into the vault.
 *
 * Of a tree, the branch that was shown last becomes the conversation, and every other branch a conversation of its own that names
 * it as its origin. What is there already (the same title, made at the same second) is passed over, so that an import that was cut
 * short can be started again.
 */
#include "app/hearth/commands.h"
#include "app/hearth/import_formats.h"
#include "app/hearth/import_items.h"
#include "app/hearth/kept_list.h"
#include "app/hearth/terminal.h"
#include "app/hearth/unlock.h"
#include "app/hearth/vault_commands.h"
#include "base/clock.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Branches share their beginnings, so that few messages can make many: both are limited. */
enum { MAX_BRANCHES = 100, MAX_BRANCH_MESSAGES = 20000, MAX_STEPS = 10000000, ROOM = 256 << 20 };

struct import {
	struct vault *vault;
	struct kept_list there;
	struct buffer item;
	const char *program;
	size_t conversations, branches, messages;
	size_t passed_over, empty, damaged, large, branches_left, left_out;
	struct error first; /* the line of the first that is damaged */
	double shown;
};

static int compare_made(const void *a, const void *b)
{
	int64_t x = ((const struct kept_entry *)a)->made, y = ((const struct kept_entry *)b)->made;
	return x < y ? -1 : x > y;
}

static bool is_there(const struct import *x, const struct import_tree *t)
{
	struct kept_entry wanted = { .made = t->made };
	const struct kept_entry *all = x->there.entries, *found;
	if (t->made == 0 || x->there.n == 0) return false;
	found = bsearch(&wanted, all, x->there.n, sizeof *all, compare_made);
	while (found && found > all && found[-1].made == t->made) found--;
	for (; found && found < all + x->there.n && found->made == t->made; found++) {
		if (strcmp(found->title, t->title) == 0) return true;
	}
	return false;
}

/* The messages from the tree's beginning to the node `last`, in order. NULL: memory is out. */
static struct message_new *path_to(const struct import_tree *t, int64_t last, size_t *n, struct arena *a)
{
	size_t count = 0, steps = 0;
	for (int64_t i = last; i >= 0 && steps <= t->n; i = t->nodes[i].parent, steps++) count += t->nodes[i].text != NULL;
	if (steps > t->n) count = 0; /* a ring: it has no beginning */
	struct message_new *m = arena_alloc(a, count + 1, sizeof *m);
	*n = count;
	for (int64_t i = last; m && i >= 0 && count > 0; i = t->nodes[i].parent) {
		const struct import_node *node = t->nodes + i;
		if (node->text)
			m[--count] = (struct message_new){ node->role, node->made ? node->made : t->made, node->text, node->size };
	}
	return m;
}

/* Every end of the tree but the one that was shown. Branches whose messages all lie in it are none. */
static bool take_branches(struct import *x, const struct import_tree *t, int64_t main, size_t main_size, struct arena *a,
                          struct error *e)
{
	char title[MAX_TITLE + 1];
	size_t written = 0, walked = 0, number = 1;
	bool *in_main = arena_alloc(a, t->n + 1, sizeof *in_main);
	if (!in_main) return error_memory(e);
	size_t steps = 0;
	for (int64_t i = t->current; i >= 0 && steps++ <= t->n; i = t->nodes[i].parent) in_main[i] = true;
	for (size_t i = 0; i < t->n; i++) {
		int64_t end = (int64_t)i, id;
		size_t n;
		if (!t->nodes[i].leaf) continue;
		steps = 0;
		if (walked > MAX_STEPS) break;
		while (end >= 0 && !t->nodes[end].text && !in_main[end] && steps++ <= t->n) end = t->nodes[end].parent;
		walked += steps;
		if (end < 0 || in_main[end] || steps > t->n) continue;
		if (number > MAX_BRANCHES || written > MAX_BRANCH_MESSAGES) {
			x->branches_left++;
			continue;
		}
		struct message_new *m = path_to(t, end, &n, a);
		if (!m) return error_memory(e);
		if (n == 0) continue;
		number++;
		size_t shown = strlen(t->title);
		if (shown > MAX_TITLE - 32) shown = MAX_TITLE - 32;
		shown -= utf8_incomplete(t->title, shown);
		snprintf(title, sizeof title, "%.*s (branch %zu)", (int)shown, t->title, number);
		if (!conversations_take(x->vault, title, t->made, main_size ? main : 0, m, n, &id, e)) return false;
		written += n;
		x->branches++;
		x->messages += n;
	}
	return true;
}

/* False when the vault cannot be written. */
static bool take_tree(struct import *x, struct import_tree *t, struct arena *a, struct error *e)
{
	size_t n;
	int64_t id = 0;
	if (is_there(x, t)) {
		x->passed_over++;
		return true;
	}
	if (t->made == 0) t->made = (int64_t)time(NULL);
	struct message_new *m = path_to(t, t->current, &n, a);
	if (!m) return error_memory(e);
	x->left_out += t->left_out;
	if (n > 0) {
		if (!conversations_take(x->vault, t->title, t->made, 0, m, n, &id, e)) return false;
		x->conversations++;
		x->messages += n;
	} else {
		x->empty++;
	}
	return take_branches(x, t, id, n, a, e);
}

static void note_damage(struct import *x, const char *name, const struct error *why)
{
	x->damaged++;
	if (!x->first.text[0])
		error_set(&x->first, "%s: conversation %zu: %s", name,
		          x->conversations + x->passed_over + x->empty + x->large + x->damaged, why->text);
}

static bool take_item(struct import *x, const char *name, struct error *e)
{
	struct error why;
	struct import_tree tree;
	json_t *item = json_parse(x->item.data, x->item.size, "JSON", &why);
	struct arena *a = item ? arena_new(ROOM) : NULL;
	bool understood = a && import_tree_of(&tree, item, a, &why), ok = true;
	if (item && !a) error_memory(&why);
	if (understood) {
		if (!x->program) x->program = import_program(item);
		ok = take_tree(x, &tree, a, e);
	} else {
		note_damage(x, name, &why);
	}
	arena_free(a);
	json_decref(item);
	return ok;
}

static void show_progress(struct import *x)
{
	double now = clock_seconds();
	if (now - x->shown < 1) return;
	x->shown = now;
	if (terminal_look(false).output) fprintf(stderr, "\r%zu conversations", x->conversations);
}

static bool take_file(struct import *x, const char *path, struct error *e)
{
	struct import_items items;
	enum import_result result = IMPORT_TAKEN;
	bool ok = true;
	if (!import_items_open(&items, path, e)) return false;
	x->shown = clock_seconds();
	while (ok && (result = import_items_next(&items, &x->item, e)) != IMPORT_END && result != IMPORT_FAILED) {
		if (result == IMPORT_LARGE)
			x->large++;
		else
			ok = take_item(x, path, e);
		show_progress(x);
	}
	import_items_close(&items);
	return ok && result != IMPORT_FAILED;
}

static void count_line(struct buffer *out, size_t n, const char *one, const char *many)
{
	if (n) buffer_format(out, "  %zu %s\n", n, n == 1 ? one : many);
}

static int report(const struct import *x, bool ok, const struct error *e)
{
	struct buffer out = buffer_new(1 << 16);
	buffer_format(&out, "Imported%s%s: %zu %s with %zu messages", x->program ? " from " : "", x->program ? x->program : "",
	              x->conversations, x->conversations == 1 ? "conversation" : "conversations", x->messages);
	if (x->branches)
		buffer_format(&out, "; %zu %s of their own", x->branches,
		              x->branches == 1 ? "branch became a conversation" : "branches became conversations");
	buffer_append_text(&out, ".\n");
	if (x->passed_over + x->empty + x->damaged + x->large + x->branches_left + x->left_out)
		buffer_append_text(&out, "Not taken:\n");
	count_line(&out, x->passed_over, "conversation that is in the vault already",
	           "conversations that are in the vault already");
	count_line(&out, x->empty, "conversation without any text", "conversations without any text");
	count_line(&out, x->left_out, "image, file or inner note", "images, files or inner notes");
	count_line(&out, x->branches_left, "further branch", "further branches");
	count_line(&out, x->large, "conversation larger than 32 MiB", "conversations larger than 32 MiB");
	count_line(&out, x->damaged, "conversation that is damaged", "conversations that are damaged");
	int status = commands_print(&out);
	if (!ok) return commands_fail(e);
	return x->damaged ? commands_fail(&x->first) : status;
}

int vault_import_command(const struct options *o)
{
	struct vault_place place;
	struct error e;
	struct import x = { .item = buffer_new(IMPORT_ITEM_MOST) };
	x.vault = unlock_for_command(o, &place, &e);
	if (!x.vault) return commands_fail(&e);
	bool ok = kept_list_read(&x.there, x.vault, &e);
	if (ok && x.there.n) qsort(x.there.entries, x.there.n, sizeof *x.there.entries, compare_made);
	ok = ok && take_file(&x, o->words[1], &e);
	vault_close(x.vault);
	kept_list_free(&x.there);
	buffer_free(&x.item);
	if (!ok && x.conversations + x.passed_over == 0) return commands_fail(&e);
	return report(&x, ok, &e);
}
