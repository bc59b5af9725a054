/*
 * keeping: a conversation's place in the vault.
 *
 * What is said is written as it happens: the question before its answer is computed, the answer when it ends or is stopped, and
 * while it comes, from time to time, as unfinished. What could not be written (a full disk) is written with the next call that can.
 * A private conversation is never written; without a vault none is.
 *
 * A conversation's number is what people type: it counts from 1 and stays.
 */
#ifndef HEARTH_APP_HEARTH_KEEPING_H
#define HEARTH_APP_HEARTH_KEEPING_H

#include "app/hearth/conversation.h"
#include "app/hearth/vault_place.h"
#include "store/conversations.h"

struct keeping {
	struct vault *vault; /* taken by this process, locked or open; NULL: nothing is kept */
	struct vault_place place;
	const char *key_file; /* that it was opened with; NULL: none */
	bool unprotected;     /* the vault needs no secret */
	bool secret;          /* this conversation is private */
	int64_t id;           /* of the conversation; 0: nothing of it is written yet */
	int64_t next;         /* the position behind its last message */
	bool system_kept;     /* the system message is written as it is now */
	double progress;      /* when an unfinished answer was written last */
	size_t progress_size; /* and how much of it */
};

/* Is this conversation written as it happens? */
bool keeping_writes(const struct keeping *k);

/* Writes what of the conversation is not written yet. */
bool keeping_save(struct keeping *k, struct conversation *c, struct error *e);

/* While the last turn's answer comes: writes what there is of it, unless that was done a moment ago. */
bool keeping_progress(struct keeping *k, struct conversation *c, const char *text, size_t size, struct error *e);

/* The last turn is taken back: so it is in the vault. Before conversation_take_turn_back. */
bool keeping_take_back(struct keeping *k, const struct conversation *c, struct error *e);

/* Another conversation begins: the next message starts a new one. One that was left empty goes from the vault. */
bool keeping_leave(struct keeping *k, struct error *e);

/* Fills an empty conversation with a kept one and goes on with it. *unfinished: its last answer was cut by a crash. */
bool keeping_open(struct keeping *k, struct conversation *c, int64_t id, bool *unfinished, struct error *e);

/* A new conversation with the first `turns` turns of this one, which goes on as it. */
bool keeping_branch(struct keeping *k, struct conversation *c, size_t turns, struct error *e);

/* What people see of an id, and the way back: 0 when the text is no number. */
long long keeping_number(int64_t id);
int64_t keeping_from_number(long long number);
int64_t keeping_id(const char *text);

/* A title from the first words of a message: one line of at most 60 characters. */
enum { KEEPING_TITLE = 256 };
void keeping_title(char title[KEEPING_TITLE], const char *text, size_t size);

#endif
