/*
 * roof: what this machine can do at best, measured: bytes read from memory and multiplications on registers alone, per second.
 *
 * Speeds are told as a share of these two: an answer is bound by the first, a prompt by the second.
 */
#ifndef HEARTH_NN_ROOF_H
#define HEARTH_NN_ROOF_H

#include "base/threads.h"

#include <stddef.h>

/* Bytes of memory that a measurement of the bandwidth needs, far more than caches hold. */
enum { ROOF_MEMORY = 256 << 20 };

/* Bytes a second that all threads of the pool read together, the median of `times` passes (at most 16). `memory`: ROOF_MEMORY
 * bytes, written before, aligned to 64. */
double roof_bandwidth(struct threads *threads, const void *memory, unsigned times);

/* Operations (a multiplication and an addition are two) a second of the chosen level's multiplier for prompt rows, all threads
 * together, the median of `times` passes (at most 16). */
double roof_products(struct threads *threads, unsigned times);

#endif
