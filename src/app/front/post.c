/* post: sending without waiting, and taking what is there (see post.h). */
#include "app/front/post.h"

#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

struct post post_new(int socket)
{
	return (struct post){ .socket = socket, .reader = frame_reader_new(socket, true), .out = buffer_new(POST_MOST_WAITING) };
}

void post_free(struct post *p)
{
	frame_reader_free(&p->reader);
	if (p->out.data) memory_wipe(p->out.data, p->out.room);
	buffer_free(&p->out);
}

struct buffer *post_begin(struct post *p, uint32_t kind, size_t *begun)
{
	*begun = frame_begin(&p->out, kind);
	return &p->out;
}

bool post_end(struct post *p, size_t begun)
{
	if (frame_end(&p->out, begun)) {
		post_flush(p);
		return !p->ended;
	}
	p->out.size = begun;
	p->out.failed = false;
	return false;
}

void post_wipe(struct post *p)
{
	frame_reader_wipe(&p->reader);
	if (p->out.data) memory_wipe(p->out.data, p->at);
}

void post_flush(struct post *p)
{
	while (!p->ended && p->at < p->out.size) {
		ssize_t n = send(p->socket, p->out.data + p->at, p->out.size - p->at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
		if (n <= 0) {
			p->ended = true;
			return;
		}
		memory_wipe(p->out.data + p->at, (size_t)n);
		p->at += (size_t)n;
	}
	if (p->at == p->out.size) {
		buffer_clear(&p->out);
		p->at = 0;
	}
}

bool post_waits(const struct post *p)
{
	return !p->ended && p->at < p->out.size;
}

bool post_take(struct post *p, struct frame *f)
{
	struct error ignored;
	if (p->ended) return false;
	enum frame_result result = frame_receive(&p->reader, 0, f, &ignored);
	if (result == FRAME_ENDED || result == FRAME_BROKEN) p->ended = true;
	return result == FRAME_CAME;
}
