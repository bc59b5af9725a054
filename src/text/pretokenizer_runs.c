/*
 * pretokenizer_runs: the steps that cut out runs of a class (digits, line ends, scripts), and a few rare ones.
 *
 * See pretokenizer_step.h for what a match function gets and returns.
 */
#include "text/pretokenizer_step.h"

#include <string.h>

static bool in_run(const struct pretokenizer_step *s, struct unicode_char c)
{
	return (c.class & s->classes) || (s->ranges && c.size && unicode_in_ranges(s->ranges, c.point));
}

size_t pretokenizer_match_run(const struct pretokenizer_step *s, struct pretokenizer_view *v)
{
	size_t end = 0;
	unsigned n = 0;
	struct unicode_char c = view_char(v, 0);
	if (s->space_before && (c.class & UNICODE_SPACE)) {
		struct unicode_char next = view_char(v, c.size);
		if (in_run(s, next)) {
			end = c.size;
			c = next;
		}
	}
	for (; in_run(s, c) && (s->most == 0 || n < s->most); n++, c = view_char(v, end)) end += c.size;
	return n == 0 || (s->exact && n < s->most) ? 0 : end;
}

size_t pretokenizer_match_sets(const struct pretokenizer_step *s, struct pretokenizer_view *v)
{
	struct unicode_char c = view_char(v, 0);
	if (c.point < 128) return 0; /* the sets hold no ASCII */
	for (const struct unicode_range *const *set = s->sets; *set; set++) {
		size_t end = 0;
		for (c = view_char(v, 0); c.size && unicode_in_ranges(*set, c.point); c = view_char(v, end)) end += c.size;
		if (end) return end;
	}
	return 0;
}

/* ` ?[^(\s|.,!?...)]+`: a run of anything but white space and the signs in `ranges`. */
size_t pretokenizer_match_not(const struct pretokenizer_step *s, struct pretokenizer_view *v)
{
	size_t begin = v->text[0] == ' ' ? 1 : 0, end = begin;
	for (struct unicode_char c; (c = view_char(v, end)).size; end += c.size) {
		if ((c.class & UNICODE_SPACE) || unicode_in_ranges(s->ranges, c.point)) break;
	}
	return end > begin ? end : 0;
}

/* `[^\n]+|[\n]+` */
size_t pretokenizer_match_lines(const struct pretokenizer_step *s, struct pretokenizer_view *v)
{
	(void)s;
	size_t end = 0;
	if (v->text[0] != '\n') {
		const char *line_end = memchr(v->text, '\n', v->length);
		return line_end ? (size_t)(line_end - v->text) : v->length;
	}
	while (end < v->length && v->text[end] == '\n') end++;
	return end;
}

/* `\s+$`; `known`: the end of white space that something follows. */
size_t pretokenizer_match_spaces_at_end(const struct pretokenizer_step *s, struct pretokenizer_view *v)
{
	(void)s;
	size_t end = 0;
	if (v->known > 0) return 0;
	for (struct unicode_char c; (c = view_char(v, end)).class & UNICODE_SPACE;) end += c.size;
	if (end == v->length) return end;
	v->known = end;
	return 0;
}

/* How many characters of the classes stand here, and where they end. */
static size_t count_run(const struct pretokenizer_view *v, uint16_t classes, size_t *end)
{
	size_t n = 0;
	struct unicode_char c;
	for (*end = 0; (c = view_char(v, *end)).class & classes; n++) *end += c.size;
	return n;
}

static size_t skip(const struct pretokenizer_view *v, size_t chars)
{
	size_t end = 0;
	for (size_t i = 0; i < chars; i++) end += view_char(v, end).size;
	return end;
}

/* Cuts behind each group of three numbers counted from the right, and so measures from one cut to the next: text and the
 * shorter group behind it stay together. `known`: the end of a run whose rest is a multiple of three. */
size_t pretokenizer_match_digits_from_right(const struct pretokenizer_step *s, struct pretokenizer_view *v)
{
	size_t at = 0, end;
	struct unicode_char c;
	if (v->known > 0) return skip(v, 3);
	while ((c = view_char(v, at)).size && !(c.class & s->classes)) at += c.size;
	struct pretokenizer_view run = { v->text + at, v->length - at, 0 };
	size_t n = count_run(&run, s->classes, &end);
	v->known = at + end;
	return at + skip(&run, n % 3 ? n % 3 : n ? 3 : 0);
}

/* `\d{1,3}(?=(?:\d{3})*\b)`: groups of three decimal digits from the right, a shorter one first, unless a letter follows the
 * last. `known`: the end of a run that was looked at. */
size_t pretokenizer_match_thousands(const struct pretokenizer_step *s, struct pretokenizer_view *v)
{
	enum { WORD = UNICODE_LETTER | UNICODE_MARK | UNICODE_DIGIT | UNICODE_JOINER };
	size_t n = 3;
	if (v->known == 0) {
		n = count_run(v, s->classes, &v->known);
		if (n == 0) return 0;
	}
	if (view_char(v, v->known).class & WORD) return 0;
	return skip(v, n % 3 ? n % 3 : 3);
}

static size_t ascii_digits(const struct pretokenizer_view *v, size_t at)
{
	while (at < v->length && v->text[at] >= '0' && v->text[at] <= '9') at++;
	return at;
}

/* `(?=(\d{3})+(?!\d))`: cuts (of no width) in front of every group of three ASCII digits counted from the right, and so
 * measures from one cut to the next. `known`: the end of a run of digits that begins here. */
size_t pretokenizer_match_digit_cuts(const struct pretokenizer_step *s, struct pretokenizer_view *v)
{
	(void)s;
	size_t at = 0;
	if (v->known > 3) return 3;
	if (v->known > 0) at = v->known;
	while (at < v->length) {
		size_t end = ascii_digits(v, at), n = end - at;
		size_t cut = at + n % 3;
		if (n >= 3 && cut > 0) {
			v->known = end;
			return cut;
		}
		if (n >= 3) { /* the cut in front of the first group is where this piece begins */
			v->known = end;
			return n > 3 ? 3 : pretokenizer_match_digit_cuts(s, v);
		}
		at = n ? end : at + 1;
	}
	return v->length;
}

/* `<sentinel:[0-9]+>` */
size_t pretokenizer_match_sentinel(const struct pretokenizer_step *s, struct pretokenizer_view *v)
{
	static const char head[] = "<sentinel:";
	enum { HEAD = sizeof head - 1, MOST_DIGITS = 64 };
	(void)s;
	if (v->length < HEAD || memcmp(v->text, head, HEAD) != 0) return 0;
	size_t end = ascii_digits(v, HEAD);
	return end > HEAD && end < v->length && v->text[end] == '>' ? end + 1 : 0;
}

/* `(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z` */
size_t pretokenizer_match_image(const struct pretokenizer_step *s, struct pretokenizer_view *v)
{
	static const char head[] = "IMGIMG";
	enum { HEAD = sizeof head - 1, MOST = 4 };
	(void)s;
	if (v->length < HEAD || memcmp(v->text, head, HEAD) != 0) return 0;
	size_t end = HEAD;
	while (end < v->length && end < HEAD + MOST && v->text[end] >= 'A' && v->text[end] <= 'I') end++;
	return end > HEAD && end < v->length && v->text[end] == 'Z' ? end + 1 : 0;
}

/* `([\t\n]|    |  )` */
size_t pretokenizer_match_indent(const struct pretokenizer_step *s, struct pretokenizer_view *v)
{
	(void)s;
	if (v->text[0] == '\t' || v->text[0] == '\n') return 1;
	if (v->length >= 4 && memcmp(v->text, "    ", 4) == 0) return 4;
	return v->length >= 2 && memcmp(v->text, "  ", 2) == 0 ? 2 : 0;
}
