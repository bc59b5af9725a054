/*
 * calls: the written table of system calls (calls.tsv), and its comparison with a live process: with the filters that the kernel
 * holds for it, and with what it is answered when it is made to call.
 *
 * Each comparison writes a line to standard error for what is otherwise than the table says, and returns how many there were.
 */
#ifndef HEARTH_TESTS_GUARD_CALLS_H
#define HEARTH_TESTS_GUARD_CALLS_H

#include "filters.h"
#include "guard/roles.h"
#include "tracing.h"

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_NUMBERS = 601, CALLS_ROWS = 512, CALLS_VERDICT = 8 };

struct calls_row {
	char text[64]; /* the name, or name and arguments */
	int number;    /* on this machine; below 0: it has no such call */
	bool general;  /* without arguments: what holds for all of them together */
	struct filters_call call;
	char verdict[GUARD_ROLES][CALLS_VERDICT];
};

struct calls {
	struct calls_row row[CALLS_ROWS];
	int count;
};

static inline bool calls_parse(struct calls_row *r, char *line)
{
	char *columns = strchr(line, '\t'), *end = NULL;
	if (!columns) return false;
	*columns++ = 0;
	*r = (struct calls_row){ .general = !strchr(line, ' ') };
	snprintf(r->text, sizeof r->text, "%.63s", line);
	char *word = strtok_r(line, " ", &end);
	r->number = seccomp_syscall_resolve_name(word);
	r->call.number = (uint32_t)r->number;
	r->call.architecture = seccomp_arch_native();
	for (int a = 0; a < 6 && (word = strtok_r(NULL, " ", &end)); a++) {
		r->call.known[a] = strcmp(word, "*") != 0;
		r->call.argument[a] = r->call.known[a] ? strtoull(word, NULL, 0) : 0;
	}
	for (int role = 0; role < GUARD_ROLES; role++) {
		word = strtok_r(role ? NULL : columns, "\t\n", &end);
		if (!word || (strcmp(word, "yes") && strcmp(word, "no") && strcmp(word, "none") && strcmp(word, "args")))
			return false;
		snprintf(r->verdict[role], CALLS_VERDICT, "%s", word);
	}
	return true;
}

/* From the root of the repository. */
static inline bool calls_read(struct calls *c)
{
	char line[256];
	FILE *f = fopen("tests/guard/calls.tsv", "r");
	bool ok = f != NULL;
	c->count = 0;
	while (ok && fgets(line, sizeof line, f)) {
		if (line[0] == '#' || line[0] == '\n') continue;
		ok = c->count < CALLS_ROWS && calls_parse(&c->row[c->count++], line);
		if (!ok) fprintf(stderr, "tests/guard/calls.tsv: cannot read the line of '%s'\n", line);
	}
	if (f) fclose(f);
	return ok && c->count > 0;
}

/* The row that stands for a number as a whole; NULL: none does, so it is refused. */
static inline const struct calls_row *calls_general(const struct calls *c, int number)
{
	for (int i = 0; i < c->count; i++) {
		if (c->row[i].general && c->row[i].number == number) return &c->row[i];
	}
	return NULL;
}

static inline unsigned calls_expected(const char *verdict)
{
	if (strcmp(verdict, "yes") == 0) return FILTERS_ALLOW;
	if (strcmp(verdict, "none") == 0) return FILTERS_ENOSYS;
	return strcmp(verdict, "args") == 0 ? FILTERS_ALLOW | FILTERS_EPERM : FILTERS_EPERM;
}

static inline int calls_wrong(const struct filters *f, const struct filters_call *call, unsigned expected, const char *who,
                              const char *what)
{
	unsigned found = filters_answer(f, call);
	if (found == expected) return 0;
	fprintf(stderr, "%s, filter: call %s (%u, architecture %x): found %x, expected %x\n", who, what, call->number,
	        call->architecture, found, expected);
	return 1;
}

/* What the filters of a process say to every number, of every architecture. */
static inline int calls_compare_filters(const struct calls *c, const struct filters *f, enum guard_role role)
{
	static const uint32_t foreign[] = { AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, 0 };
	const uint32_t native = seccomp_arch_native();
	const char *who = guard_role_names[role];
	int wrong = 0;
	for (int i = 0; i < c->count; i++) {
		const struct calls_row *r = &c->row[i];
		if (r->number >= 0) wrong += calls_wrong(f, &r->call, calls_expected(r->verdict[role]), who, r->text);
	}
	for (uint32_t n = 0; n < CALLS_NUMBERS; n++) {
		if (!calls_general(c, (int)n))
			wrong += calls_wrong(f, &(struct filters_call){ .number = n, .architecture = native }, FILTERS_EPERM, who,
			                     "not in the table");
		if (native == AUDIT_ARCH_X86_64)
			wrong += calls_wrong(f, &(struct filters_call){ .number = n | TRACING_X32_BIT, .architecture = native },
			                     FILTERS_KILL, who, "of x32");
		for (size_t a = 0; a < sizeof foreign / sizeof foreign[0]; a++) {
			if (foreign[a] != native)
				wrong += calls_wrong(f, &(struct filters_call){ .number = n, .architecture = foreign[a] },
				                     FILTERS_KILL, who, "foreign");
		}
	}
	return wrong;
}

static inline int calls_try(struct tracing *t, int number, const unsigned long a[6], bool absent, const char *who, const char *what)
{
	long answer = tracing_call(t, TRACING_NATIVE, (unsigned long)number, a);
	if (answer == (absent ? -ENOSYS : -EPERM) && !t->died) return 0;
	fprintf(stderr, "%s, from outside: call %s (%d) answers %ld%s\n", who, what, number, answer, t->died ? " and ends it" : "");
	return 1;
}

/* A few with arguments that would work if nothing refused them: `path` is a file's name in the process's memory. */
static inline int calls_try_useful(const struct calls *c, struct tracing *t, enum guard_role role, unsigned long path)
{
	const unsigned long here = (unsigned long)-100, code = t->entry & ~0xfffUL;
	const struct {
		const char *name;
		unsigned long a[6];
	} attempts[] = {
		{ "socket", { 2, 1, 0 } },
		{ "socket", { 10, 2, 0 } },
		{ "openat", { here, path, 0 } },
		{ "open", { path, 0 } },
		{ "execve", { path, 0, 0 } },
		{ "execveat", { here, path, 0, 0, 0 } },
		{ "ptrace", { 16, 1 } },
		{ "process_vm_readv", { 1, path, 1, path, 1 } },
		{ "io_uring_setup", { 1, path } },
		{ "mmap", { 0, 4096, 7, 0x22, (unsigned long)-1, 0 } },
		{ "mprotect", { code, 4096, 7 } },
		{ "clone", { 17, 0, 0, 0, 0 } },
		{ "kill", { 1, 0 } },
		{ "memfd_create", { path, 0 } },
		{ "unshare", { 0x10000000 } },
		{ "userfaultfd", { 1 } },
		{ "open_by_handle_at", { here, path, 0 } },
		{ "openat2", { here, path, path, 24 } },
		{ "pidfd_open", { 1, 0 } },
	};
	int wrong = 0;
	for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
		int number = seccomp_syscall_resolve_name(attempts[i].name);
		const struct calls_row *general = calls_general(c, number);
		bool mapping = attempts[i].name[0] == 'm' && attempts[i].a[2] == 7; /* arguments decide, for every role alike */
		if (number < 0 || (general && strcmp(general->verdict[role], "no") != 0 && !mapping)) continue;
		wrong += calls_try(t, number, attempts[i].a, false, guard_role_names[role], attempts[i].name);
	}
	return wrong;
}

/* uretprobe and uprobe: the kernel's own trampolines call them, and no filter is asked. From elsewhere they do nothing but fail. */
static inline bool calls_is_beside_filters(int number)
{
	return seccomp_arch_native() == AUDIT_ARCH_X86_64 && (number == 335 || number == 336);
}

/* Makes the stopped process call every number that the table refuses, and sees each refused. */
static inline int calls_compare_answers(const struct calls *c, struct tracing *t, enum guard_role role)
{
	static const unsigned long nothing[6];
	static const char file[] = "/etc/passwd\0\0\0\0";
	unsigned long path = (unsigned long)tracing_stack(t) - 1024;
	int wrong = 0;
	for (size_t i = 0; i + sizeof(long) <= sizeof file; i += sizeof(long)) {
		long word;
		memcpy(&word, file + i, sizeof word);
		if (ptrace(PTRACE_POKEDATA, t->pid, (void *)(path + i), (void *)word) != 0) return 1;
	}
	wrong += calls_try_useful(c, t, role, path);
	for (int n = 0; n < CALLS_NUMBERS; n++) {
		if (calls_is_beside_filters(n)) continue;
		const struct calls_row *general = calls_general(c, n);
		const char *verdict = general ? general->verdict[role] : "no";
		if (strcmp(verdict, "no") == 0 || strcmp(verdict, "none") == 0)
			wrong += calls_try(t, n, nothing, verdict[2], guard_role_names[role],
			                   general ? general->text : "not in the table");
	}
	for (int i = 0; i < c->count; i++) {
		const struct calls_row *r = &c->row[i];
		unsigned long a[6];
		for (int k = 0; k < 6; k++) a[k] = (unsigned long)r->call.argument[k];
		if (!r->general && r->number >= 0 && strcmp(r->verdict[role], "no") == 0)
			wrong += calls_try(t, r->number, a, false, guard_role_names[role], r->text);
	}
	return wrong;
}

#endif
