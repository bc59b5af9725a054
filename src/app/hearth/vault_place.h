/*
 * vault_place: which vault, and where it lies.
 *
 * A vault has a name, and lies in the folder of that name in `vaults` in the data folder; the usual one is called "main". Or it is
 * named by its folder, which a slash tells from a name. Vaults share nothing.
 */
#ifndef HEARTH_APP_HEARTH_VAULT_PLACE_H
#define HEARTH_APP_HEARTH_VAULT_PLACE_H

#include "app/hearth/paths.h"
#include "store/vault.h"

struct vault_place {
	char name[128]; /* for people: the name, or the folder's last part */
	char folder[PATHS_ROOM];
	enum vault_state state; /* what lies there */
};

/* The vault that `wanted` names (NULL: the usual one), and looks whether it is there. Creates nothing. */
bool vault_place_find(struct vault_place *p, const struct paths *paths, const char *wanted, struct error *e);

/* Where the vault's count of changes is kept, with the settings, so that an old copy of it is noticed (store/rollback.h). False:
 * there is no such place. And forgetting the count, when an old copy is what is wanted, or the vault is gone. */
bool vault_place_counter(char path[PATHS_ROOM], const uint8_t id[VAULT_ID]);
void vault_place_unwatch(const uint8_t id[VAULT_ID]);

#endif
