/* rollback: the note of 96 bytes (see rollback.h; docs/formats/vault.md specifies it). */
#include "store/rollback.h"

#include <string.h>

struct note {
	char magic[8];
	uint8_t vault[VAULT_ID];
	struct rollback_state state;
	uint64_t zeros[2];
	uint8_t hash[SEAL_HASH];
};
_Static_assert(sizeof(struct note) == 96, "the file is the struct");

static const char magic[] = "hearthC1";

static struct note note_of(const uint8_t vault[VAULT_ID], const uint8_t *master, const struct rollback_state *state)
{
	struct note n = { .state = *state };
	uint8_t key[SEAL_KEY];
	memcpy(n.magic, magic, sizeof n.magic);
	memcpy(n.vault, vault, VAULT_ID);
	seal_derive(key, master, "counter ", 0);
	seal_hash(n.hash, &n, offsetof(struct note, hash), key);
	seal_wipe(key, sizeof key);
	return n;
}

bool rollback_found(struct disk *d, const char *path, const uint8_t vault[VAULT_ID], const uint8_t *master,
                    const struct rollback_state *now)
{
	struct disk_file *f;
	struct note there;
	size_t got = 0;
	if (d->open(d, path, DISK_READ, &f) != 0) return false;
	int error = d->read(f, &there, sizeof there, 0, &got);
	d->close(f);
	if (error || got < sizeof there) return false;
	struct note right = note_of(vault, master, &there.state);
	if (!seal_equal(&there, &right, sizeof right)) return false;
	return there.state.generation > now->generation || there.state.epoch > now->epoch || there.state.changes > now->changes;
}

int rollback_note(struct disk *d, const char *path, const uint8_t vault[VAULT_ID], const uint8_t *master,
                  const struct rollback_state *now)
{
	struct note n = note_of(vault, master, now);
	struct disk_file *f;
	int error = d->open(d, path, DISK_CREATE, &f);
	if (error) return error;
	error = d->write(f, &n, sizeof n, 0);
	d->close(f);
	return error;
}
