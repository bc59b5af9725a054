/* visible: the filter between texts and the terminal (see visible.h). Properties are Unicode's, from utf8proc. */
#include "app/hearth/visible.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

/* Characters that are dropped: they show nothing and can hide or smuggle text. */
static const struct range {
	uint32_t first, last;
} hidden[] = {
	{ 0x00AD, 0x00AD },   /* soft hyphen */
	{ 0x034F, 0x034F },   /* grapheme joiner */
	{ 0x061C, 0x061C },   /* Arabic letter mark */
	{ 0x115F, 0x1160 },   /* Hangul fillers */
	{ 0x17B4, 0x17B5 },   /* Khmer inherent vowels */
	{ 0x180B, 0x180F },   /* Mongolian selectors */
	{ 0x200B, 0x200B },   /* zero width space; the joiners behind it are part of words and emoji */
	{ 0x200E, 0x200F },   /* direction marks */
	{ 0x2060, 0x2065 },   /* word joiner, invisible operators */
	{ 0x206A, 0x206F },   /* deprecated format characters */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xFEFF, 0xFEFF },   /* byte order mark */
	{ 0xFFA0, 0xFFA0 },   /* Hangul filler */
	{ 0xFFF0, 0xFFFB },   /* interlinear annotation */
	{ 0x1BCA0, 0x1BCA3 }, /* shorthand format */
	{ 0x1D173, 0x1D17A }, /* musical format */
	{ 0xE0000, 0xE0FFF }, /* tags and selectors */
};

/* What ASCII writes for characters that do not decompose to it. */
static const struct substitute {
	uint32_t point;
	const char *text;
} substitutes[] = {
	{ 0x00A9, "(c)" }, { 0x00AB, "<<" }, { 0x00AE, "(R)" }, { 0x00B0, " deg" }, { 0x00B1, "+/-" }, { 0x00B7, "*" },
	{ 0x00BB, ">>" },  { 0x00C6, "AE" }, { 0x00D0, "D" },   { 0x00D7, "x" },    { 0x00D8, "O" },   { 0x00DE, "Th" },
	{ 0x00DF, "ss" },  { 0x00E6, "ae" }, { 0x00F0, "d" },   { 0x00F7, "/" },    { 0x00F8, "o" },   { 0x00FE, "th" },
	{ 0x0110, "D" },   { 0x0111, "d" },  { 0x0131, "i" },   { 0x0141, "L" },    { 0x0142, "l" },   { 0x0152, "OE" },
	{ 0x0153, "oe" },  { 0x2010, "-" },  { 0x2011, "-" },   { 0x2012, "-" },    { 0x2013, "-" },   { 0x2014, "--" },
	{ 0x2015, "--" },  { 0x2018, "'" },  { 0x2019, "'" },   { 0x201A, "," },    { 0x201B, "'" },   { 0x201C, "\"" },
	{ 0x201D, "\"" },  { 0x201E, "\"" }, { 0x2020, "+" },   { 0x2022, "*" },    { 0x2032, "'" },   { 0x2033, "\"" },
	{ 0x2039, "<" },   { 0x203A, ">" },  { 0x2044, "/" },   { 0x20AC, "EUR" },  { 0x2190, "<-" },  { 0x2192, "->" },
	{ 0x21D2, "=>" },  { 0x2212, "-" },  { 0x2215, "/" },   { 0x2248, "~" },    { 0x2260, "!=" },  { 0x2264, "<=" },
	{ 0x2265, ">=" },  { 0x2500, "-" },  { 0x2502, "|" },   { 0x25CF, "*" },    { 0x2713, "x" },   { 0x2714, "x" },
};

static bool is_hidden(uint32_t point)
{
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
		if (point >= hidden[i].first && point <= hidden[i].last) return true;
	}
	return false;
}

static size_t put(char out[VISIBLE_ROOM], unsigned *columns, const char *text)
{
	size_t n = strlen(text);
	memcpy(out, text, n + 1);
	*columns = (unsigned)n;
	return n;
}

/* The ASCII letters that the character is made of, without its marks; "?" when there are none. */
static size_t to_ascii(uint32_t point, char out[VISIBLE_ROOM], unsigned *columns)
{
	for (size_t i = 0; i < sizeof substitutes / sizeof substitutes[0]; i++) {
		if (substitutes[i].point == point) return put(out, columns, substitutes[i].text);
	}
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
	*columns = 0;
	if (category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME || category == UTF8PROC_CATEGORY_CF) return 0;
	if (category == UTF8PROC_CATEGORY_ZS) return put(out, columns, " ");
	utf8proc_int32_t parts[20];
	int boundary = 0;
	utf8proc_ssize_t n =
	        utf8proc_decompose_char((utf8proc_int32_t)point, parts, 20, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &boundary);
	size_t length = 0;
	for (utf8proc_ssize_t i = 0; i < n && i < 20; i++) {
		if (parts[i] >= 0x20 && parts[i] < 0x7F) out[length++] = (char)parts[i];
		if (parts[i] == 0x2044) out[length++] = '/';
	}
	if (length == 0) return put(out, columns, "?");
	out[length] = 0;
	*columns = (unsigned)length;
	return length;
}

size_t visible_point(uint32_t point, bool ascii, char out[VISIBLE_ROOM], unsigned *columns)
{
	*columns = 1;
	if (point < 0x20 || point == 0x7F) {
		const char caret[3] = { '^', (char)(point ^ 0x40), 0 };
		return put(out, columns, caret);
	}
	if (point < 0x7F) {
		out[0] = (char)point;
		out[1] = 0;
		return 1;
	}
	bool reorders = (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
	if (point < 0xA0 || reorders) {
		*columns = (unsigned)snprintf(out, VISIBLE_ROOM, "<U+%04X>", (unsigned)point);
		return *columns;
	}
	if (is_hidden(point)) {
		*columns = 0;
		return 0;
	}
	if (ascii) return to_ascii(point, out, columns);
	size_t n = utf8_encode(point, out);
	out[n] = 0;
	int width = utf8proc_charwidth((utf8proc_int32_t)point);
	*columns = width > 0 ? (unsigned)width : 0;
	return n;
}

bool visible_append(struct buffer *out, const char *text, size_t length, bool ascii)
{
	for (size_t i = 0; i < length;) {
		uint32_t point;
		size_t n = utf8_decode(text + i, length - i, &point);
		if (n == 0) {
			point = UTF8_REPLACEMENT;
			n = 1;
		}
		i += n;
		char shown[VISIBLE_ROOM];
		unsigned columns;
		if (point == '\r' && i < length && text[i] == '\n') continue;
		if (point == '\n' || point == 0x2028 || point == 0x2029)
			buffer_append_byte(out, '\n');
		else if (point == '\t')
			buffer_append_text(out, "    ");
		else
			buffer_append(out, shown, visible_point(point, ascii, shown, &columns));
	}
	return !out->failed;
}

void visible_line(char *out, size_t room, const char *text, size_t length, bool ascii)
{
	size_t at = 0, safe = 0; /* up to `safe` there is still room for the dots */
	for (size_t i = 0; i < length;) {
		uint32_t point;
		size_t n = utf8_decode(text + i, length - i, &point);
		if (n == 0) {
			point = UTF8_REPLACEMENT;
			n = 1;
		}
		i += n;
		char shown[VISIBLE_ROOM];
		unsigned columns;
		size_t size = visible_point(point, ascii, shown, &columns);
		if (point == '\n' || point == '\t') size = put(shown, &columns, point == '\n' ? "\\n" : " ");
		if (at + size >= room) {
			at = safe + (size_t)snprintf(out + safe, room - safe, "%s", room > 4 ? "..." : "");
			break;
		}
		memcpy(out + at, shown, size);
		at += size;
		if (at + 4 <= room) safe = at;
	}
	out[at < room ? at : room - 1] = 0;
}

unsigned visible_columns(const char *text, size_t length)
{
	unsigned sum = 0;
	for (size_t i = 0; i < length;) {
		uint32_t point;
		size_t n = utf8_decode(text + i, length - i, &point);
		int width = n ? utf8proc_charwidth((utf8proc_int32_t)point) : 1;
		sum += width > 0 ? (unsigned)width : 0;
		i += n ? n : 1;
	}
	return sum;
}
