/*
 * page_tables: in which pages a layer's keys and values lie, and how far back they are needed.
 *
 * Layers that look equally far back share pages: a page of their table holds 64 positions of all of them. Table 0 is for those that
 * see everything; from the others a sequence gives up the pages that no row to come will see (model/sequence.h).
 */
#ifndef HEARTH_MODEL_PAGE_TABLES_H
#define HEARTH_MODEL_PAGE_TABLES_H

#include "base/arena.h"
#include "model/config.h"
#include "nn/attention.h"

enum { PAGE_TABLES_MOST = 4 };

struct page_table {
	size_t bytes;    /* of a page; 0: it has none */
	uint32_t window; /* positions that a row sees, its own among them; 0: all */
};

/* Where something of a layer lies in a page of a table. */
struct page_place {
	uint32_t table;
	size_t offset;
};

struct page_tables {
	struct page_table table[PAGE_TABLES_MOST];
	uint32_t n;
	uint32_t n_pages;          /* room for pages of a sequence, in each table */
	struct kv_shape *kv;       /* of each layer */
	struct page_place *keys;   /* of each layer: keys and values; of attention over blocks also what blocks are made of */
	struct page_place *blocks; /* of each layer: finished blocks */
};

/* Shapes pages for keys and values of a type. `name`: the file's, for messages. */
bool page_tables_init(struct page_tables *p, const struct config *c, enum kv_type type, struct arena *arena, const char *name,
                      struct error *e);

/* Bytes of pages that a sequence of `length` positions needs at most, of which up to `ahead` are computed at once; `n_marks`: its
 * marks, each of which keeps what the rows behind it see. */
size_t page_tables_bytes(const struct page_tables *p, uint32_t length, uint32_t ahead, uint32_t n_marks);

/* Bytes that a mark keeps. */
size_t page_tables_mark_bytes(const struct page_tables *p);

/* Whether some pages are given up. */
bool page_tables_forget(const struct page_tables *p);

/* The first position that a row at `position` sees. */
uint32_t page_table_first(const struct page_table *t, uint32_t position);

#endif
