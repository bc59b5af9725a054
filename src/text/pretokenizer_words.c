/*
 * pretokenizer_words: the alternatives of GPT-2 and its many descendants as one state machine.
 *
 * At every position the first alternative that matches is taken, in the order in which the published expressions list them:
 * contractions, letters, numbers, signs, line ends, spaces. Each function returns the bytes that its alternative takes, 0
 * when it does not match; each looks at most a constant number of characters behind what it takes, or marks what it has
 * seen in `known`.
 */
#include "text/pretokenizer_step.h"

#include <string.h>

const struct unicode_range pretokenizer_han[] = {
	{ 0x3400, 0x4DBF },   { 0x4E00, 0x9FFF },   { 0xF900, 0xFAFF },   { 0x20000, 0x2A6DF }, { 0x2A700, 0x2B73F },
	{ 0x2B740, 0x2B81F }, { 0x2B820, 0x2CEAF }, { 0x2CEB0, 0x2EBEF }, { 0x2F800, 0x2FA1F }, { 0, 0 },
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t contraction(const struct pretokenizer_view *v, size_t at, enum contractions kind)
{
	const char *p = v->text + at;
	size_t n = v->length - at;
	if (kind == CONTRACTIONS_NONE || n < 2 || p[0] != '\'') return 0;
	char a = kind == CONTRACTIONS_ANY ? lower(p[1]) : p[1];
	if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
	if (n < 3) return 0;
	char b = kind == CONTRACTIONS_ANY ? lower(p[2]) : p[2];
	return ((a == 'r' || a == 'v') && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

static bool is_letter(const struct pretokenizer_words *w, struct unicode_char c)
{
	if (!(c.class & w->letters)) return false;
	return !w->han_apart || !unicode_in_ranges(pretokenizer_han, c.point);
}

static size_t letter_run(const struct pretokenizer_words *w, const struct pretokenizer_view *v, size_t at)
{
	for (;;) {
		struct unicode_char c = view_char(v, at);
		if (!is_letter(w, c)) return at;
		at += c.size;
	}
}

/* `(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+`: letters with their marks, single spaces between letters. */
static size_t spaced_run(const struct pretokenizer_view *v, size_t at)
{
	for (bool inside = false;; inside = true) {
		struct unicode_char c = view_char(v, at);
		size_t space = inside && c.point == ' ' && c.size ? 1 : 0;
		if (space) c = view_char(v, at + 1);
		if (!(c.class & UNICODE_LETTER)) return at;
		at += space + c.size;
		while ((c = view_char(v, at)).class & UNICODE_MARK) at += c.size;
	}
}

/*
 * `[upper]*[lower]+`, and when that fails and `upper_alone`, `[upper]+[lower]*`, from `at` on; returns where it ends, `at`
 * when it does not match. Letters without case and marks are in both classes, so a run of [upper] that no lower case
 * follows gives characters back until one of those is its last.
 */
static size_t cased_run(const struct pretokenizer_view *v, size_t at, bool upper_alone)
{
	enum { BOTH = UNICODE_PLAIN | UNICODE_MARK };
	struct unicode_char c;
	size_t end = at, last_both = at;
	while ((c = view_char(v, end)).class & (UNICODE_UPPER | BOTH)) {
		end += c.size;
		if (c.class & BOTH) last_both = end;
	}
	if (!(c.class & UNICODE_LOWER)) return upper_alone ? end : last_both;
	while ((c = view_char(v, end)).class & (UNICODE_LOWER | BOTH)) end += c.size;
	return end;
}

static size_t cased_word(const struct pretokenizer_words *w, const struct pretokenizer_view *v, struct unicode_char c)
{
	bool lead = !(c.class & w->lead_not);
	for (int upper_alone = 0; upper_alone < 2; upper_alone++) {
		size_t end = lead ? cased_run(v, c.size, upper_alone) : 0;
		if (end > c.size) return end;
		end = cased_run(v, 0, upper_alone);
		if (end > 0) return end;
	}
	return 0;
}

static size_t letters(const struct pretokenizer_words *w, const struct pretokenizer_view *v, struct unicode_char c)
{
	size_t end;
	if (w->cased) {
		end = cased_word(w, v, c);
	} else if (w->spaced) {
		end = spaced_run(v, 0);
		if (end == 0 && !(c.class & w->lead_not)) end = spaced_run(v, c.size), end = end > c.size ? end : 0;
	} else if (is_letter(w, c)) {
		end = letter_run(w, v, c.size);
	} else {
		bool lead = w->lead_any ? !(c.class & w->lead_not) : c.point == ' ';
		end = lead ? letter_run(w, v, c.size) : 0;
		if (end == c.size) end = 0;
	}
	return end ? end + contraction(v, end, w->behind) : 0;
}

static size_t numbers(const struct pretokenizer_words *w, const struct pretokenizer_view *v, struct unicode_char c)
{
	size_t end = 0;
	unsigned n = 0;
	if (w->numbers_space && c.point == ' ') {
		end = 1;
		c = view_char(v, 1);
	}
	for (; n < w->numbers && (c.class & UNICODE_NUMBER); n++, c = view_char(v, end)) end += c.size;
	return n ? end : 0;
}

static size_t signs(const struct pretokenizer_words *w, const struct pretokenizer_view *v, struct unicode_char c)
{
	size_t end = 0;
	if (c.point == ' ') {
		end = 1;
		c = view_char(v, 1);
	}
	if (!(c.class & w->signs)) return 0;
	for (; c.class & w->signs; c = view_char(v, end)) end += c.size;
	for (; w->tail && c.size == 1 && strchr(w->tail, (int)c.point) && c.point; c = view_char(v, end)) {
		end++;
		if (w->tail_once) break;
	}
	return end;
}

/* The longest of 512, 256, ... 4 and 1 or 2 spaces that leaves one before the next word, else 1. `n`: at least the number of
 * spaces there are, or 513. */
static size_t half_run(const struct pretokenizer_view *v, size_t n, bool at_end)
{
	size_t take = 1, end = 0;
	for (size_t k = 512; k >= 2; k /= 2) {
		if (n > k || (n == k && at_end)) {
			take = k;
			break;
		}
	}
	for (size_t i = 0; i < take; i++) end += view_char(v, end).size;
	return end;
}

/* White space: up to the last line end in it; else all but the last character, which goes with the next word. */
static size_t spaces(const struct pretokenizer_words *w, struct pretokenizer_view *v)
{
	enum { FAR_ENOUGH = 513 };
	size_t n = 0, end = 0, last = 0, lines = 0;
	bool plain = v->known > 0; /* no line end in what an earlier call has seen */
	struct unicode_char c;
	while ((c = view_char(v, end)).class & UNICODE_SPACE) {
		if (plain && w->halves && n == FAR_ENOUGH) return half_run(v, n, false);
		last = end;
		end += c.size;
		n++;
		if ((c.class & UNICODE_NEWLINE) && w->lines == LINES_RUN) lines = end;
	}
	if (lines) return lines;
	v->known = end;
	bool at_end = c.size == 0;
	if (w->halves) return half_run(v, n, at_end);
	return n > 1 && !at_end ? last : end;
}

static bool ascii_sign(char c)
{
	return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

static size_t sign_then_ascii(const struct pretokenizer_view *v)
{
	size_t end = 1;
	if (!ascii_sign(v->text[0])) return 0;
	while (end < v->length && lower(v->text[end]) >= 'a' && lower(v->text[end]) <= 'z') end++;
	return end > 1 ? end : 0;
}

static size_t han_run(const struct pretokenizer_view *v)
{
	size_t end = 0;
	for (struct unicode_char c; (c = view_char(v, end)).size && unicode_in_ranges(pretokenizer_han, c.point);) end += c.size;
	return end;
}

size_t pretokenizer_match_words(const struct pretokenizer_step *s, struct pretokenizer_view *v)
{
	const struct pretokenizer_words *w = s->words;
	struct unicode_char c = view_char(v, 0);
	size_t n = contraction(v, 0, w->first);
	if (!n && w->sign_then_ascii) n = sign_then_ascii(v);
	if (!n && w->han_apart) n = han_run(v);
	if (!n) n = letters(w, v, c);
	if (!n) n = numbers(w, v, c);
	if (!n) n = signs(w, v, c);
	if (n || !(c.class & UNICODE_SPACE)) return n;
	if (w->lines == LINES_ONE && (c.class & UNICODE_NEWLINE)) return 1;
	return spaces(w, v);
}
