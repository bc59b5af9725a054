/*
 * filters: the seccomp filters of a live process, read out of the kernel, and what they answer to any call.
 *
 * A filter is a program of classic BPF (linux/filter.h, networking/filter.txt of the kernel's documentation). It is run here for a
 * call whose number is known and whose arguments may be unknown: at a decision that depends on something unknown both ways are
 * followed, so that the answer is the set of all verdicts that any arguments can get. With several filters the strictest verdict
 * holds.
 */
#ifndef HEARTH_TESTS_GUARD_FILTERS_H
#define HEARTH_TESTS_GUARD_FILTERS_H

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>

#include "tracing.h"

enum { FILTERS_MOST = 4, FILTERS_LENGTH = 4096, FILTERS_STEPS = 100000, FILTERS_MEMORY = 16, FILTERS_WAYS = 64 };

struct filters {
	int count;
	int length[FILTERS_MOST];
	struct sock_filter code[FILTERS_MOST][FILTERS_LENGTH];
};

/* Those of a process that is stopped by tracing_begin. False when the kernel does not give them out. */
static inline bool filters_read(struct filters *f, pid_t pid)
{
	memset(f, 0, sizeof *f);
	for (; f->count < FILTERS_MOST; f->count++) {
		long length = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)(long)f->count, NULL);
		if (length < 0) return errno == ENOENT && f->count > 0;
		if (length > FILTERS_LENGTH) return false;
		f->length[f->count] = (int)length;
		if (ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)(long)f->count, f->code[f->count]) != length) return false;
	}
	return false;
}

struct filters_call {
	uint32_t number, architecture;
	uint64_t argument[6];
	bool known[6];
};

/* Verdicts as bits. */
enum { FILTERS_ALLOW = 1, FILTERS_EPERM = 2, FILTERS_ENOSYS = 4, FILTERS_KILL = 8, FILTERS_OTHER = 16 };

struct filters_value {
	uint32_t value;
	bool known;
};

/* One way through the program, from `at` on. */
struct filters_way {
	int at;
	struct filters_value a, x, memory[FILTERS_MEMORY];
};

static inline struct filters_value filters_load(const struct filters_call *c, uint32_t offset)
{
	if (offset == offsetof(struct seccomp_data, nr)) return (struct filters_value){ c->number, true };
	if (offset == offsetof(struct seccomp_data, arch)) return (struct filters_value){ c->architecture, true };
	if (offset < offsetof(struct seccomp_data, args) || offset >= sizeof(struct seccomp_data))
		return (struct filters_value){ 0, false };
	uint32_t place = offset - (uint32_t)offsetof(struct seccomp_data, args);
	uint64_t argument = c->argument[place / 8];
	return (struct filters_value){ (uint32_t)(place % 8 ? argument >> 32 : argument), c->known[place / 8] };
}

static inline uint32_t filters_compute(uint16_t operation, uint32_t a, uint32_t b)
{
	switch (operation) {
	case BPF_ADD: return a + b;
	case BPF_SUB: return a - b;
	case BPF_MUL: return a * b;
	case BPF_DIV: return b ? a / b : 0;
	case BPF_AND: return a & b;
	case BPF_OR: return a | b;
	case BPF_XOR: return a ^ b;
	case BPF_LSH: return b < 32 ? a << b : 0;
	case BPF_RSH: return b < 32 ? a >> b : 0;
	default: return 0U - a;
	}
}

static inline bool filters_compare(uint16_t operation, uint32_t a, uint32_t b)
{
	switch (operation) {
	case BPF_JEQ: return a == b;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	default: return (a & b) != 0;
	}
}

static inline unsigned filters_verdict(uint32_t code)
{
	switch (code & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW: return FILTERS_ALLOW;
	case SECCOMP_RET_KILL_PROCESS: return FILTERS_KILL;
	case SECCOMP_RET_ERRNO:
		return (code & SECCOMP_RET_DATA) == EPERM    ? FILTERS_EPERM
		       : (code & SECCOMP_RET_DATA) == ENOSYS ? FILTERS_ENOSYS
		                                             : FILTERS_OTHER;
	default: return FILTERS_OTHER;
	}
}

/* One instruction that neither jumps nor ends. */
static inline bool filters_step(struct filters_way *w, const struct sock_filter *i, const struct filters_call *c)
{
	const uint16_t kind = BPF_CLASS(i->code);
	struct filters_value *to = kind == BPF_LDX ? &w->x : &w->a, b = { i->k, true };
	switch (kind) {
	case BPF_LD:
	case BPF_LDX:
		if (BPF_MODE(i->code) == BPF_ABS)
			*to = filters_load(c, i->k);
		else if (BPF_MODE(i->code) == BPF_IMM)
			*to = b;
		else if (BPF_MODE(i->code) == BPF_MEM && i->k < FILTERS_MEMORY)
			*to = w->memory[i->k];
		else if (BPF_MODE(i->code) == BPF_LEN)
			*to = (struct filters_value){ sizeof(struct seccomp_data), true };
		else
			return false;
		return true;
	case BPF_ST:
	case BPF_STX:
		if (i->k < FILTERS_MEMORY) w->memory[i->k] = kind == BPF_ST ? w->a : w->x;
		return i->k < FILTERS_MEMORY;
	case BPF_ALU:
		if (BPF_SRC(i->code) == BPF_X) b = w->x;
		w->a = (struct filters_value){ filters_compute(BPF_OP(i->code), w->a.value, b.value), w->a.known && b.known };
		return true;
	case 0x07: /* from one register to the other */
		if ((i->code & 0xf8) == BPF_TAX)
			w->x = w->a;
		else
			w->a = w->x;
		return true;
	default: return false;
	}
}

/* All verdicts of one filter. */
static inline unsigned filters_run(const struct sock_filter *code, int length, const struct filters_call *c)
{
	struct filters_way ways[FILTERS_WAYS] = { { .at = 0 } };
	unsigned verdicts = 0;
	int n = 1;
	for (int steps = 0; n > 0; steps++) {
		struct filters_way *w = &ways[n - 1];
		if (steps > FILTERS_STEPS || w->at < 0 || w->at >= length) return FILTERS_OTHER;
		const struct sock_filter *i = &code[w->at++];
		if (BPF_CLASS(i->code) == BPF_RET) {
			verdicts |= BPF_RVAL(i->code) == BPF_K ? filters_verdict(i->k) : (unsigned)FILTERS_OTHER;
			n--;
		} else if (BPF_CLASS(i->code) == BPF_JMP && BPF_OP(i->code) == BPF_JA) {
			w->at += (int)i->k;
		} else if (BPF_CLASS(i->code) == BPF_JMP) {
			struct filters_value b = BPF_SRC(i->code) == BPF_X ? w->x : (struct filters_value){ i->k, true };
			if (w->a.known && b.known) {
				w->at += filters_compare(BPF_OP(i->code), w->a.value, b.value) ? i->jt : i->jf;
			} else { /* both ways */
				if (n == FILTERS_WAYS) return FILTERS_OTHER;
				ways[n] = *w;
				ways[n++].at += i->jt;
				w->at += i->jf;
			}
		} else if (!filters_step(w, i, c)) {
			return FILTERS_OTHER;
		}
	}
	return verdicts;
}

/* With several filters: the strictest, where they are sure; all together where not. */
static inline unsigned filters_answer(const struct filters *f, const struct filters_call *c)
{
	static const unsigned strict[] = { FILTERS_KILL, FILTERS_OTHER, FILTERS_ENOSYS, FILTERS_EPERM };
	unsigned all = 0;
	for (int i = 0; i < f->count; i++) {
		unsigned one = filters_run(f->code[i], f->length[i], c);
		for (size_t s = 0; s < sizeof strict / sizeof strict[0]; s++) {
			if (one == strict[s]) return one;
		}
		all |= one;
	}
	return all;
}

#endif
