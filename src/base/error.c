/* error: formats the one line that a failure leaves behind (see error.h). */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* Copies `text` to `out`, control characters as \xNN, cut at a character's start when the room ends. */
static void write_visible(char *out, size_t room, const char *text)
{
	size_t n = 0;
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p < 0x20 || *p == 0x7f) {
			if (n + 4 >= room) break;
			n += (size_t)snprintf(out + n, room - n, "\\x%02x", *p);
		} else {
			if (n + 1 >= room) break;
			out[n++] = (char)*p;
		}
	}
	if (n + 5 >= room) { /* cut: leave no part of a UTF-8 sequence at the end */
		while (n > 0 && ((unsigned char)out[n - 1] & 0xC0) == 0x80) n--;
		if (n > 0 && (unsigned char)out[n - 1] >= 0xC0) n--;
	}
	out[n] = 0;
}

bool error_set(struct error *e, const char *format, ...)
{
	if (!e) return false;
	char line[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	write_visible(e->text, sizeof e->text, line);
	return false;
}

bool error_at(struct error *e, const char *format, ...)
{
	if (!e) return false;
	char place[384], line[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(place, sizeof place, format, args);
	va_end(args);
	snprintf(line, sizeof line, "%s: %s", place, e->text);
	write_visible(e->text, sizeof e->text, line);
	return false;
}

bool error_memory(struct error *e)
{
	return error_set(e, "out of memory: close other programs, or use a smaller model or context");
}
