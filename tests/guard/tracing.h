/*
 * tracing: another process is stopped and looked at from outside (ptrace, as root), and goes on as if nothing had been.
 *
 * tracing_call makes the stopped process execute one system call of ours: the instruction is written over the program's entry,
 * which has run once and runs never again, one step is made, and the registers and the bytes are put back. 64-bit calls, and on
 * x86-64 also those of 32-bit programs (int 0x80) and of x32, which a filter for 64-bit calls alone would not see.
 */
#ifndef HEARTH_TESTS_GUARD_TRACING_H
#define HEARTH_TESTS_GUARD_TRACING_H

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum tracing_kind { TRACING_NATIVE, TRACING_IA32, TRACING_X32 };

enum { TRACING_X32_BIT = 0x40000000 };

struct tracing {
	pid_t pid;
	unsigned long entry; /* where the instruction is put */
	long word;           /* what stood there */
	struct user_regs_struct saved;
	int signal; /* that came while it was stopped; it is sent on */
	bool died;  /* by a call of ours */
	int death;  /* the signal */
};

static inline bool tracing_registers(struct tracing *t, struct user_regs_struct *r, bool put)
{
	struct iovec v = { r, sizeof *r };
	return ptrace(put ? PTRACE_SETREGSET : PTRACE_GETREGSET, t->pid, (void *)NT_PRSTATUS, &v) == 0;
}

/* The address of the program's first instruction, from what the kernel told the program at its start; 0 on failure. */
static inline unsigned long tracing_entry(pid_t pid)
{
	char path[64];
	unsigned long pair[2], entry = 0;
	snprintf(path, sizeof path, "/proc/%ld/auxv", (long)pid);
	FILE *f = fopen(path, "rb");
	while (f && fread(pair, sizeof pair, 1, f) == 1) {
		if (pair[0] == AT_ENTRY) entry = pair[1];
	}
	if (f) fclose(f);
	return entry;
}

/* Waits for the next stop; false when the process ended in place of it. */
static inline bool tracing_wait(struct tracing *t, int *stop)
{
	int status;
	while (waitpid(t->pid, &status, __WALL) < 0) {
		if (errno != EINTR) return false;
	}
	if (WIFSTOPPED(status)) {
		*stop = WSTOPSIG(status);
		return true;
	}
	t->died = true;
	t->death = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return false;
}

/* Stops one thread of the process, the first; the others go on. */
static inline bool tracing_begin(struct tracing *t, pid_t pid)
{
	int stop;
	*t = (struct tracing){ .pid = pid, .entry = tracing_entry(pid) };
	if (!t->entry || ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0) return false;
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) != 0 || !tracing_wait(t, &stop)) return false;
	errno = 0;
	t->word = ptrace(PTRACE_PEEKTEXT, pid, (void *)t->entry, NULL);
	return errno == 0 && tracing_registers(t, &t->saved, false);
}

/* Everything as it was, and on. */
static inline bool tracing_end(struct tracing *t)
{
	if (t->died) return true;
	return ptrace(PTRACE_POKETEXT, t->pid, (void *)t->entry, (void *)t->word) == 0 && tracing_registers(t, &t->saved, true) &&
	       ptrace(PTRACE_DETACH, t->pid, NULL, (void *)(long)t->signal) == 0;
}

#if defined(__x86_64__)
static inline void tracing_prepare(struct tracing *t, enum tracing_kind kind, unsigned long number, const unsigned long a[6],
                                   struct user_regs_struct *r, long *instruction)
{
	*r = t->saved;
	*instruction = (t->word & ~0xffffL) | (kind == TRACING_IA32 ? 0x80cd : 0x050f);
	r->rip = t->entry;
	r->orig_rax = (unsigned long)-1; /* no call is under way: nothing to be started again */
	r->rax = kind == TRACING_X32 ? number | TRACING_X32_BIT : number;
	if (kind == TRACING_IA32) {
		r->rbx = a[0], r->rcx = a[1], r->rdx = a[2], r->rsi = a[3], r->rdi = a[4], r->rbp = a[5];
	} else {
		r->rdi = a[0], r->rsi = a[1], r->rdx = a[2], r->r10 = a[3], r->r8 = a[4], r->r9 = a[5];
	}
}
static inline long tracing_result(const struct user_regs_struct *r)
{
	return (long)r->rax;
}
static inline unsigned long tracing_stack(const struct tracing *t)
{
	return t->saved.rsp & ~15UL;
}
#elif defined(__aarch64__)
static inline void tracing_prepare(struct tracing *t, enum tracing_kind kind, unsigned long number, const unsigned long a[6],
                                   struct user_regs_struct *r, long *instruction)
{
	(void)kind;
	*r = t->saved;
	*instruction = (t->word & ~0xffffffffL) | 0xd4000001L; /* svc #0 */
	r->pc = t->entry;
	r->regs[8] = number;
	for (int i = 0; i < 6; i++) r->regs[i] = a[i];
}
static inline long tracing_result(const struct user_regs_struct *r)
{
	return (long)r->regs[0];
}
static inline unsigned long tracing_stack(const struct tracing *t)
{
	return t->saved.sp & ~15UL;
}
#endif

/* The kernel's answer to the call, -EPERM and the like on a refusal. When the call ends the process, t->died is set. */
static inline long tracing_call(struct tracing *t, enum tracing_kind kind, unsigned long number, const unsigned long a[6])
{
	struct user_regs_struct r;
	long instruction;
	int stop = 0;
	if (t->died) return -ESRCH;
	tracing_prepare(t, kind, number, a, &r, &instruction);
	if (ptrace(PTRACE_POKETEXT, t->pid, (void *)t->entry, (void *)instruction) != 0 || !tracing_registers(t, &r, true) ||
	    ptrace(PTRACE_SINGLESTEP, t->pid, NULL, NULL) != 0)
		return -ESRCH;
	while (tracing_wait(t, &stop) && stop != SIGTRAP) {
		if (stop == SIGSEGV) break; /* this kernel knows no such instruction */
		t->signal = stop;
		if (ptrace(PTRACE_SINGLESTEP, t->pid, NULL, NULL) != 0) return -ESRCH;
	}
	if (t->died || !tracing_registers(t, &r, false)) return -ESRCH;
	long result = stop == SIGSEGV ? -ENOSYS : tracing_result(&r);
	tracing_registers(t, &t->saved, true);
	return result;
}

#endif
