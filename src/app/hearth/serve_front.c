/* serve_front: starting hearth-front, its token, and where it listens (see serve.h). */
#include "app/hearth/programs.h"
#include "app/hearth/serve.h"
#include "base/file.h"
#include "base/memory.h"
#include "store/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

enum { START_MS = 30000, END_MS = 500, SYSTEMD_FIRST = 3, MOST_TOKEN_FILE = 4096, LEAST_TOKEN = 16 };
static const char token_file[] = "token", place_file[] = "serving";

/* ---- the token ---- */

/* One line of printable characters that HTTP takes in a header line. */
static bool take_token(char token[SERVE_TOKEN_ROOM], const char *text, const char *path, struct error *e)
{
	size_t n = strcspn(text, "\r\n");
	for (size_t i = 0; i < n; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return error_set(e, "%s: a token has no spaces and no other than ASCII characters", path);
	}
	if (n < LEAST_TOKEN || n >= SERVE_TOKEN_ROOM)
		return error_set(e, "%s: its first line is to be a token of %d to %d characters", path, (int)LEAST_TOKEN,
		                 (int)SERVE_TOKEN_ROOM - 1);
	memcpy(token, text, n);
	token[n] = 0;
	return true;
}

static bool make_token(char token[SERVE_TOKEN_ROOM], const char *path, struct error *e)
{
	uint8_t bytes[SEAL_KEY];
	char line[2 * SEAL_KEY + 2];
	if (!seal_start()) return error_set(e, "this system gives no random numbers");
	seal_random(bytes, sizeof bytes);
	seal_write_hex(token, bytes, sizeof bytes);
	seal_wipe(bytes, sizeof bytes);
	int n = snprintf(line, sizeof line, "%s\n", token);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) return error_set(e, "%s: cannot create: %s", path, strerror(errno));
	bool ok = file_write_whole(fd, path, line, (size_t)n, e);
	close(fd);
	return ok;
}

bool serve_token(char token[SERVE_TOKEN_ROOM], const struct paths *p, const struct options *o, struct error *e)
{
	char path[PATHS_ROOM];
	size_t size;
	if (!o->token && (!paths_join(path, p->settings, token_file) || !paths_make_folder(p->settings, e)))
		return error_set(e, "there is no folder for settings: set HOME or HEARTH_HOME");
	if (!o->token && !paths_is_file(path)) return make_token(token, path, e);
	const char *from = o->token ? o->token : path;
	char *text = file_read(from, MOST_TOKEN_FILE, &size, e);
	if (!text) return false;
	bool ok = take_token(token, text, from, e);
	memory_wipe(text, size);
	memory_free(text);
	return ok;
}

/* ---- where it serves ---- */

void serve_url(char out[256], const struct serve_place *place)
{
	if (place->socket)
		snprintf(out, 256, "%s", place->address);
	else
		snprintf(out, 256, "http%s://%s/", place->tls ? "s" : "", place->address);
}

bool serve_note_place(const struct paths *p, const struct serve_place *place, int *lock, struct error *e)
{
	char path[PATHS_ROOM], url[256];
	*lock = -1;
	if (!paths_join(path, p->settings, place_file) || !paths_make_folder(p->settings, e)) return false;
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) return error_set(e, "%s: cannot create: %s", path, strerror(errno));
	*lock = fd;
	/* A second server on another port is nobody's fault: the first one stays the one that `hearth open` finds. */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) return true;
	serve_url(url, place);
	size_t n = strlen(url);
	if (ftruncate(fd, 0) == 0 && pwrite(fd, url, n, 0) == (ssize_t)n) return true;
	return error_set(e, "%s: cannot write: %s", path, strerror(errno));
}

bool serve_find_place(const struct paths *p, char url[256])
{
	char path[PATHS_ROOM];
	if (!paths_join(path, p->settings, place_file)) return false;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) return false;
	bool held = flock(fd, LOCK_SH | LOCK_NB) != 0;
	ssize_t n = held ? read(fd, url, 255) : 0;
	close(fd);
	if (n <= 0) return false;
	url[n] = 0;
	return true;
}

/* ---- the program ---- */

static bool send_descriptor(struct serve *s, uint32_t what, int fd)
{
	struct buffer b = buffer_new(64);
	size_t begun = frame_begin(&b, SERVE_DESCRIPTOR);
	buffer_append(&b, &what, sizeof what);
	bool ok = frame_end(&b, begun) && frame_send(s->socket, &b, fd);
	buffer_free(&b);
	return ok;
}

static bool send_file(struct serve *s, uint32_t what, const char *path, struct error *e)
{
	int fd = path ? file_open(path, e) : -1;
	if (!path) return true;
	if (fd < 0) return false;
	bool ok = send_descriptor(s, what, fd) || error_set(e, "hearth-front takes no files");
	close(fd);
	return ok;
}

/* A listening socket that systemd opened for this process (sd_listen_fds(3)). */
static int systemd_listener(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	if (!pid || !count || strtol(pid, NULL, 10) != (long)getpid() || strtol(count, NULL, 10) < 1) return -1;
	return SYSTEMD_FIRST;
}

_Static_assert((int)SERVE_MOST_NAMES >= (int)OPTIONS_MOST, "all that can be named crosses");

static size_t copy_list(const char *to[SERVE_MOST_NAMES], const struct option_list *from)
{
	for (size_t i = 0; i < from->n; i++) to[i] = from->texts[i];
	return from->n;
}

static bool send_start(struct serve *s, const char *token, struct error *e)
{
	const struct options *o = s->options;
	struct buffer b = buffer_new(1 << 20);
	uint8_t hash[SEAL_HASH];
	char cookie[2 * SEAL_HASH + 1], purpose[] = "hearth's cookie";
	uint8_t key[SEAL_KEY];
	/* The cookie opens as the token does, and does not tell it. */
	if (!seal_start()) return error_set(e, "this system gives no random numbers");
	seal_hash(key, token, strlen(token), NULL);
	seal_hash(hash, purpose, sizeof purpose, key);
	seal_write_hex(cookie, hash, sizeof hash);
	struct serve_start start = { .version = hearth_version(),
		                     .address = o->host ? o->host : "127.0.0.1",
		                     .port = o->has_port ? (uint32_t)o->port : SERVE_PORT,
		                     .socket = o->socket ? o->socket : "",
		                     .token = token,
		                     .cookie = cookie,
		                     .metrics = o->metrics };
	start.n_names = copy_list(start.names, &o->names);
	start.n_origins = copy_list(start.origins, &o->origins);
	size_t begun = frame_begin(&b, SERVE_START);
	serve_put_start(&b, &start);
	bool ok = (frame_end(&b, begun) && frame_send(s->socket, &b, -1)) || error_set(e, "hearth-front ended at its start");
	memory_wipe(b.data, b.size);
	buffer_free(&b);
	return ok;
}

static bool await_ready(struct serve *s, struct serve_place *place, struct error *e)
{
	struct frame f;
	struct serve_ready ready;
	const char *refused;
	enum frame_result result = frame_receive(&s->reader, START_MS, &f, e);
	if (result != FRAME_CAME) return error_set(e, "hearth-front did not start");
	if (f.kind == SERVE_REFUSED && wire_get_text(f.data, f.size, &refused)) return error_set(e, "%s", refused);
	if (f.kind != SERVE_READY || !serve_get_ready(f.data, f.size, &ready))
		return error_set(e, "hearth-front says what makes no sense");
	snprintf(place->address, sizeof place->address, "%s", ready.address);
	place->local = ready.local;
	place->tls = ready.tls;
	place->socket = ready.socket;
	snprintf(place->lost, sizeof place->lost, "%s", ready.jail.lost);
	return true;
}

bool serve_front_start(struct serve *s, const char *token, struct serve_place *place, struct error *e)
{
	const struct options *o = s->options;
	int pair[2], given = systemd_listener();
	if (!programs_spawner()) return error_set(e, "nothing can be started here");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_set(e, "cannot make a pair of sockets: %s", strerror(errno));
	bool ok = spawner_run(programs_spawner(), GUARD_FRONT, NULL, &pair[1], 1, &s->front, e);
	close(pair[1]);
	s->socket = pair[0];
	s->reader = frame_reader_new(pair[0], false);
	if (!ok) return false;
	if (given >= 0) fcntl(given, F_SETFD, FD_CLOEXEC);
	ok = given < 0 || send_descriptor(s, SERVE_LISTENER, given) || error_set(e, "hearth-front takes no listener");
	if (given >= 0) close(given);
	return ok && send_file(s, SERVE_CERTIFICATE, o->tls_cert, e) && send_file(s, SERVE_KEY, o->tls_key, e) &&
	       send_start(s, token, e) && await_ready(s, place, e);
}

void serve_front_stop(struct serve *s)
{
	int how;
	if (s->socket >= 0) close(s->socket);
	frame_reader_free(&s->reader);
	if (s->front.ended < 0) return;
	if (!spawner_ended(&s->front, END_MS, &how)) {
		spawner_kill(programs_spawner(), &s->front);
		spawner_ended(&s->front, -1, &how);
	}
	spawner_forget(&s->front);
}
