/*
 * made_vault: what the tests of the store share: a key, vaults that are made and opened with it, and what is in them as one text.
 */
#ifndef TESTS_STORE_MADE_VAULT_H
#define TESTS_STORE_MADE_VAULT_H

#include "store/conversations.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct key_secret key = { SLOT_KEY_FILE, "thirty-two bytes nobody can guess", 32 };
static const struct key_cost cheap = { 2, 64 << 20 };

static struct error last; /* of what was called last */

static inline struct vault *made(struct disk *d, const char *folder)
{
	struct vault *v = vault_create(d, folder, &key, cheap, &last);
	if (!v) fail_msg("%s", last.text);
	return v;
}

static inline struct vault *opened(struct disk *d, const char *folder)
{
	struct vault *v = vault_take(d, folder, &last);
	if (!v || !vault_unlock(v, &key, &last)) fail_msg("%s", last.text);
	return v;
}

/* Appends a message to the text at `context`, of 4,096 bytes, as "role:text|"; three dots behind one that is unfinished. */
static inline bool join_text(void *context, const struct message_entry *m)
{
	char *all = context;
	size_t n = strlen(all);
	snprintf(all + n, 4096 - n, "%d:%s%s|", (int)m->role, m->text, m->unfinished ? "..." : "");
	return true;
}

/* All of a conversation, or why there is none. */
static inline const char *whole(struct vault *v, int64_t id)
{
	static char all[4096];
	all[0] = 0;
	return conversations_read(v, id, join_text, all, &last) ? all : last.text;
}

static inline bool join_title(void *context, const struct conversation_entry *c)
{
	char *all = context;
	size_t n = strlen(all);
	snprintf(all + n, 4096 - n, "%s(%d)|", c->title, (int)c->messages);
	return true;
}

/* All conversations as "title(messages)|". */
static inline const char *titles(struct vault *v)
{
	static char all[4096];
	all[0] = 0;
	return conversations_list(v, join_title, all, &last) ? all : last.text;
}

/* Takes a folder away with all that is in it. */
static inline void clear(const char *path)
{
	char inner[600];
	struct dirent *entry;
	DIR *d = opendir(path);
	while (d && (entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
		if (snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) >= (int)sizeof inner) continue;
		if (unlink(inner) != 0) clear(inner);
	}
	if (d) closedir(d);
	rmdir(path);
}

#endif
