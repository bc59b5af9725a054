/*
 * before_sleep: hears from hearth-sleep that the machine is about to be suspended, in time to lock.
 *
 * While it is watched, a suspend waits (5 seconds as a rule) until before_sleep_end. Where logind cannot be asked nothing is heard,
 * and what away.h sees when the machine is awake again is all.
 */
#ifndef HEARTH_APP_HEARTH_BEFORE_SLEEP_H
#define HEARTH_APP_HEARTH_BEFORE_SLEEP_H

#include "guard/spawner.h"

#include <stdbool.h>

struct before_sleep {
	int socket; /* readable when there is something to look at; -1: nothing is watched */
	struct spawned program;
};

/* Starts to watch. *b is before_sleep_none() or ended. */
void before_sleep_begin(struct before_sleep *b);
struct before_sleep before_sleep_none(void);

/* What has come so far. */
enum before_sleep_news { BEFORE_SLEEP_NOTHING, BEFORE_SLEEP_WATCHED, BEFORE_SLEEP_NOW };
enum before_sleep_news before_sleep_look(struct before_sleep *b);

/* Whatever had to be done is done: the machine may sleep. */
void before_sleep_end(struct before_sleep *b);

#endif
