/* spawner_internal: what crosses the pair of sockets between hearth and its spawner; both ends are one program. */
#ifndef HEARTH_GUARD_SPAWNER_INTERNAL_H
#define HEARTH_GUARD_SPAWNER_INTERNAL_H

#include "guard/spawner.h"

enum spawner_kind { SPAWNER_RUN = 1, SPAWNER_KILL = 2, SPAWNER_CREATE = 3 };

enum { SPAWNER_PATH = 4096 };

struct spawner_request {
	uint32_t kind, role;
	uint32_t number;             /* SPAWNER_KILL */
	char word[SPAWNER_WORD + 1]; /* SPAWNER_RUN; empty: none */
	char path[SPAWNER_PATH];     /* SPAWNER_CREATE */
};

/* With a descriptor that tells the end, when a program was started. */
struct spawner_reply {
	bool ok;
	int32_t pid;
	uint32_t number;
	struct error error;
};

/* The spawner itself, in the process that was forked for it; does not return. */
_Noreturn void spawner_main(int socket, const char *folder);

/* One message with descriptors; false when the other end is gone or what came is of another size. `most` descriptors are taken,
 * *n_descriptors says how many came. */
bool spawner_send(int socket, const void *message, size_t size, const int *descriptors, size_t n_descriptors);
bool spawner_receive(int socket, void *message, size_t size, int *descriptors, size_t most, size_t *n_descriptors);

#endif
