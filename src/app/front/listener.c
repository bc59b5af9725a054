/* listener: binding to an address or a path (see listener.h). */
#include "app/front/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 512 };

union any_address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	struct sockaddr_un path;
};

static bool read_address(union any_address *a, socklen_t *size, const struct serve_start *s, struct error *e)
{
	memset(a, 0, sizeof *a);
	if (inet_pton(AF_INET, s->address, &a->four.sin_addr) == 1) {
		a->four.sin_family = AF_INET;
		a->four.sin_port = htons((uint16_t)s->port);
		*size = sizeof a->four;
		return true;
	}
	if (inet_pton(AF_INET6, s->address, &a->six.sin6_addr) == 1) {
		a->six.sin6_family = AF_INET6;
		a->six.sin6_port = htons((uint16_t)s->port);
		*size = sizeof a->six;
		return true;
	}
	return error_set(e, "--host %.80s: no address: give one in numbers, such as 127.0.0.1", s->address);
}

/* Writes what the socket is bound to. */
static bool describe(struct listener *l, struct error *e)
{
	union any_address a;
	socklen_t size = sizeof a;
	memset(&a, 0, sizeof a);
	if (getsockname(l->socket, &a.any, &size) != 0) return error_set(e, "the listening socket is none: %s", strerror(errno));
	switch (a.any.sa_family) {
	case AF_UNIX:
		l->local = l->is_path = true;
		snprintf(l->address, sizeof l->address, "%.107s", a.path.sun_path);
		return true;
	case AF_INET:
		inet_ntop(AF_INET, &a.four.sin_addr, l->host, sizeof l->host);
		l->port = ntohs(a.four.sin_port);
		l->local = ntohl(a.four.sin_addr.s_addr) >> 24 == 127;
		snprintf(l->address, sizeof l->address, "%s:%u", l->host, l->port);
		return true;
	case AF_INET6:
		inet_ntop(AF_INET6, &a.six.sin6_addr, l->host, sizeof l->host);
		l->port = ntohs(a.six.sin6_port);
		l->local = IN6_IS_ADDR_LOOPBACK(&a.six.sin6_addr);
		snprintf(l->address, sizeof l->address, "[%s]:%u", l->host, l->port);
		return true;
	default: return error_set(e, "the listening socket is of a kind that hearth does not serve on");
	}
}

static bool is_public(const union any_address *a)
{
	if (a->any.sa_family == AF_INET) return ntohl(a->four.sin_addr.s_addr) >> 24 != 127;
	return !IN6_IS_ADDR_LOOPBACK(&a->six.sin6_addr);
}

static bool refuse_public(const char *address, struct error *e)
{
	return error_set(e,
	                 "%.80s can be reached from other machines, so --tls-cert and --tls-key are needed: what is said would go "
	                 "over the network in the clear",
	                 address);
}

static bool open_port(struct listener *l, const struct serve_start *s, bool tls, struct error *e)
{
	union any_address a;
	socklen_t size;
	const int on = 1;
	if (!read_address(&a, &size, s, e)) return false;
	if (is_public(&a) && !tls) return refuse_public(s->address, e);
	l->socket = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->socket < 0) return error_set(e, "cannot make a socket: %s", strerror(errno));
	setsockopt(l->socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (a.any.sa_family == AF_INET6) setsockopt(l->socket, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(l->socket, &a.any, size) == 0 && listen(l->socket, BACKLOG) == 0) return true;
	if (errno == EADDRINUSE)
		return error_set(e,
		                 "port %u of %.80s is taken, perhaps by another hearth serve: hearth serve --port N takes another",
		                 s->port, s->address);
	return error_set(e, "cannot listen on port %u of %.80s: %s", s->port, s->address, strerror(errno));
}

/* A socket that a server left behind, and that nobody listens on, is in the way. A packet finds that out (what listens refuses it
 * as being of the wrong kind), and this program connects nowhere. */
static void remove_stale(const union any_address *a)
{
	struct stat st;
	if (lstat(a->path.sun_path, &st) != 0 || !S_ISSOCK(st.st_mode)) return;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool stale = fd >= 0 && sendto(fd, "", 0, MSG_NOSIGNAL, &a->any, sizeof a->path) < 0 && errno == ECONNREFUSED;
	if (fd >= 0) close(fd);
	if (stale) unlink(a->path.sun_path);
}

static bool open_path(struct listener *l, const struct serve_start *s, struct error *e)
{
	union any_address a = { .path = { .sun_family = AF_UNIX } };
	if (strlen(s->socket) >= sizeof a.path.sun_path)
		return error_set(e, "%.200s: the path is too long for a socket", s->socket);
	snprintf(a.path.sun_path, sizeof a.path.sun_path, "%s", s->socket);
	remove_stale(&a);
	l->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->socket < 0) return error_set(e, "cannot make a socket: %s", strerror(errno));
	mode_t before = umask(0177); /* its user's alone */
	bool ok = bind(l->socket, &a.any, sizeof a.path) == 0;
	int error = errno;
	umask(before);
	if (ok && listen(l->socket, BACKLOG) == 0) return true;
	if (!ok && error == EADDRINUSE) return error_set(e, "%.200s: something is there already", s->socket);
	return error_set(e, "%.200s: cannot listen there: %s", s->socket, strerror(ok ? errno : error));
}

bool listener_open(struct listener *l, const struct serve_start *s, int given, bool tls, struct error *e)
{
	*l = (struct listener){ .socket = given };
	bool ok = given >= 0 || (s->socket[0] ? open_path(l, s, e) : open_port(l, s, tls, e));
	if (!ok || !describe(l, e)) return false;
	return l->local || tls || refuse_public(l->address, e);
}
