/*
 * sealed_text: a text in a column of a vault's database, sealed under the key of what it belongs to.
 *
 * Forgetting the object's key erases the text wherever a copy of it lies. A text is bound to the vault, its object and its position
 * there (-1 for a title or a name).
 */
#ifndef HEARTH_STORE_SEALED_TEXT_H
#define HEARTH_STORE_SEALED_TEXT_H

#include "store/vault.h"

enum { TEXT_TITLE = -1 };

/* Sealed to memory of its own (size + SEAL_EXTRA bytes, memory_free). NULL with the line; `what` names the object in it
 * ("conversation"). */
uint8_t *sealed_text_new(struct vault *v, const char *what, int64_t object, int64_t position, const char *text, size_t size,
                         struct error *e);

/* The text of a sealed column, with a zero byte behind; for sealed_text_close. NULL with the line. */
char *sealed_text_open(struct vault *v, const char *what, int64_t object, int64_t position, sqlite3_stmt *row, int column,
                       size_t *size, struct error *e);
void sealed_text_close(char *text, size_t size); /* wipes and frees; NULL is allowed */

#endif
