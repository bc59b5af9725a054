/* basic: the page's files, how it enters, and what says that the server is there. */
#include "app/front/assets.h"
#include "app/front/front.h"
#include "app/front/routes.h"

#include <string.h>

/* Files are the same for everyone and hold nothing of anybody, so a browser may keep them; it asks each time whether they changed.
 */
static void begin_asset(struct call *c)
{
	const char *known = call_header(c, "if-none-match");
	for (const struct asset *a = assets; a->path; a++) {
		if (strcmp(a->path + 1, c->rest) != 0) continue;
		call_add(c, "Cache-Control", "no-cache");
		call_add(c, "ETag", a->etag);
		if (known && strcmp(known, a->etag) == 0)
			call_answer_static(c, 304, NULL, "", 0);
		else
			call_answer_static(c, 200, a->type, a->bytes, a->size);
		return;
	}
	call_refuse(c, 404, "there is nothing here");
}

static void begin_health(struct call *c)
{
	static const char fine[] = "{\"status\": \"ok\"}\n";
	call_answer_static(c, 200, "application/json", fine, sizeof fine - 1);
}

/* The gate has seen the token: from here on the page has a cookie in its place. */
static void begin_enter(struct call *c)
{
	call_add(c, "Set-Cookie", c->front->cookie_line);
	call_answer_static(c, 204, NULL, "", 0);
}

static void begin_leave(struct call *c)
{
	call_add(c, "Set-Cookie", c->front->forget_line);
	call_answer_static(c, 204, NULL, "", 0);
}

static void begin_metrics(struct call *c)
{
	const struct front *f = c->front;
	struct buffer b = buffer_new(1 << 16);
	if (!f->metrics) {
		call_refuse(c, 404, "metrics are off: hearth serve --metrics");
		return;
	}
	const struct {
		const char *name, *kind, *help;
		uint64_t value;
	} rows[] = { { "hearth_requests_total", "counter", "Requests that came.", f->n_requests },
		     { "hearth_refused_total", "counter", "Requests without the right to ask.", f->n_refused },
		     { "hearth_submitted_total", "counter", "Requests that were given to a model.", f->n_submitted },
		     { "hearth_running", "gauge", "Work that runs or waits now.", f->n_work },
		     { "hearth_connections", "gauge", "Connections that are open now.", http_connections(f->http) } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		buffer_format(&b, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", rows[i].name, rows[i].help, rows[i].name, rows[i].kind,
		              rows[i].name, (unsigned long long)rows[i].value);
	call_answer(c, 200, "text/plain; version=0.0.4", buffer_text(&b), b.size);
	buffer_free(&b);
}

const struct route basic_routes[] = {
	{ "GET", "/health", GATE_OPEN, 0, begin_health, NULL },
	{ "GET", "/v1/health", GATE_OPEN, 0, begin_health, NULL },
	{ "GET", "/metrics", 0, 0, begin_metrics, NULL },
	{ "POST", "/hearth/enter", GATE_CHANGES, ROUTE_SMALL, begin_enter, NULL },
	{ "POST", "/hearth/leave", GATE_CHANGES, ROUTE_SMALL, begin_leave, NULL },
	{ "GET", "/*", GATE_PAGE, 0, begin_asset, NULL },
	{ NULL, NULL, 0, 0, NULL, NULL },
};
