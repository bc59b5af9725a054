/* utf8: strict decoding and encoding (see utf8.h). */
#include "base/utf8.h"

size_t utf8_decode(const char *text, size_t length, uint32_t *point)
{
	const uint8_t *p = (const uint8_t *)text;
	if (p[0] < 0x80) {
		*point = p[0];
		return 1;
	}
	size_t need = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
	if (p[0] < 0xC2 || p[0] > 0xF4 || length < need) return 0;
	uint32_t v = p[0] & (0x7Fu >> need);
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xC0) != 0x80) return 0;
		v = v << 6 | (p[i] & 0x3Fu);
	}
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (v < least[need] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF)) return 0;
	*point = v;
	return need;
}

size_t utf8_encode(uint32_t point, char out[4])
{
	if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) point = UTF8_REPLACEMENT;
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (point & 0x3F));
		point >>= 6;
	}
	static const uint8_t lead[5] = { 0, 0, 0xC0, 0xE0, 0xF0 };
	out[0] = (char)(lead[n] | point);
	return n;
}

bool utf8_valid(const char *text, size_t length)
{
	uint32_t point;
	for (size_t i = 0; i < length;) {
		size_t n = utf8_decode(text + i, length - i, &point);
		if (n == 0) return false;
		i += n;
	}
	return true;
}

/* Whether `second` may follow `lead`: rules out overlong forms, surrogates and what lies behind U+10FFFF. */
static bool may_follow(uint8_t lead, uint8_t second)
{
	uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
	uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
	return second >= least && second <= most;
}

size_t utf8_incomplete(const char *text, size_t length)
{
	for (size_t back = 1; back <= 3 && back <= length; back++) {
		uint8_t b = (uint8_t)text[length - back];
		if ((b & 0xC0) == 0x80) continue;
		size_t need = b >= 0xF0 && b <= 0xF4 ? 4 : b >= 0xE0 && b < 0xF0 ? 3 : b >= 0xC2 && b < 0xE0 ? 2 : 1;
		if (back > 1 && !may_follow(b, (uint8_t)text[length - back + 1])) return 0;
		return need > back ? back : 0;
	}
	return 0;
}

bool utf8_is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 || point == 0x2029 || /* line ends */
	       point == 0x200E || point == 0x200F || point == 0x061C || (point >= 0x202A && point <= 0x202E) ||
	       (point >= 0x2066 && point <= 0x2069); /* directions */
}

bool utf8_plain(const char *text, size_t length)
{
	uint32_t point;
	for (size_t i = 0; i < length;) {
		size_t n = utf8_decode(text + i, length - i, &point);
		if (n == 0 || utf8_is_control(point)) return false;
		i += n;
	}
	return true;
}
