/* select: radix selection and heap sort over 64-bit keys (see select.h). */
#include "engine/select.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { TOP_ROOM = 256 };

/* Positive floats get the sign bit set, negative ones are inverted: then integers compare as the floats do. */
uint64_t select_key(float value, uint32_t index)
{
	uint32_t bits;
	if (value == 0) value = 0; /* -0 is 0 */
	memcpy(&bits, &value, sizeof bits);
	bits ^= bits >> 31 ? 0xffffffffu : 0x80000000u;
	return (uint64_t)bits << 32 | (uint32_t)~index;
}

float select_value(uint64_t key)
{
	uint32_t bits = (uint32_t)(key >> 32);
	bits ^= bits >> 31 ? 0x80000000u : 0xffffffffu;
	float value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

uint32_t select_index(uint64_t key)
{
	return ~(uint32_t)key;
}

static void swap(uint64_t *a, uint64_t *b)
{
	uint64_t t = *a;
	*a = *b;
	*b = t;
}

/* Orders keys[first..last) by the byte at `shift`: those above `digit`, those equal to it (from *equal), those below (from *below).
 */
static void part(uint64_t *keys, size_t first, size_t last, int shift, unsigned digit, size_t *equal, size_t *below)
{
	size_t at = first, low = first, high = last;
	while (at < high) {
		unsigned d = (unsigned)(keys[at] >> shift) & 255;
		if (d > digit) {
			swap(&keys[at++], &keys[low++]);
		} else if (d < digit) {
			swap(&keys[at], &keys[--high]);
		} else {
			at++;
		}
	}
	*equal = low;
	*below = high;
}

void select_largest(uint64_t *keys, size_t n, size_t count)
{
	/* Invariant: keys[0..first) belong to the result, keys[last..n) do not, and the border runs through keys[first..last),
	 * which agree in all bytes above `shift`. Keys differ, so the last byte ends it. */
	size_t first = 0, last = n;
	for (int shift = 56; shift >= 0 && first < count && count < last; shift -= 8) {
		size_t histogram[256] = { 0 };
		for (size_t i = first; i < last; i++) histogram[(keys[i] >> shift) & 255]++;
		size_t above = first;
		unsigned digit = 255;
		while (above + histogram[digit] < count) above += histogram[digit--];
		part(keys, first, last, shift, digit, &first, &last);
	}
}

static void sink(uint64_t *heap, size_t at, size_t n)
{
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= n) return;
		if (child + 1 < n && heap[child + 1] < heap[child]) child++;
		if (heap[at] <= heap[child]) return;
		swap(&heap[at], &heap[child]);
		at = child;
	}
}

void select_sort(uint64_t *keys, size_t n)
{
	for (size_t i = n / 2; i > 0; i--) sink(keys, i - 1, n);
	for (size_t left = n; left > 1; left--) { /* the smallest goes behind the heap */
		swap(&keys[0], &keys[left - 1]);
		sink(keys, 0, left - 1);
	}
}

float select_bounded(float logit)
{
	if (isnan(logit)) return -FLT_MAX;
	return logit > FLT_MAX ? FLT_MAX : logit < -FLT_MAX ? -FLT_MAX : logit;
}

/* All but the k best of the collected keys go; returns the least of these. */
static uint64_t keep_best(uint64_t *keys, size_t held, size_t k)
{
	select_largest(keys, held, k);
	uint64_t least = keys[0];
	for (size_t i = 1; i < k; i++) least = keys[i] < least ? keys[i] : least;
	return least;
}

/* Logits above the least of the best so far are collected; when the room is full, all but the k best of them go, which at least
 * halves it. Of equal ones the first stay, so a later one must be strictly greater. */
size_t select_top(uint64_t *keys, const float *logits, uint32_t n, size_t k)
{
	size_t room = 2 * k + TOP_ROOM < n ? 2 * k + TOP_ROOM : n, held = 0;
	float least = -INFINITY;
	bool full = false; /* `least` holds */
	for (uint32_t i = 0; i < n; i++) {
		if (full && !(logits[i] > least)) continue;
		if (held == room) {
			least = select_value(keep_best(keys, held, k));
			held = k;
			full = true;
			if (!(logits[i] > least)) continue;
		}
		keys[held++] = select_key(select_bounded(logits[i]), i);
	}
	size_t top = held < k ? held : k;
	select_largest(keys, held, top);
	select_sort(keys, top);
	return top;
}
