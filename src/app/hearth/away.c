/* away: compares two clocks (see away.h). */
#include "app/hearth/away.h"

#include <time.h>

/* A suspend is longer than what the reading of two clocks one after the other can differ by. */
static const double shortest_suspend = 2;

static double seconds(clockid_t clock)
{
	struct timespec t;
	return clock_gettime(clock, &t) == 0 ? (double)t.tv_sec + (double)t.tv_nsec / 1e9 : 0;
}

struct away_clocks away_clocks_now(void)
{
	return (struct away_clocks){ .boot = seconds(CLOCK_BOOTTIME), .monotonic = seconds(CLOCK_MONOTONIC) };
}

void away_key(struct away *a, struct away_clocks now)
{
	if (a->asked.boot <= 0) a->asked = now;
	a->key = now;
}

enum away_reason away_look(struct away *a, struct away_clocks now, double minutes)
{
	double slept = (now.boot - a->asked.boot) - (now.monotonic - a->asked.monotonic);
	a->asked = now;
	if (slept > shortest_suspend) return AWAY_SUSPENDED;
	return minutes > 0 && now.boot - a->key.boot > minutes * 60 ? AWAY_IDLE : AWAY_NOT;
}
