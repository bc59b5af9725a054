/* client_start: the first messages, and processes without a model (see client_start.h). */
#include "wire/client_start.h"

#include "base/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KERNELS_ROOM = 16384, LOST_ROOM = 256 };

static const struct client_starter *starter;

void client_use(const struct client_starter *s)
{
	starter = s;
}

void client_tell_restart(const char *line)
{
	if (starter && starter->restarted) starter->restarted(starter->data, line);
}

/* The level that the engine is to take, "" for the best. What an emulator of programs starts runs on the machine's own processor:
 * so where this program's has no vectors, the engine is told. NULL with the line. */
static const char *level(struct error *e)
{
	const char *asked = getenv("HEARTH_CPU");
	if (!asked) asked = "";
	if (machine_has_vectors()) return asked;
	if (!asked[0] || strcmp(asked, "portable") == 0) return "portable";
	error_set(e, "HEARTH_CPU: this machine has no level '%.40s'; it has portable", asked);
	return NULL;
}

struct link *client_start(const struct link_watch *watch, uint32_t threads, struct error *e)
{
	if (!starter) {
		error_set(e, "nothing can start the process that computes");
		return NULL;
	}
	const char *cpu = level(e);
	struct link *l = cpu ? link_start(starter, watch, e) : NULL;
	if (!l) return NULL;
	const struct wire_start start = {
		.version = HEARTH_VERSION, .cpu = cpu, .free_memory = machine_free_memory(), .threads = threads
	};
	struct buffer b = buffer_new(1 << 16);
	wire_put_start(&b, &start);
	bool ok = b.failed ? error_memory(e) : link_tell(l, WIRE_START, b.data, b.size, -1, e);
	buffer_free(&b);
	if (ok) return l;
	link_close(l);
	return NULL;
}

bool client_jail(struct link *l, struct error *e)
{
	return link_ask(l, WIRE_JAIL, NULL, 0, WIRE_JAILED, true, e);
}

bool client_ask_text(struct link *l, uint32_t kind, const char *text, uint32_t wanted, bool patient, struct error *e)
{
	struct buffer b = buffer_new(WIRE_MOST_TEXT);
	wire_put_text(&b, text);
	bool ok = b.failed ? error_memory(e) : link_ask(l, kind, b.data, b.size, wanted, patient, e);
	buffer_free(&b);
	return ok;
}

bool client_probe(struct wire_jailed *jailed, const char **kernels, struct error *e)
{
	static char text[KERNELS_ROOM], lost[LOST_ROOM];
	struct link_watch watch = { 0 };
	struct link *l = client_start(&watch, 1, e);
	if (!l) return false;
	const char *got;
	bool ok = client_jail(l, e);
	if (ok && !wire_get_jailed(l->answer.data, l->answer.size, jailed)) ok = error_set(e, "the engine's report makes no sense");
	if (ok) {
		snprintf(lost, sizeof lost, "%s", jailed->lost);
		jailed->lost = lost;
		ok = link_ask(l, WIRE_KERNELS, NULL, 0, WIRE_TEXT, true, e);
	}
	if (ok) ok = wire_get_text(l->answer.data, l->answer.size, &got) || error_set(e, "the engine's kernels make no sense");
	if (ok) {
		snprintf(text, sizeof text, "%s", got);
		*kernels = text;
	}
	link_close(l);
	return ok;
}

const char *client_kernels(void)
{
	static struct error e;
	struct wire_jailed jailed;
	static const char *kernels;
	if (kernels || client_probe(&jailed, &kernels, &e)) return kernels;
	return e.text;
}
