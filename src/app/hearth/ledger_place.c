/* ledger_place: beside the usual vault, or in the data folder (see ledger_place.h). */
#include "app/hearth/ledger_place.h"

#include "app/hearth/unlock.h"

bool ledger_place_find(struct ledger_place *p, const struct paths *paths, struct error *e)
{
	char plain[PATHS_ROOM];
	if (!vault_place_find(&p->vault, paths, NULL, e)) return false;
	p->sealed = p->vault.state == VAULT_PRESENT;
	if (!paths_join(plain, paths->data, LEDGER_FILE) ||
	    !paths_join(p->path, p->sealed ? p->vault.folder : paths->data, LEDGER_FILE))
		return error_set(e, "%s: the path is too long", paths->data);
	/* One from the time before the vault: what it tells is sealed like the rest. */
	if (p->sealed) return !paths_is_file(p->path) || ledger_adopt(disk_real(), plain, p->path, e);
	return paths_make_folder(paths->data, e) && ledger_prepare(disk_real(), p->path, NULL, e);
}

/* The vault, open, with what needs no person; NULL when it needs one, or another hearth has it. */
static struct vault *open_alone(const struct ledger_place *p, const char *key_file)
{
	struct error ignored;
	const struct key_secret nothing = { .kind = SLOT_UNPROTECTED };
	struct vault *v = vault_take(disk_real(), p->vault.folder, &ignored);
	if (!v) return NULL;
	bool open = key_file ? unlock_vault(v, key_file, "", 1, &ignored) == UNLOCK_OPEN
	                     : unlock_has_slot(v, SLOT_UNPROTECTED) && vault_unlock(v, &nothing, &ignored);
	if (open) return v;
	vault_close(v);
	return NULL;
}

static bool read_sealed(const struct ledger_place *p, struct vault *v, ledger_visitor visit, void *context,
                        struct ledger_state *state, struct error *e)
{
	struct ledger_keys keys;
	uint8_t *secret_key = secret_new(SEAL_KEY);
	bool ok = secret_key ? ledger_keys_of(&keys, secret_key, v) &&
	                               ledger_read(disk_real(), p->path, &keys, visit, context, state, e)
	                     : error_memory(e);
	secret_free(secret_key);
	return ok;
}

bool ledger_place_read(const struct ledger_place *p, const struct options *o, bool asks, ledger_visitor visit, void *context,
                       struct ledger_state *state, struct error *e)
{
	struct vault_place place;
	if (!p->sealed) return ledger_read(disk_real(), p->path, NULL, visit, context, state, e);
	struct vault *v = asks ? unlock_for_command(o, &place, e) : open_alone(p, o->key_file);
	if (!v && asks) return false;
	bool ok =
	        v ? read_sealed(p, v, visit, context, state, e) : ledger_read(disk_real(), p->path, NULL, visit, context, state, e);
	vault_close(v);
	return ok;
}
