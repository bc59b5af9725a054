/*
 * gate: the one place that decides who may. It looks at what a request's head says and at nothing else, so that the whole of it is
 * a table of cases (tests/app/front/gate.c).
 *
 * In this order:
 *   1. Host is there once and is one of the names that this server has: a page elsewhere that made its own name point here (DNS
 *      rebinding) still sends that name.
 *   2. Origin, where a browser sends one, is the page's own, or was allowed by name; "null" never is. A browser that says
 *      (Sec-Fetch-Site) that another site asks is refused where it sends no Origin, but for opening the page itself.
 *   3. The path exists and the method is its own.
 *   4. The token, as `Authorization: Bearer`, as x-api-key, or as the page's cookie. Told twice, both must be right. The cookie is
 *      the page's alone: with it, a request that changes something also shows that it comes from the page.
 *
 * Secrets are compared in a time that does not depend on where they differ.
 */
#ifndef HEARTH_APP_FRONT_GATE_H
#define HEARTH_APP_FRONT_GATE_H

#include <stdbool.h>
#include <stddef.h>

enum { GATE_MOST_NAMES = 24, GATE_NAME = 256 };

struct gate {
	const char *token, *cookie;             /* secrets */
	bool tls;                               /* the page's own origin begins with https */
	char names[GATE_MOST_NAMES][GATE_NAME]; /* with the port where it has to be there */
	size_t n_names;
	const char *const *origins; /* allowed by name */
	size_t n_origins;
};

/* A host name or address that this server has, with its port (0: none is said, as over a Unix socket). */
void gate_add_name(struct gate *g, const char *host, unsigned port);

/* What the head of a request says; NULL for what it does not. Counts are of header lines. */
struct gate_request {
	const char *method, *host, *origin, *site; /* site: Sec-Fetch-Site */
	const char *mode;                          /* Sec-Fetch-Mode */
	const char *authorization, *api_key, *cookies;
	unsigned n_host, n_origin, n_authorization, n_api_key, n_cookies;
};

/* What a path is. */
enum gate_path {
	GATE_PAGE = 1,    /* the page's own files: no token, and a link from elsewhere may lead here */
	GATE_OPEN = 2,    /* no token */
	GATE_CHANGES = 4, /* changes something, or costs much; whatever is not GET */
};

struct gate_verdict {
	unsigned status;    /* 200: it may; 204: it is a browser's question whether it might, and the answer is yes */
	const char *reason; /* else, for people */
	const char *origin; /* that is told that it may read the answer; NULL: none */
	bool by_cookie;
};

/* `methods`: those that the path has, with spaces between, "" when there is no such path. */
struct gate_verdict gate_decide(const struct gate *g, const struct gate_request *r, const char *methods, unsigned path);

/* Whether two texts are equal, in a time that depends on the length of `given` alone. */
bool gate_equal(const char *given, size_t length, const char *secret);

#endif
