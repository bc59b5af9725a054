/*
 * template_lexer: see template_lexer.h. The rules are those of jinja2's lexer: at each point of the plain text the nearest
 * opening mark counts; inside marks, numbers come before names, and closing marks count only while no bracket is open.
 */
#include "text/template_lexer.h"

#include "text/template_text.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

bool lexer_open(struct lexer *l, struct arena *arena, const char *source, size_t length, struct error *e)
{
	*l = (struct lexer){ .arena = arena, .line = 1, .line_starting = true };
	if (length > TEMPLATE_SOURCE_LIMIT)
		return error_set(e, "template: %zu bytes are more than the limit of %zu", length, TEMPLATE_SOURCE_LIMIT);
	if (!utf8_valid(source, length)) return error_set(e, "template: not UTF-8");
	char *copy = arena_alloc(arena, length + 1, 1);
	if (!copy) return error_memory(e);
	size_t n = 0;
	for (size_t i = 0; i < length; i++) {
		bool line_end = source[i] == '\r';
		if (line_end && i + 1 < length && source[i + 1] == '\n') i++;
		copy[n++] = line_end ? '\n' : source[i];
	}
	if (n && copy[n - 1] == '\n') n--;
	l->source = copy;
	l->size = n;
	return true;
}

static bool fail(const struct lexer *l, struct error *e, const char *what)
{
	return error_set(e, "template line %u: %s", l->line, what);
}

/* Length of the white space character at `at`, 0 when there is none. */
static size_t space_at(const struct lexer *l, size_t at)
{
	uint32_t point;
	if (at >= l->size) return 0;
	size_t n = utf8_decode(l->source + at, l->size - at, &point);
	return text_point_is_space(point) ? n : 0;
}

static size_t skip_space(const struct lexer *l, size_t at)
{
	for (size_t n; (n = space_at(l, at)) != 0;) at += n;
	return at;
}

static bool starts(const struct lexer *l, size_t at, const char *mark)
{
	size_t n = strlen(mark);
	return l->size - at >= n && memcmp(l->source + at, mark, n) == 0;
}

/* Moves to `at`, counting lines. */
static void advance(struct lexer *l, size_t at)
{
	for (size_t i = l->at; i < at; i++) l->line += l->source[i] == '\n';
	if (at > l->at) l->line_starting = l->source[at - 1] == '\n';
	l->at = at;
}

/* The end of a closing mark that starts at `at` ("%}", "-%}" with the space behind it, "+%}", one line end behind "%}"); 0 when
 * there is none. `mark` is "%}" or "#}". */
static size_t closing_mark(const struct lexer *l, size_t at, const char *mark)
{
	if (starts(l, at, mark)) return at + 2 + (at + 2 < l->size && l->source[at + 2] == '\n');
	if (at < l->size && starts(l, at + 1, mark)) {
		if (l->source[at] == '-') return skip_space(l, at + 3);
		if (l->source[at] == '+') return at + 3;
	}
	return 0;
}

/* Where the white space before a mark at `at` begins that the sign behind the mark takes away, not before `from`. */
static size_t trimmed_end(const struct lexer *l, size_t from, size_t at, char sign, bool strips)
{
	if (sign == '+' || (sign != '-' && !strips)) return at;
	size_t end = at, line = from;
	bool new_line = l->line_starting;
	for (size_t i = from, n; i < at; i += n) {
		uint32_t point;
		n = utf8_decode(l->source + i, at - i, &point);
		if (!text_point_is_space(point)) {
			end = at;
			line = i + n;
			new_line = false;
			continue;
		}
		if (end == at && sign == '-') end = i;
		if (point == '\n' && sign != '-') {
			line = i + 1;
			new_line = true;
		}
	}
	if (sign == '-') return end;
	return new_line && skip_space(l, line) >= at ? line : at;
}

/* Reads "{%-  raw -%}" (or endraw): the end of it, 0 when there is none at `at`. */
static size_t raw_mark(const struct lexer *l, size_t at, const char *word, bool ends)
{
	size_t i = at + 2;
	if (i < l->size && (l->source[i] == '-' || l->source[i] == '+')) i++;
	i = skip_space(l, i);
	if (!starts(l, i, word)) return 0;
	i = skip_space(l, i + strlen(word));
	if (ends) return closing_mark(l, i, "%}");
	if (starts(l, i, "%}")) return i + 2;
	return starts(l, i, "-%}") ? skip_space(l, i + 3) : 0;
}

static char sign_at(const struct lexer *l, size_t at)
{
	return at < l->size && (l->source[at] == '-' || l->source[at] == '+') ? l->source[at] : 0;
}

static void set_data(const struct lexer *l, struct token *t, size_t from, size_t to)
{
	*t = (struct token){ .kind = TOKEN_DATA, .line = l->line, .text = l->source + from, .length = to - from };
}

/* Inside {% raw %}: everything up to its end is one piece of data. */
static bool next_raw(struct lexer *l, struct token *t, struct error *e)
{
	size_t from = l->at;
	for (size_t i = from; i + 1 < l->size; i++) {
		if (!starts(l, i, "{%")) continue;
		size_t end = raw_mark(l, i, "endraw", true);
		if (!end) continue;
		set_data(l, t, from, trimmed_end(l, from, i, sign_at(l, i + 2), true));
		advance(l, end);
		l->mode = LEXER_DATA;
		return true;
	}
	/* Where nothing at all follows, jinja2 does not mind. */
	if (from < l->size) return fail(l, e, "{% raw %} is not closed");
	set_data(l, t, from, from);
	l->mode = LEXER_DATA;
	return true;
}

/* Behind "{#": skips the comment. */
static bool skip_comment(struct lexer *l, size_t at, struct error *e)
{
	size_t from = at + 2 + (sign_at(l, at + 2) != 0), end = from >= l->size ? l->size : 0;
	for (size_t i = from; !end && i + 1 < l->size; i++) end = closing_mark(l, i, "#}");
	if (!end) return fail(l, e, "a comment is not closed");
	advance(l, end);
	return true;
}

/* Plain text up to the next mark. What the mark opens is set up for the call after this one. */
static bool next_data(struct lexer *l, struct token *t, struct error *e)
{
	size_t from = l->at, at = from;
	while (at < l->size && !(l->source[at] == '{' && at + 1 < l->size && strchr("{%#", l->source[at + 1]) && l->source[at + 1]))
		at++;
	if (at >= l->size) {
		set_data(l, t, from, l->size);
		advance(l, l->size);
		return true;
	}
	char kind = l->source[at + 1], sign = sign_at(l, at + 2);
	size_t end = trimmed_end(l, from, at, sign, kind != '{');
	size_t raw = kind == '%' ? raw_mark(l, at, "raw", false) : 0;
	set_data(l, t, from, end);
	advance(l, at);
	if (raw) {
		advance(l, raw);
		l->mode = LEXER_RAW;
	} else if (kind == '#') {
		return skip_comment(l, at, e);
	} else {
		l->mode = kind == '{' ? LEXER_PRINT : LEXER_BLOCK;
	}
	return true;
}

static bool is_digit(const struct lexer *l, size_t at, unsigned base)
{
	if (at >= l->size) return false;
	char c = l->source[at];
	if (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) return true;
	return c >= '0' && c <= (base < 10 ? '0' + (char)base - 1 : '9');
}

/* Digits with single underscores between (or before, behind a prefix such as 0x); the end of them. */
static size_t digits(const struct lexer *l, size_t at, unsigned base)
{
	for (;;) {
		size_t i = at + (at < l->size && l->source[at] == '_');
		if (!is_digit(l, i, base)) return at;
		at = i + 1;
	}
}

/* The end of a float that starts with digits at `at`, 0 when it is none. */
static size_t float_end(const struct lexer *l, size_t at)
{
	if (at > 0 && l->source[at - 1] == '.') return 0;
	size_t i = digits(l, at, 10);
	bool is_float = false;
	if (i < l->size && l->source[i] == '.' && is_digit(l, i + 1, 10)) {
		is_float = true;
		i = digits(l, i + 1, 10);
	}
	if (i < l->size && (l->source[i] == 'e' || l->source[i] == 'E')) {
		size_t j = i + 1;
		if (j < l->size && (l->source[j] == '+' || l->source[j] == '-')) j++;
		if (is_digit(l, j, 10)) return digits(l, j, 10);
	}
	return is_float ? i : 0;
}

/* The end of an integer and its base. */
static size_t integer_end(const struct lexer *l, size_t at, unsigned *base)
{
	*base = 10;
	if (l->source[at] != '0') return digits(l, at, 10);
	char prefix = at + 1 < l->size ? (char)(l->source[at + 1] | 0x20) : 0;
	unsigned prefixed = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 0;
	if (prefixed) {
		size_t end = digits(l, at + 2, prefixed);
		if (end > at + 2) {
			*base = prefixed;
			return end;
		}
	}
	return digits(l, at, 1); /* zeros alone */
}

static bool next_number(struct lexer *l, struct token *t, struct error *e)
{
	char plain[400];
	size_t n = 0, end = float_end(l, l->at), from = l->at;
	unsigned base = 10;
	t->kind = end ? TOKEN_FLOAT : TOKEN_INTEGER;
	if (!end) end = integer_end(l, l->at, &base);
	if (t->kind == TOKEN_INTEGER && base != 10) from += 2;
	for (size_t i = from; i < end; i++) {
		if (n == sizeof plain - 1) return fail(l, e, "a number is too long");
		if (l->source[i] != '_') plain[n++] = l->source[i];
	}
	plain[n] = 0;
	t->text = l->source + l->at;
	t->length = end - l->at;
	if (t->kind == TOKEN_FLOAT && !number_parse(plain, n, &t->real)) return fail(l, e, "a number cannot be read");
	if (t->kind == TOKEN_INTEGER && !number_parse_integer(plain, n, base, &t->integer))
		return fail(l, e, "an integer has more than 64 bits");
	advance(l, end);
	return true;
}

static bool next_name(struct lexer *l, struct token *t)
{
	size_t end = l->at;
	while (end < l->size) {
		uint32_t point;
		size_t n = utf8_decode(l->source + end, l->size - end, &point);
		if (!text_point_is_word(point)) break;
		end += n;
	}
	if (end == l->at) return false;
	t->kind = TOKEN_NAME;
	t->text = l->source + l->at;
	t->length = end - l->at;
	advance(l, end);
	return true;
}

/* An escape of `n` hexadecimal digits at `at`; false when they are not all there or no code point. */
static bool hexadecimal(const struct lexer *l, size_t at, size_t end, size_t n, uint32_t *point)
{
	*point = 0;
	for (size_t i = 0; i < n; i++) {
		if (at + i >= end || !is_digit(l, at + i, 16)) return false;
		char c = l->source[at + i];
		*point = *point << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return *point <= 0x10FFFF;
}

/* One escape behind the backslash at `i`, into out[0..4); returns where the text goes on, 0 on an error. */
static size_t unescape(const struct lexer *l, size_t i, size_t end, char out[4], size_t *written)
{
	static const char names[] = "\\'\"abfnrtv", meant[] = "\\'\"\a\b\f\n\r\t\v";
	char c = l->source[i + 1];
	const char *known = c ? strchr(names, c) : NULL;
	uint32_t point = 0;
	*written = 1;
	if (known) {
		out[0] = meant[known - names];
		return i + 2;
	}
	if (c == '\n') {
		*written = 0;
		return i + 2;
	}
	size_t wide = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
	if (wide) {
		if (!hexadecimal(l, i + 2, end, wide, &point)) return 0;
		*written = utf8_encode(point, out);
		return i + 2 + wide;
	}
	if (c >= '0' && c <= '7') {
		size_t at = i + 1;
		while (at < end && at < i + 4 && is_digit(l, at, 8)) point = point * 8 + (uint32_t)(l->source[at++] - '0');
		*written = utf8_encode(point, out);
		return at;
	}
	if (c == 'N') return 0;
	out[0] = '\\';
	return i + 1;
}

static bool next_string(struct lexer *l, struct token *t, struct error *e)
{
	char quote = l->source[l->at];
	size_t from = l->at + 1, end = from;
	while (end < l->size && l->source[end] != quote) end += l->source[end] == '\\' ? 2 : 1;
	if (end >= l->size) return fail(l, e, "a string is not closed");
	char *text = arena_alloc(l->arena, end - from + 1, 1);
	if (!text) return error_memory(e);
	size_t n = 0;
	for (size_t i = from; i < end;) {
		if (l->source[i] != '\\') {
			text[n++] = l->source[i++];
			continue;
		}
		size_t written;
		char bytes[4];
		i = unescape(l, i, end, bytes, &written);
		if (!i) return fail(l, e, "a string has an escape that cannot be read");
		memcpy(text + n, bytes, written);
		n += written;
	}
	t->kind = TOKEN_STRING;
	t->text = text;
	t->length = n;
	advance(l, end + 1);
	return true;
}

static const struct {
	const char *text;
	enum token_kind kind;
} operators[] = {
	{ "//", TOKEN_FLOOR_DIVIDE },  { "**", TOKEN_POWER },        { "==", TOKEN_EQUAL },     { "!=", TOKEN_NOT_EQUAL },
	{ ">=", TOKEN_GREATER_EQUAL }, { "<=", TOKEN_LESS_EQUAL },   { "+", TOKEN_ADD },        { "-", TOKEN_SUBTRACT },
	{ "/", TOKEN_DIVIDE },         { "*", TOKEN_MULTIPLY },      { "%", TOKEN_MODULO },     { "~", TOKEN_TILDE },
	{ "[", TOKEN_LEFT_BRACKET },   { "]", TOKEN_RIGHT_BRACKET }, { "(", TOKEN_LEFT_PAREN }, { ")", TOKEN_RIGHT_PAREN },
	{ "{", TOKEN_LEFT_BRACE },     { "}", TOKEN_RIGHT_BRACE },   { ">", TOKEN_GREATER },    { "<", TOKEN_LESS },
	{ "=", TOKEN_ASSIGN },         { ".", TOKEN_DOT },           { ":", TOKEN_COLON },      { "|", TOKEN_PIPE },
	{ ",", TOKEN_COMMA },          { ";", TOKEN_SEMICOLON },
};

/* Keeps the stack of open brackets. */
static bool balance(struct lexer *l, char c, struct error *e)
{
	static const char opening[] = "([{", closing[] = ")]}";
	const char *opens = strchr(opening, c);
	if (opens) {
		if (l->n_open == sizeof l->open) return fail(l, e, "brackets are nested too deeply");
		l->open[l->n_open++] = closing[opens - opening];
	} else if (strchr(closing, c)) {
		if (l->n_open == 0 || l->open[l->n_open - 1] != c) return fail(l, e, "a bracket is closed that is not open");
		l->n_open--;
	}
	return true;
}

static bool next_operator(struct lexer *l, struct token *t, struct error *e)
{
	for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
		if (!starts(l, l->at, operators[i].text)) continue;
		t->kind = operators[i].kind;
		t->text = operators[i].text;
		t->length = strlen(operators[i].text);
		if (t->length == 1 && !balance(l, t->text[0], e)) return false;
		advance(l, l->at + t->length);
		return true;
	}
	return fail(l, e, "a character that means nothing here");
}

/* The closing mark of the print or block tag at this point; its end, 0 when there is none. */
static size_t tag_end(const struct lexer *l)
{
	if (l->n_open) return 0;
	if (l->mode == LEXER_BLOCK) return closing_mark(l, l->at, "%}");
	if (starts(l, l->at, "}}")) return l->at + 2;
	return starts(l, l->at, "-}}") ? skip_space(l, l->at + 3) : 0;
}

static bool next_in_tag(struct lexer *l, struct token *t, struct error *e)
{
	size_t end = tag_end(l);
	if (!end) {
		advance(l, skip_space(l, l->at));
		end = tag_end(l);
	}
	*t = (struct token){ .line = l->line, .text = "", .length = 0 };
	if (l->at >= l->size) return true; /* TOKEN_END */
	if (end) {
		t->kind = l->mode == LEXER_BLOCK ? TOKEN_BLOCK_END : TOKEN_PRINT_END;
		t->text = "end of the tag";
		t->length = strlen(t->text);
		advance(l, end);
		l->mode = LEXER_DATA;
		return true;
	}
	char c = l->source[l->at];
	if (c >= '0' && c <= '9') return next_number(l, t, e);
	if (next_name(l, t)) return true;
	if (c == '"' || c == '\'') return next_string(l, t, e);
	return next_operator(l, t, e);
}

/* At "{{" or "{%": the mark and its sign. */
static void begin_tag(struct lexer *l, struct token *t)
{
	bool block = l->mode == LEXER_BLOCK;
	*t = (struct token){
		.kind = block ? TOKEN_BLOCK_BEGIN : TOKEN_PRINT_BEGIN, .line = l->line, .text = block ? "{%" : "{{", .length = 2
	};
	advance(l, l->at + 2 + (sign_at(l, l->at + 2) != 0));
}

bool lexer_next(struct lexer *l, struct token *t, struct error *e)
{
	if (l->pending) {
		l->pending = false;
		begin_tag(l, t);
		return true;
	}
	if (l->mode == LEXER_PRINT || l->mode == LEXER_BLOCK) return next_in_tag(l, t, e);
	while (l->mode == LEXER_RAW || l->at < l->size) {
		if (!(l->mode == LEXER_RAW ? next_raw(l, t, e) : next_data(l, t, e))) return false;
		l->pending = l->mode == LEXER_PRINT || l->mode == LEXER_BLOCK;
		if (t->length) return true;
		if (l->pending) return lexer_next(l, t, e);
	}
	*t = (struct token){ .kind = TOKEN_END, .line = l->line, .text = "end of the template", .length = 19 };
	return true;
}
