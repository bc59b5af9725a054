/*
 * hearth-keyring: keeps the key of one vault in the system's keyring, or asks for it there.
 *
 * The desktop's keyring is reached over D-Bus by libsecret, which brings a large library and threads with it; none of that is to be
 * in the process that owns the vault. So this small program does it: one request on descriptor 3 and one reply, then it ends.
 * libsecret is loaded when it is needed, so that hearth is built and runs where there is none; then, and where no keyring answers,
 * the reply is one line. The library comes first and the jail behind it: then the program has Unix sockets and threads, and no
 * file, no other socket and no other program.
 */
#include "base/error.h"
#include "base/memory.h"
#include "guard/findings.h"
#include "guard/sanitized.h"
#include "wire/keyring.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHANNEL = 3 };

/* Of libsecret's and GLib's interfaces what is used here, as their manuals give it. */
struct schema {
	const char *name;
	int flags;
	struct {
		const char *name;
		int type; /* 0: a text */
	} attributes[32];
	int reserved;
	void *reserved_pointers[7];
};

struct library_error {
	uint32_t domain;
	int code;
	char *message;
};

static struct {
	int (*keep)(const struct schema *, const char *collection, const char *label, const char *password, void *cancel,
	            struct library_error **, ...);
	char *(*find)(const struct schema *, void *cancel, struct library_error **, ...);
	int (*forget)(const struct schema *, void *cancel, struct library_error **, ...);
	void (*free_password)(char *);
} library;

static const struct schema schema = { .name = "org.hearth.Vault", .attributes = { { "vault", 0 }, { NULL, 0 } } };

/* dlsym gives a pointer to an object where a function is meant. */
static bool find_function(void *from, const char *name, void *into)
{
	void *found = dlsym(from, name);
	memcpy(into, &found, sizeof found);
	return found != NULL;
}

static bool load_library(struct error *e)
{
	void *l = dlopen("libsecret-1.so.0", RTLD_NOW | RTLD_LOCAL);
	if (l && find_function(l, "secret_password_store_sync", &library.keep) &&
	    find_function(l, "secret_password_lookup_sync", &library.find) &&
	    find_function(l, "secret_password_clear_sync", &library.forget) &&
	    find_function(l, "secret_password_free", &library.free_password))
		return true;
	return error_set(e, "this system has no libsecret (Debian: libsecret-1-0), so no keyring can be asked");
}

/* hearth gives no environment; the session's bus lies at its usual place. */
static void find_bus(void)
{
	char address[64];
	if (getenv("DBUS_SESSION_BUS_ADDRESS")) return;
	snprintf(address, sizeof address, "unix:path=/run/user/%u/bus", (unsigned)getuid());
	setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
}

static bool confine(struct error *e)
{
	const struct guard_options o = { .landlock = GUARD_NEWEST };
	struct guard_report report;
	return guard_enter(GUARD_KEYRING, &o, &report, e) && (GUARD_SANITIZED || guard_filter(GUARD_KEYRING, &o, &report, e));
}

/* ---- the key as the keyring keeps it: a text of hexadecimal digits */

static void write_hex(char *text, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static bool read_hex(uint8_t *bytes, size_t size, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	if (strlen(text) != 2 * size) return false;
	for (size_t i = 0; i < 2 * size; i++) {
		const char *found = strchr(digits, text[i]);
		if (!found) return false;
		bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | (found - digits));
	}
	return true;
}

static bool refused(const struct library_error *why, struct error *e)
{
	return error_set(e, "the system's keyring refuses: %.200s", why && why->message ? why->message : "it does not say why");
}

static bool find_key(const char *vault, uint8_t *secret, struct error *e)
{
	struct library_error *why = NULL;
	char *text = library.find(&schema, NULL, &why, "vault", vault, (char *)NULL);
	if (why) return refused(why, e);
	if (!text) return error_set(e, "the system's keyring has no key of this vault");
	bool ok = read_hex(secret, KEYRING_SECRET, text);
	library.free_password(text);
	return ok || error_set(e, "what the system's keyring has for this vault is no key");
}

static bool do_wish(const struct keyring_request *r, struct keyring_reply *reply, struct error *e)
{
	struct library_error *why = NULL;
	char vault[2 * KEYRING_ID + 1], secret[2 * KEYRING_SECRET + 1], label[64];
	bool ok;
	write_hex(vault, r->vault, KEYRING_ID);
	snprintf(label, sizeof label, "hearth vault %.8s", vault);
	switch (r->wish) {
	case KEYRING_FIND: return find_key(vault, reply->secret, e);
	case KEYRING_KEEP:
		write_hex(secret, r->secret, KEYRING_SECRET);
		ok = library.keep(&schema, "default", label, secret, NULL, &why, "vault", vault, (char *)NULL) != 0;
		memory_wipe(secret, sizeof secret);
		return ok || refused(why, e);
	case KEYRING_FORGET: library.forget(&schema, NULL, &why, "vault", vault, (char *)NULL); return !why || refused(why, e);
	default: return error_set(e, "the request is not understood");
	}
}

int main(int argc, char **argv)
{
	struct keyring_request request;
	struct keyring_reply reply = { 0 };
	struct error e = { "" };
	if (argc == 2 && strcmp(argv[1], GUARD_PROBE_WORD) == 0) return guard_findings_stand_in(CHANNEL, GUARD_KEYRING, &e) ? 0 : 1;
	if (recv(CHANNEL, &request, sizeof request, MSG_WAITALL) != (ssize_t)sizeof request) return 1;
	find_bus();
	reply.done = load_library(&e) && confine(&e) && do_wish(&request, &reply, &e);
	if (!reply.done) {
		memory_wipe(reply.secret, sizeof reply.secret);
		snprintf(reply.line, sizeof reply.line, "%.299s", e.text);
	}
	bool sent = send(CHANNEL, &reply, sizeof reply, MSG_NOSIGNAL) == (ssize_t)sizeof reply;
	memory_wipe(&request, sizeof request);
	memory_wipe(&reply, sizeof reply);
	return sent ? 0 : 1;
}
