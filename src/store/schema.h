/*
 * schema: the tables of a vault's databases, and how an older database becomes a newer one.
 *
 * A database says in PRAGMA user_version how many steps of its list it has taken; the missing ones are taken one by one, each in a
 * transaction of its own. Steps are never changed once a version of hearth has shipped with them: a change is a further step.
 */
#ifndef HEARTH_STORE_SCHEMA_H
#define HEARTH_STORE_SCHEMA_H

#include "base/error.h"

#include <sqlite3.h>

/* Brings a database to the newest version; false with the line when it is of a newer hearth or cannot be changed. */
bool schema_vault(sqlite3 *db, const char *name, struct error *e);
bool schema_index(sqlite3 *db, const char *name, struct error *e);

#endif
