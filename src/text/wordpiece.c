/*
 * wordpiece: BERT's tokenizer (see cutters.h), as the models' own does it: control characters go, Chinese characters are
 * words, accents go (NFD without its nonspacing marks), small letters; then words at white space and around every sign.
 */
#include "text/cutters.h"
#include "text/prefixes.h"
#include "text/unicode.h"

#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

enum { MOST_WORD = 100, /* characters of a word that is cut; a longer one is unknown */ MOST_PARTS = 64 };

/* A word on its way: a space and the normalized characters. */
struct word {
	const struct vocab *v;
	struct buffer *bytes;
	struct token_list *out;
	size_t chars;
};

static bool is_chinese(uint32_t point)
{
	static const struct unicode_range ranges[] = { { 0x3400, 0x4DBF },   { 0x4E00, 0x9FFF },   { 0xF900, 0xFAFF },
		                                       { 0x20000, 0x2A6DF }, { 0x2A700, 0x2B73F }, { 0x2B740, 0x2B81F },
		                                       { 0x2B920, 0x2CEAF }, { 0x2F800, 0x2FA1F }, { 0, 0 } };
	return point >= 0x3400 && unicode_in_ranges(ranges, point);
}

/* Cuts the word; what has been cut is taken back when the rest cannot be. */
static bool end_word(struct word *w)
{
	const struct vocab *v = w->v;
	const char *text = buffer_text(w->bytes);
	size_t before = w->out->count, length = w->bytes->size, chars = w->chars;
	w->chars = 0;
	if (chars == 0) return true;
	bool known = chars <= MOST_WORD;
	for (size_t at = 0, n; known && at < length; at += n) {
		uint32_t id = prefixes_longest(v, text + at, length - at, &n);
		known = id != TOKEN_NONE;
		if (known && !token_list_add(w->out, id)) return false;
	}
	if (known) return true;
	w->out->count = before;
	return v->special[VOCAB_UNK] == TOKEN_NONE || token_list_add(w->out, v->special[VOCAB_UNK]);
}

static bool add_char(struct word *w, uint32_t point)
{
	char bytes[4];
	if (w->chars == 0) {
		buffer_clear(w->bytes);
		buffer_append_byte(w->bytes, ' ');
	}
	if (w->chars++ >= MOST_WORD) return true; /* the word is unknown whatever follows */
	return buffer_append(w->bytes, bytes, utf8_encode(point, bytes));
}

/* A character that is a word of its own. */
static bool add_alone(struct word *w, uint32_t point)
{
	return end_word(w) && add_char(w, point) && end_word(w);
}

static bool add_normal(struct word *w, uint32_t point, bool alone)
{
	uint32_t class = unicode_class_of(point);
	if (w->v->small_letters) point = (uint32_t)utf8proc_tolower((utf8proc_int32_t)point);
	bool sign = class & UNICODE_PUNCTUATION || (point < 0x7F && class & UNICODE_SYMBOL);
	return alone || sign ? add_alone(w, point) : add_char(w, point);
}

/* The character without its accents: its canonical decomposition but for nonspacing marks. */
static bool add_parts(struct word *w, uint32_t point)
{
	utf8proc_int32_t parts[MOST_PARTS];
	bool alone = is_chinese(point);
	utf8proc_ssize_t n = 1;
	parts[0] = (utf8proc_int32_t)point;
	if (point >= 0x80 && w->v->strip_accents)
		n = utf8proc_decompose_char((utf8proc_int32_t)point, parts, MOST_PARTS, UTF8PROC_DECOMPOSE, NULL);
	for (utf8proc_ssize_t i = 0; i < n && i < MOST_PARTS; i++) {
		bool mark = parts[i] >= 0x80 && utf8proc_category(parts[i]) == UTF8PROC_CATEGORY_MN;
		if (mark && w->v->strip_accents) continue;
		if (!add_normal(w, (uint32_t)parts[i], alone)) return false;
	}
	return true;
}

/* Control characters, formats and what is private go; so do bytes that are not UTF-8. */
static bool is_dropped(struct unicode_char c)
{
	if (c.point == 0 || c.point == UTF8_REPLACEMENT) return true;
	if (c.point < 0x80) return c.class & UNICODE_OTHER;
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c.point);
	return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CO;
}

bool wordpiece_cut(const struct vocab *v, const char *text, size_t length, unsigned options, struct buffer *work,
                   struct token_list *out, struct error *e)
{
	(void)options;
	struct word w = { .v = v, .bytes = work, .out = out };
	bool ok = true;
	for (size_t at = 0; ok && at < length;) {
		struct unicode_char c = unicode_char_at(text + at, length - at);
		at += c.size;
		if (is_dropped(c)) continue;
		ok = c.class & UNICODE_SPACE ? end_word(&w) : add_parts(&w, c.point);
	}
	return (ok && end_word(&w)) || error_memory(e);
}
