/* pull_progress: the line that says how far a download is: bytes, share, rate, and the time that is left. */
#ifndef HEARTH_APP_HEARTH_PULL_PROGRESS_H
#define HEARTH_APP_HEARTH_PULL_PROGRESS_H

#include "app/hearth/terminal.h"

#include <stddef.h>
#include <stdint.h>

struct pull_progress {
	struct terminal terminal;
	const char *what; /* "fetched", "checked" */
	uint64_t whole;   /* 0: not known */
	uint64_t done;
	double shown, began; /* when */
	double rate;         /* bytes a second, the last seconds weighing most; 0: not known yet */
	uint64_t rated;      /* bytes when the rate was last looked at */
	double rated_at;
	size_t width; /* of the line that stands on the terminal; 0: none */
};

/* `done` bytes are there before the first. */
void pull_progress_begin(struct pull_progress *p, const char *what, uint64_t done, uint64_t whole);

/* Shows the line when it is time: on a terminal twice a second, else every half minute. */
void pull_progress_show(struct pull_progress *p, uint64_t done);

/* Takes the line off the terminal. */
void pull_progress_end(struct pull_progress *p);

#endif
