/*
 * http: libmicrohttpd behind http.h.
 *
 * libmicrohttpd does not watch a connection that is suspended, so a second set of epoll watches those for their client's end. It
 * knows no absolute times either: `sweep` looks once a second at what every connection has done.
 */
#include "app/front/http.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_ADDED = 8, MOST_URI = 8192, PIECE = 16384, SWEEP_MS = 1000, EVENTS = 64, OVERFLOW = 4, HURRIES = 4 };
static const double sweep_seconds = 1;

const struct http_limits http_usual_limits = { .connections = 2048,
	                                       .head = 32768,
	                                       .idle = 30,
	                                       .head_seconds = 60,
	                                       .crowded_seconds = 10,
	                                       .grace = 30,
	                                       .rate = 4096,
	                                       .waiting = 4 << 20 };

struct connection {
	int socket;
	double since;            /* it has waited for a head */
	struct http_exchange *x; /* whose head is whole; NULL: none */
	struct connection *next, *previous;
};

enum state { HEAD, BODY, WORK, ANSWERED, STREAM };

struct http_exchange {
	struct http *server;
	struct connection *of;
	struct MHD_Connection *connection;
	enum state state;
	char *uri, *query; /* the query behind its question mark, in the same block */
	const char *method;
	struct buffer body;
	size_t most_body, came; /* came: also what was not kept */
	size_t whole;           /* bytes of an answer that is there */
	double since;           /* the body is awaited, or the whole answer is there to be read */
	struct MHD_Response *response;
	unsigned status;
	const char *added[2 * MOST_ADDED];
	size_t n_added;
	struct buffer out; /* of an answer in pieces: from `at` on unread */
	size_t at;
	bool inside;    /* a callback of libmicrohttpd runs for it */
	bool suspended; /* and watched */
	bool ended;     /* all pieces are written */
	bool cut;       /* to be closed */
	bool over;      /* the handler has been told */
	void *user;
};

struct http {
	struct MHD_Daemon *daemon;
	struct http_settings settings;
	struct connection *connections;
	unsigned n_connections;
	int all, watch; /* sets of epoll: everything, and clients that wait for an answer */
	double swept;
	bool resumed; /* libmicrohttpd has something to do at once */
};

/* ---- header lines ---- */

static bool is_token(const char *name, size_t length)
{
	static const char others[] = "!#$%&'*+-.^_`|~";
	for (size_t i = 0; i < length; i++) {
		const char c = name[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!letter && (c == 0 || !strchr(others, c))) return false;
	}
	return length > 0;
}

struct search {
	const char *name, *value;
	unsigned count;
	bool broken; /* some line is none */
};

static enum MHD_Result look_at_line(void *data, enum MHD_ValueKind kind, const char *name, size_t name_size, const char *value,
                                    size_t value_size)
{
	struct search *s = data;
	(void)kind;
	if (!is_token(name, name_size)) s->broken = true;
	for (size_t i = 0; value && i < value_size; i++) {
		const unsigned char c = (unsigned char)value[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f) s->broken = true;
	}
	if (s->name && strlen(s->name) == name_size && strncasecmp(s->name, name, name_size) == 0) {
		if (s->count++ == 0) s->value = value ? value : "";
	}
	return MHD_YES;
}

static struct search search(const struct http_exchange *x, const char *name)
{
	struct search s = { .name = name };
	MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, look_at_line, &s);
	return s;
}

const char *http_header(const struct http_exchange *x, const char *name, unsigned *count)
{
	struct search s = search(x, name);
	if (count) *count = s.count;
	return s.value;
}

/* Digits alone, few enough for a size. */
static bool is_length(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	return digits > 0 && digits < 16 && text[digits] == 0;
}

/* What two programs in a row might read differently. */
static const char *bad_head(const struct http_exchange *x)
{
	struct search lines = search(x, NULL), length = search(x, "content-length"), encoding = search(x, "transfer-encoding");
	if (!x->uri) return "the request's target is too long";
	if (lines.broken) return "a header line is none";
	if (length.count && encoding.count) return "both Content-Length and Transfer-Encoding tell how long the body is";
	if (length.count > 1 || encoding.count > 1) return "the length of the body is told twice";
	if (length.count && !is_length(length.value)) return "Content-Length is no number";
	if (encoding.count && strcasecmp(encoding.value, "chunked") != 0) return "this Transfer-Encoding is not known";
	if (x->uri[0] != '/') return "the request's target is no path";
	return NULL;
}

/* ---- an exchange ---- */

const char *http_method(const struct http_exchange *x)
{
	return x->method;
}

const char *http_path(const struct http_exchange *x)
{
	return x->uri ? x->uri : "";
}

const char *http_query(const struct http_exchange *x)
{
	return x->query ? x->query : "";
}

const char *http_body(const struct http_exchange *x, size_t *length)
{
	*length = x->body.size;
	return buffer_text(&x->body);
}

void http_set_user(struct http_exchange *x, void *user)
{
	x->user = user;
}

void *http_user(const struct http_exchange *x)
{
	return x->user;
}

void http_add(struct http_exchange *x, const char *name, const char *value)
{
	if (x->n_added == MOST_ADDED) return;
	x->added[2 * x->n_added] = name;
	x->added[2 * x->n_added++ + 1] = value;
}

static void tell_over(struct http_exchange *x)
{
	if (x->over) return;
	x->over = true;
	if (x->state != HEAD) x->server->settings.handler.over(x->server->settings.handler.data, x);
}

/* Waits: libmicrohttpd leaves the connection alone until `wake`. */
static void rest(struct http_exchange *x)
{
	struct epoll_event e = { .events = EPOLLRDHUP | EPOLLHUP | EPOLLERR, .data = { .ptr = x } };
	MHD_suspend_connection(x->connection);
	x->suspended = true;
	if (x->of) epoll_ctl(x->server->watch, EPOLL_CTL_ADD, x->of->socket, &e);
}

static void wake(struct http_exchange *x)
{
	if (!x->suspended) return;
	x->suspended = false;
	if (x->of) epoll_ctl(x->server->watch, EPOLL_CTL_DEL, x->of->socket, NULL);
	x->server->resumed = true;
	MHD_resume_connection(x->connection);
}

static bool add_lines(struct http_exchange *x, struct MHD_Response *r, const char *type)
{
	bool ok = !type || MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES;
	for (size_t i = 0; ok && i < x->n_added; i++)
		ok = MHD_add_response_header(r, x->added[2 * i], x->added[2 * i + 1]) == MHD_YES;
	for (const char *const *h = x->server->settings.headers; ok && h && *h; h += 2) {
		if (!MHD_get_response_header(r, h[0])) ok = MHD_add_response_header(r, h[0], h[1]) == MHD_YES;
	}
	return ok;
}

/* Hands the answer over, now or when libmicrohttpd asks again. */
static void give(struct http_exchange *x, struct MHD_Response *r, unsigned status, const char *type, enum state next)
{
	if (!r || !add_lines(x, r, type)) {
		if (r) MHD_destroy_response(r);
		r = NULL;
		x->cut = true;
	}
	x->response = r;
	x->status = status;
	x->state = next;
	x->since = clock_seconds();
	if (!x->inside) wake(x);
}

void http_answer(struct http_exchange *x, unsigned status, const char *type, const void *body, size_t length, bool borrowed)
{
	if (x->state >= ANSWERED) return;
	x->whole = length;
	enum MHD_ResponseMemoryMode mode = borrowed ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY;
	give(x, MHD_create_response_from_buffer(length, (void *)(uintptr_t)body, mode), status, type, ANSWERED);
}

static ssize_t read_stream(void *data, uint64_t position, char *to, size_t most)
{
	struct http_exchange *x = data;
	(void)position;
	size_t left = x->out.size - x->at;
	if (x->cut) return MHD_CONTENT_READER_END_WITH_ERROR;
	if (left == 0 && x->ended) return MHD_CONTENT_READER_END_OF_STREAM;
	if (left == 0) {
		rest(x);
		return 0;
	}
	if (left > most) left = most;
	memcpy(to, x->out.data + x->at, left);
	memory_wipe(x->out.data + x->at, left);
	x->at += left;
	if (x->at == x->out.size) {
		buffer_clear(&x->out);
		x->at = 0;
	}
	return (ssize_t)left;
}

void http_stream(struct http_exchange *x, unsigned status, const char *type)
{
	if (x->state >= ANSWERED) return;
	give(x, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, read_stream, x, NULL), status, type, STREAM);
}

bool http_write(struct http_exchange *x, const void *bytes, size_t length)
{
	if (x->state != STREAM || x->cut || x->ended) return false;
	if (x->at > PIECE && x->at * 2 > x->out.size) {
		memmove(x->out.data, x->out.data + x->at, x->out.size - x->at);
		x->out.size -= x->at;
		x->at = 0;
	}
	if (!buffer_append(&x->out, bytes, length)) {
		x->cut = true;
		if (x->of) shutdown(x->of->socket, SHUT_RDWR); /* its client takes nothing: waiting for it would take long */
	}
	wake(x);
	return !x->cut;
}

void http_end(struct http_exchange *x)
{
	x->ended = true;
	x->whole = x->out.size - x->at;
	x->since = clock_seconds();
	wake(x);
}

/* ---- what libmicrohttpd calls ---- */

static struct connection *connection_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

static void on_connection(void *data, struct MHD_Connection *c, void **context, enum MHD_ConnectionNotificationCode what)
{
	struct http *h = data;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
		struct connection *n = info ? memory_new(1, sizeof *n) : NULL;
		*context = n;
		h->n_connections++;
		if (!n) return;
		*n = (struct connection){ .socket = info->connect_fd, .since = clock_seconds(), .next = h->connections };
		if (n->next) n->next->previous = n;
		h->connections = n;
		return;
	}
	struct connection *n = *context;
	h->n_connections--;
	h->resumed = true; /* where there were too many, it accepts again in its next run alone */
	if (!n) return;
	if (n->next) n->next->previous = n->previous;
	if (n->previous)
		n->previous->next = n->next;
	else
		h->connections = n->next;
	memory_free(n);
	*context = NULL;
}

/* A new exchange begins with its target, as it was sent. */
static void *on_target(void *data, const char *uri, struct MHD_Connection *c)
{
	struct http *h = data;
	size_t length = strlen(uri);
	struct http_exchange *x = memory_new(1, sizeof *x);
	if (!x) return NULL;
	*x = (struct http_exchange){ .server = h, .connection = c, .method = "" };
	x->out = buffer_new(h->settings.limits.waiting);
	x->uri = length < MOST_URI ? memory_copy_text(uri, length) : NULL;
	x->query = x->uri ? strchr(x->uri, '?') : NULL;
	if (x->query) *x->query++ = 0;
	return x;
}

/* Gives libmicrohttpd the answer that stands ready, or waits for one. */
static enum MHD_Result settle(struct http_exchange *x)
{
	if (x->cut) return MHD_NO;
	if (x->state < ANSWERED) {
		rest(x);
		return MHD_YES;
	}
	struct MHD_Response *r = x->response;
	x->response = NULL;
	if (!r) return MHD_NO;
	enum MHD_Result result = MHD_queue_response(x->connection, x->status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result begin(struct http_exchange *x, const char *method)
{
	static const char type[] = "text/plain; charset=utf-8";
	const struct http_handler *h = &x->server->settings.handler;
	x->method = method;
	x->of = connection_of(x->connection);
	if (x->of) x->of->x = x;
	x->state = BODY;
	x->since = clock_seconds();
	const char *bad = bad_head(x);
	if (bad) {
		x->over = true; /* the handler never heard of it */
		http_add(x, "Connection", "close");
		http_answer(x, MHD_HTTP_BAD_REQUEST, type, bad, strlen(bad), true);
	} else {
		x->most_body = h->header(h->data, x);
	}
	x->body = buffer_new(x->most_body);
	return x->state < ANSWERED ? MHD_YES : settle(x);
}

static bool take_body(struct http_exchange *x, const char *data, size_t size)
{
	x->came += size;
	if (!x->body.failed) buffer_append(&x->body, data, size);
	return !x->body.failed || x->came / OVERFLOW <= x->most_body;
}

static enum MHD_Result on_access(void *data, struct MHD_Connection *c, const char *url, const char *method, const char *version,
                                 const char *upload, size_t *upload_size, void **context)
{
	static const char type[] = "text/plain; charset=utf-8", large[] = "the body is larger than what is taken here";
	struct http *h = data;
	struct http_exchange *x = *context;
	(void)c;
	(void)url;
	(void)version;
	if (!x) return MHD_NO; /* no memory */
	enum MHD_Result result = MHD_YES;
	x->inside = true;
	if (x->state == HEAD) {
		result = begin(x, method);
	} else if (*upload_size) {
		result = take_body(x, upload, *upload_size) ? MHD_YES : MHD_NO;
		*upload_size = 0;
	} else {
		if (x->state == BODY && x->body.failed) {
			http_answer(x, MHD_HTTP_CONTENT_TOO_LARGE, type, large, strlen(large), true);
		} else if (x->state == BODY) {
			x->state = WORK;
			h->settings.handler.request(h->settings.handler.data, x);
		}
		result = settle(x);
	}
	x->inside = false;
	return result;
}

static void on_completed(void *data, struct MHD_Connection *c, void **context, enum MHD_RequestTerminationCode why)
{
	struct http_exchange *x = *context;
	(void)data;
	(void)c;
	(void)why;
	if (!x) return;
	tell_over(x);
	if (x->of) {
		x->of->x = NULL;
		x->of->since = clock_seconds();
		if (x->suspended) epoll_ctl(x->server->watch, EPOLL_CTL_DEL, x->of->socket, NULL);
	}
	if (x->response) MHD_destroy_response(x->response);
	if (x->body.data) memory_wipe(x->body.data, x->body.room);
	if (x->out.data) memory_wipe(x->out.data, x->out.room);
	buffer_free(&x->body);
	buffer_free(&x->out);
	memory_free(x->uri);
	memory_free(x);
	*context = NULL;
}

/* Percent signs stay: the handler reads what was sent. */
static size_t leave_escapes(void *data, struct MHD_Connection *c, char *text)
{
	(void)data;
	(void)c;
	return strlen(text);
}

/* ---- times ---- */

static bool too_slow(const struct http *h, const struct connection *c, double now)
{
	const struct http_limits *l = &h->settings.limits;
	const struct http_exchange *x = c->x;
	bool crowded = h->n_connections > l->connections / 4 * 3;
	if (!x) return now - c->since > (crowded ? l->crowded_seconds : l->head_seconds);
	double over = now - x->since - l->grace;
	if (x->state == BODY) return over > 0 && (double)x->came < over * l->rate;
	bool all = x->state == ANSWERED || (x->state == STREAM && x->ended);
	return all && over > (double)x->whole / l->rate;
}

static void sweep(struct http *h)
{
	double now = clock_seconds();
	if (now - h->swept < sweep_seconds) return;
	h->swept = now;
	for (struct connection *c = h->connections; c; c = c->next) {
		if (!too_slow(h, c, now)) continue;
		if (c->x && c->x->suspended) continue; /* it waits for us */
		shutdown(c->socket, SHUT_RDWR);
	}
}

static void cut(struct http_exchange *x)
{
	x->cut = true;
	tell_over(x);
	wake(x);
}

/* Clients that left while their answer was being made. */
static void look_for_ends(struct http *h)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(h->watch, events, EVENTS, 0);
	for (int i = 0; i < n; i++) cut(events[i].data.ptr);
}

/* ---- the server ---- */

static bool add_to_set(struct http *h, int fd)
{
	struct epoll_event e = { .events = EPOLLIN };
	return epoll_ctl(h->all, EPOLL_CTL_ADD, fd, &e) == 0;
}

static bool start_daemon(struct http *h)
{
	const struct http_settings *s = &h->settings;
	const bool tls = s->cert != NULL;
	struct MHD_OptionItem options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, s->listener, NULL },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)s->cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)s->key },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem *own = s->listener >= 0 ? options : options + 1;
	if (!tls) options[1] = options[3];
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
	if (tls) flags |= MHD_USE_TLS;
	if (s->listener < 0) flags |= MHD_USE_NO_LISTEN_SOCKET;
	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_access, h, MHD_OPTION_ARRAY, own, MHD_OPTION_NOTIFY_COMPLETED,
	                             on_completed, h, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_URI_LOG_CALLBACK,
	                             on_target, h, MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL, MHD_OPTION_CONNECTION_LIMIT,
	                             s->limits.connections, MHD_OPTION_CONNECTION_TIMEOUT, s->limits.idle,
	                             MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)s->limits.head, MHD_OPTION_STRICT_FOR_CLIENT, 1,
	                             MHD_OPTION_END);
	return h->daemon != NULL;
}

struct http *http_start(const struct http_settings *s, struct error *e)
{
	struct http *h = memory_new(1, sizeof *h);
	if (!h) {
		error_memory(e);
		return NULL;
	}
	h->settings = *s;
	h->all = epoll_create1(EPOLL_CLOEXEC);
	h->watch = epoll_create1(EPOLL_CLOEXEC);
	bool ok = h->all >= 0 && h->watch >= 0;
	if (!ok) error_set(e, "cannot watch connections: %s", strerror(errno));
	if (ok && !start_daemon(h))
		ok = error_set(e, s->cert ? "cannot serve: is the certificate or its key damaged?" : "cannot serve");
	const union MHD_DaemonInfo *set = ok ? MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (ok && (!set || !add_to_set(h, set->epoll_fd) || !add_to_set(h, h->watch)))
		ok = error_set(e, "cannot watch connections: %s", strerror(errno));
	if (ok) return h;
	http_stop(h);
	return NULL;
}

void http_stop(struct http *h)
{
	if (!h) return;
	for (struct connection *c = h->connections; c; c = c->next) {
		if (c->x) cut(c->x);
	}
	if (h->daemon && h->resumed) MHD_run(h->daemon);
	if (h->daemon) MHD_stop_daemon(h->daemon);
	if (h->all >= 0) close(h->all);
	if (h->watch >= 0) close(h->watch);
	memory_free(h);
}

int http_descriptor(const struct http *h)
{
	return h->all;
}

int http_timeout(struct http *h)
{
	MHD_UNSIGNED_LONG_LONG ms;
	if (h->resumed) return 0;
	int most = h->connections ? SWEEP_MS : -1;
	if (MHD_get_timeout(h->daemon, &ms) != MHD_YES) return most;
	return most < 0 || ms < (MHD_UNSIGNED_LONG_LONG)most ? (int)ms : most;
}

void http_run(struct http *h)
{
	look_for_ends(h);
	h->resumed = false;
	MHD_run(h->daemon);
	sweep(h);
}

void http_hurry(struct http *h)
{
	for (int i = 0; i < HURRIES; i++) http_run(h);
	for (struct connection *c = h->connections; c; c = c->next) {
		if (!c->x || c->x->state < ANSWERED) continue;
		shutdown(c->socket, SHUT_RDWR);
		cut(c->x);
	}
	http_run(h);
}

bool http_adopt(struct http *h, int socket)
{
	static const struct sockaddr nowhere = { .sa_family = AF_UNIX };
	return MHD_add_connection(h->daemon, socket, &nowhere, sizeof nowhere) == MHD_YES;
}

unsigned http_connections(const struct http *h)
{
	return h->n_connections;
}
