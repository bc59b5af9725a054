/* prefixes: see prefixes.h. */
#include "text/prefixes.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct item {
	const char *bytes;
	uint32_t length, id;
};

static int compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
	return order ? order : (a_length > b_length) - (a_length < b_length);
}

/* Equal ones by id, so that the order is the same everywhere. */
static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = compare(x->bytes, x->length, y->bytes, y->length);
	return order ? order : (x->id > y->id) - (x->id < y->id);
}

int prefixes_compare(const struct vocab *v, uint32_t id, const char *bytes, size_t length)
{
	size_t own;
	const char *of = vocab_bytes(v, id, &own);
	return compare(of, own, bytes, length);
}

bool prefixes_make(struct vocab *v, struct token_order *order, bool (*wanted)(const struct vocab *v, uint32_t id), struct error *e)
{
	uint32_t n = 0, most = 0;
	for (uint32_t i = 0; i < v->count; i++) most += wanted(v, i);
	struct item *items = memory_new(most ? most : 1, sizeof *items);
	*order = (struct token_order){ .ids = items ? arena_alloc(v->arena, most ? most : 1, sizeof *order->ids) : NULL };
	if (!order->ids) {
		memory_free(items);
		return error_memory(e);
	}
	for (uint32_t i = 0; i < v->count; i++) {
		size_t length;
		const char *bytes = vocab_bytes(v, i, &length);
		if (length > 0 && wanted(v, i)) items[n++] = (struct item){ bytes, (uint32_t)length, i };
	}
	order->n = n;
	qsort(items, n, sizeof *items, compare_items);
	for (uint32_t byte = 0, i = 0; byte <= 256; byte++) {
		order->first[byte] = i;
		for (; i < n && (uint8_t)items[i].bytes[0] == byte; i++) order->ids[i] = items[i].id;
	}
	memory_free(items);
	return true;
}

static bool is_text(const struct vocab *v, uint32_t id)
{
	return (v->model == VOCAB_LONGEST || prefixes_harmless(v, id)) && !(v->flags[id] & TOKEN_LITERAL);
}

bool prefixes_list_texts(struct vocab *v, struct error *e)
{
	v->texts = arena_alloc(v->arena, 1, sizeof *v->texts);
	return v->texts ? prefixes_make(v, v->texts, is_text, e) : error_memory(e);
}

struct prefixes prefixes_start(const struct vocab *v, const struct token_order *order, const char *text, size_t length)
{
	uint8_t first = (uint8_t)text[0];
	return (struct prefixes){ .v = v,
		                  .order = order,
		                  .text = text,
		                  .length = length,
		                  .low = order->first[first],
		                  .high = order->first[first + 1],
		                  .depth = 1 };
}

/* The first place in [p->low, p->high) whose byte at p->depth is at least `byte`. All of them are longer than that. */
static uint32_t lower_bound(const struct prefixes *p, unsigned byte)
{
	uint32_t low = p->low, high = p->high;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if ((uint8_t)p->v->bytes[p->v->offset[p->order->ids[middle]] + p->depth] < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t prefixes_next_place(struct prefixes *p)
{
	const struct vocab *v = p->v;
	while (p->low < p->high) {
		uint32_t id = p->order->ids[p->low];
		if (v->offset[id + 1] - v->offset[id] == p->depth) return p->low++;
		if (p->depth == p->length) break;
		unsigned byte = (uint8_t)p->text[p->depth];
		p->low = lower_bound(p, byte);
		p->high = lower_bound(p, byte + 1);
		p->depth++;
	}
	return UINT32_MAX;
}

uint32_t prefixes_next(struct prefixes *p, size_t *length)
{
	uint32_t place = prefixes_next_place(p);
	*length = p->depth;
	return place == UINT32_MAX ? TOKEN_NONE : p->order->ids[place];
}

uint32_t prefixes_longest(const struct vocab *v, const char *text, size_t text_length, size_t *length)
{
	uint32_t longest = TOKEN_NONE, id;
	size_t n;
	for (struct prefixes p = prefixes_start(v, v->texts, text, text_length); (id = prefixes_next(&p, &n)) != TOKEN_NONE;) {
		longest = id;
		*length = n;
	}
	return longest;
}
