/* cursor: bounds-checked little-endian reads (see cursor.h). */
#include "base/cursor.h"

#include <string.h>

struct cursor cursor_over(const void *data, size_t size)
{
	static const uint8_t nothing[1];
	return (struct cursor){ .data = data ? data : nothing, .size = data ? size : 0 };
}

size_t cursor_left(const struct cursor *c)
{
	return c->failed ? 0 : c->size - c->at;
}

const uint8_t *cursor_bytes(struct cursor *c, uint64_t size)
{
	if (c->failed || size > c->size - c->at) {
		c->failed = true;
		return NULL;
	}
	const uint8_t *p = c->data + c->at;
	c->at += (size_t)size;
	return p;
}

/* The host is little-endian (STYLE 5), so a copy is the conversion. */
static void read_value(struct cursor *c, void *value, size_t size)
{
	const uint8_t *p = cursor_bytes(c, size);
	if (p)
		memcpy(value, p, size);
	else
		memset(value, 0, size);
}

uint8_t cursor_u8(struct cursor *c)
{
	uint8_t v;
	read_value(c, &v, sizeof v);
	return v;
}

uint16_t cursor_u16(struct cursor *c)
{
	uint16_t v;
	read_value(c, &v, sizeof v);
	return v;
}

uint32_t cursor_u32(struct cursor *c)
{
	uint32_t v;
	read_value(c, &v, sizeof v);
	return v;
}

uint64_t cursor_u64(struct cursor *c)
{
	uint64_t v;
	read_value(c, &v, sizeof v);
	return v;
}

float cursor_f32(struct cursor *c)
{
	float v;
	read_value(c, &v, sizeof v);
	return v;
}

double cursor_f64(struct cursor *c)
{
	double v;
	read_value(c, &v, sizeof v);
	return v;
}
