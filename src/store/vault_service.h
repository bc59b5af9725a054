/*
 * vault_service: the owner's side of vault.sock: a thread that does what other processes of the same user ask.
 *
 * The socket lies in the vault's folder, for this user alone; the other end's user is asked of the kernel. Whoever holds the
 * vault's lock makes the socket anew, so that one which a killed owner left is of no matter. Nothing that a client sends or leaves
 * out holds the owner up: the thread never waits for a client, messages have limits, a client that stops in the middle of one is
 * dropped, and between two requests the owner's own thread can have the vault.
 */
#ifndef HEARTH_STORE_VAULT_SERVICE_H
#define HEARTH_STORE_VAULT_SERVICE_H

#include "store/vault.h"

struct vault_service;

/* NULL with the line when the socket or the thread cannot be had: the owner then goes on alone. */
struct vault_service *vault_service_start(struct vault *v, struct error *e);
void vault_service_stop(struct vault_service *s); /* waits for the request it is at; NULL is allowed */

#endif
