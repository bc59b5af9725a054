/*
 * vault_messages: what goes over vault.sock between the process that owns a vault and others of the same user.
 *
 *     frame   := head (u32 size of the payload, u32 kind), payload
 *     request := i64 id, i64 number, u32 role, u32 flag, text
 *     reply   := i64 result, u32 open, u32 more, record*        (kind MESSAGE_FAILED: the line instead of records)
 *     record  := 5 x i64, u32 role, u32 flag, u32 size, u32 zero, `size` bytes, a zero byte
 *
 * A request is answered by one reply. Both sides check every size against its limit before memory is taken, and what they hold of a
 * message is wiped when it is done with.
 */
#ifndef HEARTH_STORE_VAULT_MESSAGES_H
#define HEARTH_STORE_VAULT_MESSAGES_H

#include "base/error.h"
#include "store/conversations.h"

#include <stdint.h>

enum message_kind {
	MESSAGE_FAILED, /* a reply: the text is the line */
	MESSAGE_DONE,   /* a reply */
	MESSAGE_STATE,  /* requests, from here on: is the vault open? */
	MESSAGE_LOCK,
	MESSAGE_NEW,    /* text: the title; result: the id */
	MESSAGE_ADD,    /* id, role, text */
	MESSAGE_WRITE,  /* id, number: the position, role, flag: unfinished, text */
	MESSAGE_TAKE,   /* id: the parent, number: made, text: records, the first of them the title */
	MESSAGE_RENAME, /* id, text */
	MESSAGE_CUT,    /* id, number: the position */
	MESSAGE_BRANCH, /* id, number: messages; result: the id */
	MESSAGE_LIST,   /* records: id, made, changed, parent, messages; the title */
	MESSAGE_READ,   /* id, number: first position; records: id, conversation, position, made; the text. `more`: ask on */
	MESSAGE_DELETE, /* text: i64 ids */
	MESSAGE_SEARCH, /* id: records to pass over, number: the limit, text: the words; records as for READ */
	MESSAGE_KINDS
};

enum {
	MESSAGE_HEAD = 8,
	MESSAGE_FIXED = 24, /* of a request, before its text */
	MESSAGE_REPLY = 16, /* of a reply, before its records */
	MESSAGE_MOST = MAX_TEXT + 65536,
	MESSAGE_PIECE = 1 << 20 /* records of one reply, about: one of them may be larger */
};

/* Bytes of a message that grow by being moved and wiped. */
struct message {
	uint8_t *bytes;
	size_t size, room;
	bool failed;
};

void message_free(struct message *m); /* wipes */
void message_append(struct message *m, const void *bytes, size_t size);
void message_record(struct message *m, const int64_t numbers[5], uint32_t role, bool flag, const char *text, size_t size);

/* Begins a message with room for its head and fixed part, and puts the head's size in when it is whole. */
void message_begin_request(struct message *m, enum message_kind kind, int64_t id, int64_t number, uint32_t role, bool flag);
void message_begin_reply(struct message *m);
void message_end(struct message *m);
void message_end_reply(struct message *m, enum message_kind kind, int64_t result, bool open, bool more);

/* What the head of a frame announces. False when no message has it; `reply` says from which side it comes. */
bool message_head(const uint8_t head[MESSAGE_HEAD], bool reply, enum message_kind *kind, size_t *size);

struct message_request {
	enum message_kind kind;
	int64_t id, number;
	uint32_t role, flag;
	const char *text;
	size_t size;
};
bool message_read_request(struct message_request *r, enum message_kind kind, const uint8_t *payload, size_t size);

/* The next record of those at `bytes`; moves on. False at the end, and with *bytes NULL when they are not records. */
struct message_taken {
	int64_t numbers[5];
	uint32_t role, flag;
	const char *text; /* a zero byte behind */
	size_t size;
};
bool message_next(const uint8_t **bytes, size_t *left, struct message_taken *t);

/* The socket's address: FOLDER/vault.sock, by way of the folder's descriptor where the path is too long for one. *folder_fd is -1,
 * or to be closed when the socket has its address. */
struct sockaddr_un;
bool message_address(struct sockaddr_un *address, const char *folder, int *folder_fd);

/* Is the process at the other end one of this user's? Its number to *pid. */
bool message_same_user(int socket, int *pid);

#endif
