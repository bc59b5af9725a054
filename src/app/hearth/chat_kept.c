/* chat_kept: the chat's commands about conversations in the vault: list, search, open, rename, branch, delete, private, lock. */
#include "app/hearth/chat.h"
#include "app/hearth/kept_list.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LISTED = 20, FOUND = 10, MAX_MINUTES = 10000 };

/* Is there an open vault? Says what to do when there is none. */
static bool has_vault(struct chat *c)
{
	if (c->keeping.vault) return true;
	view_say(&c->view, "%s",
	         "No vault is open, so no conversations are there. `hearth vault create` makes one; the next start uses it.");
	return false;
}

/* The conversation whose number is typed, with its title; says what is wrong when there is none. */
static int64_t chosen(struct chat *c, const char *argument, char title[KEEPING_TITLE])
{
	struct error e;
	int64_t id = keeping_id(argument);
	if (!id) {
		view_say(&c->view, "Which one? Type its number, as /chats shows it.");
		return 0;
	}
	if (kept_title(c->keeping.vault, id, title, &e)) return id;
	view_say(&c->view, "%s", e.text);
	return 0;
}

void chat_list_command(struct chat *c, const char *argument)
{
	struct error e;
	struct kept_list list;
	if (!has_vault(c)) return;
	if (!kept_list_read(&list, c->keeping.vault, &e)) {
		view_say(&c->view, "%s", e.text);
		return;
	}
	size_t shown = strcasecmp(argument, "all") == 0 || list.n <= LISTED ? list.n : LISTED;
	for (size_t i = 0; i < shown; i++) {
		const struct kept_entry *k = &list.entries[i];
		char when[32];
		kept_when(when, k->changed);
		view_say(&c->view, "%c%4lld  %-12s  %s", k->id == c->keeping.id ? '*' : ' ', keeping_number(k->id), when, k->title);
	}
	if (!list.n) view_note(&c->view, "No conversation is kept yet.");
	if (list.n) view_note(&c->view, "/open NUMBER goes on with one; * is this one.");
	if (shown < list.n) view_note(&c->view, "%zu older ones: /chats all shows them, /search WORDS finds.", list.n - shown);
	kept_list_free(&list);
}

void chat_search_command(struct chat *c, const char *argument)
{
	struct error e;
	struct kept_found found;
	if (!has_vault(c)) return;
	if (!*argument) {
		view_say(&c->view, "%s", "What for? /search WORDS finds the messages that have all of the words.");
		return;
	}
	if (!kept_search(&found, c->keeping.vault, argument, FOUND, &e)) {
		view_say(&c->view, "%s", e.text);
		return;
	}
	c->indexed = true;
	for (size_t i = 0; i < found.n; i++) {
		const struct kept_hit *h = &found.hits[i];
		char when[32];
		kept_when(when, h->made);
		view_say(&c->view, " %4lld  %-12s  %s", keeping_number(h->conversation), when, h->title);
		view_note(&c->view, "                     %s: %s", h->role == ROLE_USER ? "you" : "answer", h->snippet);
	}
	if (found.n)
		view_note(&c->view, "/open NUMBER goes on with one.");
	else
		view_note(&c->view, "No message has all of these words.");
	kept_found_free(&found);
}

void chat_open_command(struct chat *c, const char *argument)
{
	char title[KEEPING_TITLE];
	struct error e;
	if (!has_vault(c)) return;
	int64_t id = chosen(c, argument, title);
	if (id && !chat_open(c, id, &e)) view_say(&c->view, "%s", e.text);
}

void chat_rename_command(struct chat *c, const char *argument)
{
	char title[KEEPING_TITLE];
	struct error e;
	if (!has_vault(c)) return;
	keeping_title(title, argument, strlen(argument));
	if (!*title)
		view_say(&c->view, "%s", "To what? /rename TITLE.");
	else if (!c->keeping.id)
		view_say(&c->view, "%s", "This conversation is not in the vault, so it has no title.");
	else if (conversations_rename(c->keeping.vault, c->keeping.id, title, &e))
		view_note(&c->view, "It is called \"%s\" now.", title);
	else
		view_say(&c->view, "%s", e.text);
}

void chat_branch_command(struct chat *c, const char *argument)
{
	struct error e;
	char *end;
	size_t turns = c->conversation.n_turns, wanted = *argument ? strtoul(argument, &end, 10) : turns;
	if (!has_vault(c)) return;
	if (!c->keeping.id || !turns) {
		view_say(&c->view, "%s", "This conversation is not in the vault: there is nothing to branch from.");
	} else if (*argument && (*end || wanted < 1 || wanted > turns)) {
		view_say(&c->view, "After which exchange? /branch N, with N from 1 to %zu.", turns);
	} else if (keeping_branch(&c->keeping, &c->conversation, wanted, &e)) {
		c->used_known = false;
		view_note(&c->view,
		          "This is a new conversation now (%lld), with the first %zu of %zu exchanges. The other one stays.",
		          keeping_number(c->keeping.id), wanted, turns);
	} else {
		view_say(&c->view, "%s", e.text);
	}
}

void chat_delete_command(struct chat *c, const char *argument)
{
	char title[KEEPING_TITLE], number[32];
	struct error e;
	size_t n = strcspn(argument, " ");
	bool sure = strcmp(argument + n + strspn(argument + n, " "), "yes") == 0;
	snprintf(number, sizeof number, "%.*s", (int)(n < 31 ? n : 31), argument);
	if (strcmp(number, "yes") == 0) number[0] = 0, sure = true;
	if (!has_vault(c)) return;
	if (!*number && !c->keeping.id) {
		view_say(&c->view, "%s", "This conversation is not in the vault. /delete NUMBER erases another one.");
		return;
	}
	if (!*number) snprintf(number, sizeof number, "%lld", keeping_number(c->keeping.id));
	int64_t id = chosen(c, number, title);
	if (!id) return;
	if (!sure) {
		view_say(&c->view, "\"%s\" would be erased for good, with its key. Type /delete %s yes", title, number);
		return;
	}
	if (!conversations_delete(c->keeping.vault, &id, 1, &e)) {
		view_say(&c->view, "%s", e.text);
		return;
	}
	c->indexed = false;
	if (id == c->keeping.id) {
		c->keeping.id = c->keeping.next = 0;
		keeping_leave(&c->keeping, &e);
		chat_forget(c);
	}
	view_note(&c->view, "\"%s\" is erased.", title);
}

void chat_private_command(struct chat *c, const char *argument)
{
	struct error e;
	(void)argument;
	if (!keeping_leave(&c->keeping, &e)) view_say(&c->view, "%s", e.text);
	chat_forget(c);
	c->keeping.secret = true;
	view_note(&c->view,
	          "A private conversation: nothing of it is written, and it is gone with /new, with locking and at the end.");
}

/* ---- the vault */

static void set_minutes(struct chat *c, const char *argument)
{
	struct settings *s = &c->opening->settings;
	struct error e;
	char *end;
	double minutes = strcasecmp(argument, "off") == 0 ? 0 : strtod(argument, &end);
	bool off = strcasecmp(argument, "off") == 0;
	if (!off && (end == argument || *end || !(minutes > 0) || minutes > MAX_MINUTES)) {
		view_say(&c->view, "%s", "/lock locks now, /lock 15 after 15 minutes without a key, /lock off never by itself.");
		return;
	}
	s->lock = minutes;
	if (!settings_write(s, &c->opening->paths, &e)) view_note(&c->view, "It will not be remembered: %s", e.text);
	if (off)
		view_note(&c->view, "The vault locks no more by itself, but after a suspend.");
	else
		view_note(&c->view, "The vault locks after %g minutes without a key.", minutes);
}

void chat_lock_command(struct chat *c, const char *argument)
{
	if (*argument)
		set_minutes(c, argument);
	else if (!c->keeping.vault)
		view_say(&c->view, "%s", "There is nothing to lock: no vault is open.");
	else if (c->keeping.unprotected)
		view_say(&c->view, "%s", "This vault is unencrypted: locking it would protect nothing.");
	else
		c->locking = true;
}

void chat_vault_command(struct chat *c, const char *argument)
{
	char line[256];
	(void)argument;
	chat_status(c, line, sizeof line);
	view_say(&c->view, "%s", line);
	if (!c->keeping.vault) return;
	view_say(&c->view, "It lies in %s", c->keeping.place.folder);
	double minutes = c->opening->settings.lock;
	if (!c->keeping.unprotected && minutes > 0)
		view_say(&c->view, "It locks after %g minutes without a key, and after a suspend. /lock MINUTES changes that.",
		         minutes);
	view_note(&c->view, "`hearth vault` tells more.");
}
