/* lookup: lists of positions by their last two tokens (see lookup.h). */
#include "engine/lookup.h"

#include "base/memory.h"

#include <stddef.h>

enum { BITS = 14, LOOKED_AT = 48 }; /* lists; places of a list that are compared */

static uint32_t hash(int32_t a, int32_t b)
{
	return ((uint32_t)a * 0x9e3779b1u ^ (uint32_t)b * 0x85ebca77u) >> (32 - BITS);
}

static bool make_room(struct lookup *l, uint32_t n, struct error *e)
{
	if (!l->newest) l->newest = memory_new((size_t)1 << BITS, sizeof *l->newest);
	if (!l->newest) return error_memory(e);
	if (n <= l->room) return true;
	size_t room = (size_t)n + n / 2 + 256;
	uint32_t *before = room <= UINT32_MAX ? memory_resize(l->before, room, sizeof *before) : NULL;
	if (!before) return error_memory(e);
	l->before = before;
	l->room = (uint32_t)room;
	return true;
}

bool lookup_follow(struct lookup *l, const int32_t *ids, uint32_t n, struct error *e)
{
	if (!make_room(l, n, e)) return false;
	for (uint32_t i = l->n; i < n; i++) {
		if (i == 0) continue;
		uint32_t *newest = &l->newest[hash(ids[i - 1], ids[i])];
		l->before[i] = *newest;
		*newest = i + 1;
	}
	if (n > l->n) l->n = n;
	return true;
}

/* How many tokens up to position `at` are those up to the end, which is ids[0..n) + next. */
static uint32_t common_past(const int32_t *ids, uint32_t n, int32_t next, uint32_t at)
{
	if (ids[at] != next) return 0;
	uint32_t k = 1;
	while (k < LOOKUP_LONGEST && k <= at && k <= n && ids[at - k] == ids[n - k]) k++;
	return k;
}

uint32_t lookup_find(const struct lookup *l, const int32_t *ids, uint32_t n, int32_t next, int32_t *guesses, uint32_t most,
                     uint32_t *common)
{
	uint32_t best = 0, place = 0, looked = 0;
	if (!l->newest || n == 0) return 0;
	for (uint32_t at = l->newest[hash(ids[n - 1], next)]; at && looked < LOOKED_AT && best < LOOKUP_LONGEST; looked++) {
		uint32_t past = common_past(ids, n, next, at - 1);
		if (past > best) {
			best = past;
			place = at; /* the token behind it */
		}
		at = l->before[at - 1];
	}
	*common = best;
	if (best < 2) return 0;
	for (uint32_t i = 0; i < most; i++) {
		uint32_t from = place + i;
		guesses[i] = from < n ? ids[from] : from == n ? next : guesses[from - n - 1];
	}
	return most;
}

void lookup_clear(struct lookup *l)
{
	if (l->newest) memory_wipe(l->newest, ((size_t)1 << BITS) * sizeof *l->newest);
	if (l->before) memory_wipe(l->before, l->room * sizeof *l->before);
	memory_free(l->newest);
	memory_free(l->before);
	*l = (struct lookup){ 0 };
}
