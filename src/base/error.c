/*
 * error: formats the one line that a failure leaves behind (see error.h).
 *
 * What stands in such a line was often chosen by somebody else (a path, a key of a file): whatever a terminal would obey is
 * shown as \xNN, and a line that is too long loses its middle, so that both the file and the reason can be read.
 */
#include "base/error.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { HEAD = 200 }; /* bytes kept in front of the gap */

/* The next character of `text` as it is shown, into out[0..16); returns how many bytes of `text` it took. */
static size_t show(const char *text, size_t length, char *out, size_t *written)
{
	uint32_t point;
	size_t n = utf8_decode(text, length, &point);
	bool plain = n && !utf8_is_control(point);
	if (n == 0) n = 1;
	*written = 0;
	for (size_t i = 0; i < n; i++) {
		if (plain)
			out[(*written)++] = text[i];
		else
			*written += (size_t)snprintf(out + *written, 5, "\\x%02x", (unsigned char)text[i]);
	}
	return n;
}

static size_t visible_length(const char *text, size_t length)
{
	char shown[16];
	size_t total = 0, n;
	for (size_t i = 0; i < length; total += n) i += show(text + i, length - i, shown, &n);
	return total;
}

/* Writes all of the text, or its start and its end with dots between. */
static void write_visible(char *out, size_t room, const char *text, size_t length)
{
	static const char gap[] = " ... ";
	size_t left = visible_length(text, length), at = 0, n;
	bool cut = left >= room, in_gap = false;
	char shown[16];
	for (size_t i = 0; i < length; left -= n) {
		i += show(text + i, length - i, shown, &n);
		if (cut && !in_gap && at + n > HEAD) {
			memcpy(out + at, gap, sizeof gap - 1);
			at += sizeof gap - 1;
			in_gap = true;
		}
		if (in_gap && left >= room - at) continue;
		memcpy(out + at, shown, n);
		at += n;
	}
	out[at] = 0;
}

bool error_set(struct error *e, const char *format, ...)
{
	if (!e) return false;
	char line[1024];
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	/* A line that is longer has its reason at its end; without memory the start must do. */
	char *whole = length >= (int)sizeof line ? memory_new((size_t)length + 1, 1) : NULL;
	if (whole) vsnprintf(whole, (size_t)length + 1, format, again);
	va_end(again);
	const char *text = whole ? whole : line;
	write_visible(e->text, sizeof e->text, text, strlen(text));
	memory_free(whole);
	return false;
}

bool error_at(struct error *e, const char *format, ...)
{
	if (!e) return false;
	char place[1024], reason[sizeof e->text];
	va_list args;
	va_start(args, format);
	vsnprintf(place, sizeof place, format, args);
	va_end(args);
	memcpy(reason, e->text, sizeof reason);
	return error_set(e, "%s: %s", place, reason);
}

bool error_memory(struct error *e)
{
	return error_set(e, "out of memory: close other programs, or use a smaller model or context");
}
