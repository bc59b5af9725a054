/* session: ids of a timeline and the search for what a new prompt shares with it (see session.h). */
#include "engine/session.h"

#include "base/memory.h"

#include <string.h>

struct session *session_new(uint64_t id, struct error *e)
{
	struct session *s = memory_new(1, sizeof *s);
	if (!s) {
		error_memory(e);
		return NULL;
	}
	s->id = id;
	return s;
}

void session_free(struct session *s)
{
	if (!s) return;
	sequence_free(s->sequence);
	sequence_free(s->draft);
	adapter_set_drop(s->adapters);
	adapter_set_drop(s->asked);
	if (s->ids) memory_wipe(s->ids, s->room * sizeof *s->ids);
	memory_free(s->ids);
	memory_free(s);
}

/* A list of ids read as bytes, a token at a time. */
struct reader {
	const int32_t *ids;
	size_t n, at; /* the next token */
	const char *bytes;
	size_t left; /* of the token before */
};

static bool read_token(struct reader *r, session_piece piece, const void *data)
{
	if (r->at == r->n || !piece(data, r->ids[r->at], &r->bytes, &r->left) || r->left == 0) return false;
	r->at++;
	return true;
}

/* Reads both until they have spelled the same bytes and stand at a token's end together. */
static bool read_stretch(struct reader *a, struct reader *b, session_piece piece, const void *data)
{
	do {
		if (a->left == 0 && !read_token(a, piece, data)) return false;
		if (b->left == 0 && !read_token(b, piece, data)) return false;
		size_t n = a->left < b->left ? a->left : b->left;
		if (memcmp(a->bytes, b->bytes, n) != 0) return false;
		a->bytes += n;
		b->bytes += n;
		a->left -= n;
		b->left -= n;
	} while (a->left > 0 || b->left > 0);
	return true;
}

struct session_match session_match(const int32_t *held, size_t n_held, const int32_t *wanted, size_t n_wanted, size_t most,
                                   session_piece piece, const void *data, int32_t *merged)
{
	struct reader a = { .ids = held, .n = n_held }, b = { .ids = wanted, .n = n_wanted };
	size_t kept = 0, next = 0, at = 0, of = 0; /* where both stand at a common boundary, and the last such that fits */
	while (at < n_held && of < n_wanted) {
		a.at = at;
		b.at = of;
		if (held[at] == wanted[of]) {
			at++;
			of++;
		} else if (piece && read_stretch(&a, &b, piece, data)) {
			at = a.at;
			of = b.at;
		} else {
			break;
		}
		if (at + n_wanted - of > most) continue;
		kept = at;
		next = of;
	}
	if (merged && kept) memcpy(merged, held, kept * sizeof *merged);
	if (merged && n_wanted > next) memcpy(merged + kept, wanted + next, (n_wanted - next) * sizeof *merged);
	return (struct session_match){ .kept = kept, .n_merged = kept + n_wanted - next };
}

bool session_reserve(struct session *s, size_t count, struct error *e)
{
	size_t need = s->n_ids + count;
	if (need <= s->room) return true;
	size_t room = need < UINT32_MAX / 2 ? need + need / 2 + 64 : need;
	if (room > UINT32_MAX) return error_memory(e);
	int32_t *ids = memory_resize(s->ids, room, sizeof *ids);
	if (!ids) return error_memory(e);
	s->ids = ids;
	s->room = (uint32_t)room;
	return true;
}

void session_append(struct session *s, const int32_t *ids, size_t count)
{
	memcpy(s->ids + s->n_ids, ids, count * sizeof *ids);
	s->n_ids += (uint32_t)count;
}

void session_adapt(struct session *s)
{
	if (s->adapters == s->asked) return;
	session_truncate(s, 0);
	if (s->sequence) sequence_adapt(s->sequence, adapter_set_variant(s->asked));
	adapter_set_drop(s->adapters);
	s->adapters = adapter_set_share(s->asked);
}

void session_truncate(struct session *s, uint32_t length)
{
	if (length >= s->n_ids) return;
	if (s->sequence) length = sequence_truncate(s->sequence, length);
	if (s->draft) sequence_truncate(s->draft, length);
	memory_wipe(s->ids + length, (s->n_ids - length) * sizeof *s->ids);
	s->n_ids = length;
}
