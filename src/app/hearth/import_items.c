/* import_items: elements out of a stream of JSON (see import_items.h). */
#include "app/hearth/import_items.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 1 << 16, MAX_DEPTH = 1000, END = -1, BROKEN = -2 };

/* The next byte, without taking it; END, or BROKEN when the file cannot be read. */
static int peek(struct import_items *s)
{
	if (s->at < s->there) return s->bytes[s->at];
	ssize_t n;
	do n = read(s->fd, s->bytes, PIECE);
	while (n < 0 && errno == EINTR);
	if (n < 0) return BROKEN;
	s->offset += s->there;
	s->at = 0;
	s->there = (size_t)n;
	return n == 0 ? END : s->bytes[0];
}

static int peek_behind_space(struct import_items *s)
{
	int c = peek(s);
	while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		s->at++;
		c = peek(s);
	}
	return c;
}

static bool wrong(const struct import_items *s, const char *what, struct error *e)
{
	return error_set(e, "%s: byte %llu: %s; this is no export that hearth knows, or it is damaged", s->name,
	                 (unsigned long long)(s->offset + s->at), what);
}

/* A value of any kind up to the byte behind it, into `out` (NULL: nowhere). False at the file's end or a depth that no export has.
 * *large: it was longer than `out` may be. */
static bool take_value(struct import_items *s, struct buffer *out, bool *large)
{
	int depth = 0;
	bool text = false, escaped = false;
	for (;;) {
		int c = peek(s);
		if (c < 0) return depth == 0 && !text && c == END;
		if (depth == 0 && !text && (c == ',' || c == ']' || c == '}')) return true;
		if (text) {
			text = escaped || c != '"';
			escaped = !escaped && c == '\\';
		} else if (c == '"') {
			text = true;
		} else if (c == '{' || c == '[') {
			if (++depth > MAX_DEPTH) return false;
		} else if (c == '}' || c == ']') {
			depth--;
		}
		s->at++;
		if (out && !*large && !buffer_append_byte(out, (uint8_t)c)) *large = true;
	}
}

/* Within the outer object: goes to the array of the member "conversations". False: there is none, or the file is damaged. */
static bool find_member(struct import_items *s)
{
	struct buffer key = buffer_new(64);
	bool found = false, large, ok = true;
	s->at++;
	while (ok && !found) {
		large = false;
		buffer_clear(&key);
		key.failed = false;
		if (peek_behind_space(s) != '"') break;
		int c;
		bool escaped = false, first = true;
		while ((c = peek(s)) >= 0 && (first || escaped || c != '"')) {
			escaped = !escaped && c == '\\';
			first = false;
			if (!large && !buffer_append_byte(&key, (uint8_t)c)) large = true;
			s->at++;
		}
		s->at++;
		ok = c >= 0 && peek_behind_space(s) == ':';
		s->at++;
		if (!ok) break;
		c = peek_behind_space(s);
		found = c == '[' && strcmp(buffer_text(&key), "\"conversations") == 0;
		if (found) break;
		large = false;
		ok = take_value(s, NULL, &large) && peek(s) == ',';
		s->at++;
	}
	buffer_free(&key);
	return found;
}

static bool go_back(struct import_items *s, struct error *e)
{
	s->at = s->there = 0;
	s->offset = 0;
	return lseek(s->fd, 0, SEEK_SET) == 0 || wrong(s, "cannot be read again", e);
}

static bool find_array(struct import_items *s, struct error *e)
{
	int c = peek(s);
	if (c == 0xEF) { /* a byte order mark */
		for (int i = 0; i < 3 && peek(s) >= 0x80; i++) s->at++;
	}
	c = peek_behind_space(s);
	if (c == 'P' && s->there > 4 && memcmp(s->bytes, "PK\3\4", 4) == 0)
		return error_set(e, "%s: is a zip archive; unpack it, and import the conversations.json that is in it", s->name);
	if (c == '{' && !find_member(s)) {
		if (!go_back(s, e)) return false;
		s->alone = true;
		c = peek(s);
		while (c >= 0x80) {
			s->at++;
			c = peek(s);
		}
		return true;
	}
	if (peek_behind_space(s) != '[') return wrong(s, "a list of conversations does not begin here", e);
	s->at++;
	return true;
}

bool import_items_open(struct import_items *s, const char *path, struct error *e)
{
	*s = (struct import_items){ .name = path };
	s->fd = file_open(path, e);
	if (s->fd < 0) return false;
	s->bytes = memory_new(PIECE, 1);
	if (s->bytes ? find_array(s, e) : error_memory(e)) return true;
	import_items_close(s);
	return false;
}

void import_items_close(struct import_items *s)
{
	if (s->fd >= 0) close(s->fd);
	s->fd = -1;
	if (s->bytes) memory_wipe(s->bytes, PIECE);
	memory_free(s->bytes);
	s->bytes = NULL;
}

enum import_result import_items_next(struct import_items *s, struct buffer *item, struct error *e)
{
	bool large = false;
	buffer_clear(item);
	item->failed = false;
	if (s->over) return IMPORT_END;
	int c = peek_behind_space(s);
	if (!s->alone && c == ']' && !s->begun) {
		s->over = true;
		return IMPORT_END;
	}
	s->begun = true;
	if (!take_value(s, item, &large)) {
		wrong(s, "the file ends in the middle of a conversation", e);
		return IMPORT_FAILED;
	}
	c = peek(s);
	if (s->alone || c == ']') {
		s->over = true;
	} else if (c == ',') {
		s->at++;
	} else {
		wrong(s, "the list of conversations is not closed", e);
		return IMPORT_FAILED;
	}
	return large ? IMPORT_LARGE : IMPORT_TAKEN;
}
