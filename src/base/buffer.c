/* buffer: growing bytes with a limit (see buffer.h). */
#include "base/buffer.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

struct buffer buffer_new(size_t limit)
{
	return (struct buffer){ .limit = limit };
}

void buffer_free(struct buffer *b)
{
	memory_free(b->data);
	*b = (struct buffer){ .limit = b->limit };
}

void buffer_clear(struct buffer *b)
{
	b->size = 0;
	b->failed = false;
	if (b->room) b->data[0] = 0;
}

/* Makes room for `more` bytes and the zero byte behind them. */
static bool make_room(struct buffer *b, size_t more)
{
	size_t need;
	if (b->failed) return false;
	if (more > b->limit - b->size || !memory_add(b->size + more, 1, &need)) {
		b->failed = true;
		return false;
	}
	if (need <= b->room) return true;
	size_t room = b->room ? b->room : FIRST_ROOM;
	while (room < need) room = room > SIZE_MAX / 2 ? need : room * 2;
	if (room > b->limit && b->limit < SIZE_MAX) room = b->limit + 1;
	char *data = memory_resize(b->data, room, 1);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->room = room;
	return true;
}

void *buffer_extend(struct buffer *b, size_t size)
{
	if (!make_room(b, size)) return NULL;
	char *p = b->data + b->size;
	b->size += size;
	b->data[b->size] = 0;
	return p;
}

bool buffer_append(struct buffer *b, const void *bytes, size_t size)
{
	char *p = buffer_extend(b, size);
	if (p && size) memcpy(p, bytes, size);
	return p != NULL;
}

bool buffer_append_text(struct buffer *b, const char *text)
{
	return buffer_append(b, text, strlen(text));
}

bool buffer_append_byte(struct buffer *b, uint8_t byte)
{
	return buffer_append(b, &byte, 1);
}

bool buffer_format(struct buffer *b, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *p = n < 0 ? NULL : buffer_extend(b, (size_t)n);
	if (p) vsnprintf(p, (size_t)n + 1, format, again);
	va_end(again);
	if (n < 0) b->failed = true;
	return p != NULL;
}

const char *buffer_text(const struct buffer *b)
{
	return b->data ? b->data : "";
}
