/*
 * vault_remote: the other side of vault.sock: a vault that another process owns.
 *
 * A call that finds the owner gone fails with a line and leaves the remote lost; what was being written when it went may or may not
 * be in the vault. Unlocking again (vault_unlock) looks for a new owner, or becomes it.
 */
#ifndef HEARTH_STORE_VAULT_REMOTE_H
#define HEARTH_STORE_VAULT_REMOTE_H

#include "store/conversations.h"
#include "store/vault_messages.h"

struct vault_remote;

/* Connects to the owner of the vault in `folder`. NULL with the line. */
struct vault_remote *vault_remote_open(const char *folder, struct error *e);
void vault_remote_close(struct vault_remote *r); /* NULL is allowed */

int vault_remote_owner(const struct vault_remote *r); /* its process number */
bool vault_remote_is_lost(const struct vault_remote *r);
bool vault_remote_is_open(struct vault_remote *r); /* asks */
void vault_remote_lock(struct vault_remote *r);

/* Sends a request that was begun with message_begin_request (and frees it), and takes the reply. *result and *more may be NULL; the
 * records go to one of the visitors. */
struct vault_visitors {
	conversation_visitor conversation;
	message_visitor message;
	void *context;
	size_t seen;  /* records that came */
	int64_t last; /* position of the last message */
	bool stopped; /* the visitor wants no more */
};
bool vault_remote_ask(struct vault_remote *r, struct message *request, struct vault_visitors *visit, int64_t *result, bool *more,
                      struct error *e);

#endif
