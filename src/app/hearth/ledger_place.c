/* ledger_place: beside the usual vault, or in the data folder (see ledger_place.h). */
#include "app/hearth/ledger_place.h"

#include "app/hearth/vault_place.h"

static const char file[] = "network.log";

bool ledger_place_find(struct ledger_place *p, const struct paths *paths, struct error *e)
{
	struct vault_place vault;
	if (!vault_place_find(&vault, paths, NULL, e)) return false;
	p->sealed = vault.state == VAULT_PRESENT;
	if (!paths_join(p->path, p->sealed ? vault.folder : paths->data, file))
		return error_set(e, "%s: the path is too long", paths->data);
	return p->sealed || (paths_make_folder(paths->data, e) && ledger_prepare(disk_real(), p->path, NULL, e));
}

bool ledger_place_read(const struct ledger_place *p, const struct options *o, bool asks, ledger_visitor visit, void *context,
                       struct ledger_state *state, struct error *e)
{
	(void)o;
	(void)asks;
	return ledger_read(disk_real(), p->path, NULL, visit, context, state, e);
}
