/* kernspeed: kerncheck's other half, which times what it compares. */
#ifndef HEARTH_TESTS_KERNSPEED_H
#define HEARTH_TESTS_KERNSPEED_H

#include "nn/kernel_types.h"

#include <stdbool.h>

/* Takes the memory that weights are read from, and prints how fast it is read; false: there is not enough. */
bool kernspeed_begin(void);

/* Prints the times of the entries of a level, which is the chosen one; `part`: of one part alone, NULL: all. */
void kernspeed_level(const struct kernels *kernels, const char *part);

void kernspeed_end(void);

#endif
