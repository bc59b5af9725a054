/* tokenizer: special tokens, what lies between them, and what goes around (see tokenizer.h). */
#include "text/tokenizer.h"

#include "base/memory.h"
#include "text/merge.h"
#include "text/prefixes.h"
#include "text/vocab_internal.h"

#include <string.h>

/* One text on its way. */
struct encoding {
	const struct vocab *v;
	const char *text;
	size_t length;
	bool trusted;                    /* all of it, when there are no pieces */
	const struct text_piece *pieces; /* NULL: no origins are known */
	size_t n_pieces;
	size_t piece, piece_end; /* of the run of template bytes that is looked at: next piece, end of the run */
	size_t run_begin, run_end;
	uint8_t *literal; /* by place in v->specials: the template writes it */
};

void token_list_free(struct token_list *t)
{
	memory_free(t->ids);
	*t = (struct token_list){ 0 };
}

bool token_list_add(struct token_list *t, uint32_t id)
{
	if (t->count == t->room) {
		size_t room = t->room ? t->room + t->room / 2 : 64;
		uint32_t *ids = memory_resize(t->ids, room, sizeof *ids);
		if (!ids) return false;
		t->ids = ids;
		t->room = room;
	}
	t->ids[t->count++] = id;
	return true;
}

/* Whether text[begin..end) was all written by the template, without a byte of a message between. Called with rising `begin`. */
static bool inside_template(struct encoding *c, size_t begin, size_t end)
{
	while (c->run_end <= begin && c->piece < c->n_pieces) {
		const struct text_piece *p = &c->pieces[c->piece++];
		size_t from = c->piece_end;
		c->piece_end += p->length;
		if (p->from_message || p->length == 0) continue;
		c->run_begin = from;
		c->run_end = c->piece_end;
		while (c->piece < c->n_pieces && (!c->pieces[c->piece].from_message || c->pieces[c->piece].length == 0)) {
			c->run_end = c->piece_end += c->pieces[c->piece++].length;
		}
	}
	return begin >= c->run_begin && end <= c->run_end;
}

/* Whether a token of the template's own, CONTROL or a mark that it writes, begins in text[begin..end). */
static bool hides_own(const struct encoding *c, size_t begin, size_t end)
{
	const struct vocab *v = c->v;
	struct encoding ahead = *c; /* the run that is looked at moves on */
	for (size_t at = begin; at < end; at++) {
		struct prefixes w = prefixes_start(v, &v->specials, c->text + at, c->length - at);
		for (uint32_t place; (place = prefixes_next_place(&w)) != UINT32_MAX;) {
			bool own = v->type[v->specials.ids[place]] == TOKEN_CONTROL || c->literal[place];
			if (own && inside_template(&ahead, at, at + w.depth)) return true;
		}
	}
	return false;
}

/* Whether the special token at `place` of the list may be matched at text[begin..end). One that reaches from a message into the
 * template, or back, gives way to the template's own: no message can take away the end of its turn. */
static bool allowed(struct encoding *c, uint32_t place, size_t begin, size_t end)
{
	bool user = c->v->type[c->v->specials.ids[place]] == TOKEN_USER_DEFINED;
	if (!c->pieces) return user || c->trusted;
	if (inside_template(c, begin, end)) return true;
	if (!user || c->literal[place]) return false;
	bool touches = c->run_begin < end && c->run_end > begin;
	return !touches || !hides_own(c, begin, end);
}

struct match {
	size_t begin, end;
	uint32_t id;
};

/* The first special token from `from` on that may be matched, the longest where several begin at one place. */
static bool find_match(struct encoding *c, size_t from, struct match *m)
{
	const struct vocab *v = c->v;
	bool only_user = !c->pieces && !c->trusted;
	if (v->specials.n == 0) return false;
	for (size_t at = from; at < c->length; at++) {
		uint8_t first = (uint8_t)c->text[at];
		if (only_user ? !v->user_first[first] : v->specials.first[first] == v->specials.first[first + 1]) continue;
		struct prefixes w = prefixes_start(v, &v->specials, c->text + at, c->length - at);
		bool found = false;
		for (uint32_t place; (place = prefixes_next_place(&w)) != UINT32_MAX;) {
			if (!allowed(c, place, at, at + w.depth)) continue;
			*m = (struct match){ at, at + w.depth, v->specials.ids[place] };
			found = true;
		}
		if (found) return true;
	}
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool encode_text(struct encoding *c, struct merger *merger, struct token_list *out, struct error *e)
{
	const struct vocab *v = c->v;
	bool behind_special = true; /* the beginning counts as such */
	for (size_t at = 0; at < c->length;) {
		struct match m = { c->length, c->length, TOKEN_NONE };
		bool found = find_match(c, at, &m);
		size_t end = m.begin;
		if (found && (v->flags[m.id] & TOKEN_LSTRIP)) {
			while (end > at && is_blank(c->text[end - 1])) end--;
		}
		if (end > at) {
			if (!merger_encode(merger, c->text + at, end - at, v->add_space_prefix && behind_special, e)) return false;
			behind_special = false;
		}
		if (!found) break;
		if (!token_list_add(out, m.id)) return error_memory(e);
		behind_special = true;
		at = m.end;
		if (v->flags[m.id] & TOKEN_RSTRIP) {
			while (at < c->length && is_blank(c->text[at])) at++;
		}
	}
	return true;
}

static bool encode(struct encoding *c, unsigned options, struct token_list *out, struct error *e)
{
	const struct vocab *v = c->v;
	size_t before = out->count;
	if (c->length > TOKENIZER_MOST_TEXT) {
		return error_set(e, "text of %zu bytes is too long to be tokenized at once; at most %d", c->length,
		                 TOKENIZER_MOST_TEXT);
	}
	struct merger *merger = merger_new(v, c->length, options, out);
	if (!merger) return error_memory(e);
	bool ok = !(options & TOKENIZER_ADD) || !v->add_bos || token_list_add(out, v->special[VOCAB_BOS]) || error_memory(e);
	ok = ok && encode_text(c, merger, out, e);
	if (ok && (options & TOKENIZER_ADD) && v->add_eos) ok = token_list_add(out, v->special[VOCAB_EOS]) || error_memory(e);
	bool separated = v->model == VOCAB_WORDPIECE && v->add_sep; /* others add it between two texts alone */
	if (ok && (options & TOKENIZER_ADD) && separated) ok = token_list_add(out, v->special[VOCAB_SEP]) || error_memory(e);
	merger_free(merger);
	if (!ok) out->count = before;
	return ok;
}

bool tokenizer_encode(const struct vocab *v, const char *text, size_t length, unsigned options, struct token_list *out,
                      struct error *e)
{
	struct encoding c = { .v = v, .text = text, .length = length, .trusted = (options & TOKENIZER_SPECIAL) != 0 };
	return encode(&c, options, out, e);
}

/* Notes the marks that stand anywhere in a text which the template wrote. */
static void note_literals(struct encoding *c, const char *text, size_t length)
{
	const struct vocab *v = c->v;
	for (size_t at = 0; at < length; at++) {
		uint8_t first = (uint8_t)text[at];
		if (!v->user_first[first]) continue;
		struct prefixes w = prefixes_start(v, &v->specials, text + at, length - at);
		for (uint32_t place; (place = prefixes_next_place(&w)) != UINT32_MAX;) {
			uint32_t id = v->specials.ids[place];
			if (v->type[id] == TOKEN_USER_DEFINED && !c->literal[place]) c->literal[place] = vocab_is_mark(v, id);
		}
	}
}

bool tokenizer_encode_pieces(const struct vocab *v, const char *text, const struct text_piece *pieces, size_t n_pieces,
                             const char *source, size_t source_length, unsigned options, struct token_list *out, struct error *e)
{
	static const struct text_piece nothing = { 0 };
	struct encoding c = { .v = v, .text = text, .pieces = n_pieces ? pieces : &nothing, .n_pieces = n_pieces };
	c.literal = memory_new(v->specials.n ? v->specials.n : 1, 1);
	if (!c.literal) return error_memory(e);
	if (source) note_literals(&c, source, source_length);
	size_t begin = 0; /* of the template's run */
	for (size_t i = 0; i < n_pieces; i++) {
		size_t at = c.length;
		c.length += pieces[i].length;
		if (!pieces[i].from_message || pieces[i].length == 0) continue;
		note_literals(&c, text + begin, at - begin);
		begin = c.length;
	}
	note_literals(&c, text + begin, c.length - begin);
	bool ok = encode(&c, options, out, e);
	memory_free(c.literal);
	return ok;
}
