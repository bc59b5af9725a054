/* gate: who may (see gate.h). */
#include "app/front/gate.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char cookie_name[] = "hearth=";

void gate_add_name(struct gate *g, const char *host, unsigned port)
{
	if (g->n_names == GATE_MOST_NAMES) return;
	bool colons = strchr(host, ':') && host[0] != '[';
	char *name = g->names[g->n_names++];
	if (port)
		snprintf(name, GATE_NAME, colons ? "[%s]:%u" : "%s:%u", host, port);
	else
		snprintf(name, GATE_NAME, colons ? "[%s]" : "%s", host);
}

bool gate_equal(const char *given, size_t length, const char *secret)
{
	size_t wanted = strlen(secret);
	unsigned differs = (unsigned)(length ^ wanted) | (unsigned)((length ^ wanted) >> 32) | (wanted == 0);
	for (size_t i = 0; i < length; i++) differs |= (unsigned char)given[i] ^ (unsigned char)(wanted ? secret[i % wanted] : 0);
	return differs == 0;
}

static bool is_own_name(const struct gate *g, const char *host)
{
	for (size_t i = 0; i < g->n_names; i++) {
		if (strcasecmp(g->names[i], host) == 0) return true;
	}
	return false;
}

static bool is_own_origin(const struct gate *g, const struct gate_request *r)
{
	const char *scheme = g->tls ? "https://" : "http://";
	size_t n = strlen(scheme);
	/* The same name as in Host: two names of one server are two origins. */
	return strncasecmp(r->origin, scheme, n) == 0 && strcasecmp(r->origin + n, r->host) == 0;
}

static const char *allowed_origin(const struct gate *g, const char *origin)
{
	for (size_t i = 0; i < g->n_origins; i++) {
		if (strcasecmp(g->origins[i], origin) == 0) return g->origins[i];
	}
	return NULL;
}

static bool has_method(const char *methods, const char *method)
{
	size_t n = strlen(method);
	for (const char *at = methods; (at = strstr(at, method)); at += n) {
		if ((at == methods || at[-1] == ' ') && (at[n] == ' ' || at[n] == 0)) return n > 0;
	}
	return false;
}

/* The cookie's value among the others; NULL when it is not there, or there twice. */
static const char *find_cookie(const char *cookies, size_t *length)
{
	const char *found = NULL;
	size_t n = sizeof cookie_name - 1;
	for (const char *at = cookies; at && *at;) {
		at += strspn(at, " \t;");
		size_t size = strcspn(at, ";");
		if (strncmp(at, cookie_name, n) == 0) {
			if (found) return NULL;
			found = at + n;
			*length = size - n;
			while (*length && (found[*length - 1] == ' ' || found[*length - 1] == '\t')) --*length;
		}
		at += size;
	}
	return found;
}

enum { NOT_SHOWN, RIGHT, WRONG };

/* A token in a header line, behind `word`. */
static int judge_token(const char *line, unsigned count, const char *word, const char *token)
{
	size_t n = strlen(word);
	if (count == 0) return NOT_SHOWN;
	if (count > 1 || strncasecmp(line, word, n) != 0) return WRONG;
	line += n + strspn(line + n, " ");
	size_t length = strlen(line);
	while (length && line[length - 1] == ' ') length--;
	return gate_equal(line, length, token) ? RIGHT : WRONG;
}

static struct gate_verdict refuse(unsigned status, const char *reason)
{
	return (struct gate_verdict){ .status = status, .reason = reason };
}

/* From where it comes. */
static struct gate_verdict judge_place(const struct gate *g, const struct gate_request *r, unsigned path)
{
	struct gate_verdict v = { .status = 200 };
	if (r->n_host != 1) return refuse(400, "one Host line is needed");
	if (!is_own_name(g, r->host)) return refuse(403, "this server has no such name: hearth serve --name HOST gives it one");
	if (r->n_origin > 1) return refuse(400, "Origin is told twice");
	if (r->n_origin == 1 && !is_own_origin(g, r)) {
		v.origin = allowed_origin(g, r->origin);
		if (!v.origin) return refuse(403, "pages of this origin may not ask: hearth serve --origin ORIGIN allows one");
	}
	bool elsewhere = r->site && strcasecmp(r->site, "same-origin") != 0 && strcasecmp(r->site, "none") != 0;
	bool opens = (path & GATE_PAGE) && r->mode && strcasecmp(r->mode, "navigate") == 0 && r->n_origin == 0;
	if (elsewhere && !v.origin && !opens) return refuse(403, "another site asks");
	return v;
}

/* The token or the cookie. */
static struct gate_verdict judge_secret(const struct gate *g, const struct gate_request *r, struct gate_verdict v, unsigned path)
{
	size_t length = 0;
	int bearer = judge_token(r->authorization, r->n_authorization, "Bearer ", g->token);
	int key = judge_token(r->api_key, r->n_api_key, "", g->token);
	const char *cookie = r->n_cookies == 1 ? find_cookie(r->cookies, &length) : NULL;
	if (bearer == WRONG || key == WRONG) return refuse(401, "the token is not this server's: hearth open shows it");
	if (bearer == RIGHT || key == RIGHT) return v;
	bool right = cookie && gate_equal(cookie, length, g->cookie);
	if (!right) return refuse(401, "a token is needed: hearth open shows it");
	bool from_page = r->n_origin == 1 ? v.origin == NULL : r->site && strcasecmp(r->site, "same-origin") == 0;
	if (v.origin || ((path & GATE_CHANGES) && !from_page)) return refuse(403, "the page's cookie is for the page alone");
	v.by_cookie = true;
	return v;
}

struct gate_verdict gate_decide(const struct gate *g, const struct gate_request *r, const char *methods, unsigned path)
{
	bool reads = strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;
	if (!reads) path |= GATE_CHANGES;
	struct gate_verdict v = judge_place(g, r, path);
	if (v.status != 200) return v;
	if (strcmp(r->method, "OPTIONS") == 0) {
		if (!v.origin) return refuse(405, "nobody from elsewhere may ask here");
		v.status = 204;
		return v;
	}
	bool head = strcmp(r->method, "HEAD") == 0 && has_method(methods, "GET");
	if (!*methods) return refuse(404, "there is nothing here");
	if (!head && !has_method(methods, r->method)) return refuse(405, "this path has another method");
	if (path & (GATE_PAGE | GATE_OPEN)) return v;
	return judge_secret(g, r, v, path);
}
