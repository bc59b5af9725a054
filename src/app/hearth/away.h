/*
 * away: is anybody still there?
 *
 * Nobody is when no key was pressed for some minutes, or when the machine slept: while it is suspended the clock of the time since
 * start (CLOCK_BOOTTIME) goes on and CLOCK_MONOTONIC does not.
 */
#ifndef HEARTH_APP_HEARTH_AWAY_H
#define HEARTH_APP_HEARTH_AWAY_H

enum away_reason { AWAY_NOT, AWAY_IDLE, AWAY_SUSPENDED };

struct away_clocks {
	double boot, monotonic; /* seconds */
};

struct away {
	struct away_clocks key;   /* when somebody was last there */
	struct away_clocks asked; /* when away_look was last called */
};

struct away_clocks away_clocks_now(void);

/* Somebody is there: the program starts, or a key was pressed. */
void away_key(struct away *a, struct away_clocks now);

/* `minutes` without a key are too many; 0: as many as may be. */
enum away_reason away_look(struct away *a, struct away_clocks now, double minutes);

#endif
