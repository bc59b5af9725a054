/* mask_tree: laying out the tree (see mask_tree.h). */
#include "engine/mask_tree.h"

#include "base/memory.h"
#include "text/thoughts.h"

#include <stdlib.h>
#include <string.h>

static bool is_text(const struct vocab *v, uint32_t id)
{
	bool kind = v->type[id] == TOKEN_NORMAL || v->type[id] == TOKEN_USER_DEFINED || v->type[id] == TOKEN_BYTE;
	return kind && !(v->flags[id] & TOKEN_ENDS) && v->offset[id + 1] > v->offset[id];
}

static bool is_apart(const struct vocab *v, uint32_t id)
{
	size_t n, i = 0;
	const char *bytes = vocab_bytes(v, id, &n);
	if (v->flags[id] & TOKEN_ENDS) return true;
	while (i < thoughts_n_pairs && (strlen(thoughts_pairs[i].open) != n || memcmp(bytes, thoughts_pairs[i].open, n) != 0)) i++;
	return i < thoughts_n_pairs;
}

static int by_bytes(const void *a, const void *b, void *vocab)
{
	size_t n, m;
	const char *x = vocab_bytes(vocab, *(const uint32_t *)a, &n), *y = vocab_bytes(vocab, *(const uint32_t *)b, &m);
	int order = memcmp(x, y, n < m ? n : m);
	if (order != 0) return order;
	return n != m ? (n < m ? -1 : 1) : (*(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1);
}

static size_t in_common(const char *x, size_t n, const char *y, size_t m)
{
	size_t i = 0;
	while (i < n && i < m && x[i] == y[i]) i++;
	return i;
}

/* The nodes of all bytes in ids[0..n), which are sorted. `open` has room for the nodes on the way to the last one. */
static void lay_tree(struct mask_tree *t, const uint32_t *ids, size_t n, uint32_t *open)
{
	const char *last = "";
	size_t depth = 0;
	for (size_t i = 0; i < n; i++) {
		size_t length;
		const char *bytes = vocab_bytes(t->vocab, ids[i], &length);
		size_t common = in_common(last, depth, bytes, length);
		while (depth > common) t->behind[open[--depth]] = t->n;
		for (; depth < length; depth++) {
			open[depth] = t->n;
			t->byte[t->n] = (uint8_t)bytes[depth];
			t->token[t->n++] = TOKEN_NONE;
		}
		uint32_t *first = &t->token[open[length - 1]];
		t->alike[ids[i]] = *first;
		*first = ids[i];
		last = bytes;
	}
	while (depth > 0) t->behind[open[--depth]] = t->n;
}

struct mask_tree *mask_tree_new(const struct vocab *v, struct error *e)
{
	size_t bytes = v->offset[v->count], n = 0;
	struct mask_tree *t = memory_new(1, sizeof *t);
	uint32_t *ids = memory_new(v->count, sizeof *ids), *open = memory_new(VOCAB_LONGEST_TOKEN + 1, sizeof *open);
	if (t) {
		t->vocab = v;
		t->byte = memory_new(bytes + 1, sizeof *t->byte);
		t->behind = memory_new(bytes + 1, sizeof *t->behind);
		t->token = memory_new(bytes + 1, sizeof *t->token);
		t->alike = memory_new((size_t)v->count + 1, sizeof *t->alike);
		t->apart = memory_new((size_t)v->count / 64 + 1, sizeof *t->apart);
	}
	if (t && ids && open && t->byte && t->behind && t->token && t->alike && t->apart) {
		for (uint32_t id = 0; id < v->count; id++) {
			if (is_text(v, id)) ids[n++] = id;
			if (is_apart(v, id)) t->apart[id / 64] |= (uint64_t)1 << id % 64;
		}
		qsort_r(ids, n, sizeof *ids, by_bytes, (void *)(uintptr_t)v);
		lay_tree(t, ids, n, open);
	} else {
		mask_tree_free(t);
		t = NULL;
		error_memory(e);
	}
	memory_free(ids);
	memory_free(open);
	return t;
}

void mask_tree_free(struct mask_tree *t)
{
	if (!t) return;
	memory_free(t->byte);
	memory_free(t->behind);
	memory_free(t->token);
	memory_free(t->alike);
	memory_free(t->apart);
	memory_free(t);
}
