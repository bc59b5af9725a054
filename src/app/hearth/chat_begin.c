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
#include <string.h>

enum { TURNS_SHOWN = 2 };

/* ---- the one question */

enum choice { CHOICE_PASSPHRASE, CHOICE_UNENCRYPTED, CHOICE_NOTHING };

static const struct {
	const char *text;
	enum choice choice;
} choices[] = {
	{ "Yes, encrypted with a passphrase (recommended)", CHOICE_PASSPHRASE },
	{ "Yes, unencrypted: whoever can read this disk can read them", CHOICE_UNENCRYPTED },
	{ "No, forget each conversation when the chat ends", CHOICE_NOTHING },
};

enum { CHOICES = sizeof choices / sizeof choices[0] };

/* The number of a choice, from 0; -1: the person leaves. */
static int ask_choice(struct view *v)
{
	char typed[64], prompt[96];
	view_say(v, "%s", "Shall hearth keep your conversations, so that you can go on with them another day?");
	view_say(v, "%s", "");
	for (int i = 0; i < CHOICES; i++) view_say(v, "  %d  %s", i + 1, choices[i].text);
	view_say(v, "%s", "");
	snprintf(prompt, sizeof prompt, "1 to %d (Enter alone: %d; `hearth vault` changes it later): ", (int)CHOICES, (int)CHOICES);
	for (;;) {
		enum ask_result result = ask_line(prompt, typed, sizeof typed);
		if (result == ASK_END || result == ASK_BREAK) return -1;
		if (result == ASK_TAKEN && !*typed) return CHOICES - 1;
		if (result == ASK_TAKEN && typed[0] >= '1' && typed[0] < '1' + CHOICES && !typed[1]) return typed[0] - '1';
		view_say(v, "Type a number from 1 to %d, or press Enter.", (int)CHOICES);
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
	int chosen = ask_choice(&c->view);
	if (chosen < 0) return CHAT_LEFT;
	switch (choices[chosen].choice) {
	case CHOICE_PASSPHRASE: k->vault = new_vault_with_passphrase(&k->place, &left, e); break;
	case CHOICE_UNENCRYPTED:
		k->vault = new_vault_unencrypted(&k->place, e);
		k->unprotected = true;
		break;
	default: remember_nothing(c); return CHAT_BEGUN;
	}
	if (k->vault) vault_serve(k->vault, NULL); /* alone, where it cannot be asked */
	if (left) view_note(&c->view, "No vault was made: nothing of this chat is kept. The next start asks again.");
	return k->vault || left ? CHAT_BEGUN : CHAT_FAILED;
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
