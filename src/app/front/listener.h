/* listener: the one socket that hearth-front accepts connections on, made before its jail. */
#ifndef HEARTH_APP_FRONT_LISTENER_H
#define HEARTH_APP_FRONT_LISTENER_H

#include "base/error.h"
#include "wire/serve.h"

struct listener {
	int socket;
	bool local, is_path; /* local: reached from this machine alone */
	unsigned port;       /* 0: none */
	char host[64];       /* as text, without brackets */
	char address[128];   /* "127.0.0.1:8807", "[::1]:8807", or the path of a Unix socket */
};

/* Binds what was asked for; or looks at `given`, a listening socket of systemd's (-1: none). Another address than this machine's
 * own is refused without TLS. */
bool listener_open(struct listener *l, const struct serve_start *s, int given, bool tls, struct error *e);

#endif
