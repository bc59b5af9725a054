/*
 * landlock: which files, TCP ports, abstract sockets and signals a role may reach (landlock(7)). The constants are the kernel's,
 * written out because Debian 12's header stops at ABI 2. What an older ABI does not know is left out of the ruleset.
 */
#include "guard/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	CREATE_RULESET = 444,
	ADD_RULE = 445,
	RESTRICT_SELF = 446,
	VERSION_FLAG = 1,
	RULE_PATH = 1,
	RULE_PORT = 2,
	HTTPS = 443,
	DNS = 53
};

enum file_right {
	FILE_EXECUTE = 1 << 0,
	FILE_WRITE = 1 << 1,
	FILE_READ = 1 << 2,
	FOLDER_READ = 1 << 3,
	ALL_OF_ABI_1 = (1 << 13) - 1,
	FILE_REFER = 1 << 13,    /* ABI 2 */
	FILE_TRUNCATE = 1 << 14, /* ABI 3 */
	DEVICE_IOCTL = 1 << 15,  /* ABI 5 */
};

enum port_right { PORT_BIND = 1 << 0, PORT_CONNECT = 1 << 1 };        /* ABI 4 */
enum scope { SCOPE_ABSTRACT_SOCKET = 1 << 0, SCOPE_SIGNAL = 1 << 1 }; /* ABI 6 */

struct ruleset {
	uint64_t files, ports, scopes;
};

struct path_rule {
	uint64_t rights;
	int32_t folder;
} __attribute__((packed));

struct port_rule {
	uint64_t rights, port;
};

int guard_landlock_abi(void)
{
	long abi = syscall(CREATE_RULESET, NULL, 0, VERSION_FLAG);
	return abi > 0 ? (int)abi : 0;
}

static uint64_t file_rights(int abi)
{
	uint64_t rights = ALL_OF_ABI_1;
	if (abi >= 2) rights |= FILE_REFER;
	if (abi >= 3) rights |= FILE_TRUNCATE;
	if (abi >= 5) rights |= DEVICE_IOCTL;
	return rights;
}

/* Lets `rights` through below a path; one that is not there needs no rule. */
static bool allow_path(int ruleset, const char *path, uint64_t rights, struct error *e)
{
	int folder =
	        (int)syscall(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC); /* open() is not imported for this: see probes.c */
	if (folder < 0) return true;
	struct path_rule rule = { .rights = rights, .folder = folder };
	bool ok = syscall(ADD_RULE, ruleset, RULE_PATH, &rule, 0) == 0;
	int error = errno;
	close(folder);
	return ok || error_set(e, "%s: cannot allow it to this process (Landlock): %s", path, strerror(error));
}

/* A file is not a folder: the kernel refuses rights that only folders have. */
static bool allow_file(int ruleset, const char *path, struct error *e)
{
	return allow_path(ruleset, path, FILE_READ, e);
}

static bool allow_resolver(int ruleset, uint16_t only_port, int abi, struct error *e)
{
	static const char *const files[] = { "/etc/resolv.conf", "/etc/hosts",    "/etc/host.conf",  "/etc/nsswitch.conf",
		                             "/etc/gai.conf",    "/etc/services", "/etc/ld.so.cache" };
	static const char *const folders[] = { "/etc/ssl", "/usr/share/ca-certificates", "/usr/lib/ssl", "/usr/lib", "/lib",
		                               "/lib64",   "/run/systemd/resolve" };
	const uint64_t ports[] = { only_port ? only_port : HTTPS, only_port ? only_port : DNS };
	bool ok = true;
	for (size_t i = 0; ok && i < sizeof files / sizeof files[0]; i++) ok = allow_file(ruleset, files[i], e);
	for (size_t i = 0; ok && i < sizeof folders / sizeof folders[0]; i++)
		ok = allow_path(ruleset, folders[i], FILE_READ | FOLDER_READ, e);
	for (size_t i = 0; ok && abi >= 4 && i < 2; i++) {
		struct port_rule rule = { .rights = PORT_CONNECT, .port = ports[i] };
		if (syscall(ADD_RULE, ruleset, RULE_PORT, &rule, 0) != 0)
			ok = error_set(e, "cannot allow a port to this process (Landlock): %s", strerror(errno));
	}
	return ok;
}

/* The folders where hearth may write. */
static bool allow_own(int ruleset, const struct guard_options *o, uint64_t rights, struct error *e)
{
	bool ok = !o->own_folder || allow_path(ruleset, o->own_folder, rights, e);
	for (size_t i = 0; ok && o->more_folders && o->more_folders[i]; i++)
		ok = allow_path(ruleset, o->more_folders[i], rights, e);
	return ok;
}

static bool add_rules(enum guard_role role, int ruleset, const struct guard_options *o, int abi, struct error *e)
{
	const uint64_t all = file_rights(abi);
	switch (role) {
	case GUARD_HEARTH: /* reads what the user names, writes in its own folder, talks to the terminal */
		return allow_path(ruleset, "/", (FILE_READ | FOLDER_READ) | (all & DEVICE_IOCTL), e) &&
		       allow_path(ruleset, "/dev/tty", FILE_READ | FILE_WRITE | (all & DEVICE_IOCTL), e) &&
		       allow_own(ruleset, o, all & ~(uint64_t)FILE_EXECUTE, e);
	case GUARD_NET: return allow_resolver(ruleset, o->only_port, abi, e);
	default: return true; /* nothing at all */
	}
}

bool guard_landlock(enum guard_role role, const struct guard_options *o, int abi, struct error *e)
{
	if (abi == 0) return true;
	struct ruleset set = { .files = file_rights(abi) };
	if (abi >= 4) set.ports = PORT_BIND | PORT_CONNECT;
	if (abi >= 6) set.scopes = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
	size_t size = abi >= 6 ? sizeof set : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
	int ruleset = (int)syscall(CREATE_RULESET, &set, size, 0);
	if (ruleset < 0) return error_set(e, "cannot make a Landlock ruleset: %s", strerror(errno));
	bool ok = add_rules(role, ruleset, o, abi, e);
	if (ok && syscall(RESTRICT_SELF, ruleset, 0) != 0)
		ok = error_set(e, "cannot put a Landlock ruleset in force: %s", strerror(errno));
	close(ruleset);
	return ok;
}
