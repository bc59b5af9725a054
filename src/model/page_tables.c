/* page_tables: sorting layers into tables (see page_tables.h). */
#include "model/page_tables.h"

#include "base/memory.h"
#include "model/attention_block.h"
#include "model/sequence.h"

/* The table of a window; where there are too many of them, that of all positions. */
static uint32_t table_of(struct page_tables *p, uint32_t window)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->table[i].window == window) return i;
	}
	if (p->n == PAGE_TABLES_MOST) return 0;
	p->table[p->n].window = window;
	return p->n++;
}

static bool add(struct page_tables *p, struct page_place *place, uint32_t window, size_t bytes)
{
	place->table = table_of(p, window);
	place->offset = p->table[place->table].bytes;
	return memory_add(place->offset, bytes, &p->table[place->table].bytes);
}

/* How far back layer `i` and those that read its keys look; 0: to the beginning. */
static uint32_t farthest(const struct config *c, uint32_t i)
{
	uint32_t window = 0;
	for (uint32_t k = i; k < c->n_layer; k++) {
		const struct config_layer *n = &c->layer[k];
		if (n->n_head_kv == 0 || n->kv_from != i) continue;
		if (n->window == 0 || c->whole) return 0;
		if (n->window > window) window = n->window;
	}
	return window;
}

static bool place_layer(struct page_tables *p, const struct config *c, uint32_t i)
{
	size_t bytes = kv_layer_bytes(&p->kv[i]);
	uint32_t window = farthest(c, i);
	if (c->family->attention != ATTENTION_BLOCKS) return bytes > 0 && add(p, &p->keys[i], window, bytes);
	uint32_t made = blocks_lookback(c, i);
	return add(p, &p->keys[i], window > made ? window : made, blocks_page_bytes(c, i, false)) &&
	       add(p, &p->blocks[i], 0, blocks_page_bytes(c, i, true));
}

bool page_tables_init(struct page_tables *p, const struct config *c, enum kv_type type, struct arena *arena, const char *name,
                      struct error *e)
{
	*p = (struct page_tables){ .n = 1 };
	p->kv = arena_alloc(arena, c->n_layer, sizeof *p->kv);
	p->keys = arena_alloc(arena, c->n_layer, sizeof *p->keys);
	p->blocks = arena_alloc(arena, c->n_layer, sizeof *p->blocks);
	if (!p->kv || !p->keys || !p->blocks) return error_memory(e);
	for (uint32_t i = 0; i < c->n_layer; i++) {
		const struct config_layer *n = &c->layer[i];
		p->kv[i] = (struct kv_shape){ .type = type, .n_heads = n->n_head_kv, .head_k = n->head_k, .head_v = n->head_v };
		p->keys[i] = p->blocks[i] = (struct page_place){ 0 };
		if (n->n_head_kv == 0) continue;
		if (n->kv_from != i)
			p->keys[i] = p->keys[n->kv_from];
		else if (!place_layer(p, c, i))
			return error_set(e, "%s: heads of %u and %u values cannot be computed with", name, n->head_k, n->head_v);
	}
	return true;
}

static size_t pages_of(size_t positions)
{
	return (positions + KV_PAGE - 1) / KV_PAGE;
}

/* Pages that `positions` positions lie in at most, wherever they begin. */
static size_t pages_across(size_t positions)
{
	return pages_of(positions) + 1;
}

size_t page_tables_bytes(const struct page_tables *p, uint32_t length, uint32_t ahead, uint32_t n_marks)
{
	size_t bytes = 0;
	for (uint32_t i = 0; i < p->n; i++) {
		const struct page_table *t = &p->table[i];
		size_t all = pages_of(length), some = pages_across((size_t)t->window + SEQUENCE_TAKE_BACK + ahead);
		some += n_marks * pages_across(t->window);
		bytes += (t->window == 0 || all < some ? all : some) * t->bytes;
	}
	return bytes;
}

size_t page_tables_mark_bytes(const struct page_tables *p)
{
	size_t bytes = 0;
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->table[i].window) bytes += pages_across(p->table[i].window) * p->table[i].bytes;
	}
	return bytes;
}

bool page_tables_forget(const struct page_tables *p)
{
	return p->n > 1;
}

uint32_t page_table_first(const struct page_table *t, uint32_t position)
{
	return t->window && position >= t->window ? position + 1 - t->window : 0;
}
