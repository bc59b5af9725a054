/*
 * fetching: one connection that the user asked for: a line in the ledger, a hearth-net, and another line in the ledger.
 *
 * Nothing is connected to before the first line is on the disk. What comes back was checked in its form (wire/fetch.h); what it
 * means is the caller's to judge, who says what may be written before any of it is.
 */
#ifndef HEARTH_APP_HEARTH_FETCHING_H
#define HEARTH_APP_HEARTH_FETCHING_H

#include "app/hearth/paths.h"
#include "guard/spawner.h"
#include "wire/fetch.h"

struct fetching {
	struct spawner *spawner;
	char ledger[PATHS_ROOM];
	bool (*stop)(void *context); /* asked several times a second: true ends it, as Ctrl-C does; NULL: nobody else ends it */
	void *stop_context;
};

struct fetching_calls {
	void *context;
	/* The host would send a file: false (with the line in *e) to leave it. */
	bool (*head)(void *context, const struct fetch_head *h, struct fetch_go *go, struct error *e);
	void (*progress)(void *context, uint64_t written); /* several times a second */
	bool (*entry)(void *context, const struct fetch_entry *entry);
};

/* What came of it. */
struct fetched {
	struct fetch_head head; /* status 0: the host said nothing */
	struct fetch_end end;
};

enum fetching_result { FETCHING_DONE, FETCHING_FAILED, FETCHING_INTERRUPTED };

/* `kind` is FETCH_FILE (to `output`, a file that is open for writing) or FETCH_LISTING (`output` unused). FETCHING_DONE: an answer
 * came whole, whatever its status; else the line is in *e. */
enum fetching_result fetching_run(const struct fetching *f, uint32_t kind, const struct fetch_request *r, int output,
                                  const struct fetching_calls *calls, struct fetched *out, struct error *e);

#endif
