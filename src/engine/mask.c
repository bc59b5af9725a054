/* mask: walking the automaton over the vocabulary's tree (see mask.h). */
#include "engine/mask.h"

#include "base/memory.h"
#include "engine/select.h"
#include "text/thoughts.h"

#include <math.h>
#include <string.h>

enum {
	AUTOMATON_MEMORY = 64 << 20,
	MASKS_MEMORY = 32 << 20,
	SPACES_FIRST = 8, /* at most, where white space may come first */
	TRIED = 4,        /* tokens for each that is wanted, and at least so many */
	LEAST_TRIED = 64,
	MOST_UNUSED = 8 /* grammars that are kept for when they are asked for again */
};

/* A grammar with the states that were met so far, for all answers that follow it. */
struct mask_shared {
	struct mask_shared *next;
	struct mask_cache *cache;
	uint32_t kind;
	bool lead; /* white space may come first */
	char *source;
	size_t length;
	uint32_t *marks;
	size_t n_marks;
	const struct mask_tree *tree;
	struct grammar *grammar;
	struct automaton *automaton;
	struct mask *users;
	uint64_t **kept; /* by state: the tokens that may come, a bit each; NULL where not made yet */
	uint32_t n_kept;
	size_t kept_bytes;
	uint32_t *states, *ends; /* of the walk, by depth */
};

struct mask {
	struct mask_shared *shared;
	struct mask *next; /* that shares it */
	uint32_t state;
	bool may_think;                  /* the answer has not begun */
	size_t pair;                     /* of thoughts_pairs, while it thinks; else thoughts_n_pairs */
	const char *trigger;             /* NULL: the grammar holds */
	char tail[MASK_LONGEST_TRIGGER]; /* the last bytes of a thought, or in front of the trigger */
	size_t n_tail;
};

/* ---- grammars that are shared ---- */

static void forget_kept(struct mask_shared *s)
{
	for (uint32_t i = 0; i < s->n_kept; i++) memory_free(s->kept[i]);
	memory_free(s->kept);
	s->kept = NULL;
	s->n_kept = 0;
	s->kept_bytes = 0;
}

static void free_shared(struct mask_shared *s)
{
	forget_kept(s);
	automaton_free(s->automaton);
	grammar_free(s->grammar);
	if (s->source) memory_wipe(s->source, s->length);
	memory_free(s->source);
	memory_free(s->marks);
	memory_free(s->states);
	memory_free(s->ends);
	memory_free(s);
}

void mask_cache_clear(struct mask_cache *c)
{
	for (struct mask_shared *s = c->first, *next; s; s = next) {
		next = s->next;
		free_shared(s);
	}
	c->first = NULL;
}

/* Lets those go that nobody uses, but for the last used ones. */
static void tidy(struct mask_cache *c)
{
	size_t unused = 0;
	for (struct mask_shared **at = &c->first; *at;) {
		struct mask_shared *s = *at;
		if (s->users || ++unused <= MOST_UNUSED) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		free_shared(s);
	}
}

static bool is_same(const struct mask_shared *s, const struct mask_tree *t, const struct mask_ask *ask, bool lead)
{
	return s->tree == t && s->kind == ask->kind && s->lead == lead && s->length == ask->length && s->n_marks == ask->n_marks &&
	       memcmp(s->source, ask->source, s->length) == 0 &&
	       (s->n_marks == 0 || memcmp(s->marks, ask->marks, s->n_marks * sizeof *s->marks) == 0);
}

/* Takes the grammar, also when it fails. */
static struct mask_shared *make_shared(struct mask_cache *c, const struct mask_tree *t, const struct mask_ask *ask, bool lead,
                                       struct error *e)
{
	struct mask_shared *s = memory_new(1, sizeof *s);
	if (!s) {
		grammar_free(ask->grammar);
		error_memory(e);
		return NULL;
	}
	*s = (struct mask_shared){ .cache = c, .kind = ask->kind, .lead = lead, .length = ask->length, .tree = t };
	s->grammar = ask->grammar;
	s->source = memory_copy_text(ask->source, ask->length);
	s->marks = memory_new(ask->n_marks + 1, sizeof *s->marks);
	s->n_marks = ask->n_marks;
	s->states = memory_new(VOCAB_LONGEST_TOKEN + 2, sizeof *s->states);
	s->ends = memory_new(VOCAB_LONGEST_TOKEN + 2, sizeof *s->ends);
	bool ok = s->source && s->marks && s->states && s->ends && (!lead || grammar_allow_space(s->grammar, SPACES_FIRST));
	if (!ok) error_memory(e);
	if (ok && s->n_marks) memcpy(s->marks, ask->marks, s->n_marks * sizeof *s->marks);
	if (ok) s->automaton = automaton_new(s->grammar, AUTOMATON_MEMORY, e);
	if (s->automaton) return s;
	free_shared(s);
	return NULL;
}

/* What equal requests had, at the front of the list; or a new one. NULL with the line. */
static struct mask_shared *find_shared(struct mask_cache *c, const struct mask_tree *t, const struct mask_ask *ask, bool lead,
                                       struct error *e)
{
	struct mask_shared **at = &c->first, *s;
	while (*at && (!is_same(*at, t, ask, lead) || automaton_failed((*at)->automaton, NULL))) at = &(*at)->next;
	s = *at;
	if (s) {
		*at = s->next;
		grammar_free(ask->grammar);
	} else {
		s = make_shared(c, t, ask, lead, e);
		if (!s) return NULL;
	}
	s->next = c->first;
	c->first = s;
	return s;
}

/* ---- one answer ---- */

/* The thought that the prompt has opened; thoughts_n_pairs: none. */
static size_t open_thought(const char *prompt, size_t length)
{
	struct thoughts t = thoughts_new(prompt, length);
	return t.place == THOUGHTS_INSIDE ? t.pair : thoughts_n_pairs;
}

/* Whether the vocabulary has the marks of some thought as tokens. */
static bool knows_thoughts(const struct vocab *v)
{
	for (size_t i = 0; i < thoughts_n_pairs; i++) {
		const struct thoughts_pair *p = &thoughts_pairs[i];
		if (vocab_find_special(v, p->open, strlen(p->open)) != TOKEN_NONE &&
		    vocab_find_special(v, p->close, strlen(p->close)) != TOKEN_NONE)
			return true;
	}
	return false;
}

struct mask *mask_new(struct mask_cache *c, const struct mask_tree *t, const struct mask_ask *ask, struct error *e)
{
	struct mask *m = memory_new(1, sizeof *m);
	if (!m) {
		grammar_free(ask->grammar);
		error_memory(e);
		return NULL;
	}
	m->pair = ask->thinks ? open_thought(ask->prompt, ask->prompt_length) : thoughts_n_pairs;
	bool thinks = m->pair < thoughts_n_pairs;
	m->may_think = ask->thinks && !thinks && knows_thoughts(t->vocab);
	m->trigger = ask->trigger;
	bool lead = (ask->space || thinks || m->may_think) && !m->trigger;
	m->shared = find_shared(c, t, ask, lead, e);
	if (!m->shared) {
		memory_free(m);
		return NULL;
	}
	m->state = automaton_start(m->shared->automaton);
	m->next = m->shared->users;
	m->shared->users = m;
	return m;
}

void mask_free(struct mask *m)
{
	if (!m) return;
	struct mask **at = &m->shared->users;
	while (*at != m) at = &(*at)->next;
	*at = m->next;
	tidy(m->shared->cache);
	memory_wipe(m, sizeof *m);
	memory_free(m);
}

static void set_bits(const struct mask_tree *t, uint32_t token, uint64_t *bits)
{
	for (; token != TOKEN_NONE; token = t->alike[token]) bits[token / 64] |= (uint64_t)1 << token % 64;
}

/* Tries all tokens from `from` on; a branch that the automaton does not pass is left out as a whole. */
static void walk_tree(struct mask_shared *s, uint32_t from, uint64_t *bits)
{
	const struct mask_tree *t = s->tree;
	size_t depth = 0;
	s->states[0] = from;
	s->ends[0] = t->n;
	for (uint32_t i = 0; i < t->n;) {
		while (i >= s->ends[depth]) depth--;
		uint32_t state = automaton_step(s->automaton, s->states[depth], t->byte[i]);
		if (state == AUTOMATON_DEAD) {
			i = t->behind[i];
			continue;
		}
		if (t->token[i] != TOKEN_NONE) set_bits(t, t->token[i], bits);
		s->states[++depth] = state;
		s->ends[depth] = t->behind[i++];
	}
}

/* The same for the control tokens that count as text. */
static void try_marks(struct mask_shared *s, uint32_t from, uint64_t *bits)
{
	for (size_t i = 0; i < s->n_marks; i++) {
		size_t n;
		const char *bytes = vocab_bytes(s->tree->vocab, s->marks[i], &n);
		uint32_t state = n ? from : AUTOMATON_DEAD;
		for (size_t k = 0; k < n && state != AUTOMATON_DEAD; k++)
			state = automaton_step(s->automaton, state, (uint8_t)bytes[k]);
		if (state != AUTOMATON_DEAD) bits[s->marks[i] / 64] |= (uint64_t)1 << s->marks[i] % 64;
	}
}

static bool has_room(struct mask_shared *s, uint32_t state)
{
	if (state < s->n_kept) return true;
	uint32_t n = state + 64;
	uint64_t **more = memory_resize(s->kept, n, sizeof *more);
	if (!more) return false;
	memset(more + s->n_kept, 0, (n - s->n_kept) * sizeof *more);
	s->kept_bytes += (n - s->n_kept) * sizeof *more;
	s->kept = more;
	s->n_kept = n;
	return true;
}

/* Makes room: the states where answers stand stay. */
static bool forget(struct mask_shared *s, struct error *e)
{
	size_t n = 0;
	for (struct mask *m = s->users; m; m = m->next) n++;
	uint32_t **states = memory_new(n, sizeof *states);
	if (!states) return error_memory(e);
	n = 0;
	for (struct mask *m = s->users; m; m = m->next) states[n++] = &m->state;
	forget_kept(s);
	bool ok = automaton_forget(s->automaton, states, n, e);
	memory_free(states);
	return ok;
}

/* The tokens that may come in m->state, made where they are not there; NULL with the line. */
static const uint64_t *tokens_of(struct mask *m, struct error *e)
{
	struct mask_shared *s = m->shared;
	size_t words = (s->tree->vocab->count + 63) / 64;
	if (!has_room(s, m->state)) {
		error_memory(e);
		return NULL;
	}
	if (s->kept[m->state]) return s->kept[m->state];
	uint64_t *bits = memory_new(words, sizeof *bits);
	if (!bits) {
		error_memory(e);
		return NULL;
	}
	automaton_rest(s->automaton);
	walk_tree(s, m->state, bits);
	try_marks(s, m->state, bits);
	s->kept[m->state] = bits;
	s->kept_bytes += words * sizeof *bits;
	return automaton_failed(s->automaton, e) ? NULL : bits;
}

/* The thought that begins with this token; thoughts_n_pairs: none. */
static size_t begins_thought(const struct mask *m, uint32_t token)
{
	size_t n, i = 0;
	if (!m->may_think) return thoughts_n_pairs;
	const char *bytes = vocab_bytes(m->shared->tree->vocab, token, &n);
	while (i < thoughts_n_pairs && (strlen(thoughts_pairs[i].open) != n || memcmp(bytes, thoughts_pairs[i].open, n) != 0)) i++;
	return i;
}

static bool is_free(const struct mask *m)
{
	return m->pair < thoughts_n_pairs || m->trigger;
}

/* Whether a token that ends the answer or begins a thought may come. */
static bool may_come_apart(const struct mask *m, uint32_t id)
{
	bool ends = m->shared->tree->vocab->flags[id] & TOKEN_ENDS;
	return (ends && automaton_accepts(m->shared->automaton, m->state)) || begins_thought(m, id) < thoughts_n_pairs;
}

/* Whether this one may, without looking at all others. */
static bool may_come(const struct mask *m, uint32_t id)
{
	const struct mask_shared *s = m->shared;
	const struct vocab *v = s->tree->vocab;
	bool shown = v->type[id] == TOKEN_NORMAL || v->type[id] == TOKEN_USER_DEFINED || v->type[id] == TOKEN_BYTE;
	size_t n;
	const char *bytes = vocab_bytes(v, id, &n);
	uint32_t state = m->state;
	if ((s->tree->apart[id / 64] >> id % 64 & 1) && may_come_apart(m, id)) return true;
	if (v->flags[id] & TOKEN_ENDS) return false;
	for (size_t i = 0; i < s->n_marks; i++) shown |= s->marks[i] == id;
	for (size_t i = 0; i < n && state != AUTOMATON_DEAD; i++) state = automaton_step(s->automaton, state, (uint8_t)bytes[i]);
	return shown && n > 0 && state != AUTOMATON_DEAD;
}

/* Where most tokens may come, as inside of a string, the best ones are soon found, and a state that is new costs no walk through
 * the vocabulary. False: too few of those that were tried may, and nothing has changed. */
static bool leave_best(struct mask *m, float *logits, uint64_t *keys, uint32_t most)
{
	uint32_t n = m->shared->tree->vocab->count, found = 0;
	size_t tried = TRIED * (size_t)most + LEAST_TRIED;
	if (most == 0 || tried > n / 2) return false;
	tried = select_top(keys, logits, n, tried);
	automaton_rest(m->shared->automaton);
	for (size_t i = 0; i < tried && found < most; i++) {
		if (may_come(m, select_index(keys[i]))) keys[found++] = keys[i];
	}
	if (found < most || automaton_failed(m->shared->automaton, NULL)) return false;
	for (uint32_t id = 0; id < n; id++) logits[id] = -INFINITY;
	for (uint32_t i = 0; i < most; i++) logits[select_index(keys[i])] = select_value(keys[i]);
	return true;
}

/* Leaves those with a bit. False: there are none. */
static bool leave_bits(const struct mask *m, const uint64_t *bits, float *logits)
{
	const struct mask_tree *t = m->shared->tree;
	bool any = false;
	for (uint32_t first = 0; first < t->vocab->count; first += 64) {
		uint64_t may = bits[first / 64], apart = t->apart[first / 64];
		uint32_t n = t->vocab->count - first < 64 ? t->vocab->count - first : 64;
		for (uint32_t i = 0; apart && i < n; i++) {
			if ((apart >> i & 1) && may_come_apart(m, first + i)) may |= (uint64_t)1 << i;
		}
		any |= may != 0;
		if (may == UINT64_MAX) continue;
		for (uint32_t i = 0; i < n; i++) logits[first + i] = may >> i & 1 ? logits[first + i] : -INFINITY;
	}
	return any;
}

bool mask_apply(struct mask *m, float *logits, uint64_t *keys, uint32_t most, struct error *e)
{
	struct mask_shared *s = m->shared;
	if (is_free(m)) return true;
	if ((automaton_is_full(s->automaton) || s->kept_bytes > MASKS_MEMORY) && !forget(s, e)) return false;
	bool known = m->state < s->n_kept && s->kept[m->state];
	if (!known && leave_best(m, logits, keys, most)) return true;
	const uint64_t *bits = tokens_of(m, e);
	if (!bits) return false;
	return leave_bits(m, bits, logits) ||
	       error_set(e, "grammar: no token of this model can follow here; allow other characters");
}

static bool take_bytes(struct mask *m, const char *bytes, size_t n, struct error *e)
{
	struct automaton *a = m->shared->automaton;
	automaton_rest(a);
	for (size_t i = 0; i < n; i++) m->state = automaton_step(a, m->state, (uint8_t)bytes[i]);
	if (m->state != AUTOMATON_DEAD) return true;
	return automaton_failed(a, e) ? false : error_set(e, "grammar: the answer has left it");
}

/* Passes free bytes up to the end of the mark that ends the free part: how many; *found: it came. */
static size_t pass_free(struct mask *m, const char *mark, const char *bytes, size_t n, bool *found)
{
	size_t length = strlen(mark);
	*found = false;
	for (size_t i = 0; i < n; i++) {
		if (m->n_tail == length) memmove(m->tail, m->tail + 1, --m->n_tail);
		m->tail[m->n_tail++] = bytes[i];
		*found = m->n_tail == length && memcmp(m->tail, mark, length) == 0;
		if (!*found) continue;
		m->n_tail = 0;
		return i + 1;
	}
	return n;
}

/* A token's bytes: those of the free part first, which may end within it. */
static bool take_text(struct mask *m, const char *bytes, size_t n, struct error *e)
{
	bool found = true;
	size_t done = 0;
	if (m->pair < thoughts_n_pairs) {
		done = pass_free(m, thoughts_pairs[m->pair].close, bytes, n, &found);
		if (found) m->pair = thoughts_n_pairs;
	}
	if (found && m->trigger) {
		done += pass_free(m, m->trigger, bytes + done, n - done, &found);
		if (found) m->trigger = NULL;
	}
	return found ? take_bytes(m, bytes + done, n - done, e) : true;
}

bool mask_take(struct mask *m, uint32_t token, struct error *e)
{
	const struct mask_shared *s = m->shared;
	size_t n;
	const char *bytes = vocab_bytes(s->tree->vocab, token, &n);
	if (vocab_ends(s->tree->vocab, token)) return true;
	size_t pair = begins_thought(m, token);
	m->may_think = false;
	if (pair < thoughts_n_pairs) {
		m->pair = pair;
		return true;
	}
	bool shown = s->tree->vocab->type[token] != TOKEN_CONTROL;
	for (size_t i = 0; i < s->n_marks; i++) shown |= s->marks[i] == token;
	if (m->pair < thoughts_n_pairs) shown = true; /* a thought may end with a control token */
	return shown ? take_text(m, bytes, n, e) : true;
}

bool mask_is_final(const struct mask *m)
{
	return !is_free(m) && !m->may_think && automaton_is_final(m->shared->automaton, m->state);
}
