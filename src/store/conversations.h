/*
 * conversations: what was said, kept in an open vault.
 *
 * Titles and texts are sealed under the conversation's own key, so that deleting a conversation is forgetting the key. Whatever
 * returns true is on the disk. A branch is a conversation of its own that starts with copies of the messages before it. Where
 * another process owns the vault (vault_join), its owner is asked; a visitor must not change the vault.
 */
#ifndef HEARTH_STORE_CONVERSATIONS_H
#define HEARTH_STORE_CONVERSATIONS_H

#include "store/vault.h"

enum message_role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL, MESSAGE_ROLES };

enum { MAX_TITLE = 1000, MAX_TEXT = 64 << 20 };

struct conversation_entry {
	int64_t id, made, changed, parent; /* times: seconds since 1970; parent: 0 but for a branch */
	int64_t messages;
	const char *title; /* UTF-8; valid during the call */
};

struct message_entry {
	int64_t id, conversation, position, made; /* position: from 0 */
	enum message_role role;
	bool unfinished;  /* it was still being written when hearth ended */
	const char *text; /* UTF-8, a zero byte behind; valid during the call, wiped after it */
	size_t size;
};

/* A visitor goes on while it returns true. */
typedef bool (*conversation_visitor)(void *context, const struct conversation_entry *c);
typedef bool (*message_visitor)(void *context, const struct message_entry *m);

bool conversations_new(struct vault *v, const char *title, int64_t *id, struct error *e);
bool conversations_add(struct vault *v, int64_t id, enum message_role role, const char *text, size_t size, struct error *e);

/* The same at a position: what stood there and behind it goes at the same moment. An answer that is still coming is written as
 * `unfinished` from time to time, so that what a crash cut is kept, and known as such. */
bool conversations_write(struct vault *v, int64_t id, int64_t position, enum message_role role, const char *text, size_t size,
                         bool unfinished, struct error *e);

/* A whole conversation with its times, in one step (an import); `parent`: what it is a branch of, or 0. */
struct message_new {
	enum message_role role;
	int64_t made; /* seconds since 1970 */
	const char *text;
	size_t size;
};
bool conversations_take(struct vault *v, const char *title, int64_t made, int64_t parent, const struct message_new *messages,
                        size_t n, int64_t *id, struct error *e);

bool conversations_rename(struct vault *v, int64_t id, const char *title, struct error *e);

/* Takes back the messages from `position` on (an answer that is tried again). */
bool conversations_cut(struct vault *v, int64_t id, int64_t position, struct error *e);

/* A new conversation with the first `messages` messages of another. */
bool conversations_branch(struct vault *v, int64_t id, int64_t messages, int64_t *branch, struct error *e);

/* All of them, the last changed first; all messages of one, in order. */
bool conversations_list(struct vault *v, conversation_visitor visit, void *context, struct error *e);
bool conversations_read(struct vault *v, int64_t id, message_visitor visit, void *context, struct error *e);
bool conversations_read_from(struct vault *v, int64_t id, int64_t position, message_visitor visit, void *context, struct error *e);

/* Erases: rows, keys and index. The index is made anew by the next conversations_index. */
bool conversations_delete(struct vault *v, const int64_t *ids, size_t n, struct error *e);

/* Brings the index up to the newest message; `most` messages at a time (0: all), *more says whether some are left. */
bool conversations_index(struct vault *v, size_t most, bool *more, struct error *e);

/* Messages that have all the words (the last one may be the beginning of a word), best first. */
bool conversations_search(struct vault *v, const char *words, size_t limit, message_visitor visit, void *context, struct error *e);

#endif
