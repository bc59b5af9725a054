/*
 * line_editor: libedit with keys that are read here (see line_editor.h).
 *
 * Keys are read by read_key, so that Ctrl-C ends a line without ending the program, and a change of the window's size is seen
 * in the middle of a line. A terminal that knows bracketed paste sends ESC [200~ before pasted text and ESC [201~ behind it.
 */
#include "app/hearth/line_editor.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_MESSAGE = 16 << 20, HISTORY_LINES = 1000, PAUSE_MS = 2000 };

struct line_editor {
	EditLine *edit;
	HistoryW *history;
	const char *(*complete)(const char *start, size_t n);
	struct line_watch watch;
	wchar_t prompt[16];
	bool marks_pastes, left; /* left: the watch ended the line */
};

static wchar_t *show_prompt(EditLine *edit)
{
	void *data;
	el_wget(edit, EL_CLIENTDATA, &data);
	return ((struct line_editor *)data)->prompt;
}

/* Reads a byte as read() does, with the watch's pauses; `left` is set when it ended the line. */
static ssize_t read_byte(struct line_editor *l, char *byte)
{
	while (l->watch.pause) {
		struct pollfd waits[] = { { .fd = STDIN_FILENO, .events = POLLIN },
			                  { .fd = l->watch.wake ? *l->watch.wake : -1, .events = POLLIN } };
		if (poll(waits, 2, PAUSE_MS) < 0) return -1;
		if (waits[0].revents) break;
		l->left = l->watch.pause(l->watch.data) == LINE_LEAVE;
		if (l->left) return 0;
	}
	return read(STDIN_FILENO, byte, 1);
}

/* One character from the terminal: 1, 0 at the end, -1 for Ctrl-C and when the watch ends the line. */
static int read_key(EditLine *edit, wchar_t *key)
{
	char bytes[4];
	size_t n = 0;
	void *data;
	el_wget(edit, EL_CLIENTDATA, &data);
	struct line_editor *l = data;
	for (;;) {
		if (terminal_interrupted()) return -1;
		ssize_t got = read_byte(l, bytes + n);
		if (got < 0 && errno == EINTR) {
			if (terminal_take_return()) { /* the shell left the terminal in its own mode */
				el_wset(edit, EL_PREP_TERM, 0);
				el_wset(edit, EL_PREP_TERM, 1);
				el_wset(edit, EL_REFRESH);
			}
			if (terminal_take_size_change()) {
				/* Where the cursor stands now nobody knows: the line is shown again below. */
				terminal_write("\r\n", 2);
				el_resize(edit);
				el_wset(edit, EL_REFRESH);
			}
			continue;
		}
		if (got <= 0) return got == 0 ? 0 : -1;
		if (l->watch.key) l->watch.key(l->watch.data);
		n++;
		uint32_t point;
		if (utf8_decode(bytes, n, &point) == n) {
			*key = (wchar_t)point;
			return 1;
		}
		if (utf8_incomplete(bytes, n) != n) n = 0; /* no UTF-8: left out */
	}
}

static bool ends_with(const wchar_t *text, size_t length, const wchar_t *end)
{
	size_t n = wcslen(end);
	return length >= n && wmemcmp(text + length - n, end, n) == 0;
}

/* Everything up to the end of the paste goes into the line, its line ends too. */
static unsigned char take_paste(EditLine *edit, int key)
{
	static const wchar_t end_mark[] = L"\033[201~";
	struct buffer pasted = buffer_new(MAX_MESSAGE);
	wchar_t c;
	(void)key;
	size_t n = 0;
	while (el_wgetc(edit, &c) == 1) {
		if (c == L'\r') c = L'\n';
		if (!buffer_append(&pasted, &c, sizeof c)) break;
		n++;
		if (c == L'~' && ends_with((wchar_t *)(void *)pasted.data, n, end_mark)) {
			n -= wcslen(end_mark);
			break;
		}
	}
	wchar_t *text = memory_new(n + 1, sizeof *text);
	for (size_t i = 0, at = 0; text && i < n; i++) {
		memcpy(&c, pasted.data + i * sizeof c, sizeof c);
		if (c == L'\t') c = L' ';
		if (c >= L' ' || c == L'\n') text[at++] = c;
	}
	if (text) {
		size_t length = wcslen(text);
		while (length && text[length - 1] == L'\n') text[--length] = 0;
		if (length) el_winsertstr(edit, text);
	}
	memory_free(text);
	buffer_free(&pasted);
	return CC_REFRESH;
}

/* Tab behind a slash: the rest of the command's name, as far as it is certain. */
static unsigned char take_tab(EditLine *edit, int key)
{
	void *data;
	(void)key;
	el_wget(edit, EL_CLIENTDATA, &data);
	struct line_editor *l = data;
	const LineInfoW *line = el_wline(edit);
	size_t n = (size_t)(line->cursor - line->buffer);
	char start[32];
	if (n == 0 || n >= sizeof start || line->buffer[0] != L'/' || !l->complete) return CC_ERROR;
	for (size_t i = 0; i < n; i++) start[i] = line->buffer[i] < 0x80 ? (char)line->buffer[i] : '?';
	start[n] = 0;
	const char *first = l->complete(start, 0), *other;
	if (!first) return CC_ERROR;
	size_t sure = strlen(first);
	for (size_t i = 1; (other = l->complete(start, i)) != NULL; i++) {
		size_t same = 0;
		while (same < sure && first[same] == other[same]) same++;
		sure = same;
	}
	wchar_t rest[40];
	size_t at = 0;
	for (size_t i = n; i < sure; i++) rest[at++] = (wchar_t)first[i];
	if (!l->complete(start, 1)) rest[at++] = L' ';
	rest[at] = 0;
	if (at == 0) return CC_ERROR;
	el_winsertstr(edit, rest);
	return CC_REFRESH;
}

struct line_editor *line_editor_open(const struct terminal *t, const char *(*complete)(const char *start, size_t n),
                                     const struct line_watch *watch)
{
	struct line_editor *l = memory_new(1, sizeof *l);
	if (!l) return NULL;
	HistEventW event;
	l->complete = complete;
	if (watch) l->watch = *watch;
	l->marks_pastes = t->movable;
	l->edit = el_init("hearth", stdin, stdout, stderr);
	l->history = history_winit();
	if (!l->edit || !l->history) {
		line_editor_close(l);
		return NULL;
	}
	history_w(l->history, &event, H_SETSIZE, HISTORY_LINES);
	history_w(l->history, &event, H_SETUNIQUE, 1);
	el_wset(l->edit, EL_CLIENTDATA, l);
	el_wset(l->edit, EL_PROMPT, show_prompt);
	el_wset(l->edit, EL_EDITOR, L"emacs");
	el_wset(l->edit, EL_HIST, history_w, l->history);
	el_wset(l->edit, EL_GETCFN, read_key);
	el_wset(l->edit, EL_ADDFN, L"hearth-paste", L"take a paste as one text", take_paste);
	el_wset(l->edit, EL_BIND, L"\033[200~", L"hearth-paste", NULL);
	el_wset(l->edit, EL_ADDFN, L"hearth-complete", L"complete a command", take_tab);
	el_wset(l->edit, EL_BIND, L"\t", L"hearth-complete", NULL);
	el_wset(l->edit, EL_BIND, L"^R", L"em-inc-search-prev", NULL);
	el_wset(l->edit, EL_BIND, L"\033[1;5D", L"ed-prev-word", NULL);
	el_wset(l->edit, EL_BIND, L"\033[1;5C", L"em-next-word", NULL);
	return l;
}

void line_editor_close(struct line_editor *l)
{
	if (!l) return;
	HistEventW event;
	if (l->history) {
		history_w(l->history, &event, H_CLEAR);
		history_wend(l->history);
	}
	if (l->edit) el_end(l->edit);
	memory_free(l);
}

static void to_utf8(struct buffer *out, const wchar_t *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char bytes[4];
		buffer_append(out, bytes, utf8_encode((uint32_t)text[i], bytes));
	}
}

enum line_result line_editor_read(struct line_editor *l, const char *prompt, struct buffer *out)
{
	HistEventW event;
	int count = 0;
	size_t n = 0;
	for (; prompt[n] && n + 1 < sizeof l->prompt / sizeof l->prompt[0]; n++) l->prompt[n] = (wchar_t)prompt[n];
	l->prompt[n] = 0;
	buffer_clear(out);
	terminal_take_interrupt();
	l->left = false;
	if (l->marks_pastes) terminal_write("\033[?2004h", 8);
	const wchar_t *line = el_wgets(l->edit, &count);
	if (l->marks_pastes) terminal_write("\033[?2004l", 8);
	if (terminal_take_interrupt()) {
		const LineInfoW *info = el_wline(l->edit);
		bool typed = info->lastchar > info->buffer;
		terminal_write("\n", 1);
		return typed ? LINE_INTERRUPTED : LINE_BREAK;
	}
	if (!line || count <= 0) {
		terminal_write("\n", 1);
		return l->left ? LINE_AWAY : LINE_END;
	}
	n = wcslen(line);
	if (n && line[n - 1] == L'\n') n--;
	to_utf8(out, line, n);
	if (n) history_w(l->history, &event, H_ENTER, line);
	return LINE_TAKEN;
}

static bool takes_more(const struct buffer *line)
{
	size_t n = 0;
	while (n < line->size && line->data[line->size - 1 - n] == '\\') n++;
	return n % 2 == 1;
}

static const char quotes[] = "\"\"\"";

/* Lines behind the first """ up to one that ends with it. */
static enum line_result read_quoted(struct line_editor *l, struct buffer *line, struct buffer *out)
{
	struct buffer rest = buffer_new(MAX_MESSAGE);
	buffer_append(&rest, line->data + 3, line->size - 3);
	enum line_result result = LINE_TAKEN;
	bool first = true;
	for (;;) {
		if (rest.size >= 3 && memcmp(rest.data + rest.size - 3, quotes, 3) == 0) {
			rest.size -= 3;
			break;
		}
		if (rest.size) buffer_append(out, rest.data, rest.size);
		if (rest.size || !first) buffer_append_byte(out, '\n');
		first = false;
		result = line_editor_read(l, "... ", line);
		if (result != LINE_TAKEN) break;
		buffer_clear(&rest);
		buffer_append(&rest, line->data, line->size);
	}
	if (result == LINE_TAKEN && rest.size) buffer_append(out, rest.data, rest.size);
	buffer_free(&rest);
	return result == LINE_BREAK ? LINE_INTERRUPTED : result;
}

enum line_result line_editor_message(struct line_editor *l, const char *prompt, struct buffer *out)
{
	struct buffer line = buffer_new(MAX_MESSAGE);
	buffer_clear(out);
	enum line_result result = line_editor_read(l, prompt, &line);
	if (result == LINE_TAKEN && line.size >= 3 && memcmp(line.data, quotes, 3) == 0) {
		result = read_quoted(l, &line, out);
	} else if (result == LINE_TAKEN) {
		while (result == LINE_TAKEN && takes_more(&line)) {
			buffer_append(out, line.data, line.size - 1);
			buffer_append_byte(out, '\n');
			result = line_editor_read(l, "... ", &line);
			if (result == LINE_BREAK) result = LINE_INTERRUPTED;
		}
		if (result == LINE_TAKEN && line.size) buffer_append(out, line.data, line.size);
	}
	buffer_free(&line);
	return result;
}
