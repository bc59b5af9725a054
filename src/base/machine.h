/* machine: what this process may use of the machine's memory, and where its program lies. Works without /proc, less exactly. */
#ifndef HEARTH_BASE_MACHINE_H
#define HEARTH_BASE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that can be allocated without driving others out: what the kernel calls available, at most what the cgroup leaves.
 * 0 when it cannot be told. */
size_t machine_free_memory(void);

/* Bytes of memory in all; 0 when it cannot be told. */
size_t machine_memory(void);

/* The largest resident size of this process so far, in bytes. */
size_t machine_peak_resident(void);

/* The processor's name as the system tells it, zero-terminated, cut where there is no room; "unknown CPU" when it does not. */
void machine_cpu(char *name, size_t room);

/* Whether this process runs on a processor with what every level of kernels but plain C needs (x86: AVX2 and FMA). An emulator of
 * programs answers for the processor that it shows to this one. */
bool machine_has_vectors(void);

/* The absolute path of the program that is running, zero-terminated; false when it cannot be told or has no room. */
bool machine_program(char *path, size_t room);

#endif
