/* screen: wrapping and styling (see screen.h). */
#include "app/hearth/screen.h"

#include "app/hearth/visible.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { MAX_MARKS = 8, MAX_WORD = 4096 };

struct screen screen_new(screen_sink sink, void *data, unsigned width, bool styled, bool ascii)
{
	return (struct screen){
		.sink = sink, .data = data, .width = width, .styled = styled, .ascii = ascii, .word = buffer_new(2 * MAX_WORD)
	};
}

void screen_free(struct screen *s)
{
	buffer_free(&s->word);
}

static void let_out(struct screen *s, const char *bytes, size_t size)
{
	if (size) s->sink(s->data, bytes, size);
}

static void spaces_out(struct screen *s)
{
	for (; s->spaces; s->spaces--) {
		let_out(s, " ", 1);
		s->column++;
	}
}

static void break_line(struct screen *s)
{
	let_out(s, "\n", 1);
	let_out(s, s->indent, strlen(s->indent));
	s->column = s->indent_columns;
	s->spaces = 0;
}

/* Lets the held word out, on the next line when this one has no room for it. */
static void word_out(struct screen *s)
{
	if (s->word.size == 0) return;
	if (s->word_columns) {
		bool fits = s->verbatim || s->width == 0 || s->column + s->spaces + s->word_columns <= s->width;
		if (!fits && s->column > s->indent_columns) break_line(s);
		spaces_out(s);
	}
	let_out(s, s->word.data, s->word.size);
	s->column += s->word_columns;
	buffer_clear(&s->word);
	s->word_columns = 0;
}

void screen_flush(struct screen *s)
{
	word_out(s);
}

void screen_newline(struct screen *s)
{
	word_out(s);
	let_out(s, "\n", 1);
	s->column = s->spaces = 0;
	s->indent[0] = 0;
	s->indent_columns = 0;
}

void screen_indent(struct screen *s, const char *text)
{
	snprintf(s->indent, sizeof s->indent, "%s", text);
	s->indent_columns = visible_columns(s->indent, strlen(s->indent));
	if (s->width && s->indent_columns > s->width / 2) {
		s->indent[0] = 0;
		s->indent_columns = 0;
	}
}

void screen_style(struct screen *s, unsigned style)
{
	if (style == s->style) return;
	s->style = style;
	if (!s->styled) return;
	char sequence[24];
	int n = snprintf(sequence, sizeof sequence, "\033[0%s%s%sm", style & SCREEN_BOLD ? ";1" : "",
	                 style & SCREEN_DIM ? ";2" : "", style & SCREEN_ITALIC ? ";3" : "");
	buffer_append(&s->word, sequence, (size_t)n);
}

/* One character that shows something: part of the held word, or a word by itself when it is wide (Chinese, Japanese, emoji). */
static void add_character(struct screen *s, const char *bytes, size_t size, unsigned columns)
{
	unsigned room = s->width ? s->width - (s->width > s->indent_columns ? s->indent_columns : 0) : MAX_WORD / 4;
	bool too_long = !s->verbatim && s->word_columns + columns > room;
	if (columns == 2 || too_long || s->word.size > MAX_WORD) word_out(s);
	buffer_append(&s->word, bytes, size);
	s->word_columns += columns;
}

static void add_point(struct screen *s, uint32_t point)
{
	bool after_return = s->after_return;
	s->after_return = point == '\r';
	if (point == '\r') return;
	if (point == '\n' || point == 0x2028 || point == 0x2029) {
		screen_newline(s);
		return;
	}
	char shown[VISIBLE_ROOM];
	unsigned columns;
	if (after_return) add_character(s, "^M", 2, 2);
	if (point == ' ' || point == '\t') {
		word_out(s);
		s->spaces += point == ' ' ? 1 : 4;
		if (s->verbatim) spaces_out(s);
		if (s->spaces > 200) s->spaces = 200;
		return;
	}
	size_t size = visible_point(point, s->ascii, shown, &columns);
	s->marks = columns || size == 0 ? 0 : s->marks + 1;
	if (size && s->marks <= MAX_MARKS) add_character(s, shown, size, columns);
	if (columns == 2 && !s->verbatim) s->marks = 0;
}

void screen_text(struct screen *s, const char *text, size_t length)
{
	for (size_t i = 0; i < length;) {
		uint32_t point;
		size_t n = utf8_decode(text + i, length - i, &point);
		add_point(s, n ? point : UTF8_REPLACEMENT);
		i += n ? n : 1;
	}
}

void screen_say(struct screen *s, const char *text)
{
	screen_text(s, text, strlen(text));
}
