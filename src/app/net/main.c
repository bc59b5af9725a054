/*
 * hearth-net: fetches what the user has just asked for, from one host, and ends.
 *
 * It is started by hearth's spawner with a socket to hearth as descriptor 3 and, for a file, the place to write to as descriptor 4.
 * The request is taken and everything is opened first; then come the jail, and then the network.
 */
#include "app/net/listing.h"
#include "app/net/transfer.h"
#include "guard/findings.h"
#include "guard/guard.h"

#include <stdlib.h>
#include <string.h>

enum { SOCKET = 3, OUTPUT = 4 };

static bool enter_jail(const struct fetch_request *r, struct error *e)
{
	struct guard_report report;
	const struct guard_options o = { .landlock = GUARD_NEWEST, .only_port = (uint16_t)r->proxy_port };
	return guard_enter(GUARD_NET, &o, &report, e) && guard_filter(GUARD_NET, &o, &report, e);
}

static bool take_request(struct transfer *t)
{
	struct fetch_message m;
	enum fetch_got got;
	while ((got = fetch_receive(SOCKET, &m, -1)) == FETCH_NOTHING_YET) continue;
	if (got != FETCH_CAME || (m.kind != FETCH_FILE && m.kind != FETCH_LISTING)) return false;
	t->request = m.request;
	t->listing = m.kind == FETCH_LISTING;
	return true;
}

static int tell_end(const struct fetch_end *end)
{
	struct fetch_message m = { .kind = FETCH_END };
	m.end = *end;
	return fetch_send(SOCKET, &m) && end->ok ? 0 : 1;
}

static int work(struct transfer *t)
{
	struct error e;
	if (!take_request(t)) return 2; /* started by somebody else than hearth, which says all that there is to say */
	if (!transfer_prepare(t, &e) || !enter_jail(&t->request, &e)) {
		memcpy(t->end.error, e.text, sizeof e.text);
		return tell_end(&t->end);
	}
	transfer_run(t);
	if (t->end.ok && t->listing && t->head.status == 200 && !listing_send(SOCKET, buffer_text(&t->body), t->body.size, &e)) {
		t->end.ok = 0;
		memcpy(t->end.error, e.text, sizeof e.text);
	}
	return tell_end(&t->end);
}

int main(int argc, char **argv)
{
	static struct transfer t = { .socket = SOCKET, .file = OUTPUT };
	struct error e;
	/* What an environment says to libcurl, libc's resolver and the TLS library is the same for everybody: nothing. */
	clearenv();
	if (argc > 1 && strcmp(argv[1], GUARD_PROBE_WORD) == 0) return guard_findings_stand_in(SOCKET, GUARD_NET, &e) ? 0 : 1;
	int status = work(&t);
	transfer_free(&t);
	return status;
}
