/* doctor: explains this machine in plain words: processor, memory, what fits, folders, the jails of hearth's programs. */
#include "app/hearth/commands.h"
#include "app/hearth/opening.h"
#include "app/hearth/programs.h"
#include "app/hearth/terminal.h"
#include "app/hearth/visible.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/threads.h"
#include "guard/findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { MAX_OUT = 1 << 20, DOCTOR_CONTEXT = 8192, OVERHEAD = 100000000, PROBE_MS = 10000 };

static void processor(struct buffer *out)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned usable = threads_available();
	buffer_append_text(out, "Processor\n");
	buffer_format(out, "  %ld cores are running", online);
	if (online > 0 && usable < (unsigned long)online)
		buffer_format(out, "; hearth may use %u of them (limits of this process: affinity or cgroup quota)", usable);
	else
		buffer_append_text(out, "; hearth uses all of them");
	const char *kernels = hearth_kernels(); /* the level stands in the first line */
	buffer_format(out, "\n  Computing with kernels of %.*s (hearth --version lists them)\n", (int)strcspn(kernels, "\n"),
	              kernels);
	if (strncmp(kernels, "level portable\n", 15) == 0)
		buffer_append_text(
		        out, "  That is plain C, many times slower than what newer processors have (on a PC: AVX2 and FMA)\n");
}

/* Models as people meet them: weights in billions, and bytes of keys and values for one token of context. */
static const struct size_class {
	const char *name;
	double billions;
	double kv;
} size_classes[] = {
	{ "1B", 1.24, 32768 },   { "4B", 4.0, 147456 },   { "8B", 8.0, 131072 },
	{ "14B", 14.8, 163840 }, { "32B", 32.8, 262144 }, { "70B", 70.6, 327680 },
};

static void memory(struct buffer *out)
{
	static const double bytes_per_weight = 0.6; /* Q4_K_M, its larger parts included */
	uint64_t all = machine_memory(), left = machine_free_memory();
	char a[32], b[32], c[32], d[32];
	model_file_bytes(a, all);
	model_file_bytes(b, left);
	buffer_append_text(out, "\nMemory\n");
	if (!all || !left) {
		buffer_append_text(out, "  cannot be told on this system\n");
		return;
	}
	buffer_format(out, "  %s in all, %s free for hearth now\n", a, b);
	buffer_format(out, "  What fits, as Q4_K_M files and with a context of %d tokens:\n", DOCTOR_CONTEXT);
	for (size_t i = 0; i < sizeof size_classes / sizeof size_classes[0]; i++) {
		const struct size_class *s = &size_classes[i];
		double weights = s->billions * 1e9 * bytes_per_weight, kv = s->kv * DOCTOR_CONTEXT, sum = weights + kv + OVERHEAD;
		const char *verdict = sum <= (double)left  ? "fits"
		                      : sum <= (double)all ? "fits when other programs are closed"
		                                           : "too large";
		model_file_bytes(a, (uint64_t)weights);
		model_file_bytes(b, (uint64_t)kv);
		model_file_bytes(c, OVERHEAD);
		model_file_bytes(d, (uint64_t)sum);
		buffer_format(out, "    %3s: weights %s + context %s + work %s = %s: %s\n", s->name, a, b, c, d, verdict);
	}
	buffer_append_text(out, "  `hearth models inspect FILE` says it for one file.\n");
}

static void folder(struct buffer *out, const char *what, const char *path)
{
	char shown[PATHS_ROOM], space[32];
	struct statvfs disk;
	visible_line(shown, sizeof shown, path, strlen(path), terminal_look(false).ascii);
	if (!path[0]) {
		buffer_format(out, "  %-9s none: set HOME or HEARTH_HOME\n", what);
	} else if (!paths_is_folder(path)) {
		buffer_format(out, "  %-9s %s (not there yet)\n", what, shown);
	} else if (access(path, W_OK) != 0) {
		buffer_format(out, "  %-9s %s (cannot be written)\n", what, shown);
	} else if (statvfs(path, &disk) == 0) {
		model_file_bytes(space, (uint64_t)disk.f_bavail * disk.f_frsize);
		buffer_format(out, "  %-9s %s (%s free on its disk)\n", what, shown, space);
	}
}

static void folders(struct buffer *out, const struct opening *n)
{
	char shown[PATHS_ROOM];
	buffer_append_text(out, "\nFolders\n");
	folder(out, "data", n->paths.data);
	folder(out, "models", n->paths.models);
	folder(out, "settings", n->paths.settings);
	const char *builtin = n->paths.builtin[0] ? n->paths.builtin : "not found";
	visible_line(shown, sizeof shown, builtin, strlen(builtin), terminal_look(false).ascii);
	buffer_format(out, "  %-9s %s\n", "built-in", shown);
}

/* Which layers of its jail a program reached, and what is lost where one is missing. */
static void describe_jail(struct buffer *out, enum guard_role role, const struct guard_report *r)
{
	const struct {
		bool reached;
		const char *name;
	} layers[] = { { r->filter, "filter of system calls" },
		       { r->landlock > 0, "files kept apart (Landlock)" },
		       { r->namespaces && role != GUARD_HEARTH && role != GUARD_NET && role != GUARD_KEYRING,
		         "no network (namespaces)" },
		       { r->no_new_privileges, "no new privileges" },
		       { r->undumpable, "no core, not to be traced" },
		       { r->limits, "limits" } };
	char lost[512];
	bool first = true;
	buffer_format(out, "  %-14s ", guard_role_names[role]);
	for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
		if (!layers[i].reached) continue;
		buffer_format(out, "%s%s", first ? "" : ", ", layers[i].name);
		first = false;
	}
	buffer_append_text(out, first ? "no layer at all\n" : "\n");
	visible_line(lost, sizeof lost, r->lost, strlen(r->lost), terminal_look(false).ascii);
	if (lost[0]) buffer_format(out, "  %-14s lost here: %s\n", "", lost);
}

/* Starts a program as it always starts, but to try its jail in place of its work. */
static void probe_program(struct buffer *out, enum guard_role role)
{
	struct spawned p;
	struct guard_findings f;
	struct error e = { "" };
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return;
	bool ok = programs_spawner() && spawner_run(programs_spawner(), role, GUARD_PROBE_WORD, &pair[1], 1, &p, &e);
	close(pair[1]);
	if (ok) {
		ok = guard_findings_receive(pair[0], role, PROBE_MS, &f, &e);
		spawner_kill(programs_spawner(), &p);
		spawner_forget(&p);
	}
	close(pair[0]);
	if (ok)
		describe_jail(out, role, &f.report);
	else
		buffer_format(out, "  %-14s cannot be started: %s\n", guard_role_names[role], e.text);
}

static void protection(struct buffer *out)
{
	buffer_append_text(out, "\nProtection\n"
	                        "  Each program has rights of its own, and gives the others away before it reads what is not\n"
	                        "  hearth's own: hearth-engine computes models, the others serve, import, fetch, ask\n"
	                        "  the desktop's keyring and hear when the machine goes to sleep.\n");
	if (programs_report()) describe_jail(out, GUARD_HEARTH, programs_report());
	for (int role = GUARD_ENGINE; role < GUARD_ROLES; role++) probe_program(out, (enum guard_role)role);
	buffer_append_text(out, "  conversations  are sealed in the vault (hearth vault) or not stored at all;\n"
	                        "                 /save writes in the clear\n"
	                        "  memory         may be swapped to disk by the system like that of any program\n");
}

/* Is the Debian package installed? Its list of files is looked for, with and without the architecture in its name. */
static bool is_installed(const char *package)
{
	static const char *const endings[] = { "", ":amd64", ":arm64" };
	char path[256];
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		snprintf(path, sizeof path, "/var/lib/dpkg/info/%s%s.list", package, endings[i]);
		if (paths_is_file(path)) return true;
	}
	return false;
}

/* Is this the build folder of a source tree, and not an installed hearth? */
static bool is_built_here(void)
{
	char program[PATHS_ROOM], setup[PATHS_ROOM];
	if (!machine_program(program, sizeof program)) return false;
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(program, '/');
		if (!slash) return false;
		*slash = 0;
	}
	return paths_join(setup, program, "tools/setup") && paths_is_file(setup);
}

static void packages(struct buffer *out)
{
	static const char *const needed[] = { "gcc",         "make",         "libc6-dev", "libjansson-dev", "libutf8proc-dev",
		                              "libedit-dev", "libcmocka-dev" };
	char missing[256] = "";
	size_t at = 0;
	buffer_append_text(out, "\nDebian packages for building and testing\n");
	if (!paths_is_folder("/var/lib/dpkg/info")) {
		buffer_append_text(out, "  this is no Debian system: nothing to say\n");
		return;
	}
	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
		if (!is_installed(needed[i])) at += (size_t)snprintf(missing + at, sizeof missing - at, " %s", needed[i]);
	}
	if (at)
		buffer_format(out, "  missing (not needed to run): apt-get install%s\n", missing);
	else
		buffer_append_text(out, "  all are installed\n");
}

int doctor_command(const struct options *o)
{
	struct error e;
	if (o->n_words) {
		error_set(&e, "doctor takes no further word '%.80s'", o->words[0]);
		return commands_misuse("doctor", &e);
	}
	struct opening *n = memory_new(1, sizeof *n);
	if (!n) {
		error_memory(&e);
		return commands_fail(&e);
	}
	opening_begin(n, o);
	struct buffer out = buffer_new(MAX_OUT);
	buffer_format(&out, "hearth %s on this machine\n\n", hearth_version());
	processor(&out);
	memory(&out);
	folders(&out, n);
	protection(&out);
	if (is_built_here()) packages(&out);
	if (n->notes[0][0]) buffer_format(&out, "\nNote: %s\n", n->notes[0]);
	memory_free(n);
	return commands_print(&out);
}
