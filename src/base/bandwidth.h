/* bandwidth: how fast this machine's memory is read, which bounds how fast a model writes. */
#ifndef HEARTH_BASE_BANDWIDTH_H
#define HEARTH_BASE_BANDWIDTH_H

#include "base/error.h"

/* Bytes a second that `threads` threads read together, the best of some passes over more memory than caches hold (at most an eighth
 * of what is free). Takes about half a second; neighbours make it less. 0 with the reason when memory or threads are out. */
double bandwidth_measure(unsigned threads, struct error *e);

#endif
