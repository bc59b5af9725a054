/* kernels: the levels, what this CPU can run, and the choice (see kernels.h). */
#include "nn/kernels.h"

#include "nn/kernel_types.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

struct level {
	const char *name;
	const char *parent;
	bool (*runs)(void);              /* whether this CPU and its system have the instructions */
	void (*fill)(struct kernels *k); /* over what the parent filled; NULL: this level has nothing of its own yet */
};

static bool always(void)
{
	return true;
}

#if defined(__x86_64__)
/* Register `r` (0 eax ... 3 edx) of a cpuid leaf; 0 where the leaf is missing. */
static uint32_t cpu_leaf(uint32_t leaf, uint32_t sub, int r)
{
	uint32_t v[4] = { 0 };
	if (!__get_cpuid_count(leaf, sub, &v[0], &v[1], &v[2], &v[3])) return 0;
	return v[r];
}

/* Whether the system saves all register state of `mask` (bits of XCR0: 2 SSE, 4 AVX, 0xe0 AVX-512). */
static bool system_saves(uint32_t mask)
{
	if (!(cpu_leaf(1, 0, 2) >> 27 & 1)) return false; /* OSXSAVE */
	uint32_t low, high;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & mask) == mask;
}

static bool all_bits(uint32_t value, uint32_t bits)
{
	return (value & bits) == bits;
}

static bool runs_avx2(void)
{
	return all_bits(cpu_leaf(1, 0, 2), 1u << 12 | 1u << 28 | 1u << 29) /* FMA, AVX, F16C */
	       && all_bits(cpu_leaf(7, 0, 1), 1u << 5 | 1u << 8)           /* AVX2, BMI2 */
	       && system_saves(0x6);
}

static bool runs_avxvnni(void)
{
	return runs_avx2() && all_bits(cpu_leaf(7, 1, 0), 1u << 4);
}

static bool runs_avx512(void)
{
	return runs_avx2() && system_saves(0xe6) &&
	       all_bits(cpu_leaf(7, 0, 1), 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31);
} /* F, DQ, CD, BW, VL */

static bool runs_avx512vnni(void)
{
	return runs_avx512() && all_bits(cpu_leaf(7, 0, 2), 1u << 11);
}

static bool runs_avx512bf16(void)
{
	return runs_avx512vnni() && all_bits(cpu_leaf(7, 1, 0), 1u << 5);
}

/* AMX asks twice: the CPU and its system must have it (XCR0 bits 17 and 18), and the process must be given the room for its tiles.
 * That is given for good and to all threads that come later, so it is asked for before there are any. */
static bool runs_amx(void)
{
	enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
	static enum { UNKNOWN, YES, NO } answer; /* asked once: a program in its jail may not ask any more */
	if (answer == UNKNOWN) {
		bool has = runs_avx512bf16() && all_bits(cpu_leaf(7, 0, 3), 1u << 22 | 1u << 24) /* AMX-BF16, AMX-TILE */
		           && system_saves(0x600e6);
		answer = has && syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0 ? YES : NO;
	}
	return answer == YES;
}

#elif defined(__aarch64__)
static bool runs_dotprod(void)
{
	return (getauxval(AT_HWCAP) >> 20 & 1) != 0; /* HWCAP_ASIMDDP */
}

static bool runs_i8mm(void)
{
	return runs_dotprod() && (getauxval(AT_HWCAP2) >> 13 & 1) != 0; /* HWCAP2_I8MM */
}
#endif

static const struct level levels[] = {
	{ "portable", NULL, always, kernels_fill_portable },
#if defined(__x86_64__)
	{ "avx2", "portable", runs_avx2, kernels_fill_avx2 },
	{ "avxvnni", "avx2", runs_avxvnni, kernels_fill_avxvnni },
	{ "avx512", "avx2", runs_avx512, kernels_fill_avx512 },
	{ "avx512vnni", "avx512", runs_avx512vnni, kernels_fill_avx512vnni },
	{ "avx512bf16", "avx512vnni", runs_avx512bf16, kernels_fill_avx512bf16 },
	{ "amx", "avx512bf16", runs_amx, kernels_fill_amx },
#elif defined(__aarch64__)
	{ "neon", "portable", always, kernels_fill_neon },
	{ "dotprod", "neon", runs_dotprod, kernels_fill_dotprod },
	{ "i8mm", "dotprod", runs_i8mm, kernels_fill_i8mm },
#endif
};

enum { LEVELS = sizeof levels / sizeof levels[0] };

static struct kernels tables[LEVELS];
const struct kernels *kernels_chosen = &tables[0];

/* Before main, so that no program can compute with an empty table; it only copies pointers. The functions that fill are compiled
 * for their level, so that those of a level which this CPU lacks must not run either. */
__attribute__((constructor)) static void fill_tables(void)
{
	for (size_t i = 0; i < LEVELS; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(levels[j].name, levels[i].parent) == 0) tables[i] = tables[j];
		}
		if (levels[i].runs()) levels[i].fill(&tables[i]);
		tables[i].name = levels[i].name;
	}
}

const struct kernels *kernels_find(const char *name)
{
	for (size_t i = 0; i < LEVELS; i++) {
		if (strcmp(levels[i].name, name) == 0) return levels[i].runs() ? &tables[i] : NULL;
	}
	return NULL;
}

const char *kernels_level(size_t index)
{
	for (size_t i = 0; i < LEVELS; i++) {
		if (levels[i].runs() && index-- == 0) return levels[i].name;
	}
	return NULL;
}

/* "portable, avx2": what could have been asked for. */
static void list_levels(char *text, size_t size)
{
	size_t length = 0;
	for (size_t i = 0; kernels_level(i) && length < size; i++) {
		length += (size_t)snprintf(text + length, size - length, "%s%s", i ? ", " : "", kernels_level(i));
	}
}

bool kernels_choose(const char *force, struct error *e)
{
	if (force && *force) {
		const struct kernels *k = kernels_find(force);
		char all[200];
		list_levels(all, sizeof all);
		if (!k) return error_set(e, "HEARTH_CPU: this machine has no level '%.40s'; it has %s", force, all);
		kernels_chosen = k;
		return true;
	}
	for (size_t i = 0; kernels_level(i); i++) kernels_chosen = kernels_find(kernels_level(i));
	return true;
}

const char *kernels_name(void)
{
	return kernels_chosen->name;
}

/* An entry's name and where it lies in struct kernels. */
struct entry {
	const char *name;
	size_t offset;
};

static const struct entry entries[] = {
	{ "products", offsetof(struct kernels, products) },
	{ "products_whole", offsetof(struct kernels, whole.products) },
	{ "products_bf16", offsetof(struct kernels, bf16.products) },
	{ "products_bytes", offsetof(struct kernels, bytes[0].products) },
	{ "quantize", offsetof(struct kernels, quantize) },
	{ "scores_f32", offsetof(struct kernels, scores[KV_F32]) },
	{ "scores_f16", offsetof(struct kernels, scores[KV_F16]) },
	{ "values_f32", offsetof(struct kernels, values[KV_F32]) },
	{ "values_f16", offsetof(struct kernels, values[KV_F16]) },
	{ "store_half", offsetof(struct kernels, store_half) },
	{ "scores_q8_0", offsetof(struct kernels, scores[KV_Q8_0]) },
	{ "scores_q4_0", offsetof(struct kernels, scores[KV_Q4_0]) },
	{ "values_q8_0", offsetof(struct kernels, values[KV_Q8_0]) },
	{ "values_q4_0", offsetof(struct kernels, values[KV_Q4_0]) },
	{ "soften", offsetof(struct kernels, soften) },
	{ "attention_16", offsetof(struct kernels, attention_16.scores) },
	{ "dot_float", offsetof(struct kernels, dot_float) },
	{ "exp_sum", offsetof(struct kernels, exp_sum) },
	{ "gates", offsetof(struct kernels, gate[OPS_SILU]) },
	{ "rope_pairs", offsetof(struct kernels, rope_pairs) },
	{ "rope_halves", offsetof(struct kernels, rope_halves) },
	{ "scan_rows", offsetof(struct kernels, scan_rows) },
	{ "scan_channels", offsetof(struct kernels, scan_channels) },
};

/* The first level whose table holds the chosen function: the one that brought it; "none" for an entry that is empty. */
static const char *origin(size_t offset)
{
	void (*function)(void);
	memcpy(&function, (const char *)kernels_chosen + offset, sizeof function);
	if (!function) return "none";
	for (size_t i = 0; i < LEVELS; i++) {
		if (memcmp((const char *)&tables[i] + offset, (const char *)kernels_chosen + offset, sizeof(void (*)(void))) == 0)
			return tables[i].name;
	}
	return kernels_chosen->name;
}

size_t kernels_describe(char *text, size_t size)
{
	size_t length = 0;
	if (size > 0) text[0] = 0;
	for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
		length += (size_t)snprintf(length < size ? text + length : NULL, length < size ? size - length : 0, "%s %s\n",
		                           entries[i].name, origin(entries[i].offset));
	}
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		length += (size_t)snprintf(length < size ? text + length : NULL, length < size ? size - length : 0,
		                           "%s unpack %s, dot %s\n", format_at(i)->type->name,
		                           origin(offsetof(struct kernels, unpack) + i * sizeof(format_unpack)),
		                           origin(offsetof(struct kernels, dot) + i * sizeof(kernel_dot)));
	}
	return length;
}
