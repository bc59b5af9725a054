/*
 * rows: conversations.h as rows of a vault that this process owns and has open. conversations.c leads here, or to the owner.
 *
 * Called with the vault held (vault_hold).
 */
#ifndef HEARTH_STORE_ROWS_H
#define HEARTH_STORE_ROWS_H

#include "store/conversations.h"

bool rows_new(struct vault *v, const char *title, int64_t *id, struct error *e);
bool rows_add(struct vault *v, int64_t id, enum message_role role, const char *text, size_t size, struct error *e);
bool rows_write(struct vault *v, int64_t id, int64_t position, enum message_role role, const char *text, size_t size,
                bool unfinished, struct error *e);
bool rows_take(struct vault *v, const char *title, int64_t made, int64_t parent, const struct message_new *messages, size_t n,
               int64_t *id, struct error *e);
bool rows_rename(struct vault *v, int64_t id, const char *title, struct error *e);
bool rows_cut(struct vault *v, int64_t id, int64_t position, struct error *e);
bool rows_branch(struct vault *v, int64_t id, int64_t messages, int64_t *branch, struct error *e);
bool rows_list(struct vault *v, conversation_visitor visit, void *context, struct error *e);
bool rows_read(struct vault *v, int64_t id, message_visitor visit, void *context, struct error *e);
bool rows_read_from(struct vault *v, int64_t id, int64_t position, message_visitor visit, void *context, struct error *e);
bool rows_message(struct vault *v, int64_t message, message_visitor visit, void *context, struct error *e);
bool rows_delete(struct vault *v, const int64_t *ids, size_t n, struct error *e);

/* At most `most` messages of the whole vault behind the one with id `newest`, in order. */
bool rows_after(struct vault *v, int64_t newest, size_t most, message_visitor visit, void *context, struct error *e);

/* search.c: bringing the index up to date, and asking it. */
bool search_index(struct vault *v, size_t most, bool *more, struct error *e);
bool search_find(struct vault *v, const char *words, size_t limit, message_visitor visit, void *context, struct error *e);

#endif
