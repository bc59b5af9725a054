/*
 * prove_storage: sentences that exist nowhere else go through a vault, and are then looked for in its files (see prove.h).
 *
 * Every way in and out of a vault is gone once: a title, messages, the search index, a branch, a change, a deletion. The files are
 * looked through while the vault is open, after it is locked, and after it is closed; so is the folder for temporary files.
 */
#include "app/hearth/prove.h"

#include "base/memory.h"
#include "store/conversations.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { CANARIES = 40, CANARY = 48, SENTENCE = 256 };

struct storage {
	struct prove *p;
	char vault[PATHS_ROOM], temporary[PATHS_ROOM];
	char canary[CANARIES][CANARY]; /* a word of random letters: in no other file, and not to be split by the index */
	int searched;                  /* how many the search found */
};

static bool count_match(void *context, const struct message_entry *m)
{
	(void)m;
	++*(int *)context;
	return true;
}

static bool make_canaries(struct storage *s, struct error *e)
{
	unsigned char bytes[16];
	for (int i = 0; i < CANARIES; i++) {
		char *out = s->canary[i];
		if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return error_set(e, "the system gives no random numbers");
		for (size_t k = 0; k < sizeof bytes; k++) out[k] = (char)('a' + bytes[k] % 26);
		out[sizeof bytes] = 0;
	}
	return true;
}

/* Says a sentence with each canary: the first as a title, the others as messages by turns. */
static bool say(struct storage *s, struct vault *v, int64_t *id, struct error *e)
{
	char sentence[SENTENCE];
	int64_t branch;
	bool more;
	bool ok = conversations_new(v, s->canary[0], id, e);
	for (int i = 1; ok && i < CANARIES; i++) {
		int n = snprintf(sentence, sizeof sentence, "Nobody but us may read the word %s anywhere.", s->canary[i]);
		ok = conversations_add(v, *id, i % 2 ? ROLE_USER : ROLE_ASSISTANT, sentence, (size_t)n, e);
	}
	ok = ok && conversations_index(v, 0, &more, e) && conversations_branch(v, *id, 4, &branch, e) &&
	     conversations_rename(v, branch, s->canary[1], e);
	for (int i = 1; ok && i < CANARIES; i++) ok = conversations_search(v, s->canary[i], 10, count_match, &s->searched, e);
	return ok;
}

/* False with the line when a canary is somewhere. */
static bool look(const struct storage *s, const char *when, struct error *e)
{
	char found[PATHS_ROOM];
	bool unread = false;
	for (int i = 0; i < CANARIES; i++) {
		if (prove_find(s->vault, s->canary[i], found, &unread) || prove_find(s->temporary, s->canary[i], found, &unread))
			return unread ? error_set(e, "a file of the vault could not be read %s", when)
			              : error_set(e, "%s has a sentence in the clear %s", found, when);
	}
	return true;
}

static bool try_vault(struct storage *s, struct error *e)
{
	static const struct key_cost no_passphrase;
	unsigned char bytes[32];
	int64_t id = 0;
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return error_set(e, "the system gives no random numbers");
	const struct key_secret secret = { SLOT_KEY_FILE, bytes, sizeof bytes };
	struct vault *v = vault_create(disk_real(), s->vault, &secret, no_passphrase, e);
	bool ok = v && say(s, v, &id, e) && look(s, "while the vault is open", e);
	if (ok && s->searched < CANARIES - 1) ok = error_set(e, "the search of the vault did not find what was said");
	if (ok) vault_lock(v);
	ok = ok && look(s, "when the vault is locked", e) && vault_unlock(v, &secret, e) && conversations_delete(v, &id, 1, e) &&
	     look(s, "after the conversation was deleted", e);
	vault_close(v);
	return ok && look(s, "when the vault is closed", e);
}

void prove_storage(struct prove *p)
{
	struct error e = { "" };
	struct storage *s = memory_new(1, sizeof *s);
	p->storage.verdict = PROVE_BROKEN;
	if (!s) error_memory(&e);
	if (s) s->p = p;
	bool ok = s && paths_join(s->vault, p->scratch, "vault") && paths_join(s->temporary, p->scratch, "temporary") &&
	          paths_make_folder(s->vault, &e) && paths_make_folder(s->temporary, &e);
	ok = ok && make_canaries(s, &e) && try_vault(s, &e);
	if (ok) p->storage.verdict = PROVE_HOLDS;
	if (ok)
		snprintf(p->storage.text, sizeof p->storage.text,
		         "%d sentences went through a vault (open, searched, locked, deleted) and are in none of its files",
		         CANARIES);
	else
		snprintf(p->storage.text, sizeof p->storage.text, "%s", e.text);
	if (s) memory_wipe(s, sizeof *s);
	memory_free(s);
}
