/*
 * vocab_merges: BPE's merges from text ("Ġt he") to a hash table of ids.
 *
 * Both sides and their result have to be tokens. A pair that is listed twice keeps its first rank, as in every other
 * implementation.
 */
#include "text/vocab_internal.h"

#include "base/memory.h"

#include <string.h>

static uint32_t pair_hash(uint32_t left, uint32_t right)
{
	uint64_t h = ((uint64_t)left << 32 | right) * 0x9E3779B97F4A7C15u;
	return (uint32_t)(h >> 32 ^ h >> 12);
}

static struct vocab_merge *find_merge(const struct vocab *v, uint32_t left, uint32_t right)
{
	for (uint32_t i = pair_hash(left, right) & v->merge_mask;; i = (i + 1) & v->merge_mask) {
		struct vocab_merge *m = &v->merges[i];
		if (m->rank == 0 || (m->left == left && m->right == right)) return m;
	}
}

const struct vocab_merge *vocab_merge_of(const struct vocab *v, uint32_t left, uint32_t right)
{
	const struct vocab_merge *m = find_merge(v, left, right);
	return m->rank == 0 || m->id == TOKEN_NONE ? NULL : m;
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

static bool add_merge(struct vocab_load *l, uint64_t index, struct gguf_text text)
{
	struct vocab *v = l->vocab;
	char bytes[VOCAB_LONGEST_TOKEN + 1];
	size_t n_left, n_right;
	if (text.length > VOCAB_LONGEST_TOKEN)
		return error_set(l->error, "%s: merge %llu is too long", l->name, (unsigned long long)index);
	const char *space = text.length > 2 ? memchr(text.data + 1, ' ', text.length - 2) : NULL;
	if (!space) return refuse(l, index, text, "is not two tokens with a space between them");
	size_t split = (size_t)(space - text.data);
	if (!decode_side(v, text.data, split, bytes, &n_left) ||
	    !decode_side(v, space + 1, text.length - split - 1, bytes + n_left, &n_right))
		return refuse(l, index, text, "names a token that does not exist");
	uint32_t left = vocab_lookup(v, bytes, n_left), right = vocab_lookup(v, bytes + n_left, n_right);
	if (left == TOKEN_NONE || right == TOKEN_NONE) return refuse(l, index, text, "names a token that does not exist");
	uint32_t id = vocab_lookup(v, bytes, n_left + n_right);
	if (id == TOKEN_NONE) return refuse(l, index, text, "makes a token that does not exist");
	struct vocab_merge *m = find_merge(v, left, right);
	if (m->rank == 0) *m = (struct vocab_merge){ left, right, (uint32_t)index + 1, id };
	l->made[id] = 1;
	return true;
}

bool vocab_read_merges(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	const struct gguf_value *merges = NULL;
	if (v->model == VOCAB_SPM) return true;
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
	l->made = memory_new(v->count, 1);
	if (!v->merges || !l->made) return error_memory(l->error);
	v->merge_mask = slots - 1;
	v->n_merges = (uint32_t)n;
	for (uint64_t i = 0; i < n; i++) {
		if (!add_merge(l, i, gguf_item_text(merges, i))) return false;
	}
	return true;
}
