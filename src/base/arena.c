/* arena: chunks from memory_new, handed out in order (see arena.h). */
#include "base/arena.h"

#include "base/memory.h"

#include <stdint.h>
#include <string.h>

enum { ALIGN = 16, FIRST_CHUNK = 4096, LARGEST_CHUNK = 1 << 20 };

struct chunk {
	struct chunk *next; /* the one filled before */
	size_t size, used;  /* of data */
	_Alignas(ALIGN) unsigned char data[];
};

struct arena {
	struct chunk *top;
	size_t limit, used;
	size_t next_size; /* of the next chunk: doubles up to LARGEST_CHUNK */
};

struct arena *arena_new(size_t limit)
{
	struct arena *a = memory_new(1, sizeof *a);
	if (!a) return NULL;
	a->limit = limit;
	a->next_size = FIRST_CHUNK;
	return a;
}

static void free_chunk(struct chunk *c)
{
	memory_unpoison(c->data, c->size);
	memory_free(c);
}

void arena_free(struct arena *a)
{
	if (!a) return;
	while (a->top) {
		struct chunk *next = a->top->next;
		free_chunk(a->top);
		a->top = next;
	}
	memory_free(a);
}

static bool add_chunk(struct arena *a, size_t least)
{
	size_t size = a->next_size > least ? a->next_size : least, total;
	if (!memory_add(size, sizeof(struct chunk), &total)) return false;
	struct chunk *c = memory_new(1, total);
	if (!c) return false;
	c->size = size;
	c->next = a->top;
	a->top = c;
	if (a->next_size < LARGEST_CHUNK) a->next_size *= 2;
	memory_poison(c->data, c->size);
	return true;
}

void *arena_alloc(struct arena *a, size_t count, size_t size)
{
	size_t bytes, whole;
	if (!memory_multiply(count, size, &bytes) || !memory_add(bytes, memory_gap() + ALIGN - 1, &whole)) return NULL;
	whole &= ~(size_t)(ALIGN - 1);
	if (whole > a->limit - a->used) return NULL;
	if (!a->top || whole > a->top->size - a->top->used) {
		if (!add_chunk(a, whole)) return NULL;
	}
	unsigned char *p = a->top->data + a->top->used;
	a->top->used += whole;
	a->used += whole;
	memory_unpoison(p, bytes);
	return memset(p, 0, bytes);
}

char *arena_copy(struct arena *a, const void *bytes, size_t length)
{
	size_t room;
	if (!memory_add(length, 1, &room)) return NULL;
	char *copy = arena_alloc(a, room, 1);
	if (copy && length) memcpy(copy, bytes, length);
	return copy;
}

void arena_reset(struct arena *a)
{
	while (a->top && a->top->next) {
		struct chunk *next = a->top->next;
		free_chunk(a->top);
		a->top = next;
	}
	if (a->top) {
		a->top->used = 0;
		memory_poison(a->top->data, a->top->size);
	}
	a->used = 0;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
