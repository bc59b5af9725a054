/* statement: prepared SQL with its error handling in one place. */
#ifndef HEARTH_STORE_STATEMENT_H
#define HEARTH_STORE_STATEMENT_H

#include "base/error.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* A statement that is being filled and stepped. After the first failure `failed` is set and the rest does nothing. */
struct statement {
	sqlite3 *db;
	sqlite3_stmt *sql;
	const char *name; /* for messages */
	bool failed;
};

struct statement statement_new(sqlite3 *db, const char *name, const char *sql);
void statement_number(struct statement *s, int place, int64_t number);                /* place: from 1 */
void statement_bytes(struct statement *s, int place, const void *bytes, size_t size); /* a blob; must live until the end */
void statement_text(struct statement *s, int place, const char *text, size_t size);   /* the same for a text */

bool statement_row(struct statement *s); /* the next row is there; false at the end or on failure */

/* Ends it: false with the line when anything failed. statement_run steps to the end first. */
bool statement_end(struct statement *s, struct error *e);
bool statement_run(struct statement *s, struct error *e);

/* BEGIN, COMMIT, ROLLBACK and the like. */
bool statement_simple(sqlite3 *db, const char *name, const char *sql, struct error *e);

#endif
