/* schema: the lists of steps (see schema.h). */
#include "store/schema.h"

#include "store/vault_vfs.h"

#include <stdio.h>

/* Texts are blobs: sealed under the key of their conversation (see conversations.c), so that forgetting it erases them. */
static const char *const vault_steps[] = {
	"CREATE TABLE conversation(id INTEGER PRIMARY KEY AUTOINCREMENT, made INTEGER NOT NULL, changed INTEGER NOT NULL, title "
	"BLOB NOT NULL,"
	" parent INTEGER);"
	"CREATE INDEX conversation_changed ON conversation(changed);"
	"INSERT INTO sqlite_sequence(name, seq) VALUES('conversation', 15);" /* the first gets OBJECT_FIRST */
	"CREATE TABLE message(id INTEGER PRIMARY KEY AUTOINCREMENT, conversation INTEGER NOT NULL REFERENCES conversation(id) ON "
	"DELETE CASCADE,"
	" position INTEGER NOT NULL, role INTEGER NOT NULL, made INTEGER NOT NULL, text BLOB NOT NULL, UNIQUE(conversation, "
	"position));",
	"ALTER TABLE message ADD COLUMN unfinished INTEGER NOT NULL DEFAULT 0;", /* an answer that a crash cut */
	/* Names are sealed like titles. `changes` has one row: how often anything was changed (see rollback.h). */
	"CREATE TABLE blob(id INTEGER PRIMARY KEY, made INTEGER NOT NULL, kind INTEGER NOT NULL, size INTEGER NOT NULL, name BLOB "
	"NOT NULL);"
	"CREATE TABLE changes(count INTEGER NOT NULL);"
	"INSERT INTO changes VALUES(0);",
};

/* `progress` has one row: the newest message that is indexed. */
static const char *const index_steps[] = {
	"CREATE VIRTUAL TABLE words USING fts5(text, content='', tokenize='unicode61 remove_diacritics 2');"
	"CREATE TABLE progress(newest INTEGER NOT NULL);"
	"INSERT INTO progress VALUES(0);",
};

static bool version_of(sqlite3 *db, int *version)
{
	sqlite3_stmt *s = NULL;
	bool ok = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;
	if (ok) *version = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return ok;
}

static bool take_steps(sqlite3 *db, const char *const *steps, int count, const char *name, struct error *e)
{
	int version = 0;
	char mark[64];
	if (!version_of(db, &version)) return vault_sqlite_error(db, name, e);
	if (version > count)
		return error_set(e, "%s: was written by a newer hearth (format %d, this one knows %d); update hearth", name,
		                 version, count);
	for (; version < count; version++) {
		snprintf(mark, sizeof mark, "PRAGMA user_version=%d; COMMIT", version + 1);
		if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
		    sqlite3_exec(db, steps[version], NULL, NULL, NULL) != SQLITE_OK ||
		    sqlite3_exec(db, mark, NULL, NULL, NULL) != SQLITE_OK) {
			vault_sqlite_error(db, name, e);
			sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
			return false;
		}
	}
	return true;
}

bool schema_vault(sqlite3 *db, const char *name, struct error *e)
{
	return take_steps(db, vault_steps, sizeof vault_steps / sizeof vault_steps[0], name, e);
}

bool schema_index(sqlite3 *db, const char *name, struct error *e)
{
	return take_steps(db, index_steps, sizeof index_steps / sizeof index_steps[0], name, e);
}
