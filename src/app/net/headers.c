/* headers: reading them (see headers.h). */
#include "app/net/headers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void headers_begin(struct fetch_head *h)
{
	*h = (struct fetch_head){ .size = FETCH_UNKNOWN, .whole = FETCH_UNKNOWN, .linked_size = FETCH_UNKNOWN };
}

bool headers_text(char *out, size_t room, const char *text, size_t size)
{
	out[0] = 0;
	if (size >= room) return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < 0x20 || text[i] > 0x7e) return false;
	}
	memcpy(out, text, size);
	out[size] = 0;
	return true;
}

/* Digits alone, into *number; moves *text behind them. */
static bool take_number(const char **text, uint64_t *number)
{
	const char *t = *text;
	uint64_t n = 0;
	if (*t < '0' || *t > '9') return false;
	for (; *t >= '0' && *t <= '9'; t++) {
		if (n > (UINT64_MAX - 9) / 10) return false;
		n = n * 10 + (uint64_t)(*t - '0');
	}
	*text = t;
	*number = n;
	return true;
}

/* "bytes 100-199/200": the first, and how many there are in all. */
static bool take_range(struct fetch_head *h, const char *text)
{
	uint64_t last;
	if (strncasecmp(text, "bytes ", 6) != 0) return false;
	text += 6;
	if (!take_number(&text, &h->start) || *text++ != '-' || !take_number(&text, &last) || *text++ != '/') return false;
	return take_number(&text, &h->whole) && *text == 0 && h->start <= last && last < h->whole;
}

/* The quoted hash that the hub gives for the file behind a redirect; anything else is none. */
static void take_hash(struct fetch_head *h, const char *text)
{
	size_t quote = *text == '"', digits = strspn(text + quote, "0123456789abcdefABCDEF");
	const char *end = text + quote + digits;
	h->linked_hash[0] = 0;
	if (digits != FETCH_HASH - 1 || strcmp(end, quote ? "\"" : "") != 0) return;
	for (size_t i = 0; i < digits; i++) {
		char c = text[quote + i];
		h->linked_hash[i] = (char)(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
	}
	h->linked_hash[digits] = 0;
}

static bool take_value(struct fetch_head *h, const char *name, const char *value, struct error *e)
{
	const char *text = value;
	uint64_t number;
	if (strcasecmp(name, "etag") == 0) {
		/* One that is too long or not quoted cannot be asked with again. */
		bool quoted = value[0] == '"' || strncmp(value, "W/\"", 3) == 0;
		if (!quoted || !headers_text(h->etag, sizeof h->etag, value, strlen(value))) h->etag[0] = 0;
	} else if (strcasecmp(name, "x-linked-etag") == 0) {
		take_hash(h, value);
	} else if (strcasecmp(name, "x-linked-size") == 0) {
		if (take_number(&text, &number) && *text == 0) h->linked_size = number;
	} else if (strcasecmp(name, "content-range") == 0) {
		if (!take_range(h, value)) h->start = h->whole = FETCH_UNKNOWN;
	} else if (strcasecmp(name, "content-encoding") == 0 && *value && strcasecmp(value, "identity") != 0) {
		return error_set(e, "it sends the file packed, which was not asked for");
	} else if (strcasecmp(name, "transfer-encoding") == 0 && strcasecmp(value, "chunked") != 0) {
		return error_set(e, "it sends the file packed, which was not asked for");
	}
	return true;
}

bool headers_take(struct fetch_head *h, const char *line, size_t size, struct error *e)
{
	char name[64], value[1024];
	while (size && (line[size - 1] == '\n' || line[size - 1] == '\r')) size--;
	if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		headers_begin(h);
		return true;
	}
	const char *colon = memchr(line, ':', size);
	if (!colon || !headers_text(name, sizeof name, line, (size_t)(colon - line))) return true;
	size_t at = (size_t)(colon - line) + 1;
	while (at < size && (line[at] == ' ' || line[at] == '\t')) at++;
	while (size > at && (line[size - 1] == ' ' || line[size - 1] == '\t')) size--;
	if (!headers_text(value, sizeof value, line + at, size - at)) return true;
	return take_value(h, name, value, e);
}
