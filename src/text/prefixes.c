/* prefixes: see prefixes.h. */
#include "text/prefixes.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct item {
	const char *bytes;
	uint32_t length, id;
};

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	uint32_t least = x->length < y->length ? x->length : y->length;
	int order = memcmp(x->bytes, y->bytes, least);
	return order ? order : (x->length > y->length) - (x->length < y->length);
}

static struct item item_of(const struct vocab *v, uint32_t id)
{
	size_t length;
	const char *bytes = vocab_bytes(v, id, &length);
	return (struct item){ bytes, (uint32_t)length, id };
}

bool prefixes_make(struct vocab *v, struct error *e)
{
	uint32_t n = 0;
	struct item *items = memory_new(v->count, sizeof *items);
	v->ordered = arena_alloc(v->arena, v->count, sizeof *v->ordered);
	v->ordered_first = arena_alloc(v->arena, 257, sizeof *v->ordered_first);
	if (!items || !v->ordered || !v->ordered_first) {
		memory_free(items);
		return error_memory(e);
	}
	for (uint32_t i = 0; i < v->count; i++) {
		struct item item = item_of(v, i);
		bool wanted = v->model == VOCAB_LONGEST || prefixes_harmless(v, i);
		if (wanted && item.length > 0 && !(v->flags[i] & TOKEN_LITERAL)) items[n++] = item;
	}
	qsort(items, n, sizeof *items, compare_items);
	for (uint32_t byte = 0, i = 0; byte <= 256; byte++) {
		v->ordered_first[byte] = i;
		for (; i < n && (uint8_t)items[i].bytes[0] == byte; i++) v->ordered[i] = items[i].id;
	}
	memory_free(items);
	return true;
}

struct prefixes prefixes_start(const struct vocab *v, const char *text, size_t length)
{
	uint8_t first = (uint8_t)text[0];
	return (struct prefixes){ .v = v,
		                  .text = text,
		                  .length = length,
		                  .low = v->ordered_first[first],
		                  .high = v->ordered_first[first + 1],
		                  .depth = 1 };
}

static uint8_t byte_at(const struct vocab *v, uint32_t place, size_t at)
{
	return (uint8_t)v->bytes[v->offset[v->ordered[place]] + at];
}

/* The first place in [low, high) whose byte at `depth` is at least `byte`. All of them are longer than `depth`. */
static uint32_t lower_bound(const struct vocab *v, uint32_t low, uint32_t high, size_t depth, unsigned byte)
{
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (byte_at(v, middle, depth) < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t prefixes_next(struct prefixes *p, size_t *length)
{
	const struct vocab *v = p->v;
	while (p->low < p->high) {
		uint32_t id = v->ordered[p->low];
		if (v->offset[id + 1] - v->offset[id] == p->depth) {
			p->low++;
			*length = p->depth;
			return id;
		}
		if (p->depth == p->length) break;
		unsigned byte = (uint8_t)p->text[p->depth];
		p->low = lower_bound(v, p->low, p->high, p->depth, byte);
		p->high = lower_bound(v, p->low, p->high, p->depth, byte + 1);
		p->depth++;
	}
	return TOKEN_NONE;
}

uint32_t prefixes_longest(const struct vocab *v, const char *text, size_t text_length, size_t *length)
{
	uint32_t longest = TOKEN_NONE, id;
	size_t n;
	for (struct prefixes p = prefixes_start(v, text, text_length); (id = prefixes_next(&p, &n)) != TOKEN_NONE;) {
		longest = id;
		*length = n;
	}
	return longest;
}
