/*
 * unicode_nfc: canonical composition (UAX 15), segment by segment.
 *
 * A segment begins with a character that never joins what stands before it. Only segments that may change are decomposed,
 * put into canonical order and composed again. utf8proc orders marks by swapping neighbours, which is quadratic for long
 * runs; here they are counted by class first, so that any text takes linear time.
 */
#include "text/unicode.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

enum { CLASSES = 256, MOST_PER_CHAR = 8, ALWAYS_NFC = 0x300 };

/* Whether the character can change or be composed with what is before it. */
static bool joins_before(const utf8proc_property_t *p, uint32_t point)
{
	if (p->combining_class != 0) return true;
	if (p->comb_index != UINT16_MAX && p->comb_index >= 0x8000) return true;
	return (point >= 0x1161 && point <= 0x1175) || (point >= 0x11A8 && point <= 0x11C2); /* Hangul vowels, finals */
}

/* Whether the character may be written otherwise in NFC: it has a canonical decomposition. */
static bool may_change(const utf8proc_property_t *p)
{
	return p->decomp_seqindex != UINT16_MAX && p->decomp_type == 0;
}

static const utf8proc_property_t *property(uint32_t point)
{
	return utf8proc_get_property((utf8proc_int32_t)point);
}

bool unicode_is_nfc(const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		if ((uint8_t)text[at] < 0xCC) { /* below U+0300, or not UTF-8 */
			at++;
			continue;
		}
		struct unicode_char c = unicode_decode(text + at, length - at);
		const utf8proc_property_t *p = property(c.point);
		if (joins_before(p, c.point) || may_change(p)) return false;
		at += c.size;
	}
	return true;
}

/* The end of the segment that begins at `at`, and whether it has to be worked on. Bytes that are not UTF-8 are segments. */
static size_t segment_end(const char *text, size_t length, size_t at, bool *work)
{
	struct unicode_char c = unicode_char_at(text + at, length - at);
	bool broken = c.size == 1 && c.point == UTF8_REPLACEMENT;
	*work = !broken && c.point >= ALWAYS_NFC && may_change(property(c.point));
	at += c.size;
	if (broken) return at;
	while (at < length) {
		if ((uint8_t)text[at] < 0xCC) return at;
		c = unicode_decode(text + at, length - at);
		if ((c.size == 1 && c.point == UTF8_REPLACEMENT) || !joins_before(property(c.point), c.point)) return at;
		*work = true;
		at += c.size;
	}
	return at;
}

static unsigned combining_class(utf8proc_int32_t point)
{
	return property((uint32_t)point)->combining_class & 0xFF;
}

/* Sorts a run of marks by combining class, equal ones in their order; `spare` has room for n. */
static void sort_marks(utf8proc_int32_t *points, utf8proc_int32_t *spare, size_t n)
{
	size_t place[CLASSES + 1] = { 0 };
	for (size_t i = 0; i < n; i++) place[combining_class(points[i]) + 1]++;
	for (size_t k = 0; k < CLASSES; k++) place[k + 1] += place[k];
	for (size_t i = 0; i < n; i++) spare[place[combining_class(points[i])]++] = points[i];
	memcpy(points, spare, n * sizeof *points);
}

struct work {
	utf8proc_int32_t *points, *spare;
	size_t room, spare_room;
};

/* Makes room for `need` code points; more than that, so that growing takes linear time in all. */
static bool make_room(utf8proc_int32_t **points, size_t *room, size_t need, struct error *e)
{
	if (need <= *room) return true;
	size_t more = need + need / 2 + MOST_PER_CHAR;
	utf8proc_int32_t *p = memory_resize(*points, more, sizeof *p);
	if (!p) return error_memory(e);
	*points = p;
	*room = more;
	return true;
}

/* Canonical order: marks behind a starter stand in the order of their classes. */
static bool order_marks(struct work *w, size_t n, struct error *e)
{
	for (size_t begin = 0; begin < n; begin++) {
		size_t end = begin;
		bool sorted = true;
		for (unsigned before = 0, class; end < n && (class = combining_class(w->points[end])) != 0; end++) {
			sorted = sorted && class >= before;
			before = class;
		}
		if (!sorted) {
			if (!make_room(&w->spare, &w->spare_room, end - begin, e)) return false;
			sort_marks(w->points + begin, w->spare, end - begin);
		}
		begin = end;
	}
	return true;
}

/* One segment: decompose, order, compose, append. */
static bool append_segment(struct buffer *out, struct work *w, const char *text, size_t length, struct error *e)
{
	size_t n = 0;
	for (size_t at = 0; at < length;) {
		struct unicode_char c = unicode_char_at(text + at, length - at);
		int boundary = 0;
		if (!make_room(&w->points, &w->room, n + MOST_PER_CHAR, e)) return false;
		utf8proc_ssize_t got = utf8proc_decompose_char((utf8proc_int32_t)c.point, w->points + n, MOST_PER_CHAR,
		                                               UTF8PROC_DECOMPOSE, &boundary);
		if (got < 0 || got > MOST_PER_CHAR) return error_set(e, "text: U+%04X cannot be decomposed", (unsigned)c.point);
		n += (size_t)got;
		at += c.size;
	}
	if (!order_marks(w, n, e)) return false;
	utf8proc_ssize_t composed = utf8proc_normalize_utf32(w->points, (utf8proc_ssize_t)n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
	for (utf8proc_ssize_t i = 0; i < composed; i++) {
		char bytes[4];
		size_t size = utf8_encode((uint32_t)w->points[i], bytes);
		buffer_append(out, bytes, size);
	}
	return !out->failed || error_memory(e);
}

bool unicode_append_nfc(struct buffer *out, const char *text, size_t length, struct error *e)
{
	struct work w = { 0 };
	bool ok = true;
	size_t same = 0; /* from here to `at` nothing changes */
	for (size_t at = 0; ok && at < length;) {
		bool work;
		size_t end = segment_end(text, length, at, &work);
		if (work) {
			buffer_append(out, text + same, at - same);
			ok = append_segment(out, &w, text + at, end - at, e);
			same = end;
		}
		at = end;
	}
	if (ok) buffer_append(out, text + same, length - same);
	memory_free(w.points);
	memory_free(w.spare);
	return ok && (!out->failed || error_memory(e));
}
