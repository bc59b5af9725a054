/* clock: elapsed time for statistics and budgets. */
#ifndef HEARTH_BASE_CLOCK_H
#define HEARTH_BASE_CLOCK_H

/* Seconds of a clock that never goes back; the start is arbitrary. */
double clock_seconds(void);

#endif
