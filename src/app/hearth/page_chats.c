/* page_chats: the kept conversations, as the page reads and writes them (see page.h). */
#include "app/hearth/keeping.h"
#include "app/hearth/kept_list.h"
#include "app/hearth/page.h"

#include <string.h>

enum { MOST_FOUND = 100, FRAME_BYTES = 1 << 20 };

static const char *const role_names[MESSAGE_ROLES] = { "system", "user", "assistant", "tool" };

static const char *name_of(enum message_role role)
{
	return role < MESSAGE_ROLES ? role_names[role] : "tool";
}

/* The conversation that a number means, or 0 with the line. */
static int64_t id_of(const struct serve_text *text, enum serve_denial *why, struct error *e)
{
	int64_t id = keeping_id(text->data);
	*why = SERVE_WRONG;
	if (!id) error_set(e, "a conversation has a number, not '%.40s'", text->data);
	return id;
}

/* number, title, made, changed, messages, branch_of */
bool page_chats(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	struct kept_list list;
	struct vault *v = page_vault(s, why, e);
	(void)ask;
	if (!v) return false;
	*why = SERVE_FAILED;
	if (!kept_list_read(&list, v, e)) return false;
	for (size_t i = 0; i < list.n; i++) {
		const struct kept_entry *k = &list.entries[i];
		page_cell_signed(a, keeping_number(k->id));
		serve_cell_text(a, k->title);
		page_cell_signed(a, k->made);
		page_cell_signed(a, k->changed);
		page_cell_signed(a, k->messages);
		page_cell_signed(a, k->parent ? keeping_number(k->parent) : 0);
	}
	kept_list_free(&list);
	return true;
}

static bool show_message(void *context, const struct message_entry *m)
{
	struct serve_answer *a = context;
	page_cell_signed(a, m->position);
	serve_cell_text(a, name_of(m->role));
	serve_cell(a, m->text, m->size);
	page_cell_signed(a, m->made);
	page_cell_bool(a, m->unfinished);
	if (a->frame.size > FRAME_BYTES) serve_cells_send(a);
	return !a->frame.failed;
}

/* number -> position, role, text, made, unfinished */
bool page_chat(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	char title[KEEPING_TITLE];
	struct vault *v = page_vault(s, why, e);
	int64_t id = v ? id_of(&ask->arguments[0], why, e) : 0;
	if (!id) return false;
	*why = SERVE_MISSING;
	return kept_title(v, id, title, e) && conversations_read(v, id, show_message, a, e);
}

static bool role_of(const char *name, enum message_role *role, struct error *e)
{
	for (int i = 0; i < MESSAGE_ROLES; i++) {
		if (strcmp(name, role_names[i]) != 0) continue;
		*role = (enum message_role)i;
		return true;
	}
	return error_set(e, "there is no role '%.40s'", name);
}

/* number (0: a new one), title (of a new one), position, role, unfinished, text -> number */
bool page_write(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	const struct serve_text *x = ask->arguments;
	char title[KEEPING_TITLE];
	enum message_role role = ROLE_USER;
	long long number, position;
	struct vault *v = page_vault(s, why, e);
	if (!v) return false;
	*why = SERVE_WRONG;
	if (!page_number(&x[0], 0, &number, e) || !page_number(&x[2], 0, &position, e) || !role_of(x[3].data, &role, e))
		return false;
	if (x[5].length > MAX_TEXT) return error_set(e, "a message has at most %d MiB", MAX_TEXT >> 20);
	int64_t id = number ? keeping_from_number(number) : 0;
	*why = SERVE_FAILED;
	keeping_title(title, x[1].data, x[1].length);
	if (!id && !conversations_new(v, title, &id, e)) return false;
	if (!conversations_write(v, id, position, role, x[5].data, x[5].length, x[4].data[0] == '1', e)) return false;
	s->page->indexed = false;
	page_cell_signed(a, keeping_number(id));
	return true;
}

/* number, messages -> number */
bool page_branch(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	long long messages;
	int64_t branch;
	struct vault *v = page_vault(s, why, e);
	int64_t id = v ? id_of(&ask->arguments[0], why, e) : 0;
	if (!id || !page_number(&ask->arguments[1], 0, &messages, e)) return false;
	*why = SERVE_FAILED;
	if (!conversations_branch(v, id, messages, &branch, e)) return false;
	s->page->indexed = false;
	page_cell_signed(a, keeping_number(branch));
	return true;
}

/* number, title */
bool page_rename(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	char title[KEEPING_TITLE], before[KEEPING_TITLE];
	struct vault *v = page_vault(s, why, e);
	int64_t id = v ? id_of(&ask->arguments[0], why, e) : 0;
	(void)a;
	if (!id) return false;
	keeping_title(title, ask->arguments[1].data, ask->arguments[1].length);
	if (!title[0]) return error_set(e, "a title has at least one character");
	*why = SERVE_MISSING;
	return kept_title(v, id, before, e) && conversations_rename(v, id, title, e);
}

/* number */
bool page_delete(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	char title[KEEPING_TITLE];
	struct vault *v = page_vault(s, why, e);
	int64_t id = v ? id_of(&ask->arguments[0], why, e) : 0;
	(void)a;
	if (!id) return false;
	*why = SERVE_MISSING;
	if (!kept_title(v, id, title, e) || !conversations_delete(v, &id, 1, e)) return false;
	s->page->indexed = false;
	return true;
}

/* words -> number, position, title, role, made, text */
bool page_search(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	struct kept_found found;
	struct vault *v = page_vault(s, why, e);
	if (!v) return false;
	*why = SERVE_WRONG;
	if (!kept_search(&found, v, ask->arguments[0].data, MOST_FOUND, e)) return false;
	for (size_t i = 0; i < found.n; i++) {
		const struct kept_hit *h = &found.hits[i];
		page_cell_signed(a, keeping_number(h->conversation));
		page_cell_signed(a, h->position);
		serve_cell_text(a, h->title);
		serve_cell_text(a, name_of(h->role));
		page_cell_signed(a, h->made);
		serve_cell_text(a, h->snippet);
	}
	kept_found_free(&found);
	return true;
}
