/*
 * chat: the talk on the terminal.
 *
 * chat.c reads messages and commands, chat_turn.c brings one message to its answer and keeps the context in order,
 * chat_commands.c has the commands behind a slash, chat_kept.c those of them that are about kept conversations, chat_begin.c
 * what comes before the first message, chat_lock.c locking, welcome.c the first screen.
 */
#ifndef HEARTH_APP_HEARTH_CHAT_H
#define HEARTH_APP_HEARTH_CHAT_H

#include "app/hearth/answer.h"
#include "app/hearth/away.h"
#include "app/hearth/before_sleep.h"
#include "app/hearth/conversation.h"
#include "app/hearth/keeping.h"
#include "app/hearth/opening.h"
#include "app/hearth/view.h"

enum lock_reason { LOCK_ASKED, LOCK_IDLE, LOCK_SUSPENDED, LOCK_SLEEP, LOCK_ELSEWHERE };

struct chat {
	const struct options *options;
	struct opening *opening; /* the model */
	uint64_t session;
	struct view view;
	struct conversation conversation;
	struct keeping keeping; /* its place in the vault */
	struct away away;
	struct before_sleep before_sleep; /* watched while a vault is open */
	char *before;                     /* the answer that /retry asks again for, until the new one is there; NULL: none */
	size_t before_length;
	struct answer last;              /* the last request: its prompt and counts, for /why */
	struct hearth_sampling sampling; /* it was made with */
	uint64_t requests;               /* so far: moves the seed on */
	uint32_t used;                   /* tokens of the context that are taken after the last answer */
	bool used_known;                 /* false when the system message or the model changed since */
	bool warned;                     /* that the context is nearly full */
	bool leaving;
	bool locking;            /* the chat is to be locked before the next line */
	bool indexed;            /* the search index is up to date */
	enum lock_reason reason; /* for locking */
	double looked;           /* when the vault was last asked whether it is still open */
	char status[256];        /* the status line as it was shown last */
};

/* Brings the conversation's last turn, which has no answer yet, to its answer. What cannot be answered is taken back, with a
 * line that says why. */
void chat_turn(struct chat *c);

/* Takes the last turn back, in the vault too. */
void chat_take_back(struct chat *c);

/* Writes what is not in the vault yet; says so when that fails. */
void chat_keep(struct chat *c);

/* Another conversation begins: turns, context and what the model holds of it are forgotten. */
void chat_forget(struct chat *c);

/* Decides where this chat's conversations go: opens the vault, or asks the one question of a first start. */
enum chat_begin { CHAT_BEGUN, CHAT_LEFT, CHAT_FAILED };
enum chat_begin chat_begin(struct chat *c, struct error *e);

/* Goes on with a kept conversation and shows its last turns. False with the line, and an empty conversation. */
bool chat_open(struct chat *c, int64_t id, struct error *e);

/* Saved or not, locked or unlocked, in one line. */
void chat_status(const struct chat *c, char *line, size_t room);

/* Shows that line when it is not as it was. */
void chat_show_status(struct chat *c);

/* Locks: no text and no key stays in this process. Then asks for the passphrase and goes on where it was. False: the person left,
 * or the line says why it cannot go on. Called where nothing but the chat itself holds texts. */
bool chat_lock(struct chat *c, struct error *e);

/* Looks whether it is time to lock: a suspend that comes or was, another hearth that locked the vault, and while nothing is
 * computed (`idle`) nobody there. True: it is, and c->locking says so. */
bool chat_look(struct chat *c, bool idle);

/* Runs a line that begins with a slash. */
void chat_command_line(struct chat *c, const char *line);

/* The n-th command whose name begins with `start`, slash included; NULL: no more. */
const char *chat_complete(const char *start, size_t n);

/* True for a line that means a command: a slash and letters, nothing else in its first word. */
bool chat_is_command(const char *line, size_t length);

/* The commands about kept conversations (chat_kept.c); white space around the argument is gone. */
void chat_list_command(struct chat *c, const char *argument);
void chat_search_command(struct chat *c, const char *argument);
void chat_open_command(struct chat *c, const char *argument);
void chat_rename_command(struct chat *c, const char *argument);
void chat_branch_command(struct chat *c, const char *argument);
void chat_delete_command(struct chat *c, const char *argument);
void chat_private_command(struct chat *c, const char *argument);
void chat_lock_command(struct chat *c, const char *argument);
void chat_vault_command(struct chat *c, const char *argument);

/* The first screen. `program` is what to type to start hearth. */
void welcome(struct view *v, const struct opening *n, const char *program);

#endif
