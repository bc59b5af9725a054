/*
 * chat_lock: from an open chat to a process that knows nothing, and back.
 *
 * Locking ends the engine (its keys and values, its prompts), forgets the conversation, the last prompt and what the terminal was
 * sent, locks the vault, and wipes what is left behind (leftovers.h). The screen is cleared, with what can be scrolled back to. A
 * private conversation is gone with it.
 */
#include "app/hearth/ask.h"
#include "app/hearth/chat.h"
#include "app/hearth/leftovers.h"
#include "app/hearth/unlock.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { INDEX_STEP = 500 };

bool chat_pause(struct chat *c)
{
	struct keeping *k = &c->keeping;
	struct error ignored;
	bool more = false;
	enum away_reason reason = away_look(&c->away, away_clocks_now(), c->opening->settings.lock);
	if (!k->vault || !vault_is_open(k->vault)) return false;
	if (!c->indexed) c->indexed = !conversations_index(k->vault, INDEX_STEP, &more, &ignored) || !more;
	if (reason == AWAY_NOT || k->unprotected) return false;
	c->reason = reason;
	c->locking = true;
	return true;
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
		[AWAY_NOT] = "",
		[AWAY_IDLE] = ", since no key was pressed for a while",
		[AWAY_SUSPENDED] = ", since the machine slept",
	};
	view_say(&c->view, "The vault \"%s\" is locked%s.", c->keeping.place.name, why[c->reason]);
	c->reason = AWAY_NOT;
}

/* A vault that only a key file opens would open at once: somebody has to be there. */
static bool wait_for_enter(struct chat *c)
{
	char typed[64], prompt[PATHS_ROOM + 64];
	snprintf(prompt, sizeof prompt, "Enter opens it again with %s; Ctrl-D leaves: ", c->keeping.key_file);
	return ask_line(prompt, typed, sizeof typed) != ASK_END;
}

static bool unlock_again(struct chat *c, struct error *e)
{
	struct keeping *k = &c->keeping;
	for (;;) {
		if (k->key_file && !wait_for_enter(c)) return false;
		switch (unlock_vault(k->vault, k->key_file, "Passphrase (Ctrl-D leaves): ", 0, e)) {
		case UNLOCK_OPEN: return true;
		case UNLOCK_LEFT: return false;
		case UNLOCK_SKIPPED: continue;
		case UNLOCK_FAILED: view_say(&c->view, "%s", e->text); continue;
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
	e->text[0] = 0;
	if (!unlock_again(c, e) || !opening_reload(c->opening, k->vault, e) || !opening_engine(c->opening, e)) return false;
	c->session = hearth_session_new(c->opening->engine);
	away_key(&c->away, away_clocks_now());
	if (!conversation_set_system(&c->conversation, c->options->system)) error_memory(e);
	if (id && !chat_open(c, id, e)) view_say(&c->view, "%s", e->text);
	return true;
}
