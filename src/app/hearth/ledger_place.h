/* ledger_place: where this user's network ledger lies, and opening it for reading. */
#ifndef HEARTH_APP_HEARTH_LEDGER_PLACE_H
#define HEARTH_APP_HEARTH_LEDGER_PLACE_H

#include "app/hearth/options.h"
#include "app/hearth/vault_place.h"
#include "store/ledger.h"

struct ledger_place {
	struct vault_place vault; /* the usual one, there or not */
	char path[PATHS_ROOM];
	bool sealed; /* it belongs to the usual vault */
};

/* Finds it. Without a vault it is made where there is none; with one, the plain one from before is taken over. No vault is opened.
 */
bool ledger_place_find(struct ledger_place *p, const struct paths *paths, struct error *e);

/* Reads it with the keys of the usual vault where it is sealed. `asks`: a person may be asked for the passphrase; else what needs
 * one stays unread. */
bool ledger_place_read(const struct ledger_place *p, const struct options *o, bool asks, ledger_visitor visit, void *context,
                       struct ledger_state *state, struct error *e);

#endif
