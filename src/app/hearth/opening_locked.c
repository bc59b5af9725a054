/* opening_locked: models that lie in the vault (see opening.h). */
#include "app/hearth/opening.h"
#include "app/hearth/unlock.h"

#include <dirent.h>
#include <string.h>

/* Is anything kept in the vault that could be a model? What it is, is known when the vault is open. */
static bool has_blobs(const struct vault_place *place)
{
	char folder[PATHS_ROOM];
	struct dirent *entry;
	bool any = false;
	DIR *d = paths_join(folder, place->folder, "blobs") ? opendir(folder) : NULL;
	while (d && !any && (entry = readdir(d)) != NULL) any = entry->d_name[0] != '.';
	if (d) closedir(d);
	return any;
}

/* The vault that the chat has open already, or one that is opened for this; NULL with an empty line when none has such a thing. */
static struct vault *open_vault(struct opening *n, struct error *e)
{
	struct vault_place place;
	struct error ignored;
	if (n->vault && vault_is_open(n->vault)) return n->vault;
	if (n->vault || !vault_place_find(&place, &n->paths, n->options->vault, &ignored) || place.state != VAULT_PRESENT ||
	    !has_blobs(&place))
		return NULL;
	n->vault = unlock_for_command(n->options, &place, e);
	n->owns_vault = n->vault != NULL;
	return n->vault;
}

bool opening_choose_locked(struct opening *n, const char *name, struct error *e)
{
	struct error why = { "" };
	struct vault *v = strchr(name, '/') ? NULL : open_vault(n, &why);
	if (!v)
		return why.text[0] &&
		       error_set(e, "%s: there is no such file; it may be locked in the vault, which is not open: %s", name,
		                 why.text);
	if (!locked_model_find(&n->locked, v, name, &why)) return strstr(why.text, "say more") && error_set(e, "%s", why.text);
	return locked_model_load(&n->locked, v, e);
}

bool opening_reload(struct opening *n, struct vault *v, struct error *e)
{
	if (!n->locked.name[0] || n->locked.loaded) return true;
	return locked_model_load(&n->locked, v, e);
}

void opening_leave_vault(struct opening *n)
{
	if (n->owns_vault) vault_close(n->vault);
	n->owns_vault = false;
	n->vault = NULL;
}

void opening_end(struct opening *n)
{
	hearth_close(n->engine);
	n->engine = NULL;
	locked_model_unload(&n->locked);
	opening_leave_vault(n);
}
