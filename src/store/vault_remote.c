/* vault_remote: asking the owner (see vault_remote.h). */
#include "store/vault_remote.h"

#include "base/memory.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_LIMIT_MS = 120000 }; /* a first search may have to index everything */

struct vault_remote {
	int fd; /* -1: lost */
	int owner;
	bool open; /* as the last reply said */
	char folder[1000];
};

struct vault_remote *vault_remote_open(const char *folder, struct error *e)
{
	struct vault_remote *r = memory_new(1, sizeof *r);
	struct sockaddr_un address;
	int folder_fd = -1;
	if (!r || strlen(folder) >= sizeof r->folder) {
		memory_free(r);
		error_memory(e);
		return NULL;
	}
	memcpy(r->folder, folder, strlen(folder) + 1);
	const struct timeval limit = { .tv_sec = ANSWER_LIMIT_MS / 1000 };
	r->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = r->fd >= 0 && message_address(&address, folder, &folder_fd) &&
	          connect(r->fd, (struct sockaddr *)&address, sizeof address) == 0 && message_same_user(r->fd, &r->owner);
	if (folder_fd >= 0) close(folder_fd);
	if (ok && setsockopt(r->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0) return r;
	vault_remote_close(r);
	error_set(e, "%s: another hearth has this vault open, and does not answer; close it first", folder);
	return NULL;
}

void vault_remote_close(struct vault_remote *r)
{
	if (!r) return;
	if (r->fd >= 0) close(r->fd);
	memory_free(r);
}

int vault_remote_owner(const struct vault_remote *r)
{
	return r->owner;
}

bool vault_remote_is_lost(const struct vault_remote *r)
{
	return r->fd < 0;
}

static bool lost(struct vault_remote *r, struct error *e)
{
	if (r->fd >= 0) close(r->fd);
	r->fd = -1;
	r->open = false;
	return error_set(e, "%s: the hearth that had this vault open has ended; unlock it again", r->folder);
}

/* The owner closes the connections of clients that were idle when others came, so an end before anything was sent is no loss. */
static bool connect_again(struct vault_remote *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	if (r->fd < 0) return false;
	if (poll(&p, 1, 0) == 0) return true;
	struct vault_remote *again = vault_remote_open(r->folder, NULL);
	if (!again) return false;
	close(r->fd);
	r->fd = again->fd;
	/* Another owner starts locked; what this one believed does not hold for it. */
	r->owner = again->owner;
	again->fd = -1;
	vault_remote_close(again);
	return true;
}

static bool send_all(int fd, const uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = send(fd, bytes + done, size - done, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return false;
		done += (size_t)n;
	}
	return true;
}

static bool receive_all(int fd, uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int ready = poll(&p, 1, ANSWER_LIMIT_MS);
		if (ready < 0 && errno == EINTR) continue;
		if (ready <= 0) return false;
		ssize_t n = recv(fd, bytes + done, size - done, 0);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return false;
		done += (size_t)n;
	}
	return true;
}

static void show(struct vault_visitors *v, const struct message_taken *t)
{
	const int64_t *n = t->numbers;
	v->seen++;
	if (v->conversation) {
		struct conversation_entry c = { n[0], n[1], n[2], n[3], n[4], t->text };
		v->stopped = !v->conversation(v->context, &c);
	} else if (v->message) {
		struct message_entry m = { .id = n[0], .conversation = n[1], .position = n[2], .made = n[3] };
		m.role = (enum message_role)t->role;
		m.unfinished = t->flag != 0;
		m.text = t->text;
		m.size = t->size;
		v->last = m.position;
		v->stopped = !v->message(v->context, &m);
	}
}

/* The reply's payload, with a zero byte behind; the caller wipes and frees it. NULL: the connection is of no more use. */
static uint8_t *receive_reply(struct vault_remote *r, enum message_kind *kind, size_t *size)
{
	uint8_t head[MESSAGE_HEAD];
	if (!receive_all(r->fd, head, sizeof head) || !message_head(head, true, kind, size)) return NULL;
	uint8_t *payload = memory_new(*size + 1, 1);
	if (payload && receive_all(r->fd, payload, *size)) return payload;
	memory_free(payload);
	return NULL;
}

bool vault_remote_ask(struct vault_remote *r, struct message *request, struct vault_visitors *visit, int64_t *result, bool *more,
                      struct error *e)
{
	enum message_kind kind = MESSAGE_FAILED;
	size_t size = 0;
	int64_t number;
	uint32_t words[2];
	message_end(request);
	bool made = !request->failed, sent = made && connect_again(r) && send_all(r->fd, request->bytes, request->size);
	message_free(request);
	if (!made) return error_set(e, "%s: is too much for one message", r->folder);
	uint8_t *payload = sent ? receive_reply(r, &kind, &size) : NULL;
	if (!payload) return lost(r, e);
	memcpy(&number, payload, sizeof number);
	memcpy(words, payload + sizeof number, sizeof words);
	const uint8_t *at = payload + MESSAGE_REPLY;
	size_t left = size - MESSAGE_REPLY;
	bool ok = kind == MESSAGE_DONE;
	r->open = words[0] != 0;
	if (result) *result = number;
	if (more) *more = words[1] != 0;
	struct message_taken t;
	if (!ok) error_set(e, "%.*s", (int)left, (const char *)at);
	size_t before = visit ? visit->seen : 0;
	while (ok && visit && !visit->stopped && message_next(&at, &left, &t)) show(visit, &t);
	if (visit && more && visit->seen == before) *more = false;
	if (ok && !at) ok = lost(r, e);
	memory_wipe(payload, size);
	memory_free(payload);
	return ok;
}

bool vault_remote_is_open(struct vault_remote *r)
{
	struct message m;
	message_begin_request(&m, MESSAGE_STATE, 0, 0, 0, false);
	return vault_remote_ask(r, &m, NULL, NULL, NULL, NULL) && r->open;
}

void vault_remote_lock(struct vault_remote *r)
{
	struct message m;
	message_begin_request(&m, MESSAGE_LOCK, 0, 0, 0, false);
	vault_remote_ask(r, &m, NULL, NULL, NULL, NULL);
}
