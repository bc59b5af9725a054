/*
 * prompt_pair: a question and a document as a reranker reads them: by the form that the file brings, or between the marks that the
 * vocabulary adds to texts.
 */
#include "engine/prompt_internal.h"

#include "base/buffer.h"

#include <string.h>

enum { MOST_PIECES = 64 };

static bool add_id(struct token_list *ids, bool wanted, uint32_t id, struct error *e)
{
	return !wanted || id == TOKEN_NONE || token_list_add(ids, id) || error_memory(e);
}

static bool add_marked(const struct vocab *v, const struct hearth_request *a, struct token_list *ids, struct error *e)
{
	uint32_t sep = v->special[VOCAB_SEP], end = v->special[VOCAB_EOS] == TOKEN_NONE ? sep : v->special[VOCAB_EOS];
	bool closed = v->add_eos || v->model == VOCAB_WORDPIECE;
	return add_id(ids, v->add_bos, v->special[VOCAB_BOS], e) && tokenizer_encode(v, a->text, a->text_length, 0, ids, e) &&
	       add_id(ids, v->add_eos, end, e) && add_id(ids, v->add_sep, sep, e) &&
	       tokenizer_encode(v, a->document, a->document_length, 0, ids, e) && add_id(ids, closed, end, e);
}

/* The next {query} or {document} in `form` from `at` on: where it begins, its number and length; its end when there is none. */
static size_t find_name(const char *form, size_t length, size_t at, size_t *which, size_t *size)
{
	static const char *const names[] = { "{query}", "{document}" };
	for (; at < length; at++) {
		for (*which = 0; *which < 2; ++*which) {
			*size = strlen(names[*which]);
			if (length - at >= *size && memcmp(form + at, names[*which], *size) == 0) return at;
		}
	}
	*which = 2;
	*size = 0;
	return length;
}

/* The file's form with the texts in their places; only it may give control tokens. */
static bool add_formed(const struct prompt_source *s, const struct hearth_request *a, struct token_list *ids, struct error *e)
{
	struct text_piece pieces[MOST_PIECES];
	struct buffer whole = buffer_new(SIZE_MAX / 2);
	size_t n = 0;
	for (size_t at = 0; at < s->pair_length && n + 2 <= MOST_PIECES;) {
		size_t which, size, end = find_name(s->pair, s->pair_length, at, &which, &size);
		buffer_append(&whole, s->pair + at, end - at);
		pieces[n++] = (struct text_piece){ .length = end - at };
		at = end + size;
		if (which == 2) continue;
		const char *text = which == 0 ? a->text : a->document;
		size_t length = which == 0 ? a->text_length : a->document_length;
		buffer_append(&whole, text, length);
		pieces[n++] = (struct text_piece){ .length = length, .from_message = true };
	}
	bool ok = (!whole.failed || error_memory(e)) &&
	          tokenizer_encode_pieces(s->vocab, buffer_text(&whole), pieces, n, NULL, 0, TOKENIZER_ADD, ids, e);
	buffer_free(&whole);
	return ok;
}

bool prompt_pair(const struct prompt_source *s, const struct hearth_request *asked, struct token_list *ids, struct error *e)
{
	return s->pair ? add_formed(s, asked, ids, e) : add_marked(s->vocab, asked, ids, e);
}
