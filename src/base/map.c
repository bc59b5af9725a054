/*
 * map: open addressing over seeded 64-bit hashes (see map.h).
 *
 * The hash follows the wyhash construction (public domain), but with secret constants: whoever knew one could choose keys
 * that multiply by zero, and all of those collide whatever the seed.
 */
#include "base/map.h"

#include "base/memory.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>

struct slot {
	const void *key; /* NULL: free */
	size_t length;
	uint64_t hash, value;
};

struct map {
	struct slot *slots; /* `mask` + 1 of them */
	size_t mask, count;
};

/* Drawn once a process; the first is 0 until then. */
enum { SECRETS = 4 };
static atomic_uint_fast64_t secrets[SECRETS];

static uint64_t secret(int index)
{
	return atomic_load_explicit(&secrets[index], memory_order_relaxed);
}

static void draw_secrets(void)
{
	uint64_t fresh[SECRETS];
	if (getrandom(fresh, sizeof fresh, GRND_NONBLOCK) != (ssize_t)sizeof fresh) {
		/* Before the kernel's generator is ready: where the loader put stack and code is what is left. */
		fresh[0] = (uint64_t)(uintptr_t)fresh;
		for (int i = 1; i < SECRETS; i++) fresh[i] = fresh[i - 1] * 0x9e3779b97f4a7c15u + (uint64_t)(uintptr_t)&secrets;
	}
	/* Two threads may draw at once: each secret is the one that came first, and [0] is set when all others are. */
	for (int i = SECRETS - 1; i >= 0; i--) {
		uint_fast64_t none = 0;
		atomic_compare_exchange_strong(&secrets[i], &none, fresh[i] | 1);
	}
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

static uint64_t load32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

uint64_t map_hash(const void *key, size_t length)
{
	if (atomic_load_explicit(&secrets[0], memory_order_acquire) == 0) draw_secrets();
	const uint64_t s1 = secret(1), s2 = secret(2), s3 = secret(3);
	uint64_t h = secret(0) ^ length, a = 0, b = 0;
	const uint8_t *p = key;
	while (length > 16) {
		h = mix(load64(p) ^ s1, load64(p + 8) ^ h);
		p += 16;
		length -= 16;
	}
	/* The last 1 to 16 bytes in two loads, overlapping where they must: keys are short, and copying them would cost more. */
	if (length >= 8) {
		a = load64(p);
		b = load64(p + length - 8);
	} else if (length >= 4) {
		a = load32(p);
		b = load32(p + length - 4);
	} else if (length > 0) {
		a = (uint64_t)p[0] << 16 | (uint64_t)p[length / 2] << 8 | p[length - 1];
	}
	return mix(h ^ s3, mix(a ^ s1, b ^ h ^ s2));
}

struct map *map_new(size_t expected)
{
	size_t slots = 16;
	while (slots / 4 * 3 < expected) {
		if (slots > SIZE_MAX / 4) return NULL;
		slots *= 2;
	}
	struct map *m = memory_new(1, sizeof *m);
	if (!m) return NULL;
	m->slots = memory_new(slots, sizeof *m->slots);
	m->mask = slots - 1;
	if (m->slots) return m;
	memory_free(m);
	return NULL;
}

void map_free(struct map *m)
{
	if (!m) return;
	memory_free(m->slots);
	memory_free(m);
}

/* The slot that holds the key, or the free one where it would go. */
static struct slot *find(const struct map *m, const void *key, size_t length, uint64_t hash)
{
	for (size_t i = (size_t)hash & m->mask;; i = (i + 1) & m->mask) {
		struct slot *s = &m->slots[i];
		if (!s->key) return s;
		if (s->hash == hash && s->length == length && memcmp(s->key, key, length) == 0) return s;
	}
}

static bool grow(struct map *m)
{
	struct map bigger = { .mask = m->mask * 2 + 1, .count = m->count };
	bigger.slots = memory_new(bigger.mask + 1, sizeof *bigger.slots);
	if (!bigger.slots) return false;
	for (size_t i = 0; i <= m->mask; i++) {
		const struct slot *s = &m->slots[i];
		if (s->key) *find(&bigger, s->key, s->length, s->hash) = *s;
	}
	memory_free(m->slots);
	*m = bigger;
	return true;
}

bool map_set(struct map *m, const void *key, size_t length, uint64_t value)
{
	if (!key) key = ""; /* NULL marks a free slot */
	uint64_t hash = map_hash(key, length);
	struct slot *s = find(m, key, length, hash);
	if (!s->key) {
		if (m->count + 1 > (m->mask + 1) / 4 * 3) {
			if (!grow(m)) return false;
			s = find(m, key, length, hash);
		}
		*s = (struct slot){ .key = key, .length = length, .hash = hash };
		m->count++;
	}
	s->value = value;
	return true;
}

bool map_get(const struct map *m, const void *key, size_t length, uint64_t *value)
{
	if (!key) key = "";
	const struct slot *s = find(m, key, length, map_hash(key, length));
	if (!s->key) return false;
	if (value) *value = s->value;
	return true;
}

size_t map_count(const struct map *m)
{
	return m->count;
}
