/* keyring: what hearth and hearth-keyring say to each other over descriptor 3: one request, one reply. */
#ifndef HEARTH_WIRE_KEYRING_H
#define HEARTH_WIRE_KEYRING_H

#include <stdint.h>

enum keyring_wish { KEYRING_FIND = 1, KEYRING_KEEP = 2, KEYRING_FORGET = 3 };

enum { KEYRING_ID = 16, KEYRING_SECRET = 32 };

struct keyring_request {
	uint32_t wish;
	uint8_t vault[KEYRING_ID];
	uint8_t secret[KEYRING_SECRET]; /* KEYRING_KEEP */
};

struct keyring_reply {
	uint32_t done;
	uint8_t secret[KEYRING_SECRET]; /* KEYRING_FIND */
	char line[300];                 /* why not; with a zero byte */
};

#endif
