/*
 * chat: the talk on the terminal.
 *
 * chat.c reads messages and commands, chat_turn.c brings one message to its answer and keeps the context in order,
 * chat_commands.c has the commands behind a slash, welcome.c the first screen.
 */
#ifndef HEARTH_APP_HEARTH_CHAT_H
#define HEARTH_APP_HEARTH_CHAT_H

#include "app/hearth/answer.h"
#include "app/hearth/conversation.h"
#include "app/hearth/opening.h"
#include "app/hearth/view.h"

struct chat {
	const struct options *options;
	struct opening *opening; /* the model */
	uint64_t session;
	struct view view;
	struct conversation conversation;
	struct answer last;              /* the last request: its prompt and counts, for /why */
	struct hearth_sampling sampling; /* it was made with */
	uint64_t requests;               /* so far: moves the seed on */
	uint32_t used;                   /* tokens of the context that are taken after the last answer */
	bool used_known;                 /* false when the system message or the model changed since */
	bool warned;                     /* that the context is nearly full */
	bool leaving;
};

/* Brings the conversation's last turn, which has no answer yet, to its answer. What cannot be answered is taken back, with a
 * line that says why. */
void chat_turn(struct chat *c);

/* Runs a line that begins with a slash. */
void chat_command_line(struct chat *c, const char *line);

/* The n-th command whose name begins with `start`, slash included; NULL: no more. */
const char *chat_complete(const char *start, size_t n);

/* True for a line that means a command: a slash and letters, nothing else in its first word. */
bool chat_is_command(const char *line, size_t length);

/* The first screen. `program` is what to type to start hearth. */
void welcome(struct view *v, const struct opening *n, const char *program);

#endif
