/* view: puts thoughts, Markdown and screen together (see view.h). */
#include "app/hearth/view.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_OUT = 16 << 20, MAX_THOUGHT = 16 << 20, MAX_NOTE = 4096, COMFORTABLE_WIDTH = 100 };

static const double seconds_quiet = 1.0, seconds_between = 0.25;

static void write_out(struct view *v)
{
	if (v->out.size && !terminal_write(v->out.data, v->out.size)) v->lost = true;
	buffer_clear(&v->out);
}

static void sink(void *data, const char *bytes, size_t size)
{
	struct view *v = data;
	if (!buffer_append(&v->out, bytes, size)) v->out.failed = false;
	if (v->out.size > 65536) write_out(v);
}

/* One column stays free: a terminal that breaks a full line itself would leave an empty one. */
static void fit_width(struct view *v)
{
	unsigned width = terminal_width() - 1;
	v->screen.width = width < COMFORTABLE_WIDTH ? width : COMFORTABLE_WIDTH;
}

void view_open(struct view *v, const struct terminal *t)
{
	*v = (struct view){ .terminal = *t, .out = buffer_new(MAX_OUT), .thought = buffer_new(MAX_THOUGHT) };
	v->screen = screen_new(sink, v, 0, t->styled, t->ascii);
	fit_width(v);
}

void view_close(struct view *v)
{
	screen_free(&v->screen);
	buffer_free(&v->out);
	buffer_free(&v->thought);
}

static void paragraph(struct view *v, unsigned style, const char *text)
{
	fit_width(v);
	size_t indent = strspn(text, " ");
	char hanging[SCREEN_MAX_INDENT];
	screen_style(&v->screen, style);
	snprintf(hanging, sizeof hanging, "%*s", (int)(indent < 20 ? indent : 20), "");
	screen_indent(&v->screen, hanging);
	screen_say(&v->screen, text);
	screen_style(&v->screen, SCREEN_PLAIN);
	screen_newline(&v->screen);
	write_out(v);
}

void view_note(struct view *v, const char *format, ...)
{
	char text[MAX_NOTE];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	paragraph(v, SCREEN_DIM, text);
}

void view_say(struct view *v, const char *format, ...)
{
	char text[MAX_NOTE];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	paragraph(v, SCREEN_PLAIN, text);
}

void view_row(struct view *v, const char *name, const char *text)
{
	char column[SCREEN_MAX_INDENT];
	fit_width(v);
	snprintf(column, sizeof column, "  %-15s ", name);
	screen_say(&v->screen, column);
	snprintf(column, sizeof column, "%*s", (int)strlen(column), "");
	screen_indent(&v->screen, column);
	screen_say(&v->screen, text);
	screen_newline(&v->screen);
	write_out(v);
}

void view_block(struct view *v, const char *gutter, unsigned style, const char *text, size_t length)
{
	fit_width(v);
	for (size_t i = 0; i < length || i == 0;) {
		const char *end = i < length ? memchr(text + i, '\n', length - i) : NULL;
		size_t n = end ? (size_t)(end - text) - i : length - i;
		screen_style(&v->screen, SCREEN_DIM);
		screen_say(&v->screen, gutter);
		screen_style(&v->screen, style);
		screen_indent(&v->screen, gutter);
		screen_text(&v->screen, text + i, n);
		screen_style(&v->screen, SCREEN_PLAIN);
		screen_newline(&v->screen);
		i += n + 1;
	}
	write_out(v);
}

/* ---- progress ---- */

static void clear_progress(struct view *v)
{
	if (v->progress_shown > 0) buffer_append_text(&v->out, "\r\033[K");
	v->progress_shown = 0;
}

/* What the model is doing, for how long, and how long it will take where that can be told. */
static void describe_progress(const struct view *v, double now, char *line, size_t room)
{
	double elapsed = now - v->started;
	uint32_t due = v->n_prompt > v->n_cached ? v->n_prompt - v->n_cached : 0;
	uint32_t done = v->n_done > v->n_cached ? v->n_done - v->n_cached : 0;
	if (v->thinking)
		snprintf(line, room, "thinking, %.0f s (Ctrl-C stops)", now - v->thought_started);
	else if (due <= done)
		snprintf(line, room, "working, %.0f s (Ctrl-C stops)", elapsed);
	else if (done == 0)
		snprintf(line, room, "reading %u tokens, %.0f s (Ctrl-C stops)", due, elapsed);
	else
		snprintf(line, room, "reading, %u of %u tokens, about %.0f s more", done, due, elapsed / done * (due - done) + 0.5);
}

static void show_progress(struct view *v)
{
	double now = clock_seconds();
	char line[128];
	if (!v->terminal.movable || v->text_shown || now - v->started < seconds_quiet) return;
	if (v->progress_shown > 0 && now - v->progress_shown < seconds_between) return;
	describe_progress(v, now, line, sizeof line);
	if (v->screen.width < sizeof line) line[v->screen.width] = 0;
	clear_progress(v);
	buffer_format(&v->out, "%s%s%s", v->terminal.styled ? "\033[2m" : "", line, v->terminal.styled ? "\033[0m" : "");
	v->progress_shown = now;
	write_out(v);
}

/* ---- an answer ---- */

void view_answer_begin(struct view *v)
{
	fit_width(v);
	v->markdown = markdown_new(&v->screen, v->terminal.styled);
	v->thoughts = thoughts_new("", 0);
	buffer_clear(&v->thought);
	v->started = clock_seconds();
	v->thought_started = v->progress_shown = 0;
	v->text_shown = v->thinking = false;
	v->n_prompt = v->n_done = v->n_cached = 0;
}

static bool is_blank(const struct buffer *b)
{
	const char *text = buffer_text(b);
	return strspn(text, " \t\r\n") == b->size;
}

/* The one line that stands for the thoughts. */
static void fold_thought(struct view *v)
{
	double seconds = clock_seconds() - v->thought_started;
	v->thinking = false;
	clear_progress(v);
	if (is_blank(&v->thought)) return;
	screen_style(&v->screen, SCREEN_DIM);
	char line[64];
	snprintf(line, sizeof line, "thought for %.0f s, /why shows it", seconds);
	screen_say(&v->screen, line);
	screen_style(&v->screen, SCREEN_PLAIN);
	screen_newline(&v->screen);
}

static void take_part(void *data, bool thought, const char *text, size_t length)
{
	struct view *v = data;
	if (thought) {
		if (v->thought_started <= 0) v->thought_started = clock_seconds();
		v->thinking = true;
		buffer_append(&v->thought, text, length);
		return;
	}
	if (v->thinking) fold_thought(v);
	clear_progress(v);
	v->text_shown = true;
	if (terminal_take_size_change()) fit_width(v);
	markdown_text(&v->markdown, text, length);
}

static void on_event(void *data, const struct hearth_event *event, const struct answer *so_far)
{
	struct view *v = data;
	v->n_prompt = event->n_prompt;
	v->n_cached = event->n_cached;
	v->n_done = event->n_done;
	if (event->kind == HEARTH_PROMPT) v->thoughts = thoughts_new(buffer_text(&so_far->prompt), so_far->prompt.size);
	if (event->kind == HEARTH_ANSWER && event->text_length)
		thoughts_text(&v->thoughts, event->text, event->text_length, take_part, v);
	if (event->kind == HEARTH_DONE || event->kind == HEARTH_FAILED) thoughts_end(&v->thoughts, take_part, v);
	write_out(v);
	show_progress(v);
}

static void on_tick(void *data)
{
	show_progress(data);
}

struct answer_watch view_watch(struct view *v)
{
	return (struct answer_watch){ .event = on_event, .tick = on_tick, .data = v };
}

void view_answer_end(struct view *v)
{
	if (v->thinking) fold_thought(v);
	clear_progress(v);
	markdown_end(&v->markdown);
	if (v->screen.column) screen_newline(&v->screen);
	v->text_shown = true;
	write_out(v);
}

void view_answer_again(struct view *v, const char *text, size_t length)
{
	view_answer_begin(v);
	thoughts_text(&v->thoughts, text, length, take_part, v);
	thoughts_end(&v->thoughts, take_part, v);
	view_answer_end(v);
	buffer_clear(&v->thought);
}
