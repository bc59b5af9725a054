/* json: the seam to jansson (see json.h). */
#include "format/json.h"

#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

json_t *json_parse(const char *text, size_t length, const char *name, struct error *e)
{
	json_error_t why;
	json_t *value = json_loadb(text, length, JSON_ALLOW_NUL | JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
	if (!value) error_set(e, "%s: not JSON, line %d column %d: %s", name, why.line, why.column, why.text);
	return value;
}

static bool write_point(struct buffer *b, uint32_t point)
{
	switch (point) {
	case '"': return buffer_append_text(b, "\\\"");
	case '\\': return buffer_append_text(b, "\\\\");
	case '\n': return buffer_append_text(b, "\\n");
	case '\r': return buffer_append_text(b, "\\r");
	case '\t': return buffer_append_text(b, "\\t");
	default: break;
	}
	if (point < 0x20 || point == 0x7f) return buffer_format(b, "\\u%04x", (unsigned)point);
	char bytes[4];
	size_t n = utf8_encode(point, bytes);
	return buffer_append(b, bytes, n);
}

bool json_write_text(struct buffer *b, const char *text, size_t length)
{
	buffer_append_byte(b, '"');
	for (size_t i = 0; i < length;) {
		uint32_t point;
		size_t n = utf8_decode(text + i, length - i, &point);
		write_point(b, n ? point : UTF8_REPLACEMENT);
		i += n ? n : 1;
	}
	buffer_append_byte(b, '"');
	return !b->failed;
}

bool json_write_float(struct buffer *b, double value)
{
	if (!isfinite(value)) return buffer_append_text(b, "null");
	char text[32];
	int n = snprintf(text, sizeof text, "%.9g", value);
	for (int i = 0; i < n; i++) { /* a program that embeds hearth may have set a locale with another decimal sign */
		if (strchr("0123456789+-e", text[i]))
			buffer_append_byte(b, (uint8_t)text[i]);
		else if (((uint8_t)text[i] & 0xC0) != 0x80)
			buffer_append_byte(b, '.');
	}
	return !b->failed;
}

static int append_dumped(const char *bytes, size_t size, void *data)
{
	return buffer_append(data, bytes, size) ? 0 : -1;
}

bool json_write_value(struct buffer *b, const json_t *value)
{
	return json_dump_callback(value, append_dumped, b, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)) == 0;
}
