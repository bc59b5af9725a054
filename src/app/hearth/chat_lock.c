/*
 * chat_lock: from an open chat to a process that knows nothing, and back.
 *
 * Locking ends the engine (its keys and values, its prompts), forgets the conversation, the last prompt and what the terminal was
 * sent, locks the vault, and wipes what is left behind (leftovers.h). The screen is cleared, with what can be scrolled back to. A
 * private conversation is gone with it.
 */
#include "app/hearth/ask.h"
#include "app/hearth/chat.h"
#include "app/hearth/unlock.h"
#include "base/clock.h"
#include "base/memory.h"
#include "guard/leftovers.h"

#include <stdio.h>
#include <string.h>

/* Is the vault open no more, though nobody here locked it? It is asked once a second. */
static bool locked_elsewhere(struct chat *c)
{
	double now = clock_seconds();
	if (now - c->looked < 1) return false;
	c->looked = now;
	return !vault_is_open(c->keeping.vault);
}

bool chat_look(struct chat *c, bool idle)
{
	enum away_reason away = away_look(&c->away, away_clocks_now(), idle ? c->opening->settings.lock : 0);
	const struct key_secret nothing = { .kind = SLOT_UNPROTECTED };
	struct error ignored; /* the next message tells */
	if (!c->keeping.vault || c->locking) return c->locking;
	if (c->keeping.unprotected) {
		if (locked_elsewhere(c)) vault_unlock(c->keeping.vault, &nothing, &ignored);
		return false;
	}
	c->locking = true;
	if (before_sleep_look(&c->before_sleep) == BEFORE_SLEEP_NOW)
		c->reason = LOCK_SLEEP;
	else if (away == AWAY_SUSPENDED)
		c->reason = LOCK_SUSPENDED;
	else if (away == AWAY_IDLE)
		c->reason = LOCK_IDLE;
	else if (locked_elsewhere(c))
		c->reason = LOCK_ELSEWHERE;
	else
		c->locking = false;
	return c->locking;
}

static void forget_everything(struct chat *c)
{
	struct terminal terminal = c->view.terminal;
	hearth_close(c->opening->engine);
	c->opening->engine = NULL;
	locked_model_unload(&c->opening->locked);
	conversation_free(&c->conversation);
	answer_free(&c->last);
	view_close(&c->view);
	memory_wipe(&c->view, sizeof c->view);
	vault_lock(c->keeping.vault);
	if (terminal.movable) terminal_write("\033[H\033[2J\033[3J", 11);
	view_open(&c->view, &terminal);
	c->last = answer_new();
	c->session = 0;
	c->used = 0;
	c->used_known = c->warned = false;
	c->keeping.secret = false;
	c->status[0] = 0;
}

static void say_why(struct chat *c)
{
	static const char *const why[] = {
		[LOCK_ASKED] = "",
		[LOCK_IDLE] = ", since no key was pressed for a while",
		[LOCK_SLEEP] = ", since the machine goes to sleep",
		[LOCK_SUSPENDED] = ", since the machine slept",
		[LOCK_ELSEWHERE] = ": another hearth locked it, or had it open and has ended",
	};
	view_say(&c->view, "The vault \"%s\" is locked%s.", c->keeping.place.name, why[c->reason]);
	c->reason = LOCK_ASKED;
}

/* Somebody has to be there before what needs no passphrase is tried again. False: Ctrl-D. */
static bool wait_for_enter(void)
{
	char typed[64];
	return ask_line("Enter opens it again; Ctrl-D leaves: ", typed, sizeof typed) != ASK_END;
}

static bool unlock_again(struct chat *c, struct error *e)
{
	struct keeping *k = &c->keeping;
	bool alone = k->key_file || vault_remote(k->vault) ||
	             unlock_has_slot(k->vault, SLOT_KEYRING); /* it may open without a passphrase */
	for (;;) {
		if (alone && !wait_for_enter()) return false;
		switch (unlock_vault(k->vault, k->key_file, "Passphrase (Ctrl-D leaves): ", 0, e)) {
		case UNLOCK_OPEN: return true;
		case UNLOCK_LEFT: return false;
		case UNLOCK_SKIPPED: break;
		case UNLOCK_FAILED: view_say(&c->view, "%s", e->text); alone = true;
		}
	}
}

bool chat_lock(struct chat *c, struct error *e)
{
	struct keeping *k = &c->keeping;
	int64_t id = k->secret || k->next == 0 ? 0 : k->id;
	keeping_leave(k, e);
	forget_everything(c);
	leftovers_wipe();
	say_why(c);
	before_sleep_end(&c->before_sleep);
	e->text[0] = 0;
	if (!unlock_again(c, e) || !opening_reload(c->opening, k->vault, e) || !opening_engine(c->opening, e)) return false;
	c->session = hearth_session_new(c->opening->engine);
	away_key(&c->away, away_clocks_now());
	before_sleep_begin(&c->before_sleep);
	if (!conversation_set_system(&c->conversation, c->options->system)) error_memory(e);
	if (id && !chat_open(c, id, e)) view_say(&c->view, "%s", e->text);
	return true;
}
