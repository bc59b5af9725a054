/*
 * chat_begin: what comes before the first message: where conversations go.
 *
 * A vault that is there is opened. Where none is, the one question of a first start is asked, once: Enter alone keeps nothing, and
 * that is remembered.
 */
#include "app/hearth/ask.h"
#include "app/hearth/chat.h"
#include "app/hearth/commands.h"
#include "app/hearth/new_vault.h"
#include "app/hearth/unlock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TURNS_SHOWN = 2 };

/* ---- the one question */

enum choice { CHOICE_PASSPHRASE, CHOICE_KEYRING, CHOICE_UNENCRYPTED, CHOICE_NOTHING, CHOICES };

static const char *const choice_text[CHOICES] = {
	[CHOICE_PASSPHRASE] = "Yes, encrypted with a passphrase (recommended)",
	[CHOICE_KEYRING] = "Yes, encrypted with a key that this desktop's keyring keeps",
	[CHOICE_UNENCRYPTED] = "Yes, unencrypted: whoever can read this disk can read them",
	[CHOICE_NOTHING] = "No, forget each conversation when the chat ends",
};

/* A desktop's keyring is reached through its session's bus. */
static bool has_keyring(void)
{
	const char *bus = getenv("DBUS_SESSION_BUS_ADDRESS");
	return bus && *bus;
}

/* Shows the choices that there are, in `offered` by their number from 0; how many. */
static int show_choices(struct view *v, enum choice offered[CHOICES])
{
	int n = 0;
	view_say(v, "%s", "Shall hearth keep your conversations, so that you can go on with them another day?");
	view_say(v, "%s", "");
	for (int i = 0; i < CHOICES; i++) {
		if (i == CHOICE_KEYRING && !has_keyring()) continue;
		offered[n++] = (enum choice)i;
		view_say(v, "  %d  %s", n, choice_text[i]);
	}
	view_say(v, "%s", "");
	return n;
}

/* False: the person leaves. Enter alone is the last choice. */
static bool ask_choice(struct view *v, enum choice *chosen)
{
	char typed[64], prompt[96];
	enum choice offered[CHOICES];
	int n = show_choices(v, offered);
	snprintf(prompt, sizeof prompt, "1 to %d (Enter alone: %d; `hearth vault` changes it later): ", n, n);
	for (;;) {
		enum ask_result result = ask_line(prompt, typed, sizeof typed);
		if (result == ASK_END || result == ASK_BREAK) return false;
		int number = typed[0] ? typed[0] - '0' : n;
		*chosen = offered[n - 1];
		if (result == ASK_TAKEN && !(typed[0] && typed[1]) && number >= 1 && number <= n) {
			*chosen = offered[number - 1];
			return true;
		}
		view_say(v, "Type a number from 1 to %d, or press Enter.", n);
	}
}

static void remember_nothing(struct chat *c)
{
	struct error e;
	c->opening->settings.keep = false;
	if (!settings_write(&c->opening->settings, &c->opening->paths, &e))
		view_note(&c->view, "It will not be remembered: %s", e.text);
}

static enum chat_begin first_start(struct chat *c, struct error *e)
{
	struct keeping *k = &c->keeping;
	bool left = false;
	view_say(&c->view, "hearth %s - a private AI on your own machine. Nothing you type leaves it.", hearth_version());
	view_say(&c->view, "%s", "");
	enum choice chosen;
	if (!ask_choice(&c->view, &chosen)) return CHAT_LEFT;
	switch (chosen) {
	case CHOICE_PASSPHRASE: k->vault = new_vault_with_passphrase(&k->place, &left, e); break;
	case CHOICE_KEYRING: k->vault = new_vault_with_keyring(&k->place, e); break;
	case CHOICE_UNENCRYPTED:
		k->vault = new_vault_unencrypted(&k->place, e);
		k->unprotected = true;
		break;
	default: remember_nothing(c); return CHAT_BEGUN;
	}
	if (k->vault) {
		vault_serve(k->vault, NULL); /* alone, where it cannot be asked */
		return CHAT_BEGUN;
	}
	k->unprotected = false;
	if (!left) view_say(&c->view, "%s.", e->text);
	view_note(&c->view, "No vault was made: nothing of this chat is kept. The next start asks again.");
	return CHAT_BEGUN;
}

/* ---- a vault that is there */

/* The vault cannot be had: a conversation in private in its place. */
static enum chat_begin go_private(struct chat *c)
{
	vault_close(c->keeping.vault);
	c->keeping.vault = NULL;
	c->keeping.secret = true;
	return CHAT_BEGUN;
}

static enum chat_begin open_vault(struct chat *c, struct error *e)
{
	struct keeping *k = &c->keeping;
	struct opening *n = c->opening;
	if (n->owns_vault) { /* it was opened for the model */
		k->vault = n->vault;
		n->owns_vault = false;
		k->unprotected = unlock_has_slot(k->vault, SLOT_UNPROTECTED);
		k->key_file = c->options->key_file;
		return CHAT_BEGUN;
	}
	k->vault = vault_join(disk_real(), k->place.folder, e);
	if (!k->vault && !vault_is_taken(disk_real(), k->place.folder)) return CHAT_FAILED;
	if (!k->vault || (vault_remote(k->vault) && !vault_is_open(k->vault))) {
		view_say(&c->view, "Another hearth has the vault \"%s\", and it is locked there. This conversation is private.",
		         k->place.name);
		return go_private(c);
	}
	if (vault_remote(k->vault))
		view_note(&c->view, "Another hearth has the vault \"%s\" open; this one joins it.", k->place.name);
	k->unprotected = unlock_has_slot(k->vault, SLOT_UNPROTECTED);
	k->key_file = c->options->key_file;
	switch (unlock_vault(k->vault, k->key_file, "Passphrase (Enter alone: a private conversation): ", 0, e)) {
	case UNLOCK_OPEN: return CHAT_BEGUN;
	case UNLOCK_LEFT: return CHAT_LEFT;
	case UNLOCK_FAILED:
		if (k->key_file) return CHAT_FAILED;
		view_say(&c->view, "%s. This conversation is private.", e->text);
		break;
	case UNLOCK_SKIPPED: break;
	}
	return go_private(c);
}

enum chat_begin chat_begin(struct chat *c, struct error *e)
{
	const struct options *o = c->options;
	struct keeping *k = &c->keeping;
	away_key(&c->away, away_clocks_now());
	if (o->secret) {
		k->secret = true;
		return CHAT_BEGUN;
	}
	if (!vault_place_find(&k->place, &c->opening->paths, o->vault, e)) {
		if (o->vault) return CHAT_FAILED;
		view_note(&c->view, "Note: %s, so nothing is kept.", e->text);
		return CHAT_BEGUN;
	}
	switch (k->place.state) {
	case VAULT_PRESENT: return open_vault(c, e);
	case VAULT_BROKEN:
		view_say(&c->view,
		         "%s has a vault's files but not vault.key, so it cannot be opened, and nothing of this chat is kept. Put "
		         "a backup "
		         "of that file back.",
		         k->place.folder);
		return CHAT_BEGUN;
	default: break;
	}
	if (!o->vault && !c->opening->settings.keep) return CHAT_BEGUN;
	return first_start(c, e);
}

/* ---- a kept conversation */

static void show_turns(struct chat *c)
{
	const struct conversation *v = &c->conversation;
	size_t from = v->n_turns > TURNS_SHOWN ? v->n_turns - TURNS_SHOWN : 0;
	if (from) view_note(&c->view, "(%zu earlier %s)", from, from == 1 ? "exchange" : "exchanges");
	for (size_t i = from; i < v->n_turns; i++) {
		const struct turn *t = &v->turns[i];
		view_block(&c->view, "> ", SCREEN_PLAIN, t->question, t->question_length);
		if (t->answer) view_answer_again(&c->view, t->answer, t->answer_length);
	}
}

bool chat_open(struct chat *c, int64_t id, struct error *e)
{
	bool unfinished = false;
	if (!keeping_leave(&c->keeping, e)) return false;
	chat_forget(c);
	conversation_set_system(&c->conversation, NULL);
	if (!keeping_open(&c->keeping, &c->conversation, id, &unfinished, e)) {
		conversation_clear(&c->conversation);
		return false;
	}
	show_turns(c);
	const struct turn *last = conversation_last(&c->conversation);
	if (unfinished) view_note(&c->view, "(this answer was cut when hearth ended; /retry asks again)");
	if (last && !last->answer) view_note(&c->view, "(hearth ended before an answer came; /retry asks again)");
	return true;
}

/* ---- the status line */

void chat_status(const struct chat *c, char *line, size_t room)
{
	const struct keeping *k = &c->keeping;
	if (k->secret && k->vault)
		snprintf(line, room, "Private: nothing of this conversation is written. The vault \"%s\" is unlocked.",
		         k->place.name);
	else if (k->secret)
		snprintf(line, room, "Private: nothing of this conversation is written. No vault is unlocked.");
	else if (!k->vault)
		snprintf(line, room,
		         "Not saved: conversations are forgotten when the chat ends (`hearth vault create` changes that).");
	else if (k->unprotected)
		snprintf(line, room, "Saved in the vault \"%s\", which is UNENCRYPTED.", k->place.name);
	else
		snprintf(line, room, "Saved, encrypted. The vault \"%s\" is unlocked (/lock locks it).", k->place.name);
}

void chat_show_status(struct chat *c)
{
	char line[sizeof c->status];
	chat_status(c, line, sizeof line);
	if (strcmp(line, c->status) == 0) return;
	snprintf(c->status, sizeof c->status, "%s", line);
	view_note(&c->view, "%s", line);
}
