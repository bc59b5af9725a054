/*
 * conversations: the vault's own rows where this process owns it, the owner's where another does (see conversations.h).
 *
 * Every call holds the vault, since the owner's service and its own thread both come here.
 */
#include "store/conversations.h"

#include "store/rows.h"
#include "store/vault_remote.h"

#include <string.h>

/* Asks with a text and without records. */
static bool ask(struct vault *v, enum message_kind kind, int64_t id, int64_t number, enum message_role role, bool flag,
                const void *text, size_t size, int64_t *result, struct error *e)
{
	struct message m;
	message_begin_request(&m, kind, id, number, role, flag);
	message_append(&m, text, size);
	return vault_remote_ask(vault_remote(v), &m, NULL, result, NULL, e);
}

bool conversations_new(struct vault *v, const char *title, int64_t *id, struct error *e)
{
	if (vault_remote(v)) return ask(v, MESSAGE_NEW, 0, 0, ROLE_SYSTEM, false, title, strlen(title), id, e);
	vault_hold(v);
	return vault_release(v, rows_new(v, title, id, e));
}

bool conversations_add(struct vault *v, int64_t id, enum message_role role, const char *text, size_t size, struct error *e)
{
	if (vault_remote(v)) return ask(v, MESSAGE_ADD, id, 0, role, false, text, size, NULL, e);
	vault_hold(v);
	return vault_release(v, rows_add(v, id, role, text, size, e));
}

bool conversations_write(struct vault *v, int64_t id, int64_t position, enum message_role role, const char *text, size_t size,
                         bool unfinished, struct error *e)
{
	if (vault_remote(v)) return ask(v, MESSAGE_WRITE, id, position, role, unfinished, text, size, NULL, e);
	vault_hold(v);
	return vault_release(v, rows_write(v, id, position, role, text, size, unfinished, e));
}

bool conversations_take(struct vault *v, const char *title, int64_t made, int64_t parent, const struct message_new *messages,
                        size_t n, int64_t *id, struct error *e)
{
	if (!vault_remote(v)) {
		vault_hold(v);
		return vault_release(v, rows_take(v, title, made, parent, messages, n, id, e));
	}
	struct message m;
	const int64_t none[5] = { 0 };
	message_begin_request(&m, MESSAGE_TAKE, parent, made, 0, false);
	message_record(&m, none, 0, false, title, strlen(title));
	for (size_t i = 0; i < n; i++) {
		const int64_t numbers[5] = { 0, 0, 0, messages[i].made, 0 };
		message_record(&m, numbers, messages[i].role, false, messages[i].text, messages[i].size);
	}
	return vault_remote_ask(vault_remote(v), &m, NULL, id, NULL, e);
}

bool conversations_rename(struct vault *v, int64_t id, const char *title, struct error *e)
{
	if (vault_remote(v)) return ask(v, MESSAGE_RENAME, id, 0, ROLE_SYSTEM, false, title, strlen(title), NULL, e);
	vault_hold(v);
	return vault_release(v, rows_rename(v, id, title, e));
}

bool conversations_cut(struct vault *v, int64_t id, int64_t position, struct error *e)
{
	if (vault_remote(v)) return ask(v, MESSAGE_CUT, id, position, ROLE_SYSTEM, false, NULL, 0, NULL, e);
	vault_hold(v);
	return vault_release(v, rows_cut(v, id, position, e));
}

bool conversations_branch(struct vault *v, int64_t id, int64_t messages, int64_t *branch, struct error *e)
{
	if (vault_remote(v)) return ask(v, MESSAGE_BRANCH, id, messages, ROLE_SYSTEM, false, NULL, 0, branch, e);
	vault_hold(v);
	return vault_release(v, rows_branch(v, id, messages, branch, e));
}

bool conversations_list(struct vault *v, conversation_visitor visit, void *context, struct error *e)
{
	if (!vault_remote(v)) {
		vault_hold(v);
		return vault_release(v, rows_list(v, visit, context, e));
	}
	struct vault_visitors visitors = { .conversation = visit, .context = context };
	struct message m;
	message_begin_request(&m, MESSAGE_LIST, 0, 0, 0, false);
	return vault_remote_ask(vault_remote(v), &m, &visitors, NULL, NULL, e);
}

bool conversations_read(struct vault *v, int64_t id, message_visitor visit, void *context, struct error *e)
{
	return conversations_read_from(v, id, 0, visit, context, e);
}

bool conversations_read_from(struct vault *v, int64_t id, int64_t position, message_visitor visit, void *context, struct error *e)
{
	if (!vault_remote(v)) {
		vault_hold(v);
		return vault_release(v, rows_read_from(v, id, position, visit, context, e));
	}
	struct vault_visitors visitors = { .message = visit, .context = context, .last = position - 1 };
	bool more = true, ok = true;
	while (ok && more && !visitors.stopped) {
		struct message m;
		message_begin_request(&m, MESSAGE_READ, id, visitors.last + 1, 0, false);
		ok = vault_remote_ask(vault_remote(v), &m, &visitors, NULL, &more, e);
	}
	return ok;
}

bool conversations_delete(struct vault *v, const int64_t *ids, size_t n, struct error *e)
{
	if (vault_remote(v)) return ask(v, MESSAGE_DELETE, 0, 0, ROLE_SYSTEM, false, ids, n * sizeof *ids, NULL, e);
	vault_hold(v);
	return vault_release(v, rows_delete(v, ids, n, e));
}

bool conversations_index(struct vault *v, size_t most, bool *more, struct error *e)
{
	if (vault_remote(v)) { /* the owner does it before a search */
		if (more) *more = false;
		return true;
	}
	vault_hold(v);
	return vault_release(v, search_index(v, most, more, e));
}

bool conversations_search(struct vault *v, const char *words, size_t limit, message_visitor visit, void *context, struct error *e)
{
	if (!vault_remote(v)) {
		vault_hold(v);
		return vault_release(v, search_find(v, words, limit, visit, context, e));
	}
	struct vault_visitors visitors = { .message = visit, .context = context };
	bool more = true, ok = true;
	while (ok && more && !visitors.stopped) {
		struct message m;
		message_begin_request(&m, MESSAGE_SEARCH, (int64_t)visitors.seen, (int64_t)limit, 0, false);
		message_append(&m, words, strlen(words));
		ok = vault_remote_ask(vault_remote(v), &m, &visitors, NULL, &more, e);
	}
	return ok;
}
