/* frame: sending and receiving (see frame.h). */
#include "wire/frame.h"

#include "base/cursor.h"
#include "base/memory.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 64 << 10 };
static const uint32_t has_descriptor = 0x80000000u;

struct frame_reader frame_reader_new(int socket, bool takes_descriptors)
{
	return (struct frame_reader){ .socket = socket,
		                      .wake = -1,
		                      .takes_descriptors = takes_descriptors,
		                      .bytes = buffer_new((size_t)FRAME_MOST + FRAME_HEADER + PIECE) };
}

void frame_reader_free(struct frame_reader *r)
{
	for (size_t i = 0; i < r->n_descriptors; i++) close(r->descriptors[i]);
	if (r->bytes.data) memory_wipe(r->bytes.data, r->bytes.room);
	buffer_free(&r->bytes);
	r->n_descriptors = r->at = 0;
}

/* Keeps the descriptors of a message; false when there are more than can be. */
static bool keep_descriptors(struct frame_reader *r, struct msghdr *m)
{
	bool ok = !(m->msg_flags & MSG_CTRUNC);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (r->n_descriptors == FRAME_MOST_DESCRIPTORS) {
				close(fd);
				ok = false;
			} else {
				r->descriptors[r->n_descriptors++] = fd;
			}
		}
	}
	return ok;
}

/* Makes what was not taken begin the buffer; what was is wiped, since it was somebody's words. */
static void move_to_front(struct frame_reader *r)
{
	struct buffer *b = &r->bytes;
	size_t left = b->size - r->at;
	if (r->at == 0) return;
	memmove(b->data, b->data + r->at, left);
	memory_wipe(b->data + left, r->at);
	b->size = left;
	r->at = 0;
}

void frame_reader_wipe(struct frame_reader *r)
{
	if (r->bytes.data) move_to_front(r);
}

/* Reads what is there. */
static enum frame_result read_piece(struct frame_reader *r, struct error *e)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int) * FRAME_MOST_DESCRIPTORS)];
	struct iovec part = { .iov_len = PIECE };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	move_to_front(r);
	part.iov_base = buffer_extend(&r->bytes, PIECE);
	if (!part.iov_base) {
		error_memory(e);
		return FRAME_BROKEN;
	}
	if (r->takes_descriptors) {
		m.msg_control = room;
		m.msg_controllen = sizeof room;
	}
	ssize_t got;
	while ((got = recvmsg(r->socket, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) continue;
	r->bytes.size -= PIECE - (got > 0 ? (size_t)got : 0);
	if (got <= 0) return FRAME_ENDED;
	bool kept = r->takes_descriptors ? keep_descriptors(r, &m) : !(m.msg_flags & MSG_CTRUNC);
	if (kept) return FRAME_CAME;
	error_set(e, "a message came with descriptors that nobody asked for");
	return FRAME_BROKEN;
}

/* The frame that begins the buffer; FRAME_NOT_YET when it is not whole. */
static enum frame_result take(struct frame_reader *r, struct frame *f, struct error *e)
{
	struct cursor c = cursor_over(r->bytes.data ? r->bytes.data + r->at : NULL, r->bytes.size - r->at);
	uint32_t kind = cursor_u32(&c), size = cursor_u32(&c);
	if (c.failed) return FRAME_NOT_YET;
	if (size > FRAME_MOST) {
		error_set(e, "a message of %u bytes came, more than %d", size, (int)FRAME_MOST);
		return FRAME_BROKEN;
	}
	const uint8_t *data = cursor_bytes(&c, size);
	if (!data && c.failed) return FRAME_NOT_YET;
	*f = (struct frame){ .kind = kind & ~has_descriptor, .data = data, .size = size, .descriptor = -1 };
	r->at += FRAME_HEADER + size;
	if (!(kind & has_descriptor)) return FRAME_CAME;
	if (r->n_descriptors == 0) {
		error_set(e, "a message came without the descriptor that belongs to it");
		return FRAME_BROKEN;
	}
	f->descriptor = r->descriptors[0];
	memmove(r->descriptors, r->descriptors + 1, --r->n_descriptors * sizeof(int));
	return FRAME_CAME;
}

enum frame_result frame_receive(struct frame_reader *r, int timeout_ms, struct frame *f, struct error *e)
{
	for (;;) {
		enum frame_result result = take(r, f, e);
		if (result != FRAME_NOT_YET) return result;
		struct pollfd waits[] = { { .fd = r->socket, .events = POLLIN }, { .fd = r->wake, .events = POLLIN } };
		int ready = timeout_ms < 0 && r->wake < 0 ? 1 : poll(waits, 2, timeout_ms);
		if (ready == 0 || (ready < 0 && errno == EINTR)) return FRAME_NOT_YET;
		if (ready < 0) return FRAME_ENDED;
		uint64_t times;
		if (waits[1].revents && read(r->wake, &times, sizeof times) > 0) return FRAME_NOT_YET;
		result = read_piece(r, e);
		if (result != FRAME_CAME) return result;
	}
}

size_t frame_begin(struct buffer *out, uint32_t kind)
{
	size_t begun = out->size;
	const uint32_t header[2] = { kind, 0 };
	buffer_append(out, header, sizeof header);
	return begun;
}

bool frame_end(struct buffer *out, size_t begun)
{
	if (out->failed || out->size - begun - FRAME_HEADER > FRAME_MOST) return false;
	uint32_t size = (uint32_t)(out->size - begun - FRAME_HEADER);
	memcpy(out->data + begun + sizeof size, &size, sizeof size);
	return true;
}

bool frame_send(int socket, const struct buffer *frames, int descriptor)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof descriptor)] = { 0 };
	if (descriptor >= 0) {
		uint32_t kind;
		memcpy(&kind, frames->data, sizeof kind);
		kind |= has_descriptor;
		memcpy(frames->data, &kind, sizeof kind);
	}
	for (size_t at = 0; at < frames->size;) {
		struct iovec part = { .iov_base = frames->data + at, .iov_len = frames->size - at };
		struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
		if (descriptor >= 0 && at == 0) {
			m.msg_control = room;
			m.msg_controllen = sizeof room;
			struct cmsghdr *c = CMSG_FIRSTHDR(&m);
			*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof descriptor),
				               .cmsg_level = SOL_SOCKET,
				               .cmsg_type = SCM_RIGHTS };
			memcpy(CMSG_DATA(c), &descriptor, sizeof descriptor);
		}
		ssize_t sent = sendmsg(socket, &m, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR) continue;
		if (sent <= 0) return false;
		at += (size_t)sent;
	}
	return true;
}
