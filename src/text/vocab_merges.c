/*
 * vocab_merges: BPE's merges from text ("Ġt he") to a hash table of ids.
 *
 * Both sides and their result have to be tokens; some files list merges of tokens that they call USER_DEFINED or CONTROL
 * elsewhere. A pair that is listed twice keeps its first rank, as in every other implementation. There are up to half a million of
 * them and they are read before the first prompt, so they are looked up in batches, and the result is first sought where the last
 * one was found: files list merges in the order of what they make.
 */
#include "text/vocab_internal.h"

#include "base/map.h"
#include "base/memory.h"

#include <string.h>

enum { BATCH = 64, RANK_BITS = 24, ID_BITS = 20, RANK_MASK = (1 << RANK_BITS) - 1 };

_Static_assert((int)VOCAB_MOST_MERGES < (int)RANK_MASK, "a rank fits into a slot");

static uint64_t pair_key(uint32_t left, uint32_t right)
{
	return ((uint64_t)left << ID_BITS | right) << RANK_BITS;
}

static uint32_t first_slot(const struct vocab *v, uint64_t key)
{
	return (uint32_t)(key * v->merge_factor >> 40) & v->merge_mask;
}

static uint64_t *find_merge(const struct vocab *v, uint64_t key)
{
	for (uint32_t i = first_slot(v, key);; i = (i + 1) & v->merge_mask) {
		uint64_t slot = v->merges[i];
		if (slot == 0 || (slot & ~(uint64_t)RANK_MASK) == key) return &v->merges[i];
	}
}

uint32_t vocab_merge(const struct vocab *v, uint32_t left, uint32_t right, uint32_t *into)
{
	if (left == TOKEN_NONE || right == TOKEN_NONE) return 0;
	uint32_t rank = (uint32_t)(*find_merge(v, pair_key(left, right)) & RANK_MASK);
	if (rank == 0) return 0;
	*into = v->merged[rank];
	return *into == TOKEN_NONE ? 0 : rank;
}

/* A side of a merge in bytes, at `out`, which has room for `length`. */
static bool decode_side(const struct vocab *v, const char *text, size_t length, char *out, size_t *size)
{
	if (v->model == VOCAB_BPE) return vocab_decode_letters(text, length, out, size);
	*size = vocab_decode_spaces(text, length, out);
	return true;
}

static bool refuse(struct vocab_load *l, uint64_t index, struct gguf_text text, const char *why)
{
	return error_set(l->error, "%s: tokenizer.ggml.merges: merge %llu, '%.*s', %s", l->name, (unsigned long long)index,
	                 (int)(text.length < 64 ? text.length : 64), text.data, why);
}

/* Some merges on their way: two sides each, in bytes, and their texts. */
struct batch {
	struct gguf_text text[BATCH];
	struct vocab_wanted side[2 * BATCH];
	uint64_t slot[BATCH];
	size_t n;
	uint64_t first; /* index of the first one */
	uint32_t last_made;
	char bytes[BATCH * (VOCAB_LONGEST_TOKEN + 1)];
};

static bool read_merge(struct vocab_load *l, struct batch *b, uint64_t index, struct gguf_text text, char *bytes)
{
	if (text.length > VOCAB_LONGEST_TOKEN) {
		return error_set(l->error, "%s: merge %llu is too long", l->name, (unsigned long long)index);
	}
	const char *space = text.length > 2 ? memchr(text.data + 1, ' ', text.length - 2) : NULL;
	if (!space) return refuse(l, index, text, "is not two tokens with a space between them");
	size_t split = (size_t)(space - text.data), n_left, n_right;
	if (!decode_side(l->vocab, text.data, split, bytes, &n_left)) n_left = 0; /* only a special token can be written so */
	if (!decode_side(l->vocab, space + 1, text.length - split - 1, bytes + n_left, &n_right)) n_right = 0;
	b->text[b->n] = text;
	b->side[2 * b->n] = (struct vocab_wanted){ .bytes = bytes, .length = n_left };
	b->side[2 * b->n + 1] = (struct vocab_wanted){ .bytes = bytes + n_left, .length = n_right };
	b->n++;
	return true;
}

/* The token that both sides make, which lie one behind the other. */
static uint32_t made_token(const struct vocab *v, const struct vocab_wanted *side, uint32_t guess)
{
	size_t length = side[0].length + side[1].length, n;
	for (uint32_t id = guess; id < guess + 2 && id < v->count; id++) {
		const char *bytes = vocab_bytes(v, id, &n);
		if (n == length && vocab_same(bytes, side[0].bytes, n) && v->type[id] == TOKEN_NORMAL &&
		    !(v->flags[id] & TOKEN_LITERAL))
			return id;
	}
	return vocab_lookup(v, side[0].bytes, length);
}

/* A special token by its text in a merge; in models that write spaces as U+2581, also by that text with spaces. */
static uint32_t special_token(const struct vocab *v, const char *text, size_t length)
{
	char bytes[VOCAB_LONGEST_TOKEN];
	uint32_t id = vocab_find_special(v, text, length);
	if (id != TOKEN_NONE || v->model == VOCAB_BPE) return id;
	return vocab_find_special(v, bytes, vocab_decode_spaces(text, length, bytes));
}

/* Finds among the special tokens what merge i of the batch names and no other token is; false when there is no such token. */
static bool find_specials(const struct vocab *v, struct batch *b, size_t i)
{
	struct gguf_text text = b->text[i];
	size_t split = (size_t)((const char *)memchr(text.data + 1, ' ', text.length - 2) - text.data);
	uint32_t *left = &b->side[2 * i].id, *right = &b->side[2 * i + 1].id;
	if (*left == TOKEN_NONE) *left = special_token(v, text.data, split);
	if (*right == TOKEN_NONE) *right = special_token(v, text.data + split + 1, text.length - split - 1);
	return *left != TOKEN_NONE && *right != TOKEN_NONE;
}

static uint32_t special_result(const struct vocab *v, struct gguf_text text)
{
	char joined[VOCAB_LONGEST_TOKEN];
	size_t split = (size_t)((const char *)memchr(text.data + 1, ' ', text.length - 2) - text.data);
	memcpy(joined, text.data, split);
	memcpy(joined + split, text.data + split + 1, text.length - split - 1);
	return special_token(v, joined, text.length - 1);
}

static bool add_batch(struct vocab_load *l, struct batch *b)
{
	struct vocab *v = l->vocab;
	vocab_lookup_many(v, b->side, 2 * b->n);
	for (size_t i = 0; i < b->n; i++) {
		const struct vocab_wanted *side = &b->side[2 * i];
		if ((side[0].id == TOKEN_NONE || side[1].id == TOKEN_NONE) && !find_specials(v, b, i))
			return refuse(l, b->first + i, b->text[i], "names a token that does not exist");
		b->slot[i] = v->merges[first_slot(v, pair_key(side[0].id, side[1].id))]; /* brings it into the cache */
	}
	for (size_t i = 0; i < b->n; i++) {
		const struct vocab_wanted *side = &b->side[2 * i];
		bool written = side[0].length > 0 && side[1].length > 0;
		uint32_t id = written ? made_token(v, side, b->last_made) : TOKEN_NONE;
		uint64_t key = pair_key(side[0].id, side[1].id), rank = b->first + i + 1;
		if (id == TOKEN_NONE) id = special_result(v, b->text[i]);
		if (id == TOKEN_NONE) return refuse(l, b->first + i, b->text[i], "makes a token that does not exist");
		uint64_t *slot = b->slot[i] == 0 ? &v->merges[first_slot(v, key)] : find_merge(v, key);
		if (*slot != 0) slot = find_merge(v, key);
		if (*slot == 0) *slot = key | rank;
		v->merged[rank] = b->last_made = id;
		l->made[id] = 1;
	}
	return true;
}

static bool read_all(struct vocab_load *l, struct batch *b, const struct gguf_value *merges, uint64_t n)
{
	for (b->first = 0; b->first < n; b->first += b->n) {
		size_t used = 0;
		b->n = 0;
		while (b->n < BATCH && b->first + b->n < n) {
			struct gguf_text text = gguf_item_text(merges, b->first + b->n);
			if (!read_merge(l, b, b->first + b->n, text, b->bytes + used)) return false;
			used += text.length;
		}
		if (!add_batch(l, b)) return false;
	}
	return true;
}

bool vocab_read_merges(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	const struct gguf_value *merges = NULL;
	if (!vocab_merges(v)) return true;
	if (!gguf_get_array(l->file, "tokenizer.ggml.merges", GGUF_TEXT, &merges, l->error)) return false;
	uint64_t n = merges ? merges->count : 0;
	if (!merges && strcmp(v->pretokenizer->name, "kimi-k2") != 0) {
		return error_set(l->error, "%s: tokenizer.ggml.merges is missing", l->name);
	}
	if (n > VOCAB_MOST_MERGES) {
		return error_set(l->error, "%s: %llu merges, more than %d", l->name, (unsigned long long)n, VOCAB_MOST_MERGES);
	}
	uint32_t slots = 16;
	while (slots / 4 * 3 < n) slots *= 2;
	v->merges = arena_alloc(v->arena, slots, sizeof *v->merges);
	v->merged = arena_alloc(v->arena, (size_t)n + 1, sizeof *v->merged);
	v->merge_mask = slots - 1;
	v->merge_factor = map_hash("merges", 6) | 1;
	v->n_merges = (uint32_t)n;
	l->made = memory_new(v->count, 1);
	struct batch *b = memory_new(1, sizeof *b);
	bool ok = (v->merges && v->merged && l->made && b) || error_memory(l->error);
	ok = ok && read_all(l, b, merges, n);
	memory_free(b);
	return ok;
}
