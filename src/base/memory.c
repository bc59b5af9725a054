/* memory: accounted allocation with a failure mode for tests (see memory.h). Each block carries its size in front. */
#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WITH_SANITIZER 1
#endif

#ifdef WITH_SANITIZER
#include <sanitizer/asan_interface.h>
enum { GAP = 32 };
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
enum { GAP = 0 };
#endif

/* The header keeps the 16-byte alignment of malloc; `base` is what the C library gave, or a mapping's begin plus MAPPED. */
struct header {
	void *base;
	size_t size;
};
_Static_assert(sizeof(struct header) == 16, "the header must keep malloc's alignment");

static atomic_size_t in_use, peak;
#define FAILING UINT64_MAX
static atomic_uint_fast64_t fail_countdown; /* 0: off; FAILING: every allocation fails */
static atomic_bool fail_all;

static bool must_fail(void)
{
	uint_fast64_t left = atomic_load(&fail_countdown);
	if (left == 0) return false;
	if (left == FAILING) return true;
	if (left == 1) {
		atomic_store(&fail_countdown, atomic_load(&fail_all) ? FAILING : 0);
		return true;
	}
	atomic_fetch_sub(&fail_countdown, 1);
	return false;
}

static void account(size_t added)
{
	size_t now = atomic_fetch_add(&in_use, added) + added;
	size_t most = atomic_load(&peak);
	while (now > most && !atomic_compare_exchange_weak(&peak, &most, now)) {}
}

enum { MAPPED = 1, LARGE_PAGE = 2 << 20, LARGE_HEAD = 64 };

static void *with_header(void *base, size_t offset, size_t size)
{
	struct header *h = (struct header *)(void *)((char *)base + offset) - 1;
	h->base = base;
	h->size = size;
	account(size);
	return h + 1;
}

static struct header *header_of(void *p)
{
	return (struct header *)p - 1;
}

void *memory_new(size_t count, size_t size)
{
	size_t bytes, total;
	if (!memory_multiply(count, size, &bytes) || !memory_add(bytes, sizeof(struct header), &total)) return NULL;
	if (must_fail()) return NULL;
	void *base = calloc(1, total);
	return base ? with_header(base, sizeof(struct header), bytes) : NULL;
}

void *memory_new_aligned(size_t count, size_t size, size_t align)
{
	if (align < sizeof(struct header)) align = sizeof(struct header);
	size_t bytes, total;
	if (!memory_multiply(count, size, &bytes) || !memory_add(bytes, 2 * align, &total)) return NULL;
	if (must_fail()) return NULL;
	char *base = calloc(1, total);
	if (!base) return NULL;
	size_t start = ((size_t)base + sizeof(struct header) + align - 1) & ~(align - 1);
	return with_header(base, start - (size_t)base, bytes);
}

/* A whole number of pages, however large those of the system are. */
static size_t mapped_bytes(size_t size)
{
	return (size + LARGE_HEAD + 65535) / 65536 * 65536;
}

void *memory_new_large(size_t size)
{
	size_t total;
	if (size < LARGE_PAGE || !memory_add(size, 2 * LARGE_PAGE, &total)) return memory_new_aligned(1, size, LARGE_HEAD);
	if (must_fail()) return NULL;
	size_t bytes = mapped_bytes(size), whole = bytes + LARGE_PAGE;
	char *at = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) return NULL;
	size_t before = (LARGE_PAGE - (size_t)at % LARGE_PAGE) % LARGE_PAGE;
	if (before > 0) munmap(at, before);
	munmap(at + before + bytes, LARGE_PAGE - before);
	madvise(at + before, bytes, MADV_HUGEPAGE); /* a wish: a system without them gives others */
	char *p = with_header(at + before, LARGE_HEAD, size);
	((struct header *)(void *)p)[-1].base = at + before + MAPPED;
	return p;
}

void *memory_resize(void *p, size_t count, size_t size)
{
	size_t bytes, total;
	if (!memory_multiply(count, size, &bytes) || !memory_add(bytes, sizeof(struct header), &total)) return NULL;
	if (must_fail()) return NULL;
	if (!p) {
		void *base = malloc(total);
		return base ? with_header(base, sizeof(struct header), bytes) : NULL;
	}
	size_t old = header_of(p)->size;
	void *base =
	        realloc(header_of(p)->base, total); /* never used on aligned or large blocks: their header is not at the start */
	if (!base) return NULL;
	atomic_fetch_sub(&in_use, old);
	return with_header(base, sizeof(struct header), bytes);
}

void memory_free(void *p)
{
	if (!p) return;
	char *base = header_of(p)->base;
	size_t size = header_of(p)->size;
	atomic_fetch_sub(&in_use, size);
	if ((size_t)base % 2 == MAPPED)
		munmap(base - MAPPED, mapped_bytes(size));
	else
		free(base);
}

char *memory_copy_text(const char *text, size_t length)
{
	size_t room;
	if (!memory_add(length, 1, &room)) return NULL;
	char *copy = memory_new(room, 1);
	if (copy && length) memcpy(copy, text, length);
	return copy;
}

void memory_wipe(void *p, size_t size)
{
	if (size == 0) return;
	memset(p, 0, size);
	__asm__ volatile("" : : "r"(p) : "memory"); /* the compiler must take the bytes as read */
}

/* Wipes whole pages [at, at + bytes), all of them `present` or none. One that is not there is new or swapped out: it is dropped,
 * and reads as zeros from then on. */
static void wipe_pages(char *at, size_t bytes, bool present)
{
	if (present || madvise(at, bytes, MADV_DONTNEED) != 0) memory_wipe(at, bytes);
}

void memory_wipe_sparse(void *p, size_t size)
{
	enum { PAGES = 4096 };
	unsigned char present[PAGES];
	long known = sysconf(_SC_PAGESIZE);
	size_t page = known > 0 ? (size_t)known : 4096, head = (page - (size_t)p % page) % page;
	if (head > size) head = size;
	char *at = (char *)p + head;
	size_t pages = (size - head) / page;
	memory_wipe(p, head);
	memory_wipe(at + pages * page, size - head - pages * page);
	while (pages > 0) {
		size_t n = pages < PAGES ? pages : PAGES;
		if (mincore(at, n * page, present) != 0) memset(present, 1, n);
		for (size_t i = 0, run; i < n; i += run) {
			run = 1;
			while (i + run < n && (present[i + run] & 1) == (present[i] & 1)) run++;
			wipe_pages(at + i * page, run * page, present[i] & 1);
		}
		at += n * page;
		pages -= n;
	}
}

size_t memory_gap(void)
{
	return GAP;
}

void memory_poison(void *p, size_t size)
{
	ASAN_POISON_MEMORY_REGION(p, size);
}

void memory_unpoison(void *p, size_t size)
{
	ASAN_UNPOISON_MEMORY_REGION(p, size);
}

bool memory_add(size_t a, size_t b, size_t *result)
{
	return !__builtin_add_overflow(a, b, result);
}

bool memory_multiply(size_t a, size_t b, size_t *result)
{
	return !__builtin_mul_overflow(a, b, result);
}

size_t memory_in_use(void)
{
	return atomic_load(&in_use);
}

size_t memory_peak(void)
{
	return atomic_load(&peak);
}

void memory_peak_reset(void)
{
	atomic_store(&peak, atomic_load(&in_use));
}

uint64_t memory_fail_at(uint64_t n, bool all)
{
	atomic_store(&fail_all, all);
	uint64_t left = atomic_exchange(&fail_countdown, n);
	return left == FAILING ? 0 : left;
}
