/* routes: finding the row of a path (see routes.h). */
#include "app/front/routes.h"

#include <stdio.h>
#include <string.h>

static const struct route *const tables[] = { api_routes, page_routes, basic_routes };

static bool matches(const char *pattern, const char *path)
{
	size_t n = strlen(pattern);
	if (n && pattern[n - 1] == '*') return strncmp(pattern, path, n - 1) == 0;
	return strcmp(pattern, path) == 0;
}

const struct route *route_find(const char *method, const char *path, char methods[ROUTE_METHODS], const struct route **same_path)
{
	const struct route *found = NULL;
	size_t at = 0;
	bool head = strcmp(method, "HEAD") == 0;
	*same_path = NULL;
	methods[0] = 0;
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
		for (const struct route *r = tables[t]; r->method; r++) {
			if (!matches(r->path, path)) continue;
			/* What is written out goes before what a star stands for. */
			if (*same_path && strcmp((*same_path)->path, r->path) != 0) continue;
			if (!*same_path) *same_path = r;
			int n = snprintf(methods + at, ROUTE_METHODS - at, "%s%s", at ? " " : "", r->method);
			if (n > 0 && at + (size_t)n < ROUTE_METHODS) at += (size_t)n;
			if (!found && strcmp(r->method, head ? "GET" : method) == 0) found = r;
		}
	}
	return found;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9') return c - '0';
	if (c >= 'a' && c <= 'f') return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool route_decode(char *out, const char *text, size_t length, bool query)
{
	size_t n = 0;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		if (c == '%') {
			int high = length - i > 2 ? digit(text[i + 1]) : -1, low = high >= 0 ? digit(text[i + 2]) : -1;
			if (low < 0) return false;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (query && c == '+') {
			c = ' ';
		}
		if (c == 0) return false;
		out[n++] = c;
	}
	out[n] = 0;
	return true;
}
