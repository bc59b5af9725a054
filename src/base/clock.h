/* clock: elapsed time for statistics and budgets. */
#ifndef HEARTH_BASE_CLOCK_H
#define HEARTH_BASE_CLOCK_H

#include <pthread.h>
#include <time.h>

/* Seconds of a clock that never goes back; the start is arbitrary. */
double clock_seconds(void);

/* The moment on that clock in so many milliseconds (negative: now), for pthread_cond_timedwait. */
struct timespec clock_deadline(int milliseconds);

/* A condition whose timed waits go by that clock. */
void clock_condition(pthread_cond_t *condition);

#endif
