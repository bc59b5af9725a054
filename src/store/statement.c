/* statement: prepared SQL (see statement.h). */
#include "store/statement.h"

#include "store/vault_vfs.h"

struct statement statement_new(sqlite3 *db, const char *name, const char *sql)
{
	struct statement s = { .db = db, .name = name };
	s.failed = sqlite3_prepare_v2(db, sql, -1, &s.sql, NULL) != SQLITE_OK;
	return s;
}

void statement_number(struct statement *s, int place, int64_t number)
{
	if (!s->failed) s->failed = sqlite3_bind_int64(s->sql, place, number) != SQLITE_OK;
}

void statement_bytes(struct statement *s, int place, const void *bytes, size_t size)
{
	if (!s->failed) s->failed = sqlite3_bind_blob64(s->sql, place, bytes, size, SQLITE_STATIC) != SQLITE_OK;
}

void statement_text(struct statement *s, int place, const char *text, size_t size)
{
	if (!s->failed) s->failed = sqlite3_bind_text64(s->sql, place, text, size, SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK;
}

bool statement_row(struct statement *s)
{
	if (s->failed) return false;
	int code = sqlite3_step(s->sql);
	s->failed = code != SQLITE_ROW && code != SQLITE_DONE;
	return code == SQLITE_ROW;
}

bool statement_end(struct statement *s, struct error *e)
{
	if (s->failed) vault_sqlite_error(s->db, s->name, e);
	sqlite3_finalize(s->sql);
	s->sql = NULL;
	return !s->failed;
}

bool statement_run(struct statement *s, struct error *e)
{
	while (statement_row(s)) {}
	return statement_end(s, e);
}

bool statement_simple(sqlite3 *db, const char *name, const char *sql, struct error *e)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK || vault_sqlite_error(db, name, e);
}
