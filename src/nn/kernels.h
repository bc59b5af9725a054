/*
 * kernels: which functions compute, chosen once for the CPU that runs them.
 *
 * A level is a set of instructions; it fills the entries of a table that it can do better and inherits the rest from its
 * parent:
 *     portable;  portable > avx2 > avxvnni;  avx2 > avx512 > avx512vnni > avx512bf16 > amx;
 *     portable > neon > dotprod > i8mm
 * The chosen table is the one global of this floor (STYLE 3.5). It starts as `portable`, so that a program which forgets
 * to choose is slow, not wrong. What an entry computes is said in nn/kernel_types.h.
 */
#ifndef HEARTH_NN_KERNELS_H
#define HEARTH_NN_KERNELS_H

#include "base/error.h"

#include <stddef.h>

struct kernels; /* nn/kernel_types.h */

/* Chooses the best level of this CPU, or the one named by `force` (the value of HEARTH_CPU; NULL or "" for the best). Called
 * once at start, before threads and before anything computes. An unknown name, or a level that this CPU or this build lacks, is
 * an error, and the table stays as it was. */
bool kernels_choose(const char *force, struct error *e);

/* The chosen level's name. */
const char *kernels_name(void);

/* The levels that this CPU can run, in the order of the list above; NULL behind the end. For tests and --version. */
const char *kernels_level(size_t index);

/* Entry by entry, which level's function was chosen, for --version: writes "ENTRY LEVEL" lines (a line each, ended by a line
 * feed; for a weight format "FORMAT unpack LEVEL, dot LEVEL") into `text`, always terminated, and returns the length that the whole
 * takes (like snprintf). */
size_t kernels_describe(char *text, size_t size);

#endif
