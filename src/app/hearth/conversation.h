/*
 * conversation: what was said, and which part of it the model still sees.
 *
 * A turn is a question and its answer. All turns stay for /save; the model gets the system message and the turns from `first`
 * on. When the context is full, the oldest whole turns leave it, enough at once that it does not happen again soon; the caller
 * says so before it happens.
 */
#ifndef HEARTH_APP_HEARTH_CONVERSATION_H
#define HEARTH_APP_HEARTH_CONVERSATION_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct turn {
	char *question, *answer; /* zero-terminated copies; `answer` is NULL until there is one */
	size_t question_length, answer_length;
	uint32_t tokens; /* that the turn takes in the context, about; 0 until it is answered */
	uint32_t n_prompt, n_cached, n_generated, n_guessed, n_accepted;
	double seconds_prompt, seconds_generate;
	int64_t place;    /* of the question in the vault; -1 while it is not there */
	bool answer_kept; /* the answer is in the vault */
};

struct conversation {
	char *system; /* NULL: none */
	struct turn *turns;
	size_t n_turns, room;
	size_t first; /* of the turns that the model sees */
};

void conversation_free(struct conversation *c);

/* Forgets the turns and keeps the system message. */
void conversation_clear(struct conversation *c);

/* Sets the system message; NULL or "" takes it away. False when memory is out. */
bool conversation_set_system(struct conversation *c, const char *text);

/* Adds a turn without an answer. False when memory is out. */
bool conversation_ask(struct conversation *c, const char *question, size_t length);

/* Gives the last turn its answer and reckons its tokens from n_prompt and n_generated. False when memory is out. */
bool conversation_answer(struct conversation *c, const char *text, size_t length, uint32_t n_prompt, uint32_t n_generated);

void conversation_take_answer_back(struct conversation *c); /* of the last turn */
void conversation_take_turn_back(struct conversation *c);   /* the last turn */

/* The last turn; NULL when there is none. */
struct turn *conversation_last(const struct conversation *c);

/* How many of the oldest visible turns to drop so that a prompt of n_prompt tokens comes down to about `target`. At least 1
 * while more than the last turn is visible, never the last; 0 when only that is left. */
size_t conversation_surplus(const struct conversation *c, uint32_t n_prompt, uint32_t target);

/* Appends {"messages": [...]} for HEARTH_CHAT. */
bool conversation_json(const struct conversation *c, struct buffer *out);

/* Appends one message as a JSON object. */
bool conversation_message(struct buffer *out, const char *role, const char *text, size_t length);

#endif
