/* fetching: the ledger, the process and the conversation with it (see fetching.h). */
#include "app/hearth/fetching.h"

#include "app/hearth/terminal.h"
#include "app/hearth/web_address.h"
#include "base/memory.h"
#include "store/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 200, END_MS = 3000 };

/* ---- the ledger's two lines ---- */

static bool note_begin(const struct fetching *f, const struct fetch_request *r, uint64_t *number, struct error *e)
{
	char host[WEB_HOST];
	struct ledger_entry *entry = memory_new(1, sizeof *entry);
	if (!entry) return error_memory(e);
	*entry = (struct ledger_entry){ .kind = LEDGER_BEGIN, .time = (uint64_t)time(NULL) };
	bool ok = web_host(r->url, host, e);
	if (ok) snprintf(entry->host, sizeof entry->host, "%s%s%s", host, r->proxy[0] ? " through " : "", r->proxy);
	ok = ok && ledger_add(disk_real(), f->ledger, entry, number, e);
	memory_free(entry);
	return ok;
}

static bool note_end(const struct fetching *f, uint64_t number, const struct fetched *out, const char *result, struct error *e)
{
	struct seal_sha256 hash;
	struct ledger_entry *entry = memory_new(1, sizeof *entry);
	if (!entry) return error_memory(e);
	*entry = (struct ledger_entry){ .kind = LEDGER_END, .time = (uint64_t)time(NULL), .number = number };
	entry->up = out->end.up;
	entry->down = out->end.down;
	entry->sent_size = out->end.sent;
	memcpy(entry->sent, out->end.request, out->end.sent);
	seal_sha256_begin(&hash);
	seal_sha256_add(&hash, entry->sent, entry->sent_size);
	seal_sha256_end(&hash, entry->hash);
	snprintf(entry->result, sizeof entry->result, "%s", result);
	bool ok = ledger_add(disk_real(), f->ledger, entry, NULL, e);
	memory_free(entry);
	return ok;
}

/* ---- the conversation ---- */

struct talk {
	const struct fetching *fetching;
	int socket;
	const struct fetching_calls *calls;
	struct fetched *out;
	bool ended; /* its last message has come */
};

static bool take_head(struct talk *t, const struct fetch_head *h, bool listing, struct error *e)
{
	struct fetch_message go = { .kind = FETCH_GO };
	t->out->head = *h;
	if (listing || (h->status != 200 && h->status != 206)) return true;
	if (!t->calls->head(t->calls->context, h, &go.go, e)) return false;
	return fetch_send(t->socket, &go) || error_set(e, "hearth-net ended early");
}

/* One message; false ends the conversation. */
static bool take_message(struct talk *t, const struct fetch_message *m, bool listing, struct error *e)
{
	switch (m->kind) {
	case FETCH_HEAD: return take_head(t, &m->head, listing, e);
	case FETCH_PROGRESS:
		t->out->end.written = m->progress.written;
		if (t->calls->progress) t->calls->progress(t->calls->context, m->progress.written);
		return true;
	case FETCH_ENTRY: return listing && t->calls->entry(t->calls->context, &m->entry) ? true : error_set(e, "too many files");
	case FETCH_END:
		t->out->end = m->end;
		t->ended = true;
		return m->end.ok || error_set(e, "%s", m->end.error);
	default: return error_set(e, "hearth-net said what it may not");
	}
}

static enum fetching_result converse(struct talk *t, bool listing, struct error *e)
{
	struct fetch_message *m = memory_new(1, sizeof *m);
	enum fetching_result result = m ? FETCHING_DONE : FETCHING_FAILED;
	if (!m) error_memory(e);
	while (result == FETCHING_DONE && !t->ended) {
		enum fetch_got got = fetch_receive(t->socket, m, LOOK_MS);
		const struct fetching *f = t->fetching;
		if (terminal_interrupted() || (f->stop && f->stop(f->stop_context))) {
			error_set(e, "interrupted");
			result = FETCHING_INTERRUPTED;
		} else if (got == FETCH_CAME) {
			if (!take_message(t, m, listing, e)) result = FETCHING_FAILED;
		} else if (got != FETCH_NOTHING_YET) {
			error_set(e, got == FETCH_GONE ? "hearth-net ended early" : "hearth-net said what it may not");
			result = FETCHING_FAILED;
		}
	}
	memory_free(m);
	return result;
}

/* Asks it to stop and hears its account of what went over the wire. Its patience is counted in looks and messages, not by a clock:
 * when the machine sleeps, both stand still, and what was on the way counts all the same. */
static void wind_down(struct talk *t)
{
	struct fetch_message *m = memory_new(1, sizeof *m);
	enum fetch_got got = FETCH_NOTHING_YET;
	int patience = END_MS;
	shutdown(t->socket, SHUT_WR);
	while (m && !t->ended && patience > 0 && (got == FETCH_CAME || got == FETCH_NOTHING_YET)) {
		got = fetch_receive(t->socket, m, LOOK_MS);
		patience -= got == FETCH_NOTHING_YET ? LOOK_MS : 1;
		t->ended = got == FETCH_CAME && m->kind == FETCH_END;
		if (t->ended) t->out->end = m->end;
	}
	memory_free(m);
}

/* Starts a hearth-net, gives it the request and hears what it says. */
static enum fetching_result work(const struct fetching *f, uint32_t kind, const struct fetch_request *r, int output,
                                 const struct fetching_calls *calls, struct fetched *out, struct error *e)
{
	int pair[2], how;
	struct spawned net;
	struct fetch_message *m = memory_new(1, sizeof *m);
	if (!m || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		error_set(e, "cannot make a pair of sockets: %s", strerror(errno));
		memory_free(m);
		return FETCHING_FAILED;
	}
	enum fetching_result result = FETCHING_FAILED;
	const int given[] = { pair[1], output };
	m->kind = kind;
	m->request = *r;
	bool runs = spawner_run(f->spawner, GUARD_NET, NULL, given, kind == FETCH_FILE ? 2 : 1, &net, e);
	close(pair[1]);
	if (runs && (fetch_send(pair[0], m) || error_set(e, "hearth-net ended early"))) {
		struct talk t = { .fetching = f, .socket = pair[0], .calls = calls, .out = out };
		result = converse(&t, kind == FETCH_LISTING, e);
		if (result != FETCHING_DONE) wind_down(&t);
	}
	close(pair[0]);
	if (runs) {
		if (result != FETCHING_DONE || !spawner_ended(&net, END_MS, &how)) spawner_kill(f->spawner, &net);
		spawner_ended(&net, END_MS, &how);
		spawner_forget(&net);
	}
	memory_free(m);
	return result;
}

enum fetching_result fetching_run(const struct fetching *f, uint32_t kind, const struct fetch_request *r, int output,
                                  const struct fetching_calls *calls, struct fetched *out, struct error *e)
{
	uint64_t number = 0;
	struct error failed;
	char host[WEB_HOST], result_text[LEDGER_RESULT];
	*out = (struct fetched){ .head.status = 0 };
	if (!web_host(r->url, host, e) || !note_begin(f, r, &number, e)) return FETCHING_FAILED;
	enum fetching_result result = work(f, kind, r, output, calls, out, e);
	if (result == FETCHING_DONE)
		snprintf(result_text, sizeof result_text, "HTTP %u", out->head.status);
	else
		snprintf(result_text, sizeof result_text, "%s", e->text);
	if (!note_end(f, number, out, result_text, &failed)) {
		if (result == FETCHING_DONE) *e = failed;
		return FETCHING_FAILED;
	}
	if (result == FETCHING_FAILED) error_at(e, "%s", host);
	return result;
}
