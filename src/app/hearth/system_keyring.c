/* system_keyring: one request to one process (see system_keyring.h). */
#include "app/hearth/system_keyring.h"

#include "app/hearth/programs.h"
#include "base/memory.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The keyring itself may be locked, and ask the person for its password. */
enum { PATIENCE_MS = 120000, END_MS = 2000 };

static bool talk(int socket, const struct keyring_request *request, struct keyring_reply *reply)
{
	struct pollfd p = { .fd = socket, .events = POLLIN };
	return send(socket, request, sizeof *request, MSG_NOSIGNAL) == (ssize_t)sizeof *request && poll(&p, 1, PATIENCE_MS) == 1 &&
	       recv(socket, reply, sizeof *reply, MSG_WAITALL) == (ssize_t)sizeof *reply;
}

static bool ask(int pair[2], const struct keyring_request *request, struct keyring_reply *reply, struct error *e)
{
	struct spawner *s = programs_spawner();
	struct spawned program;
	int how;
	if (!s) return error_set(e, "hearth-keyring cannot be started here");
	if (!spawner_run(s, GUARD_KEYRING, NULL, &pair[1], 1, &program, e)) return false;
	close(pair[1]);
	pair[1] = -1;
	bool ok = talk(pair[0], request, reply);
	if (!ok || !spawner_ended(&program, END_MS, &how)) spawner_kill(s, &program);
	spawner_forget(&program);
	if (!ok) return error_set(e, "the system's keyring does not answer");
	reply->line[sizeof reply->line - 1] = 0;
	return reply->done || error_set(e, "%s", reply->line);
}

bool system_keyring(enum keyring_wish wish, const uint8_t vault[KEYRING_ID], uint8_t *secret, struct error *e)
{
	struct keyring_request request = { .wish = wish };
	struct keyring_reply reply = { 0 };
	int pair[2];
	memcpy(request.vault, vault, KEYRING_ID);
	if (wish == KEYRING_KEEP) memcpy(request.secret, secret, KEYRING_SECRET);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_set(e, "cannot make a pair of sockets: %s", strerror(errno));
	bool ok = ask(pair, &request, &reply, e);
	if (ok && wish == KEYRING_FIND) memcpy(secret, reply.secret, KEYRING_SECRET);
	memory_wipe(&request, sizeof request);
	memory_wipe(&reply, sizeof reply);
	close(pair[0]);
	if (pair[1] >= 0) close(pair[1]);
	return ok;
}

int system_keyring_add_slot(struct vault *v, struct error *e)
{
	uint8_t *bytes = secret_new(KEYRING_SECRET);
	int slot = -1;
	if (!bytes) {
		error_memory(e);
		return -1;
	}
	seal_random(bytes, KEYRING_SECRET);
	const struct key_secret secret = { .kind = SLOT_KEYRING, .bytes = bytes, .size = KEYRING_SECRET };
	/* The keyring first: a slot that nothing opens would be of no use. */
	if (system_keyring(KEYRING_KEEP, vault_keys(v)->id, bytes, e)) {
		slot = vault_add_slot(v, &secret, key_cost_least, e);
		if (slot < 0) system_keyring(KEYRING_FORGET, vault_keys(v)->id, NULL, NULL);
	}
	secret_free(bytes);
	return slot;
}
