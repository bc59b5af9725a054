/* unicode: classes of code points (see unicode.h). */
#include "text/unicode.h"

#include "base/utf8.h"

#include <utf8proc.h>

enum {
	O = UNICODE_OTHER,
	W = UNICODE_SPACE,
	N = UNICODE_SPACE | UNICODE_NEWLINE,
	P = UNICODE_PUNCTUATION,
	J = UNICODE_PUNCTUATION | UNICODE_JOINER,
	S = UNICODE_SYMBOL,
	D = UNICODE_DIGIT,
	U = UNICODE_UPPER,
	L = UNICODE_LOWER
};

const uint16_t unicode_ascii_classes[128] = {
	O, O, O, O, O, O, O, O, O, W, N, W, W, N, O, O, /* 00 */
	O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 10 */
	W, P, P, P, S, P, P, P, P, P, P, S, P, P, P, P, /* 20 */
	D, D, D, D, D, D, D, D, D, D, P, P, S, S, S, P, /* 30 */
	P, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, /* 40 */
	U, U, U, U, U, U, U, U, U, U, U, P, P, P, S, J, /* 50 */
	S, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, /* 60 */
	L, L, L, L, L, L, L, L, L, L, L, P, S, P, S, O, /* 70 */
};

static const uint16_t class_of_category[] = {
	[UTF8PROC_CATEGORY_CN] = O,
	[UTF8PROC_CATEGORY_LU] = U,
	[UTF8PROC_CATEGORY_LL] = L,
	[UTF8PROC_CATEGORY_LT] = U,
	[UTF8PROC_CATEGORY_LM] = UNICODE_PLAIN,
	[UTF8PROC_CATEGORY_LO] = UNICODE_PLAIN,
	[UTF8PROC_CATEGORY_MN] = UNICODE_MARK,
	[UTF8PROC_CATEGORY_MC] = UNICODE_MARK,
	[UTF8PROC_CATEGORY_ME] = UNICODE_MARK,
	[UTF8PROC_CATEGORY_ND] = D,
	[UTF8PROC_CATEGORY_NL] = UNICODE_COUNT,
	[UTF8PROC_CATEGORY_NO] = UNICODE_COUNT,
	[UTF8PROC_CATEGORY_PC] = J,
	[UTF8PROC_CATEGORY_PD] = P,
	[UTF8PROC_CATEGORY_PS] = P,
	[UTF8PROC_CATEGORY_PE] = P,
	[UTF8PROC_CATEGORY_PI] = P,
	[UTF8PROC_CATEGORY_PF] = P,
	[UTF8PROC_CATEGORY_PO] = P,
	[UTF8PROC_CATEGORY_SM] = S,
	[UTF8PROC_CATEGORY_SC] = S,
	[UTF8PROC_CATEGORY_SK] = S,
	[UTF8PROC_CATEGORY_SO] = S,
	[UTF8PROC_CATEGORY_ZS] = W,
	[UTF8PROC_CATEGORY_ZL] = W,
	[UTF8PROC_CATEGORY_ZP] = W,
	[UTF8PROC_CATEGORY_CC] = O,
	[UTF8PROC_CATEGORY_CF] = O,
	[UTF8PROC_CATEGORY_CS] = O,
	[UTF8PROC_CATEGORY_CO] = O,
};

uint16_t unicode_class_of(uint32_t point)
{
	enum { NEXT_LINE = 0x85 };
	if (point < 128) return unicode_ascii_classes[point];
	if (point > 0x10FFFF) return O;
	if (point == NEXT_LINE) return W;
	return class_of_category[utf8proc_get_property((utf8proc_int32_t)point)->category];
}

struct unicode_char unicode_decode(const char *text, size_t length)
{
	uint32_t point;
	size_t size = utf8_decode(text, length, &point);
	if (size == 0) return (struct unicode_char){ UTF8_REPLACEMENT, UNICODE_SYMBOL, 1 };
	return (struct unicode_char){ point, unicode_class_of(point), (uint16_t)size };
}

bool unicode_in_ranges(const struct unicode_range *ranges, uint32_t point)
{
	while (ranges->last && point > ranges->last) ranges++;
	return ranges->last && point >= ranges->first;
}
