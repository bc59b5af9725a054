/*
 * fetch: what hearth and hearth-net say to each other.
 *
 * One hearth-net makes one connection: it takes one request, tells what the host answered before a byte of the body is written,
 * waits for the word to go on, and ends with an account of what went over the wire. Redirects are not followed but told, so that
 * hearth can look at the next host, note it in the ledger and start another hearth-net for it. Each message is one packet of a
 * fixed size for its kind; whoever receives one checks the size, the kind and every text (ended by a zero byte, printable
 * ASCII), so that what comes out of the jail can be used without another look at its form.
 */
#ifndef HEARTH_WIRE_FETCH_H
#define HEARTH_WIRE_FETCH_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
	FETCH_URL = 4096,
	FETCH_ETAG = 256,
	FETCH_NAME = 512,
	FETCH_ADDRESS = 64,
	FETCH_HASH = 65,  /* 64 hexadecimal digits */
	FETCH_SENT = 8192 /* no request is longer: a URL and a few fixed lines */
};

/* A size that nobody told. */
#define FETCH_UNKNOWN UINT64_MAX

enum fetch_kind {
	FETCH_FILE = 1, /* request: the body goes to the descriptor */
	FETCH_LISTING,  /* request: the body is a hub's list of files, and comes back as entries */
	FETCH_HEAD,     /* answer: what the host said, before the body */
	FETCH_GO,       /* request: write the body */
	FETCH_PROGRESS, /* answer: so much is written */
	FETCH_ENTRY,    /* answer: a file of the list */
	FETCH_END,      /* answer: the last one */
	FETCH_KINDS
};

struct fetch_request {
	char url[FETCH_URL];       /* https, and nothing else is ever asked for */
	uint64_t from;             /* the first byte that is wanted */
	char etag[FETCH_ETAG];     /* `from` holds only while the file is this one; empty: no condition */
	char proxy[FETCH_ADDRESS]; /* a literal address; empty: none */
	uint32_t proxy_port;       /* its port */
	uint32_t proxy_version;    /* 4 or 6: of the address */
};

struct fetch_head {
	uint32_t status;              /* of HTTP */
	uint64_t size;                /* bytes of the body that comes; FETCH_UNKNOWN */
	uint64_t start, whole;        /* with 206: the first byte's place, and the size of the whole file */
	uint64_t linked_size;         /* what the hub says of the file behind a redirect; FETCH_UNKNOWN */
	char linked_hash[FETCH_HASH]; /* the same, SHA-256; empty */
	char etag[FETCH_ETAG];        /* with its quotes; empty: none */
	char location[FETCH_URL];     /* where a redirect leads, absolute; empty: nowhere */
	char encoding[32];            /* of the content, when it is not as it is */
};

struct fetch_go {
	uint64_t at;   /* in the descriptor's file */
	uint64_t most; /* bytes; one more is an error */
};

struct fetch_progress {
	uint64_t written;
};

struct fetch_entry {
	char path[FETCH_NAME];
	uint64_t size;
	char hash[FETCH_HASH]; /* SHA-256; empty where the hub has none */
};

struct fetch_end {
	uint32_t ok;
	uint64_t up, down;           /* bytes of HTTP sent and received, inside the encryption */
	uint64_t written;            /* bytes of the body that are in the file */
	uint32_t sent;               /* bytes of `request` */
	char address[FETCH_ADDRESS]; /* that was connected; empty: none was */
	char request[FETCH_SENT];    /* what was sent, every byte; the one text that may have line ends */
	char error[sizeof(((struct error *)0)->text)];
};

struct fetch_message {
	uint32_t kind; /* enum fetch_kind */
	union {
		struct fetch_request request; /* FETCH_FILE, FETCH_LISTING */
		struct fetch_head head;
		struct fetch_go go;
		struct fetch_progress progress;
		struct fetch_entry entry;
		struct fetch_end end;
	};
};

/* Sends a message whose kind is set; false when nobody is there to take it. */
bool fetch_send(int socket, const struct fetch_message *m);

enum fetch_got { FETCH_CAME, FETCH_NOTHING_YET, FETCH_GONE, FETCH_FOUL };

/* Takes the next message; waits `milliseconds` at most (for ever when negative). FETCH_FOUL: it is not one, and no other is to be
 * believed. */
enum fetch_got fetch_receive(int socket, struct fetch_message *m, int milliseconds);

#endif
