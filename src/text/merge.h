/*
 * merge: one stretch of text without special tokens to ids (private to the tokenizer): by merging, but for the models of
 * text/cutters.h.
 *
 * SentencePiece BPE and rank BPE are one algorithm: of all neighbouring symbols that may merge, those of the best rank do,
 * the leftmost first, until none may. SPM asks for the rank of the joined text, the others for that of the pair.
 */
#ifndef HEARTH_TEXT_MERGE_H
#define HEARTH_TEXT_MERGE_H

#include "base/buffer.h"
#include "text/tokenizer.h"

struct merger;

/* For one text of `length` bytes; ids go to `out`; `options` of enum tokenizer_option. NULL when memory is out. */
struct merger *merger_new(const struct vocab *v, size_t length, unsigned options, struct token_list *out);
void merger_free(struct merger *m); /* NULL is allowed */

/* Appends the ids of a stretch; `space`: as if a space stood in front of it. */
bool merger_encode(struct merger *m, const char *text, size_t length, bool space, struct error *e);

/*
 * merge_queue: the pairs of a long word that may merge, best rank first, leftmost first among equals.
 *
 * Pairs mostly arrive in the order of their places, so each rank has a list of its own and a heap orders the ranks; only a
 * pair that arrives behind a later one of its rank goes through a heap of single pairs.
 */
struct merge_queue {
	struct merge_entry {
		uint32_t place, next; /* index + 1 of the next entry of the rank; 0: none */
	} * entries;
	uint32_t n_entries, entries_room, free; /* `free`: index + 1 of the first unused entry */
	struct merge_list {
		uint32_t first, last; /* index + 1; 0: the list is empty */
	} * lists;                    /* by rank */
	uint64_t *ranks;              /* heap of the ranks whose lists are not empty */
	size_t n_ranks, ranks_room;
	uint64_t *late; /* heap of rank << 32 | place */
	size_t n_late, late_room;
};

bool merge_queue_start(struct merge_queue *q, uint32_t highest_rank); /* false when memory is out */
void merge_queue_free(struct merge_queue *q);
bool merge_queue_add(struct merge_queue *q, uint32_t rank, uint32_t place);
bool merge_queue_take(struct merge_queue *q, uint32_t *rank, uint32_t *place); /* false when it is empty */

#endif
