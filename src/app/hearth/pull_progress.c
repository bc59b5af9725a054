/* pull_progress: rate, time left, and one line on standard error (see pull_progress.h). */
#include "app/hearth/pull_progress.h"

#include "app/hearth/model_file.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const double terminal_pause = 0.5, log_pause = 30, rate_pause = 1;

void pull_progress_begin(struct pull_progress *p, const char *what, uint64_t done, uint64_t whole)
{
	double now = clock_seconds();
	*p = (struct pull_progress){ .terminal = terminal_look(false), .what = what, .whole = whole, .done = done };
	p->began = p->shown = p->rated_at = now;
	p->rated = done;
}

static void measure(struct pull_progress *p, double now)
{
	static const double weight = 0.3; /* of the newest second */
	double seconds = now - p->rated_at;
	if (seconds < rate_pause) return;
	double newest = (double)(p->done - p->rated) / seconds;
	p->rate = p->rate > 0 ? (1 - weight) * p->rate + weight * newest : newest;
	p->rated = p->done;
	p->rated_at = now;
}

static void time_left(char *out, size_t room, double seconds)
{
	if (seconds >= 36000)
		snprintf(out, room, ", about %.0f h left", seconds / 3600);
	else if (seconds >= 5400)
		snprintf(out, room, ", about %.1f h left", seconds / 3600);
	else if (seconds >= 90)
		snprintf(out, room, ", about %.0f min left", seconds / 60);
	else
		snprintf(out, room, ", about %.0f s left", seconds < 1 ? 1 : seconds);
}

static void make_line(const struct pull_progress *p, char *line, size_t room)
{
	char done[32], whole[32], rate[32], left[64] = "";
	model_file_bytes(done, p->done);
	model_file_bytes(whole, p->whole);
	model_file_bytes(rate, (uint64_t)p->rate);
	int share = p->whole ? (int)((double)p->done / (double)p->whole * 100) : 0;
	if (p->rate >= 1) time_left(left, sizeof left, (double)(p->whole - p->done) / p->rate);
	int n = snprintf(line, room, "%s of %s %s (%d %%)", done, whole, p->what, share);
	if (p->rate >= 1 && n > 0 && (size_t)n < room) snprintf(line + n, room - (size_t)n, ", %s/s%s", rate, left);
}

void pull_progress_show(struct pull_progress *p, uint64_t done)
{
	char line[256];
	double now = clock_seconds();
	p->done = done < p->whole ? done : p->whole;
	measure(p, now);
	bool moves = p->terminal.movable && isatty(STDERR_FILENO);
	if (now - p->shown < (moves ? terminal_pause : log_pause)) return;
	p->shown = now;
	make_line(p, line, sizeof line);
	size_t width = strlen(line), most = terminal_width() - 1;
	if (moves && width > most) width = most;
	size_t blank = p->width > width ? p->width - width : 0;
	if (moves)
		fprintf(stderr, "\r%.*s%*s", (int)width, line, (int)blank, "");
	else
		fprintf(stderr, "%s\n", line);
	fflush(stderr);
	p->width = moves ? width : 0;
}

void pull_progress_end(struct pull_progress *p)
{
	if (p->width) fprintf(stderr, "\r%*s\r", (int)p->width, "");
	fflush(stderr);
	p->width = 0;
}
