/*
 * unigram: SentencePiece's Unigram tokenizer (see cutters.h).
 *
 * The normalized text is cut where no token has the two bytes next to each other; every way to cut the text goes through such a
 * place, so that the search needs memory for the stretch between two of them alone. Sums are carried on from stretch to
 * stretch, so equal sums stay equal and unequal ones unequal, as if the text were searched at once.
 */
#include "base/memory.h"
#include "base/utf8.h"
#include "text/cutters.h"
#include "text/prefixes.h"
#include "text/vocab_internal.h"

#include <float.h>
#include <string.h>

enum { MOST_GROWTH = 16 /* a text may become this many times longer by the map */ };

/* The best way to cut everything up to a place. */
struct best {
	double sum;
	uint32_t id, from; /* the last token and where it begins */
};

struct search {
	const struct vocab *v;
	struct token_list *out;
	struct best *best;
	size_t room;
	double sum;   /* up to the stretch */
	bool unknown; /* the last token was: a run of unknown ones is one */
};

/* What one place of the text becomes, and in *taken the bytes of it. */
static const char *normalize_at(const struct vocab *v, const char *text, size_t length, size_t *size, size_t *taken)
{
	const char *replacement;
	uint32_t point;
	*taken = charsmap_find(&v->charsmap, text, length, &replacement, size);
	if (*taken) return replacement;
	*taken = *size = utf8_decode(text, length, &point);
	if (*taken) return text;
	*taken = 1;
	*size = 3;
	return "\xEF\xBF\xBD";
}

/* The text as the search reads it: by the map, spaces made fewer where the model wants it, one in front. */
static bool normalize(const struct vocab *v, const char *text, size_t length, struct buffer *out, struct error *e)
{
	bool in_word = false, begun = false;
	buffer_clear(out);
	for (size_t at = 0, size, taken; at < length; at += taken) {
		const char *part = normalize_at(v, text + at, length - at, &size, &taken);
		for (size_t i = 0; i < size; i++) {
			if (part[i] == ' ') {
				in_word = false;
				if (!v->merge_spaces) buffer_append_byte(out, ' ');
				continue;
			}
			if (!in_word && ((v->add_space_prefix && !begun) || v->merge_spaces)) {
				buffer_append_byte(out, ' ');
				begun = true;
			}
			in_word = true;
			buffer_append_byte(out, (uint8_t)part[i]);
		}
		if (out->size / MOST_GROWTH > length + 64 || out->size > INT32_MAX)
			return error_set(e, "the model's map of characters makes the text more than %d times longer", MOST_GROWTH);
	}
	if (out->failed) return error_memory(e);
	if (out->size) out->size = vocab_decode_spaces(buffer_text(out), out->size, out->data);
	return true;
}

static void offer(struct best *to, double sum, uint32_t id, size_t from)
{
	if (sum > to->sum) *to = (struct best){ sum, id, (uint32_t)from };
}

/* All tokens that begin at `at`; where none is the whole character, it is unknown. */
static void step_from(struct search *s, const char *text, size_t length, size_t at, size_t size)
{
	const struct vocab *v = s->v;
	bool whole = false;
	size_t n;
	uint32_t id;
	for (struct prefixes p = prefixes_start(v, v->texts, text + at, length - at); (id = prefixes_next(&p, &n)) != TOKEN_NONE;) {
		whole = whole || n == size;
		offer(&s->best[at + n], s->best[at].sum + (double)v->score[id], id, at);
	}
	if (!whole) offer(&s->best[at + size], s->best[at].sum + v->unknown_score, v->special[VOCAB_UNK], at);
}

/* Appends the tokens of the best way through a stretch, which is found from its end. */
static bool add_path(struct search *s, size_t length)
{
	size_t before = s->out->count, n = 0;
	uint32_t unknown = s->v->special[VOCAB_UNK];
	for (size_t at = length; at > 0; at = s->best[at].from) {
		if (!token_list_add(s->out, s->best[at].id)) return false;
	}
	uint32_t *ids = s->out->ids + before;
	size_t count = s->out->count - before;
	for (size_t i = 0; i < count / 2; i++) {
		uint32_t id = ids[i];
		ids[i] = ids[count - 1 - i];
		ids[count - 1 - i] = id;
	}
	for (size_t i = 0; i < count; i++) {
		bool is_unknown = ids[i] == unknown;
		if (!(is_unknown && s->unknown) && ids[i] != TOKEN_NONE) ids[n++] = ids[i];
		s->unknown = is_unknown;
	}
	s->out->count = before + n;
	return true;
}

static bool search_stretch(struct search *s, const char *text, size_t length, struct error *e)
{
	if (length + 1 > s->room) {
		struct best *best = memory_resize(s->best, length + 1, sizeof *best);
		if (!best) return error_memory(e);
		s->best = best;
		s->room = length + 1;
	}
	for (size_t i = 1; i <= length; i++) s->best[i].sum = -DBL_MAX;
	s->best[0].sum = s->sum;
	for (size_t at = 0, size; at < length; at += size) {
		uint32_t point;
		size = utf8_decode(text + at, length - at, &point);
		if (size == 0) size = 1;
		step_from(s, text, length, at, size);
	}
	s->sum = s->best[length].sum;
	return add_path(s, length) || error_memory(e);
}

bool unigram_cut(const struct vocab *v, const char *text, size_t length, unsigned options, struct buffer *work,
                 struct token_list *out, struct error *e)
{
	(void)options;
	struct search s = { .v = v, .out = out };
	if (!normalize(v, text, length, work, e)) return false;
	const char *normal = buffer_text(work);
	size_t begin = 0, size = work->size;
	bool ok = true;
	for (size_t at = 1; ok && at < size; at++) {
		uint8_t a = (uint8_t)normal[at - 1], b = (uint8_t)normal[at];
		if ((v->pairs[a][b >> 3] >> (b & 7) & 1) || (b & 0xC0) == 0x80) continue;
		ok = search_stretch(&s, normal + begin, at - begin, e);
		begin = at;
	}
	if (ok && size > begin) ok = search_stretch(&s, normal + begin, size - begin, e);
	memory_free(s.best);
	return ok;
}
