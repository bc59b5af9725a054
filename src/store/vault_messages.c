/* vault_messages: frames, requests and records (see vault_messages.h). */
#include "store/vault_messages.h"

#include "base/cursor.h"
#include "base/memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { RECORD = 56 };

void message_free(struct message *m)
{
	if (m->bytes) memory_wipe(m->bytes, m->room);
	memory_free(m->bytes);
	*m = (struct message){ 0 };
}

static bool make_room(struct message *m, size_t more)
{
	if (m->failed || more > MESSAGE_MOST || m->size > MESSAGE_MOST - more) return false;
	if (m->size + more <= m->room) return true;
	size_t room = m->room ? m->room : 4096;
	while (room < m->size + more) room *= 2;
	uint8_t *grown = memory_new(room, 1);
	if (!grown) return false;
	if (m->bytes) {
		memcpy(grown, m->bytes, m->size);
		memory_wipe(m->bytes, m->room);
		memory_free(m->bytes);
	}
	m->bytes = grown;
	m->room = room;
	return true;
}

void message_append(struct message *m, const void *bytes, size_t size)
{
	m->failed = !make_room(m, size);
	if (m->failed || size == 0) return;
	memcpy(m->bytes + m->size, bytes, size);
	m->size += size;
}

void message_record(struct message *m, const int64_t numbers[5], uint32_t role, bool flag, const char *text, size_t size)
{
	const uint32_t rest[4] = { role, flag, (uint32_t)size, 0 };
	message_append(m, numbers, 5 * sizeof *numbers);
	message_append(m, rest, sizeof rest);
	message_append(m, text, size);
	message_append(m, "", 1);
}

void message_begin_request(struct message *m, enum message_kind kind, int64_t id, int64_t number, uint32_t role, bool flag)
{
	const uint32_t head[2] = { 0, (uint32_t)kind }, words[2] = { role, flag };
	*m = (struct message){ 0 };
	message_append(m, head, sizeof head);
	message_append(m, &id, sizeof id);
	message_append(m, &number, sizeof number);
	message_append(m, words, sizeof words);
}

void message_begin_reply(struct message *m)
{
	static const uint8_t zeros[MESSAGE_HEAD + MESSAGE_REPLY];
	*m = (struct message){ 0 };
	message_append(m, zeros, sizeof zeros);
}

void message_end(struct message *m)
{
	uint32_t size = (uint32_t)(m->size - MESSAGE_HEAD);
	if (!m->failed) memcpy(m->bytes, &size, sizeof size);
}

void message_end_reply(struct message *m, enum message_kind kind, int64_t result, bool open, bool more)
{
	const uint32_t head[2] = { 0, (uint32_t)kind }, words[2] = { open, more };
	if (m->failed) return;
	memcpy(m->bytes, head, sizeof head);
	memcpy(m->bytes + MESSAGE_HEAD, &result, sizeof result);
	memcpy(m->bytes + MESSAGE_HEAD + sizeof result, words, sizeof words);
	message_end(m);
}

bool message_head(const uint8_t head[MESSAGE_HEAD], bool reply, enum message_kind *kind, size_t *size)
{
	struct cursor c = cursor_over(head, MESSAGE_HEAD);
	uint32_t announced = cursor_u32(&c), number = cursor_u32(&c);
	if (number >= MESSAGE_KINDS || (number <= MESSAGE_DONE) != reply) return false;
	if (announced < (reply ? MESSAGE_REPLY : MESSAGE_FIXED) || announced > MESSAGE_MOST) return false;
	*kind = (enum message_kind)number;
	*size = announced;
	return true;
}

bool message_read_request(struct message_request *r, enum message_kind kind, const uint8_t *payload, size_t size)
{
	struct cursor c = cursor_over(payload, size);
	r->kind = kind;
	r->id = (int64_t)cursor_u64(&c);
	r->number = (int64_t)cursor_u64(&c);
	r->role = cursor_u32(&c);
	r->flag = cursor_u32(&c);
	r->size = cursor_left(&c);
	r->text = (const char *)payload + c.at;
	return !c.failed && r->role < MESSAGE_ROLES && r->flag <= 1 && r->number >= 0;
}

bool message_next(const uint8_t **bytes, size_t *left, struct message_taken *t)
{
	struct cursor c = cursor_over(*bytes, *left);
	if (*left == 0) return false;
	for (int i = 0; i < 5; i++) t->numbers[i] = (int64_t)cursor_u64(&c);
	t->role = cursor_u32(&c);
	t->flag = cursor_u32(&c);
	t->size = cursor_u32(&c);
	uint32_t zero = cursor_u32(&c);
	const uint8_t *text = cursor_bytes(&c, (uint64_t)t->size + 1);
	if (c.failed || !text || zero || text[t->size] || t->role >= MESSAGE_ROLES || t->flag > 1) {
		*bytes = NULL;
		return false;
	}
	t->text = (const char *)text;
	*bytes += RECORD + t->size + 1;
	*left -= RECORD + t->size + 1;
	return true;
}

bool message_address(struct sockaddr_un *address, const char *folder, int *folder_fd)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*folder_fd = -1;
	int n = snprintf(address->sun_path, sizeof address->sun_path, "%s/vault.sock", folder);
	if (n > 0 && (size_t)n < sizeof address->sun_path) return true;
	*folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*folder_fd < 0) return false;
	snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/vault.sock", *folder_fd);
	return true;
}

bool message_same_user(int socket, int *pid)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer) return false;
	*pid = (int)peer.pid;
	return peer.uid == geteuid();
}
