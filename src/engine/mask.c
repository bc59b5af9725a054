/* mask: the tree of a vocabulary's tokens, and walking the automaton over it (see mask.h). */
#include "engine/mask.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	AUTOMATON_MEMORY = 64 << 20,
	MASKS_MEMORY = 32 << 20,
	SPACES_FIRST = 8, /* at most, where white space may come first */
	END_LENGTH = 8    /* of "</think>" */
};

static const char think_begin[] = "<think>", think_end[] = "</think>";

/* The tree, depth first: a node stands for the bytes on the way to it. */
struct mask_tree {
	const struct vocab *vocab;
	uint32_t n;
	uint8_t *byte;
	uint32_t *behind; /* the first node that is not below this one */
	uint32_t *token;  /* the first token of these bytes; TOKEN_NONE */
	uint32_t *alike;  /* of each token, the next one of the same bytes; TOKEN_NONE */
};

struct mask {
	const struct mask_tree *tree;
	struct grammar *grammar;
	struct automaton *automaton;
	uint32_t state;
	enum mask_thoughts thoughts;
	char tail[END_LENGTH]; /* the last bytes of a thought */
	size_t n_tail;
	uint64_t **kept; /* by state: the tokens that may come, a bit each; NULL where not made yet */
	uint32_t n_kept;
	size_t kept_bytes;
	uint32_t *states, *ends; /* of the walk, by depth */
};

/* ---- the tree ---- */

static bool is_text(const struct vocab *v, uint32_t id)
{
	bool kind = v->type[id] == TOKEN_NORMAL || v->type[id] == TOKEN_USER_DEFINED || v->type[id] == TOKEN_BYTE;
	return kind && !(v->flags[id] & TOKEN_ENDS) && v->offset[id + 1] > v->offset[id];
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
	}
	if (t && ids && open && t->byte && t->behind && t->token && t->alike) {
		for (uint32_t id = 0; id < v->count; id++) {
			if (is_text(v, id)) ids[n++] = id;
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
	memory_free(t);
}

/* ---- one answer ---- */

enum mask_thoughts mask_thoughts(const struct vocab *v, const char *prompt, size_t length)
{
	size_t n = sizeof think_begin - 1;
	while (length > 0 && strchr(" \n\r\t", prompt[length - 1])) length--;
	if (length >= n && memcmp(prompt + length - n, think_begin, n) == 0) return MASK_THINKS;
	bool both =
	        vocab_find_special(v, think_begin, n) != TOKEN_NONE && vocab_find_special(v, think_end, END_LENGTH) != TOKEN_NONE;
	return both ? MASK_MAY_THINK : MASK_PLAIN;
}

struct mask *mask_new(const struct mask_tree *t, struct grammar *g, enum mask_thoughts thoughts, bool space, struct error *e)
{
	struct mask *m = memory_new(1, sizeof *m);
	if (!m) {
		grammar_free(g);
		error_memory(e);
		return NULL;
	}
	*m = (struct mask){ .tree = t, .grammar = g, .thoughts = thoughts };
	m->states = memory_new(VOCAB_LONGEST_TOKEN + 2, sizeof *m->states);
	m->ends = memory_new(VOCAB_LONGEST_TOKEN + 2, sizeof *m->ends);
	bool lead = space || thoughts != MASK_PLAIN;
	bool ok = m->states && m->ends && (!lead || grammar_allow_space(g, SPACES_FIRST));
	if (!ok) error_memory(e);
	if (ok) m->automaton = automaton_new(g, AUTOMATON_MEMORY, e);
	if (m->automaton) {
		m->state = automaton_start(m->automaton);
		return m;
	}
	mask_free(m);
	return NULL;
}

static void forget_kept(struct mask *m)
{
	for (uint32_t i = 0; i < m->n_kept; i++) memory_free(m->kept[i]);
	memory_free(m->kept);
	m->kept = NULL;
	m->n_kept = 0;
	m->kept_bytes = 0;
}

void mask_free(struct mask *m)
{
	if (!m) return;
	forget_kept(m);
	automaton_free(m->automaton);
	grammar_free(m->grammar);
	memory_free(m->states);
	memory_free(m->ends);
	memory_free(m);
}

static void set_bits(const struct mask_tree *t, uint32_t token, uint64_t *bits)
{
	for (; token != TOKEN_NONE; token = t->alike[token]) bits[token / 64] |= (uint64_t)1 << token % 64;
}

/* Tries all tokens from m->state on; a branch that the automaton does not pass is left out as a whole. */
static void walk_tree(struct mask *m, uint64_t *bits)
{
	const struct mask_tree *t = m->tree;
	size_t depth = 0;
	m->states[0] = m->state;
	m->ends[0] = t->n;
	for (uint32_t i = 0; i < t->n;) {
		while (i >= m->ends[depth]) depth--;
		uint32_t state = automaton_step(m->automaton, m->states[depth], t->byte[i]);
		if (state == AUTOMATON_DEAD) {
			i = t->behind[i];
			continue;
		}
		if (t->token[i] != TOKEN_NONE) set_bits(t, t->token[i], bits);
		m->states[++depth] = state;
		m->ends[depth] = t->behind[i++];
	}
}

static bool has_room(struct mask *m, uint32_t state)
{
	if (state < m->n_kept) return true;
	uint32_t n = state + 64;
	uint64_t **more = memory_resize(m->kept, n, sizeof *more);
	if (!more) return false;
	memset(more + m->n_kept, 0, (n - m->n_kept) * sizeof *more);
	m->kept_bytes += (n - m->n_kept) * sizeof *more;
	m->kept = more;
	m->n_kept = n;
	return true;
}

/* The tokens that may come in m->state; NULL with the line. */
static const uint64_t *tokens_of(struct mask *m, struct error *e)
{
	size_t words = (m->tree->vocab->count + 63) / 64;
	if (automaton_is_full(m->automaton) || m->kept_bytes > MASKS_MEMORY) {
		forget_kept(m);
		if (!automaton_forget(m->automaton, &m->state, e)) return NULL;
	}
	uint64_t *bits = has_room(m, m->state) ? m->kept[m->state] : NULL;
	if (bits) return bits;
	bits = m->state < m->n_kept ? memory_new(words, sizeof *bits) : NULL;
	if (!bits) {
		error_memory(e);
		return NULL;
	}
	walk_tree(m, bits);
	m->kept[m->state] = bits;
	m->kept_bytes += words * sizeof *bits;
	return automaton_failed(m->automaton, e) ? NULL : bits;
}

/* Whether the answer may begin with a thought, and the token is where it begins. */
static bool begins_thought(const struct mask *m, uint32_t token)
{
	size_t n;
	if (m->thoughts != MASK_MAY_THINK) return false;
	const char *bytes = vocab_bytes(m->tree->vocab, token, &n);
	return n == sizeof think_begin - 1 && memcmp(bytes, think_begin, n) == 0;
}

bool mask_apply(struct mask *m, float *logits, struct error *e)
{
	const struct vocab *v = m->tree->vocab;
	if (m->thoughts == MASK_THINKS) return true;
	const uint64_t *bits = tokens_of(m, e);
	if (!bits) return false;
	bool ends = automaton_accepts(m->automaton, m->state), any = false;
	for (uint32_t id = 0; id < v->count; id++) {
		bool may = (bits[id / 64] >> id % 64 & 1) || (ends && (v->flags[id] & TOKEN_ENDS)) || begins_thought(m, id);
		if (!may) logits[id] = -INFINITY;
		any |= may;
	}
	return any ? true : error_set(e, "grammar: no token of this model can follow here; allow other characters");
}

static bool take_bytes(struct mask *m, const char *bytes, size_t n, struct error *e)
{
	for (size_t i = 0; i < n; i++) m->state = automaton_step(m->automaton, m->state, (uint8_t)bytes[i]);
	if (m->state != AUTOMATON_DEAD) return true;
	return automaton_failed(m->automaton, e) ? false : error_set(e, "grammar: the answer has left it");
}

/* A thought goes on to its end mark; what stands behind the mark in the same token belongs to the answer. */
static bool take_thought(struct mask *m, const char *bytes, size_t n, struct error *e)
{
	for (size_t i = 0; i < n; i++) {
		if (m->n_tail == END_LENGTH) memmove(m->tail, m->tail + 1, --m->n_tail);
		m->tail[m->n_tail++] = bytes[i];
		if (m->n_tail < END_LENGTH || memcmp(m->tail, think_end, END_LENGTH) != 0) continue;
		m->thoughts = MASK_PLAIN;
		return take_bytes(m, bytes + i + 1, n - i - 1, e);
	}
	return true;
}

bool mask_take(struct mask *m, uint32_t token, struct error *e)
{
	size_t n;
	const char *bytes = vocab_bytes(m->tree->vocab, token, &n);
	if (vocab_ends(m->tree->vocab, token)) return true;
	if (m->thoughts == MASK_THINKS) return take_thought(m, bytes, n, e);
	bool thinks = begins_thought(m, token);
	m->thoughts = thinks ? MASK_THINKS : MASK_PLAIN;
	return thinks ? true : take_bytes(m, bytes, n, e);
}

bool mask_is_final(const struct mask *m)
{
	return m->thoughts == MASK_PLAIN && automaton_is_final(m->automaton, m->state);
}
