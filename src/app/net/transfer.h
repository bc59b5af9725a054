/*
 * transfer: one connection to one host, with libcurl.
 *
 * https alone, TLS 1.2 or newer, certificates checked, port 443, no redirect followed, no proxy but the one that the request names,
 * no cookie, password, referer or compression, HTTP/1.1 with the same few lines for everybody. Each address is looked at when a
 * socket is made for it. What a host may send is bounded: headers, the body, and how slowly both may come.
 */
#ifndef HEARTH_APP_NET_TRANSFER_H
#define HEARTH_APP_NET_TRANSFER_H

#include "base/buffer.h"
#include "wire/fetch.h"

struct transfer {
	int socket; /* to hearth */
	int file;   /* the body of FETCH_FILE goes there */
	bool listing;
	struct fetch_request request;
	char *authorities; /* the certificate authorities of this machine, PEM */
	size_t authorities_size;
	void *curl;
	/* Of the answer. */
	struct fetch_head head;
	size_t header_bytes;
	bool head_told, started;
	struct fetch_go go;
	struct buffer body;      /* of FETCH_LISTING */
	double told_at;          /* when hearth was last told how far it is */
	double looked_at, quiet; /* for a host that sends too little: the last look, and seconds since down_before bytes had come */
	uint64_t down_before;
	struct fetch_end end;
	struct error error; /* the first that this program noticed itself; empty */
};

/* Before the jail: reads the machine's certificate authorities and prepares libcurl, whatever it opens for that. */
bool transfer_prepare(struct transfer *t, struct error *e);

/* In the jail: the whole exchange but the last message; t->end tells how it went. */
void transfer_run(struct transfer *t);

void transfer_free(struct transfer *t);

#endif
