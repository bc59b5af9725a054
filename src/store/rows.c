/* rows: statements and sealed texts (see rows.h). */
#include "store/rows.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "store/sealed_text.h"
#include "store/statement.h"

#include <string.h>
#include <time.h>

static bool is_open(const struct vault *v, struct error *e)
{
	return vault_is_open(v) || error_set(e, "%s: the vault is locked; unlock it first", vault_name(v));
}

static struct statement prepare(struct vault *v, const char *sql)
{
	return statement_new(vault_database(v), vault_name(v), sql);
}

static bool set_title(struct vault *v, int64_t id, const char *title, struct error *e)
{
	size_t size = strlen(title);
	if (size > MAX_TITLE) return error_set(e, "a title has at most %d bytes, this one %zu", MAX_TITLE, size);
	uint8_t *sealed = sealed_text_new(v, "conversation", id, TEXT_TITLE, title, size, e);
	if (!sealed) return false;
	struct statement s = prepare(v, "UPDATE conversation SET title=?1 WHERE id=?2");
	statement_bytes(&s, 1, sealed, size + SEAL_EXTRA);
	statement_number(&s, 2, id);
	bool ok = statement_run(&s, e);
	memory_free(sealed);
	return ok;
}

/* The row with an empty title, and its key. */
static bool make_conversation(struct vault *v, int64_t parent, int64_t made, int64_t *id, struct error *e)
{
	struct statement s =
	        prepare(v, "INSERT INTO conversation(made, changed, title, parent) VALUES(?1, ?1, x'', nullif(?2, 0))");
	statement_number(&s, 1, made);
	statement_number(&s, 2, parent);
	if (!statement_run(&s, e)) return false;
	*id = sqlite3_last_insert_rowid(vault_database(v));
	return object_keys_add(vault_object_keys(v), (uint64_t)*id, e);
}

bool rows_new(struct vault *v, const char *title, int64_t *id, struct error *e)
{
	if (!vault_begin(v, e)) return false;
	return vault_finish(v, make_conversation(v, 0, time(NULL), id, e) && set_title(v, *id, title, e), e);
}

bool rows_rename(struct vault *v, int64_t id, const char *title, struct error *e)
{
	return vault_begin(v, e) && vault_finish(v, set_title(v, id, title, e), e);
}

static bool next_position(struct vault *v, int64_t id, int64_t *position, struct error *e)
{
	struct statement s = prepare(v, "SELECT coalesce(max(position) + 1, 0) FROM message WHERE conversation=?1");
	statement_number(&s, 1, id);
	if (statement_row(&s)) *position = sqlite3_column_int64(s.sql, 0);
	return statement_end(&s, e);
}

static bool touch(struct vault *v, int64_t id, int64_t when, struct error *e)
{
	struct statement s = prepare(v, "UPDATE conversation SET changed=?1 WHERE id=?2");
	statement_number(&s, 1, when);
	statement_number(&s, 2, id);
	return statement_run(&s, e);
}

static bool add_message(struct vault *v, int64_t id, int64_t position, enum message_role role, int64_t made, bool unfinished,
                        const char *text, size_t size, struct error *e)
{
	uint8_t *sealed = sealed_text_new(v, "conversation", id, position, text, size, e);
	if (!sealed) return false;
	struct statement s =
	        prepare(v,
	                "INSERT INTO message(conversation, position, role, made, text, unfinished) VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
	statement_number(&s, 1, id);
	statement_number(&s, 2, position);
	statement_number(&s, 3, role);
	statement_number(&s, 4, made);
	statement_bytes(&s, 5, sealed, size + SEAL_EXTRA);
	statement_number(&s, 6, unfinished);
	bool ok = statement_run(&s, e);
	memory_free(sealed);
	return ok;
}

static bool check_size(size_t size, struct error *e)
{
	return size <= MAX_TEXT || error_set(e, "a message has at most %d MiB, this one has %zu", MAX_TEXT >> 20, size >> 20);
}

bool rows_add(struct vault *v, int64_t id, enum message_role role, const char *text, size_t size, struct error *e)
{
	int64_t position = 0;
	if (!check_size(size, e) || !vault_begin(v, e)) return false;
	bool ok = next_position(v, id, &position, e) && add_message(v, id, position, role, time(NULL), false, text, size, e) &&
	          touch(v, id, time(NULL), e);
	return vault_finish(v, ok, e);
}

/* Have words of these messages gone into the index? They would stay in it. */
static bool were_indexed(struct vault *v, int64_t id, int64_t position, bool *indexed, struct error *e)
{
	int64_t newest_there = 0, oldest_removed = INT64_MAX;
	struct statement s = statement_new(vault_index(v), vault_name(v), "SELECT newest FROM progress");
	if (statement_row(&s)) newest_there = sqlite3_column_int64(s.sql, 0);
	if (!statement_end(&s, e)) return false;
	s = prepare(v, "SELECT coalesce(min(id), 9223372036854775807) FROM message WHERE conversation=?1 AND position>=?2");
	statement_number(&s, 1, id);
	statement_number(&s, 2, position);
	if (statement_row(&s)) oldest_removed = sqlite3_column_int64(s.sql, 0);
	*indexed = oldest_removed <= newest_there;
	return statement_end(&s, e);
}

static bool remove_from(struct vault *v, int64_t id, int64_t position, bool *indexed, struct error *e)
{
	if (!were_indexed(v, id, position, indexed, e)) return false;
	struct statement s = prepare(v, "DELETE FROM message WHERE conversation=?1 AND position>=?2");
	statement_number(&s, 1, id);
	statement_number(&s, 2, position);
	return statement_run(&s, e);
}

/* Ends a change by which messages went. The index goes first: a crash in between leaves one that is empty, and never words that no
 * message has. */
static bool finish_without(struct vault *v, bool ok, bool indexed, struct error *e)
{
	return vault_finish(v, ok && (!indexed || vault_renew_index(v, e)), e);
}

bool rows_write(struct vault *v, int64_t id, int64_t position, enum message_role role, const char *text, size_t size,
                bool unfinished, struct error *e)
{
	bool indexed = false;
	if (!check_size(size, e) || !vault_begin(v, e)) return false;
	bool ok = remove_from(v, id, position, &indexed, e) &&
	          add_message(v, id, position, role, time(NULL), unfinished, text, size, e) && touch(v, id, time(NULL), e);
	return finish_without(v, ok, indexed, e);
}

bool rows_take(struct vault *v, const char *title, int64_t made, int64_t parent, const struct message_new *messages, size_t n,
               int64_t *id, struct error *e)
{
	int64_t changed = made;
	if (!vault_begin(v, e)) return false;
	bool ok = make_conversation(v, parent, made, id, e) && set_title(v, *id, title, e);
	for (size_t i = 0; ok && i < n; i++) {
		const struct message_new *m = messages + i;
		ok = check_size(m->size, e) && add_message(v, *id, (int64_t)i, m->role, m->made, false, m->text, m->size, e);
		if (m->made > changed) changed = m->made;
	}
	return vault_finish(v, ok && touch(v, *id, changed, e), e);
}

bool rows_list(struct vault *v, conversation_visitor visit, void *context, struct error *e)
{
	if (!is_open(v, e)) return false;
	struct statement s = prepare(
	        v, "SELECT id, made, changed, coalesce(parent, 0), (SELECT count(*) FROM message WHERE conversation=c.id), title"
	           " FROM conversation c ORDER BY changed DESC, id DESC");
	bool going = true, ok = true;
	while (going && statement_row(&s)) {
		struct conversation_entry c = { .id = sqlite3_column_int64(s.sql, 0), .made = sqlite3_column_int64(s.sql, 1) };
		size_t size = 0;
		c.changed = sqlite3_column_int64(s.sql, 2);
		c.parent = sqlite3_column_int64(s.sql, 3);
		c.messages = sqlite3_column_int64(s.sql, 4);
		char *title = sealed_text_open(v, "conversation", c.id, TEXT_TITLE, s.sql, 5, &size, e);
		if (!title) ok = going = false;
		c.title = title;
		if (ok) going = visit(context, &c);
		sealed_text_close(title, size);
	}
	return ok ? statement_end(&s, e) : (statement_end(&s, NULL), false);
}

/* Rows of (id, conversation, position, role, made, text, unfinished) to the visitor; ends the statement. */
static bool show_messages(struct vault *v, struct statement *s, message_visitor visit, void *context, struct error *e)
{
	bool going = true, ok = true;
	while (going && statement_row(s)) {
		struct message_entry m = { .id = sqlite3_column_int64(s->sql, 0), .conversation = sqlite3_column_int64(s->sql, 1) };
		m.position = sqlite3_column_int64(s->sql, 2);
		m.role = (enum message_role)sqlite3_column_int(s->sql, 3);
		m.made = sqlite3_column_int64(s->sql, 4);
		m.unfinished = sqlite3_column_int(s->sql, 6) != 0;
		char *text = sealed_text_open(v, "conversation", m.conversation, m.position, s->sql, 5, &m.size, e);
		if (!text) ok = going = false;
		m.text = text;
		if (ok) going = visit(context, &m);
		sealed_text_close(text, m.size);
	}
	return ok ? statement_end(s, e) : (statement_end(s, NULL), false);
}

bool rows_read(struct vault *v, int64_t id, message_visitor visit, void *context, struct error *e)
{
	return rows_read_from(v, id, 0, visit, context, e);
}

bool rows_read_from(struct vault *v, int64_t id, int64_t position, message_visitor visit, void *context, struct error *e)
{
	if (!is_open(v, e)) return false;
	if (!object_keys_find(vault_object_keys(v), (uint64_t)id))
		return error_set(e, "%s: there is no conversation %lld", vault_name(v), (long long)id);
	struct statement s = prepare(v, "SELECT id, conversation, position, role, made, text, unfinished FROM message WHERE "
	                                "conversation=?1 AND position>=?2"
	                                " ORDER BY position");
	statement_number(&s, 1, id);
	statement_number(&s, 2, position);
	return show_messages(v, &s, visit, context, e);
}

bool rows_after(struct vault *v, int64_t newest, size_t most, message_visitor visit, void *context, struct error *e)
{
	if (!is_open(v, e)) return false;
	struct statement s = prepare(
	        v, "SELECT id, conversation, position, role, made, text, unfinished FROM message WHERE id>?1 ORDER BY id LIMIT ?2");
	statement_number(&s, 1, newest);
	statement_number(&s, 2, (int64_t)most);
	return show_messages(v, &s, visit, context, e);
}

bool rows_message(struct vault *v, int64_t message, message_visitor visit, void *context, struct error *e)
{
	if (!is_open(v, e)) return false;
	struct statement s = prepare(v, "SELECT id, conversation, position, role, made, text, unfinished FROM message WHERE id=?1");
	statement_number(&s, 1, message);
	return show_messages(v, &s, visit, context, e);
}

/* ---- branches */

struct copy {
	struct vault *vault;
	int64_t branch, left;
	struct error *error;
	bool failed;
};

static bool copy_message(void *context, const struct message_entry *m)
{
	struct copy *c = context;
	if (c->left-- <= 0) return false;
	c->failed = !add_message(c->vault, c->branch, m->position, m->role, m->made, m->unfinished, m->text, m->size, c->error);
	return !c->failed;
}

struct title_search {
	int64_t id;
	struct buffer title;
};

static bool take_title(void *context, const struct conversation_entry *c)
{
	struct title_search *t = context;
	if (c->id != t->id) return true;
	buffer_append_text(&t->title, c->title);
	return false;
}

bool rows_branch(struct vault *v, int64_t id, int64_t messages, int64_t *branch, struct error *e)
{
	struct title_search t = { .id = id, .title = buffer_new(MAX_TITLE) };
	struct copy c = { .vault = v, .left = messages, .error = e };
	if (!rows_list(v, take_title, &t, e) || !vault_begin(v, e)) {
		buffer_free(&t.title);
		return false;
	}
	bool ok = make_conversation(v, id, time(NULL), branch, e) && set_title(v, *branch, buffer_text(&t.title), e);
	c.branch = *branch;
	ok = ok && rows_read(v, id, copy_message, &c, e) && !c.failed;
	buffer_free(&t.title);
	return vault_finish(v, ok, e);
}

/* ---- taking back and deleting */

bool rows_delete(struct vault *v, const int64_t *ids, size_t n, struct error *e)
{
	uint64_t *objects = memory_new(n + 1, sizeof *objects);
	if (!objects) return error_memory(e);
	bool ok = vault_begin(v, e);
	if (ok) {
		for (size_t i = 0; ok && i < n; i++) {
			objects[i] = (uint64_t)ids[i];
			struct statement s = prepare(v, "DELETE FROM conversation WHERE id=?1");
			statement_number(&s, 1, ids[i]);
			ok = statement_run(&s, e);
		}
		ok = vault_finish(v, ok, e);
	}
	/* With the index's key in one step: after a crash in between, nothing would tell that its words are to go. */
	objects[n] = OBJECT_INDEX;
	if (ok) ok = object_keys_forget(vault_object_keys(v), objects, n + 1, e) && vault_renew_index(v, e);
	memory_free(objects);
	return ok;
}

bool rows_cut(struct vault *v, int64_t id, int64_t position, struct error *e)
{
	bool indexed = false;
	if (!vault_begin(v, e)) return false;
	bool ok = remove_from(v, id, position, &indexed, e) && touch(v, id, time(NULL), e);
	return finish_without(v, ok, indexed, e);
}
