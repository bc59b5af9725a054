/*
 * markdown: line kinds and inline marks, in one pass (see markdown.h).
 *
 * A line begins in `head` until its kind is known (heading, list, quote, fence, rule, table, plain). The rest goes through
 * inline_byte: a `*` that may open is held in `span` until its counterpart comes, followed by something that is no letter;
 * when the line or the room ends first, the span is shown as it was written.
 */
#include "app/hearth/markdown.h"

#include "app/hearth/visible.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct markdown markdown_new(struct screen *screen, bool active)
{
	return (struct markdown){ .screen = screen, .active = active, .before = ' ' };
}

static bool is_letter(char c)
{
	return isalnum((unsigned char)c) != 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* ---- inside a line ---- */

static void plain(struct markdown *m, const char *text, size_t length)
{
	if (length == 0) return;
	screen_text(m->screen, text, length);
	m->before = text[length - 1];
}

static size_t marks_at_start(const char *text, size_t length)
{
	size_t n = 0;
	while (n < length && n < 3 && text[n] == '*') n++;
	return n;
}

/* How many marks close the span that is held: 0 while it is open. */
static size_t closing_marks(const struct markdown *m)
{
	size_t open = marks_at_start(m->span, m->span_size);
	if (m->span_size < 2 * open + 1) return 0;
	for (size_t i = 0; i < open; i++) {
		if (m->span[m->span_size - 1 - i] != '*') return 0;
	}
	char inner = m->span[m->span_size - 1 - open];
	return is_space(inner) || inner == '*' || strchr("([{<", inner) ? 0 : open;
}

static void inline_text(struct markdown *m, const char *text, size_t length);

/* Shows the finished span in its style; its marks vanish. */
static void show_span(struct markdown *m, size_t marks)
{
	char inner[MARKDOWN_SPAN];
	size_t size = m->span_size - 2 * marks;
	memcpy(inner, m->span + marks, size);
	m->span_size = 0;
	unsigned outer = m->screen->style;
	unsigned style = (marks & 2 ? SCREEN_BOLD : 0) | (marks & 1 ? SCREEN_ITALIC : 0);
	screen_style(m->screen, outer | style);
	m->before = ' ';
	for (size_t i = 0; i < size;) { /* spans inside a span are short: a run of other text, then a mark */
		size_t run = i;
		while (run < size && inner[run] != '*') run++;
		plain(m, inner + i, run - i);
		size_t end = run;
		while (end < size && inner[end] == '*') end++;
		if (end > run && marks == 1 && end - run == 2)
			screen_style(m->screen, m->screen->style ^ SCREEN_BOLD);
		else if (end > run && marks == 2 && end - run == 1)
			screen_style(m->screen, m->screen->style ^ SCREEN_ITALIC);
		else
			plain(m, inner + run, end - run);
		i = end;
	}
	screen_style(m->screen, outer);
	m->before = '*';
}

/* The span does not close: shows it as it was written. */
static void give_span_up(struct markdown *m)
{
	char text[MARKDOWN_SPAN];
	size_t size = m->span_size;
	memcpy(text, m->span, size);
	m->span_size = 0;
	size_t marks = marks_at_start(text, size);
	plain(m, text, marks);
	inline_text(m, text + marks, size - marks);
}

/* One byte while a span is held. False: the span is over and the byte is still to be shown. */
static bool span_byte(struct markdown *m, char c)
{
	size_t marks = marks_at_start(m->span, m->span_size);
	bool opening = m->span_size == marks;
	if (opening && (is_space(c) || (c == '*' && marks == 3))) {
		give_span_up(m);
		return false;
	}
	size_t closing = opening ? 0 : closing_marks(m);
	if (closing && c != '*' && (closing > 1 || !is_letter(c))) {
		show_span(m, closing);
		return false;
	}
	if (m->span_size == sizeof m->span) {
		give_span_up(m);
		return false;
	}
	m->span[m->span_size++] = c;
	return true;
}

/* False: the byte is part of ordinary text, and nothing is held. */
static bool inline_byte(struct markdown *m, char c)
{
	while (m->span_size) {
		if (span_byte(m, c)) return true;
	}
	if (c != '*' && c != '`') return false;
	if (c == '`') m->in_code = !m->in_code;
	bool may_open = !is_letter(m->before) && m->before != '*' && m->before != '\\';
	if (c == '*' && !m->in_code && may_open)
		m->span[m->span_size++] = c;
	else
		plain(m, &c, 1);
	return true;
}

static void inline_text(struct markdown *m, const char *text, size_t length)
{
	for (size_t i = 0; i < length;) {
		size_t run = i;
		while (run < length && !m->span_size && text[run] != '*' && text[run] != '`') run++;
		plain(m, text + i, run - i);
		if (run < length && inline_byte(m, text[run])) run++;
		i = run;
	}
}

/* The line, or the text, ends. */
static void end_inline(struct markdown *m)
{
	while (m->span_size) {
		size_t closing = closing_marks(m);
		if (closing)
			show_span(m, closing);
		else
			give_span_up(m);
	}
	screen_style(m->screen, SCREEN_PLAIN);
	m->in_code = false;
	m->before = ' ';
}

/* ---- the beginning of a line ---- */

/* Starts the line with `size` bytes of the head shown as spaces and `marker`, and goes on with the rest of it. When the line is
 * broken, its rest begins below the rest, or with the marker again when that is a bar. */
static void begin_line(struct markdown *m, size_t leading, const char *marker, bool bar, size_t size, unsigned style)
{
	char text[MARKDOWN_HEAD + 16], rest[MARKDOWN_HEAD];
	size_t n = m->head_size - size;
	memcpy(rest, m->head + size, n);
	m->head_size = 0;
	m->in_line = true;
	snprintf(text, sizeof text, "%*s%s", (int)leading, "", marker);
	screen_say(m->screen, text);
	if (!bar) snprintf(text, sizeof text, "%*s", (int)(leading + visible_columns(marker, strlen(marker))), "");
	screen_indent(m->screen, text);
	screen_style(m->screen, style);
	if (m->whole_line)
		plain(m, rest, n);
	else
		inline_text(m, rest, n);
}

static void show_rule(struct markdown *m)
{
	unsigned width = m->screen->width && m->screen->width < 40 ? m->screen->width : 40;
	screen_style(m->screen, SCREEN_DIM);
	for (unsigned i = 0; i < width; i++) screen_say(m->screen, m->screen->ascii ? "-" : "─");
	screen_style(m->screen, SCREEN_PLAIN);
	m->head_size = 0;
	m->in_line = true;
}

enum kind { UNDECIDED, PLAIN, CODE, HEADING, BULLET, NUMBER, QUOTE, TABLE, FENCE, RULE };

/* A line of three or more of one mark and nothing else. `whole`: the line ends here. */
static enum kind rule_or_plain(const char *text, size_t length, bool whole)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] != text[0] && !is_space(text[i])) return PLAIN;
	}
	if (!whole) return UNDECIDED;
	return length >= 3 ? RULE : PLAIN;
}

/* The kind of a line that begins with `text` (leading spaces taken off); *marker is the length of its mark. */
static enum kind line_kind(const char *text, size_t length, bool whole, size_t *marker)
{
	size_t n = 0;
	*marker = 0;
	if (length == 0) return whole ? PLAIN : UNDECIDED;
	char c = text[0];
	while (n < length && text[n] == c) n++;
	if (c == '`' || c == '~') {
		if (n == length && !whole) return UNDECIDED;
		if (n < 3) return PLAIN;
		*marker = n;
		return whole ? FENCE : memchr(text + n, '`', length - n) ? PLAIN : UNDECIDED;
	}
	if (c == '#' && n <= 6) {
		if (n == length) return whole ? PLAIN : UNDECIDED;
		*marker = n + 1;
		return text[n] == ' ' ? HEADING : PLAIN;
	}
	if (c == '>' || c == '|') {
		if (c == '|') return TABLE;
		if (length < 2 && !whole) return UNDECIDED;
		*marker = length > 1 && text[1] == ' ' ? 2 : 1;
		return QUOTE;
	}
	if (c == '-' || c == '*' || c == '+' || c == '_') {
		if (n == length) return n == 1 && !whole ? UNDECIDED : rule_or_plain(text, length, whole);
		*marker = 2;
		if (n == 1 && text[1] == ' ' && c != '_') return BULLET;
		return n == 1 ? PLAIN : rule_or_plain(text, length, whole);
	}
	for (n = 0; n < length && n < 4 && isdigit((unsigned char)text[n]);) n++;
	if (n == 0 || n == 4) return PLAIN;
	if (n == length) return whole ? PLAIN : UNDECIDED;
	if (text[n] != '.' && text[n] != ')') return PLAIN;
	if (n + 1 == length) return whole ? PLAIN : UNDECIDED;
	*marker = n + 2;
	return text[n + 1] == ' ' ? NUMBER : PLAIN;
}

/* Inside a code block: is this line its end? */
static enum kind code_kind(const struct markdown *m, const char *text, size_t length, bool whole)
{
	size_t n = 0;
	while (n < length && text[n] == m->fence_mark) n++;
	for (size_t i = n; i < length; i++) {
		if (!is_space(text[i])) return CODE;
	}
	if (!whole) return UNDECIDED;
	return n >= m->fence ? FENCE : CODE;
}

static void show_fence(struct markdown *m, const char *text, size_t length, size_t marks)
{
	m->screen->verbatim = false;
	if (m->fence) {
		m->fence = 0;
	} else {
		m->fence = (unsigned)marks;
		m->fence_mark = text[0];
	}
	screen_style(m->screen, SCREEN_DIM);
	plain(m, text, length);
	screen_style(m->screen, SCREEN_PLAIN);
	m->head_size = 0;
	m->in_line = true;
}

/* Tries to find out what line the head begins; false while it is too short to say. */
static bool decide(struct markdown *m, bool whole)
{
	static const char *const bullets[] = { "• ", "* " }, *const bars[] = { "│ ", "| " };
	size_t leading = 0, marker = 0;
	while (leading < m->head_size && m->head[leading] == ' ') leading++;
	const char *text = m->head + leading;
	size_t length = m->head_size - leading;
	bool full = m->head_size == sizeof m->head;
	enum kind kind = m->fence ? code_kind(m, text, length, whole) : line_kind(text, length, whole, &marker);
	if (kind == UNDECIDED && !full) return false;
	if (leading > 12 && kind != CODE) kind = PLAIN;
	char number[8] = "";
	m->whole_line = kind == CODE || kind == TABLE;
	m->screen->verbatim = m->whole_line;
	switch (kind) {
	case HEADING: begin_line(m, 0, "", false, leading + marker, SCREEN_BOLD); break;
	case BULLET: begin_line(m, leading, bullets[m->screen->ascii], false, leading + marker, SCREEN_PLAIN); break;
	case NUMBER:
		snprintf(number, sizeof number, "%.*s", (int)marker, text);
		begin_line(m, leading, number, false, leading + marker, SCREEN_PLAIN);
		break;
	case QUOTE: begin_line(m, leading, bars[m->screen->ascii], true, leading + marker, SCREEN_PLAIN); break;
	case RULE: show_rule(m); break;
	case FENCE: show_fence(m, text, length, marker); break;
	case CODE:
	case TABLE:
		m->in_line = true;
		plain(m, m->head, m->head_size);
		m->head_size = 0;
		break;
	default: begin_line(m, leading, "", false, leading, SCREEN_PLAIN); break;
	}
	return true;
}

void markdown_text(struct markdown *m, const char *text, size_t length)
{
	if (!m->active) {
		screen_text(m->screen, text, length);
		return;
	}
	for (size_t i = 0; i < length;) {
		if (text[i] == '\n') {
			if (!m->in_line) decide(m, true);
			end_inline(m);
			screen_newline(m->screen);
			m->screen->verbatim = false;
			m->in_line = false;
			i++;
		} else if (!m->in_line) {
			m->head[m->head_size++] = text[i++];
			/* a character of several bytes goes on whole */
			while (i < length && ((unsigned char)text[i] & 0xC0) == 0x80 && m->head_size < sizeof m->head)
				m->head[m->head_size++] = text[i++];
			decide(m, false);
		} else {
			size_t end = i;
			while (end < length && text[end] != '\n') end++;
			if (m->whole_line)
				plain(m, text + i, end - i);
			else
				inline_text(m, text + i, end - i);
			i = end;
		}
	}
}

void markdown_end(struct markdown *m)
{
	if (m->active) {
		if (!m->in_line && m->head_size) decide(m, true);
		end_inline(m);
		m->in_line = false;
		m->fence = 0;
		m->screen->verbatim = false;
	}
	screen_flush(m->screen);
}
