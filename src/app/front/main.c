/*
 * hearth-front: the page and the API over HTTP, in a jail, for the hearth that started it.
 *
 * Open, jail, parse: what it is to be comes in frames from hearth (wire/serve.h) over SPAWNER_FIRST; it binds its listener, reads
 * the certificate from the descriptors that it was given, goes into its jail, and only then takes the first connection. One thread
 * waits for all of them and for hearth.
 */
#include "app/front/front.h"
#include "app/front/listener.h"
#include "base/memory.h"
#include "guard/findings.h"
#include "guard/leftovers.h"
#include "guard/sanitized.h"
#include "guard/spawner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { MOST_PEM = 1 << 20, PIECE = 4096, TICK_MS = 1000, PATIENCE_MS = 60000 };

struct opened {
	int listener, certificate, key; /* -1: none came */
	char *cert_text, *key_text;
	char *start; /* the frame that everything else was said in */
};

/* All of a descriptor, as text. */
static bool read_pem(char **out, int fd, const char *name, struct error *e)
{
	struct buffer b = buffer_new(MOST_PEM);
	ssize_t got = 1;
	while (fd >= 0 && got > 0) {
		char *to = buffer_extend(&b, PIECE);
		got = to ? read(fd, to, PIECE) : -1;
		if (to) b.size -= PIECE - (got > 0 ? (size_t)got : 0);
	}
	if (fd < 0) return true;
	close(fd);
	if (got < 0) {
		buffer_free(&b);
		return error_set(e, "%s cannot be read", name);
	}
	buffer_append_byte(&b, 0);
	*out = b.data;
	return !b.failed || error_memory(e);
}

/* Frames up to SERVE_START; what stands in *s lives as long as *o. */
static bool await_start(struct post *p, struct opened *o, struct serve_start *s, struct error *e)
{
	struct frame frame;
	for (;;) {
		enum frame_result result = frame_receive(&p->reader, PATIENCE_MS, &frame, e);
		if (result != FRAME_CAME) return error_set(e, "hearth said nothing");
		if (frame.kind == SERVE_START) {
			o->start = memory_copy_text((const char *)frame.data, frame.size);
			return o->start ? serve_get_start(o->start, frame.size, s) || error_set(e, "the start makes no sense")
			                : error_memory(e);
		}
		uint32_t what = 0;
		if (frame.kind == SERVE_DESCRIPTOR && frame.size == sizeof what) memcpy(&what, frame.data, sizeof what);
		int *place = what == SERVE_LISTENER      ? &o->listener
		             : what == SERVE_CERTIFICATE ? &o->certificate
		             : what == SERVE_KEY         ? &o->key
		                                         : NULL;
		if (!place || *place >= 0 || frame.descriptor < 0) return error_set(e, "a descriptor makes no sense");
		*place = frame.descriptor;
	}
}

static bool enter_jail(struct guard_report *report, struct error *e)
{
	const struct guard_options options = { .landlock = GUARD_NEWEST };
	if (!guard_enter(GUARD_FRONT, &options, report, e)) return false;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a change of rights takes back what the spawner asked for */
	return GUARD_SANITIZED || guard_filter(GUARD_FRONT, &options, report, e);
}

/* The names that this server has: those of this machine, or its own address, and what the person says. */
static void name_server(struct gate *g, const struct listener *l, const struct serve_start *s)
{
	static const char *const own[] = { "localhost", "127.0.0.1", "::1" };
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		gate_add_name(g, own[i], l->port);
		if (l->is_path || l->port == (g->tls ? 443 : 80)) gate_add_name(g, own[i], 0);
	}
	if (!l->is_path && strcmp(l->host, "0.0.0.0") != 0 && strcmp(l->host, "::") != 0) gate_add_name(g, l->host, l->port);
	for (size_t i = 0; i < s->n_names; i++) {
		gate_add_name(g, s->names[i], l->port);
		gate_add_name(g, s->names[i], 0); /* behind something that forwards to this port */
	}
}

static void write_cookie(struct front *f)
{
	const char *secure = f->gate.tls ? "; Secure" : "";
	snprintf(f->cookie_line, sizeof f->cookie_line, "hearth=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000%s",
	         f->gate.cookie, secure);
	snprintf(f->forget_line, sizeof f->forget_line, "hearth=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0%s", secure);
}

static bool tell_ready(struct front *f, const struct listener *l, const struct guard_report *r)
{
	size_t begun;
	const struct serve_ready ready = { l->address,
		                           l->local,
		                           f->gate.tls,
		                           l->is_path,
		                           { r->no_new_privileges, r->undumpable, r->limits, r->namespaces, r->filter,
		                             (uint32_t)r->landlock, r->lost } };
	serve_put_ready(post_begin(&f->post, SERVE_READY, &begun), &ready);
	return post_end(&f->post, begun);
}

/* Nobody's words stay: clients have what they take of their answers at once, what was freed was wiped then (leftovers.h), and the
 * rest is wiped here. */
static void forget(struct front *f)
{
	size_t begun;
	f->forgets = false;
	http_hurry(f->http);
	post_wipe(&f->post);
	wire_room_free(&f->room);
	f->room = wire_room_new();
	leftovers_wipe();
	post_begin(&f->post, SERVE_FORGOTTEN, &begun);
	post_end(&f->post, begun);
}

static void loop(struct front *f)
{
	int tick = -1;
	for (;;) {
		struct pollfd waits[] = { { .fd = http_descriptor(f->http), .events = POLLIN },
			                  { .fd = f->post.socket,
			                    .events = (short)(POLLIN | (post_waits(&f->post) ? POLLOUT : 0)) } };
		int timeout = http_timeout(f->http);
		if (f->calls && (timeout < 0 || timeout > TICK_MS)) timeout = TICK_MS;
		tick = poll(waits, 2, timeout);
		if (tick < 0 && errno != EINTR) return;
		post_flush(&f->post);
		if (!front_take(f)) return;
		if (f->forgets) forget(f);
		if (f->calls) front_tick(f);
		http_run(f->http);
	}
}

/* From the start to the jail. */
static bool prepare(struct front *f, struct opened *o, struct serve_start *s, struct error *e)
{
	struct listener l;
	struct guard_report report;
	if (!await_start(&f->post, o, s, e)) return false;
	bool tls = o->certificate >= 0 && o->key >= 0;
	if (!read_pem(&o->cert_text, o->certificate, "the certificate", e) || !read_pem(&o->key_text, o->key, "the key", e))
		return false;
	if (!listener_open(&l, s, o->listener, tls, e)) return false;
	f->gate.token = s->token;
	f->gate.cookie = s->cookie;
	f->gate.origins = s->origins;
	f->gate.n_origins = s->n_origins;
	f->gate.tls = tls;
	f->metrics = s->metrics;
	if (!s->token[0] || !s->cookie[0]) return error_set(e, "there is no token");
	name_server(&f->gate, &l, s);
	write_cookie(f);
	const struct http_settings settings = { l.socket,      o->cert_text,      o->key_text,
		                                front_headers, http_usual_limits, front_handler(f) };
	f->http = http_start(&settings, e);
	return f->http && enter_jail(&report, e) && tell_ready(f, &l, &report);
}

static bool probe(struct error *e)
{
	struct guard_report report;
	return enter_jail(&report, e) && guard_findings_send(SPAWNER_FIRST, GUARD_FRONT, &report, NULL, e);
}

int main(int argc, char **argv)
{
	static struct front f;
	struct error e = { "" };
	struct opened opened = { -1, -1, -1, NULL, NULL, NULL };
	struct serve_start start;
	size_t begun;
	if (argc == 2 && strcmp(argv[1], GUARD_PROBE_WORD) == 0) _exit(probe(&e) ? 0 : 1);
	signal(SIGPIPE, SIG_IGN);
	f.post = post_new(SPAWNER_FIRST);
	f.room = wire_room_new();
	f.silence = FRONT_SILENCE;
	if (prepare(&f, &opened, &start, &e)) {
		loop(&f);
		_exit(0); /* connections end with the process */
	}
	wire_put_text(post_begin(&f.post, SERVE_REFUSED, &begun), e.text);
	post_end(&f.post, begun);
	_exit(1);
}
