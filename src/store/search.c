/* search: the full-text index over the messages of a vault (see rows.h). It lags behind, and catches up before a search.
 */
#include "store/rows.h"

#include "base/buffer.h"
#include "store/statement.h"

#include <string.h>

enum { INDEX_STEP = 2000, MAX_QUERY = 4096, MAX_FOUND = 1000 };

/* A row of the index for each message. */
struct indexing {
	struct vault *vault;
	struct error *error;
	size_t done;
	int64_t newest;
	bool failed;
};

static bool index_message(void *context, const struct message_entry *m)
{
	struct indexing *x = context;
	struct statement s =
	        statement_new(vault_index(x->vault), vault_name(x->vault), "INSERT INTO words(rowid, text) VALUES(?1, ?2)");
	statement_number(&s, 1, m->id);
	statement_text(&s, 2, m->text, m->size);
	x->failed = !statement_run(&s, x->error);
	x->newest = m->id;
	x->done++;
	return !x->failed;
}

static bool newest_indexed(struct vault *v, int64_t *newest, struct error *e)
{
	struct statement s = statement_new(vault_index(v), vault_name(v), "SELECT newest FROM progress");
	if (statement_row(&s)) *newest = sqlite3_column_int64(s.sql, 0);
	return statement_end(&s, e);
}

/* One transaction of at most `most` messages. */
static bool index_some(struct vault *v, size_t most, bool *more, struct error *e)
{
	struct indexing x = { .vault = v, .error = e };
	if (!newest_indexed(v, &x.newest, e) || !statement_simple(vault_index(v), vault_name(v), "BEGIN IMMEDIATE", e))
		return false;
	bool ok = rows_after(v, x.newest, most, index_message, &x, e) && !x.failed;
	if (ok) {
		struct statement s = statement_new(vault_index(v), vault_name(v), "UPDATE progress SET newest=?1");
		statement_number(&s, 1, x.newest);
		ok = statement_run(&s, e);
	}
	ok = ok && statement_simple(vault_index(v), vault_name(v), "COMMIT", e);
	if (!ok) sqlite3_exec(vault_index(v), "ROLLBACK", NULL, NULL, NULL);
	*more = x.done == most;
	return ok;
}

bool search_index(struct vault *v, size_t most, bool *more, struct error *e)
{
	bool left = true;
	if (!vault_is_open(v)) return error_set(e, "%s: the vault is locked; unlock it first", vault_name(v));
	for (size_t done = 0; left && (most == 0 || done < most); done += INDEX_STEP) {
		if (!index_some(v, INDEX_STEP, &left, e)) return false;
	}
	if (more) *more = left;
	return true;
}

/* Words as people type them to FTS5's language: each in quotation marks, so that none of it is an operator; the last one with a
 * star. */
static bool make_query(struct buffer *query, const char *words)
{
	bool any = false;
	for (const char *at = words; *at;) {
		at += strspn(at, " \t\r\n");
		size_t n = strcspn(at, " \t\r\n");
		if (n == 0) break;
		buffer_append_text(query, any ? " \"" : "\"");
		for (size_t i = 0; i < n; i++) buffer_append_text(query, at[i] == '"' ? "\"\"" : (char[2]){ at[i], 0 });
		buffer_append_byte(query, '"');
		any = true;
		at += n;
	}
	if (any) buffer_append_byte(query, '*');
	return any && !query->failed;
}

bool search_find(struct vault *v, const char *words, size_t limit, message_visitor visit, void *context, struct error *e)
{
	struct buffer query = buffer_new(MAX_QUERY);
	int64_t found[MAX_FOUND];
	size_t n = 0;
	if (!search_index(v, 0, NULL, e)) return false;
	if (!make_query(&query, words)) {
		bool failed = query.failed;
		buffer_free(&query);
		return !failed || error_set(e, "what is searched for is too long (at most %d bytes)", MAX_QUERY);
	}
	struct statement s = statement_new(vault_index(v), vault_name(v),
	                                   "SELECT rowid FROM words WHERE words MATCH ?1 ORDER BY rank, rowid DESC LIMIT ?2");
	statement_text(&s, 1, buffer_text(&query), query.size);
	statement_number(&s, 2, (int64_t)(limit < MAX_FOUND ? limit : MAX_FOUND));
	while (statement_row(&s)) found[n++] = sqlite3_column_int64(s.sql, 0);
	bool ok = statement_end(&s, e);
	for (size_t i = 0; ok && i < n; i++) ok = rows_message(v, found[i], visit, context, e);
	buffer_free(&query);
	return ok;
}
