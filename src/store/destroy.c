/* destroy: a whole vault is erased: its keys first, so that what is cut short there has erased everything already (see vault.h). */
#include "store/vault.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PATH = 1200 };

static bool wrong(const char *path, int error, struct error *e)
{
	return error_set(e, "%s: cannot erase: %s", path, strerror(error));
}

/* Random bytes over the whole file, on the disk; then the file goes. One that is not there is no failure. */
static bool erase_key_file(struct disk *d, const char *folder, const char *name, struct error *e)
{
	char path[MAX_PATH];
	struct disk_file *f;
	uint64_t size = 0;
	uint8_t noise[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int error = d->open(d, path, DISK_WRITE, &f);
	if (error == ENOENT) return true;
	if (error) return wrong(path, error, e);
	error = d->size(f, &size);
	for (uint64_t at = 0; !error && at < size; at += sizeof noise) {
		seal_random(noise, sizeof noise);
		error = d->write(f, noise, size - at < sizeof noise ? (size_t)(size - at) : sizeof noise, at);
	}
	if (!error) error = d->sync(f);
	d->close(f);
	if (!error) error = d->remove(d, path);
	return !error || wrong(path, error, e);
}

static void remove_blobs(struct disk *d, const char *folder)
{
	char path[MAX_PATH], inner[MAX_PATH + 300];
	struct dirent *entry;
	snprintf(path, sizeof path, "%s/blobs", folder);
	DIR *blobs = opendir(path);
	while (blobs && (entry = readdir(blobs)) != NULL) {
		snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.') d->remove(d, inner);
	}
	if (blobs) closedir(blobs);
	rmdir(path);
}

bool vault_destroy(struct disk *d, const char *folder, struct error *e)
{
	static const char *const rest[] = {
		"vault.key.tmp",    "erase.key.tmp", "vault.db",   "vault.db-journal", "index.db",
		"index.db-journal", "vault.sock",    "vault.lock", "network.log",
	};
	char path[MAX_PATH];
	struct disk_file *lock;
	if (!seal_start()) return error_set(e, "libsodium cannot start");
	snprintf(path, sizeof path, "%s/vault.lock", folder);
	int error = d->lock(d, path, &lock);
	if (error == EWOULDBLOCK) return error_set(e, "%s: another hearth has this vault open; close it first", folder);
	if (error) return wrong(path, error, e);
	bool ok = erase_key_file(d, folder, "vault.key", e) && erase_key_file(d, folder, "erase.key", e);
	if (ok) d->sync_folder(d, path);
	for (size_t i = 0; ok && i < sizeof rest / sizeof rest[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, rest[i]);
		error = d->remove(d, path);
		if (error && error != ENOENT) ok = wrong(path, error, e);
	}
	if (ok) remove_blobs(d, folder);
	if (ok) d->sync_folder(d, path);
	d->close(lock);
	if (ok) rmdir(folder); /* stays where something else lies in it */
	return ok;
}
