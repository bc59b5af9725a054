/* prove_imports: what hearth's programs take from libraries, against what their work may call (see prove.h). */
#include "app/hearth/prove.h"

#include "base/file.h"
#include "base/memory.h"
#include "format/elf.h"

#include <stdio.h>
#include <string.h>

enum { LARGEST = 512 << 20, MOST = 16 };

/* Functions of one kind, and whose work may call them. hearth starts its other programs before its jail (guard/spawner), opens the
 * files that a person names, and meets other hearths over a Unix socket. Names are resolved in libcurl, which only hearth-net has.
 * hearth-keyring and hearth-sleep load the library that speaks with a bus where there is one, before their jails.
 */
static const struct {
	const char *names[MOST];
	bool may[GUARD_ROLES]; /* hearth, engine, import, front, net, keyring, sleep */
} rules[] = {
	{ { "connect" }, { true, false, false, false, true, false, false } },
	/* hearth-front makes its one listener before its jail. */
	{ { "socket" }, { true, false, false, true, true, false, false } },
	{ { "bind", "listen" }, { true, false, false, true, false, false, false } },
	{ { "accept", "accept4" }, { true, false, false, true, false, false, false } },
	{ { "getaddrinfo", "gethostbyname", "gethostbyname2", "gethostbyname_r", "gethostbyname2_r", "gethostbyaddr",
	    "gethostbyaddr_r", "getnameinfo", "res_query", "res_search", "__res_query", "__res_search", "inet_aton" },
	  { false, false, false, false, true, false, false } },
	{ { "open", "open64", "openat", "openat64", "creat", "creat64", "fopen", "fopen64", "freopen", "freopen64", "opendir",
	    "mkstemp", "mkstemp64", "mkostemp", "mkdtemp", "tmpfile" },
	  { true, false, false, false, true, false, false } },
	{ { "fork", "vfork", "execve" }, { true, false, false, false, false, false, false } },
	{ { "execv", "execvp", "execvpe", "execl", "execlp", "execle", "fexecve", "posix_spawn", "posix_spawnp", "system", "popen",
	    "clone", "wordexp" },
	  { false, false, false, false, false, false, false } },
	{ { "dlopen", "dlmopen" }, { false, false, false, false, false, true, true } },
	{ { "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open", "pidfd_getfd" },
	  { false, false, false, false, false, false, false } },
};

/* Libraries by the beginning of their names. What is not named is nobody's. */
static const struct {
	const char *name;
	bool may[GUARD_ROLES];
} libraries[] = {
	{ "libc.so.", { true, true, true, true, true, true, true } },
	{ "libm.so.", { true, true, true, true, true, true, true } },
	{ "ld-linux", { true, true, true, true, true, true, true } },
	{ "libseccomp.so.", { true, true, true, true, true, true, true } },
	{ "libjansson.so.", { true, true, false, true, true, false, false } },
	{ "libutf8proc.so.", { true, true, true, false, false, false, false } },
	{ "libedit.so.", { true, false, false, false, false, false, false } },
	{ "libsqlite3.so.", { true, false, false, false, false, false, false } },
	{ "libsodium.so.", { true, false, false, false, true, false, false } },
	{ "libmicrohttpd.so.", { false, false, false, true, false, false, false } },
	{ "libcurl", { false, false, false, false, true, false, false } },
	/* Of builds with sanitizers, which are for tests. */
	{ "libasan.so.", { true, true, true, true, true, true, true } },
	{ "libubsan.so.", { true, true, true, true, true, true, true } },
	{ "libtsan.so.", { true, true, true, true, true, true, true } },
};

static void note(char list[PROVE_NAMES][48], int *n, const char *name)
{
	if (*n < PROVE_NAMES) snprintf(list[(*n)++], 48, "%s", name);
}

static void judge_import(struct prove_imports *i, enum guard_role role, const char *name)
{
	for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++) {
		for (int k = 0; k < MOST && rules[r].names[k]; k++) {
			if (strcmp(rules[r].names[k], name) != 0) continue;
			if (rules[r].may[role])
				note(i->seen, &i->n_seen, name);
			else
				note(i->wrong, &i->n_wrong, name);
		}
	}
}

static void judge_library(struct prove_imports *i, enum guard_role role, const char *name)
{
	for (size_t l = 0; l < sizeof libraries / sizeof libraries[0]; l++) {
		if (strncmp(libraries[l].name, name, strlen(libraries[l].name)) == 0 && libraries[l].may[role]) return;
	}
	note(i->wrong, &i->n_wrong, name);
}

static void read_imports(struct prove_imports *i, enum guard_role role, const char *folder)
{
	char path[PATHS_ROOM];
	const char *name;
	size_t size;
	struct elf f;
	if (!paths_join(path, folder, guard_role_names[role])) {
		error_set(&i->error, "%s: the path is too long", folder);
		return;
	}
	char *bytes = file_read(path, LARGEST, &size, &i->error);
	i->read = bytes && elf_open(&f, (const uint8_t *)bytes, size, path, &i->error);
	for (uint64_t at = 0; i->read && (name = elf_next_import(&f, &at));) judge_import(i, role, name);
	for (uint64_t at = 0; i->read && (name = elf_next_library(&f, &at));) judge_library(i, role, name);
	memory_free(bytes);
}

void prove_imports(struct prove *p)
{
	int wrong = 0;
	const char *first = "";
	p->imports.verdict = PROVE_HOLDS;
	for (int role = 0; role < GUARD_ROLES; role++) {
		struct prove_imports *i = &p->import[role];
		read_imports(i, (enum guard_role)role, p->folder);
		if (!i->read && p->imports.verdict == PROVE_HOLDS) {
			p->imports.verdict = PROVE_BROKEN;
			snprintf(p->imports.text, sizeof p->imports.text, "%s", i->error.text);
		}
		if (i->n_wrong && !wrong) first = guard_role_names[role];
		wrong += i->n_wrong;
	}
	if (wrong) {
		p->imports.verdict = PROVE_BROKEN;
		snprintf(p->imports.text, sizeof p->imports.text, "%s takes from libraries what its work must not call", first);
	} else if (p->imports.verdict == PROVE_HOLDS) {
		snprintf(p->imports.text, sizeof p->imports.text,
		         "no program takes from libraries what its work must not call; only hearth-net has what resolves names");
	}
}
