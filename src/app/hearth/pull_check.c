/* pull_check: whether what came is what was wanted: by hash, by pin, by the catalogue, and as a model (see pull.h). */
#include "app/hearth/catalogue.h"
#include "app/hearth/pull.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

bool pull_take_pin(void *context, uint64_t number, const struct ledger_entry *entry)
{
	struct pull *p = context;
	(void)number;
	if (entry->kind == LEDGER_PIN && strcmp(entry->name, p->name.url) == 0) memcpy(p->pinned, entry->hash, FETCH_HASH);
	return true;
}

void pull_pin_by_catalogue(struct pull *p, const struct paths *paths)
{
	struct error ignored; /* a damaged catalogue pins nothing; `models suggest` says what is wrong with it */
	struct model_name name;
	struct catalogue *c = p->pinned[0] ? NULL : memory_new(1, sizeof *c);
	if (!c) return;
	if (!catalogue_read(c, paths, &ignored)) c->n = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct catalogue_row *r = &c->rows[i];
		if (!r->sha256[0] || !model_name_read(&name, r->pull, &ignored) || strcmp(name.url, p->name.url) != 0) continue;
		snprintf(p->pinned, sizeof p->pinned, "%s", r->sha256);
		p->by_catalogue = true;
	}
	catalogue_free(c);
	memory_free(c);
}

bool pull_pin(const struct pull *p, const char *hash, struct error *e)
{
	struct ledger_entry *entry = memory_new(1, sizeof *entry);
	if (!entry) return error_memory(e);
	*entry = (struct ledger_entry){ .kind = LEDGER_PIN, .time = (uint64_t)time(NULL) };
	memcpy(entry->hash, hash, sizeof entry->hash);
	snprintf(entry->name, sizeof entry->name, "%s", p->name.url);
	bool ok = ledger_add(disk_real(), p->fetching.ledger, entry, NULL, e);
	memory_free(entry);
	return ok;
}

bool pull_check(struct pull *p, char hash[FETCH_HASH], struct model_file *file, struct error *e)
{
	const char *wanted = p->wanted[0] ? p->wanted : p->announced[0] ? p->announced : p->pinned;
	struct error why;
	if (!pull_hash(p, hash, e)) return false;
	if (wanted[0] && strcmp(hash, wanted) != 0) {
		part_file_discard(&p->part);
		return error_set(e, "%s: the file that came has SHA-256 %s instead of %s; it was removed", p->host, hash, wanted);
	}
	if (p->parts || model_file_look(file, p->part.part, &why)) return true;
	part_file_discard(&p->part);
	return error_set(e, "%s: what came is no usable model and was removed: %s", p->host, why.text);
}
