/*
 * merge: words to ids (see merge.h).
 *
 * A stretch is cut into words, the places between which nothing can merge: the pre-tokenizer says so for BPE; for SPM the
 * vocabulary does, where no token holds the two bytes next to each other. Words come again and again, so a small cache
 * remembers where in the output the ids of a word stand. Short words are merged in an array; long ones in place, with a
 * queue, since an array would take quadratic time.
 */
#include "text/merge.h"

#include "base/map.h"
#include "base/memory.h"
#include "text/cutters.h"
#include "text/vocab_internal.h"

#include <string.h>

enum {
	SHORT_WORD = 48,  /* symbols of a word that is merged in an array */
	CACHED_WORD = 64, /* bytes of the longest word that is remembered */
	LEAST_CACHE = 64, /* slots */
	MOST_CACHE = 32768,

	/* A place of a long word: the length of the symbol that begins or ends there, and its id where it begins. */
	LENGTH_SHIFT = 20,
	ID_MASK = (1 << LENGTH_SHIFT) - 1,
	NO_ID = ID_MASK,    /* a character that is no token */
	INSIDE = NO_ID - 1, /* not the beginning of a symbol */
};

_Static_assert((int)VOCAB_MOST_TOKENS < (int)INSIDE, "ids fit beside the length");
_Static_assert(VOCAB_LONGEST_TOKEN < 1 << (32 - LENGTH_SHIFT), "lengths fit beside the id");

struct cached {
	const char *word;
	uint32_t length, round; /* `round`: of the merger; an older one is forgotten */
	uint32_t ids, n_ids;    /* where they stand in the output */
};

struct symbol {
	uint32_t id;    /* TOKEN_NONE: no token */
	uint32_t begin; /* in the word */
	uint32_t rank;  /* of merging it with the next one; UINT32_MAX: they do not merge */
	uint32_t into;  /* what that gives */
};

struct merger {
	const struct vocab *v;
	struct token_list *out;
	unsigned options;   /* enum tokenizer_option */
	struct buffer text; /* a stretch in NFC, or with spaces as bytes */
	struct cached *cache;
	size_t cache_mask;
	uint32_t round;
	uint32_t *places; /* of a long word */
	size_t places_room;
	struct merge_queue queue;
	uint32_t highest_rank;
};

struct merger *merger_new(const struct vocab *v, size_t length, unsigned options, struct token_list *out)
{
	struct merger *m = memory_new(1, sizeof *m);
	if (!m) return NULL;
	size_t slots = LEAST_CACHE;
	while (slots < MOST_CACHE && slots < length / 16) slots *= 2;
	*m = (struct merger){ .v = v, .out = out, .options = options, .text = buffer_new(SIZE_MAX / 2), .cache_mask = slots - 1 };
	m->highest_rank = v->model == VOCAB_SPM ? v->count : v->n_merges;
	m->cache = memory_new(slots, sizeof *m->cache);
	if (m->cache) return m;
	memory_free(m);
	return NULL;
}

void merger_free(struct merger *m)
{
	if (!m) return;
	buffer_free(&m->text);
	memory_free(m->cache);
	memory_free(m->places);
	merge_queue_free(&m->queue);
	memory_free(m);
}

/* The rank of merging two symbols that stand next to each other (text[0..length) together); 0: they do not merge. */
static uint32_t rank_of(const struct vocab *v, uint32_t left, uint32_t right, const char *text, size_t length, uint32_t *into)
{
	if (v->model == VOCAB_SPM) {
		*into = vocab_find(v, text, length);
		return *into == TOKEN_NONE ? 0 : v->rank[*into];
	}
	return vocab_merge(v, left, right, into);
}

/* The first symbol of text[0..length): a byte for byte-level BPE, else a character. */
static uint32_t first_symbol(const struct vocab *v, const char *text, size_t length, size_t *size)
{
	if (v->model == VOCAB_BPE) {
		*size = 1;
		return v->byte_token[(uint8_t)text[0]];
	}
	*size = unicode_char_at(text, length).size;
	return vocab_find(v, text, *size);
}

/* A symbol that is no token: its bytes, or the unknown token when some of them have none. */
static bool add_bytes(struct merger *m, const char *text, size_t length)
{
	const struct vocab *v = m->v;
	if (v->model == VOCAB_BPE) return true; /* a byte that the vocabulary does not know leaves no trace */
	bool known = true;
	for (size_t i = 0; i < length; i++) known = known && v->byte_token[(uint8_t)text[i]] != TOKEN_NONE;
	if (!known) return v->special[VOCAB_UNK] == TOKEN_NONE || token_list_add(m->out, v->special[VOCAB_UNK]);
	for (size_t i = 0; i < length; i++) {
		if (!token_list_add(m->out, v->byte_token[(uint8_t)text[i]])) return false;
	}
	return true;
}

static bool add_symbol(struct merger *m, uint32_t id, const char *text, size_t length)
{
	return id == TOKEN_NONE ? add_bytes(m, text, length) : token_list_add(m->out, id);
}

static void rank_symbol(const struct vocab *v, struct symbol *s, const char *text, uint32_t end)
{
	s->rank = rank_of(v, s[0].id, s[1].id, text + s->begin, end - s->begin, &s->into) - 1; /* 0, none, becomes the worst */
}

/* Merges n symbols in an array that has one more for the end of the word. */
static bool merge_short(struct merger *m, const char *text, struct symbol *s, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) rank_symbol(m->v, &s[i], text, s[i + 2].begin);
	while (n > 1) {
		size_t best = 0;
		for (size_t i = 1; i + 1 < n; i++) {
			if (s[i].rank < s[best].rank) best = i;
		}
		if (s[best].rank == UINT32_MAX) break;
		s[best].id = s[best].into;
		memmove(&s[best + 1], &s[best + 2], (n - best - 1) * sizeof *s);
		n--;
		if (best + 1 < n) rank_symbol(m->v, &s[best], text, s[best + 2].begin);
		if (best > 0) rank_symbol(m->v, &s[best - 1], text, s[best + 1].begin);
	}
	for (size_t i = 0; i < n; i++) {
		if (!add_symbol(m, s[i].id, text + s[i].begin, s[i + 1].begin - s[i].begin)) return false;
	}
	return true;
}

static uint32_t place_length(uint32_t place)
{
	return place >> LENGTH_SHIFT;
}

static uint32_t place_id(uint32_t place)
{
	uint32_t id = place & ID_MASK;
	return id == NO_ID ? TOKEN_NONE : id;
}

static void set_place(struct merger *m, uint32_t at, uint32_t id, uint32_t length)
{
	if (length > 1) m->places[at + length - 1] = INSIDE | length << LENGTH_SHIFT;
	m->places[at] = (id == TOKEN_NONE ? (uint32_t)NO_ID : id) | length << LENGTH_SHIFT;
}

/* The rank of merging the symbol that begins at `at` with the next one; 0: none begins there, or they do not merge. */
static uint32_t rank_at(const struct merger *m, const char *text, size_t length, uint32_t at, uint32_t *into)
{
	uint32_t left = m->places[at];
	if ((left & ID_MASK) == INSIDE) return 0;
	size_t next = at + place_length(left);
	if (next >= length) return 0;
	uint32_t right = m->places[next];
	return rank_of(m->v, place_id(left), place_id(right), text + at, place_length(left) + place_length(right), into);
}

static bool enqueue(struct merger *m, const char *text, size_t length, uint32_t at)
{
	uint32_t into, rank = rank_at(m, text, length, at, &into);
	return rank == 0 || merge_queue_add(&m->queue, rank, at);
}

static bool start_long(struct merger *m, const char *text, size_t length, struct error *e)
{
	if (length > m->places_room) {
		uint32_t *places = memory_resize(m->places, length, sizeof *places);
		if (!places) return error_memory(e);
		m->places = places;
		m->places_room = length;
	}
	if (!merge_queue_start(&m->queue, m->highest_rank)) return error_memory(e);
	for (size_t at = 0, size; at < length; at += size) {
		uint32_t id = first_symbol(m->v, text + at, length - at, &size);
		for (size_t i = 1; i < size; i++) m->places[at + i] = INSIDE;
		set_place(m, (uint32_t)at, id, (uint32_t)size);
	}
	for (size_t at = 0; at < length; at += place_length(m->places[at])) {
		if (!enqueue(m, text, length, (uint32_t)at)) return error_memory(e);
	}
	return true;
}

/* Merges a word of any length. `places` holds, for every byte, what begins there and, where a symbol ends, its length. */
static bool merge_long(struct merger *m, const char *text, size_t length, struct error *e)
{
	uint32_t rank, at, into;
	if (!start_long(m, text, length, e)) return false;
	while (merge_queue_take(&m->queue, &rank, &at)) {
		if (rank_at(m, text, length, at, &into) != rank) continue; /* one of the two has merged otherwise */
		uint32_t left = place_length(m->places[at]), right = place_length(m->places[at + left]);
		m->places[at + left] = INSIDE | right << LENGTH_SHIFT;
		set_place(m, at, into, left + right);
		bool ok = at == 0 || enqueue(m, text, length, at - place_length(m->places[at - 1]));
		if (!ok || !enqueue(m, text, length, at)) return error_memory(e);
	}
	for (size_t i = 0; i < length; i += place_length(m->places[i])) {
		uint32_t place = m->places[i];
		if (!add_symbol(m, place_id(place), text + i, place_length(place))) return error_memory(e);
	}
	return true;
}

static bool merge_word(struct merger *m, const char *text, size_t length, struct error *e)
{
	struct symbol symbols[SHORT_WORD + 1];
	size_t n = 0, at = 0, size;
	if (m->v->ignore_merges || (m->v->model == VOCAB_RAW && text[0] == '\n')) {
		uint32_t id = vocab_find(m->v, text, length);
		if (id != TOKEN_NONE) return token_list_add(m->out, id) || error_memory(e);
	}
	for (; at < length && n < SHORT_WORD; at += size, n++) {
		symbols[n].id = first_symbol(m->v, text + at, length - at, &size);
		symbols[n].begin = (uint32_t)at;
	}
	if (at < length) return merge_long(m, text, length, e);
	symbols[n].begin = (uint32_t)length;
	return merge_short(m, text, symbols, n) || error_memory(e);
}

/* A word through the cache. The text has to stay until the round ends. */
static bool add_word(struct merger *m, const char *text, size_t length, struct error *e)
{
	if (length > CACHED_WORD) return merge_word(m, text, length, e);
	struct cached *c = &m->cache[map_hash(text, length) & m->cache_mask];
	if (c->word && c->round == m->round && c->length == length && vocab_same(c->word, text, length)) {
		for (uint32_t i = 0; i < c->n_ids; i++) {
			if (!token_list_add(m->out, m->out->ids[c->ids + i])) return error_memory(e);
		}
		return true;
	}
	size_t before = m->out->count;
	if (!merge_word(m, text, length, e)) return false;
	*c = (struct cached){ text, (uint32_t)length, m->round, (uint32_t)before, (uint32_t)(m->out->count - before) };
	return true;
}

/* Cuts where no token has the two bytes next to each other. */
static bool add_stretch(struct merger *m, const char *text, size_t length, struct error *e)
{
	size_t begin = 0;
	for (size_t at = 1; at < length; at++) {
		uint8_t a = (uint8_t)text[at - 1], b = (uint8_t)text[at];
		if ((m->v->pairs[a][b >> 3] >> (b & 7) & 1) || (b & 0xC0) == 0x80) continue;
		if (!add_word(m, text + begin, at - begin, e)) return false;
		begin = at;
	}
	return length == begin || add_word(m, text + begin, length - begin, e);
}

static bool add_pretokenized(struct merger *m, const char *text, size_t length, struct error *e)
{
	struct pretokenizer_run run;
	size_t begin, end;
	pretokenizer_start(&run, m->v->pretokenizer, text, length);
	while (pretokenizer_next(&run, &begin, &end)) {
		bool raw = m->v->model == VOCAB_RAW && text[begin] != '\n';
		if (raw ? !add_stretch(m, text + begin, end - begin, e) : !add_word(m, text + begin, end - begin, e)) return false;
	}
	return true;
}

bool merger_encode(struct merger *m, const char *text, size_t length, bool space, struct error *e)
{
	static const cutter cutters[] = {
		[VOCAB_WORDPIECE] = wordpiece_cut, [VOCAB_UNIGRAM] = unigram_cut, [VOCAB_LONGEST] = longest_cut
	};
	const struct vocab *v = m->v;
	if (cutters[v->model]) return cutters[v->model](v, text, length, m->options, &m->text, m->out, e);
	if (v->model == VOCAB_BPE && (!v->nfc || unicode_is_nfc(text, length))) return add_pretokenized(m, text, length, e);
	m->round++; /* what the cache knows stood in the text that goes now */
	buffer_clear(&m->text);
	if (v->model == VOCAB_BPE) {
		if (!unicode_append_nfc(&m->text, text, length, e)) return false;
		return add_pretokenized(m, buffer_text(&m->text), m->text.size, e);
	}
	char *bytes = buffer_extend(&m->text, length + space);
	if (!bytes) return error_memory(e);
	if (space) bytes[0] = ' ';
	size_t size = vocab_decode_spaces(text, length, bytes + space) + space;
	if (v->model == VOCAB_RAW) return add_pretokenized(m, bytes, size, e);
	return add_stretch(m, bytes, size, e);
}
