/* fetch: sending, and receiving with all checks (see fetch.h). */
#include "wire/fetch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define BEHIND_KIND(member) (offsetof(struct fetch_message, member) + sizeof(((struct fetch_message *)0)->member))

/* The size of a whole message by its kind. */
static const size_t sizes[FETCH_KINDS] = {
	[FETCH_FILE] = BEHIND_KIND(request), [FETCH_LISTING] = BEHIND_KIND(request),   [FETCH_HEAD] = BEHIND_KIND(head),
	[FETCH_GO] = BEHIND_KIND(go),        [FETCH_PROGRESS] = BEHIND_KIND(progress), [FETCH_ENTRY] = BEHIND_KIND(entry),
	[FETCH_END] = BEHIND_KIND(end),
};

bool fetch_send(int socket, const struct fetch_message *m)
{
	ssize_t sent;
	while ((sent = send(socket, m, sizes[m->kind], MSG_NOSIGNAL)) < 0 && errno == EINTR) continue;
	return sent == (ssize_t)sizes[m->kind];
}

/* Ended by a zero byte, and printable before it. */
static bool is_text(const char *text, size_t room)
{
	size_t length = strnlen(text, room);
	if (length == room) return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < 0x20 || text[i] > 0x7e) return false;
	}
	return true;
}

/* 64 small hexadecimal digits, or none. */
static bool is_hash(const char text[FETCH_HASH])
{
	size_t digits = strspn(text, "0123456789abcdef");
	return text[0] == 0 || (digits == FETCH_HASH - 1 && text[digits] == 0);
}

/* The one text of people's words: bytes that a terminal obeys are none of its. */
static bool is_line(const char *text, size_t room)
{
	size_t length = strnlen(text, room);
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) return false;
	}
	return length < room;
}

static bool is_sound(const struct fetch_message *m)
{
	const struct fetch_request *r = &m->request;
	const struct fetch_head *h = &m->head;
	switch (m->kind) {
	case FETCH_FILE:
	case FETCH_LISTING:
		return is_text(r->url, sizeof r->url) && is_text(r->etag, sizeof r->etag) && is_text(r->proxy, sizeof r->proxy) &&
		       r->proxy_port <= 65535;
	case FETCH_HEAD:
		return is_text(h->etag, sizeof h->etag) && is_text(h->location, sizeof h->location) &&
		       is_text(h->encoding, sizeof h->encoding) && is_text(h->linked_hash, sizeof h->linked_hash) &&
		       is_hash(h->linked_hash);
	case FETCH_ENTRY:
		return is_text(m->entry.path, sizeof m->entry.path) && is_text(m->entry.hash, sizeof m->entry.hash) &&
		       is_hash(m->entry.hash);
	case FETCH_END:
		return m->end.ok <= 1 && m->end.sent <= sizeof m->end.request && is_text(m->end.address, sizeof m->end.address) &&
		       is_line(m->end.error, sizeof m->end.error);
	default: return true;
	}
}

enum fetch_got fetch_receive(int socket, struct fetch_message *m, int milliseconds)
{
	struct pollfd p = { .fd = socket, .events = POLLIN };
	int ready = poll(&p, 1, milliseconds);
	if (ready == 0 || (ready < 0 && errno == EINTR)) return FETCH_NOTHING_YET;
	if (ready < 0) return FETCH_GONE;
	memset(m, 0, sizeof *m);
	ssize_t got = recv(socket, m, sizeof *m, MSG_DONTWAIT | MSG_TRUNC);
	if (got < 0 && (errno == EINTR || errno == EAGAIN)) return FETCH_NOTHING_YET;
	if (got <= 0) return FETCH_GONE;
	bool whole = got >= (ssize_t)sizeof m->kind && m->kind > 0 && m->kind < FETCH_KINDS && (size_t)got == sizes[m->kind];
	return whole && is_sound(m) ? FETCH_CAME : FETCH_FOUL;
}
