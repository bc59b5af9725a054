/* sequence_internal: pages, states and lengths, for model/forward. */
#ifndef HEARTH_MODEL_SEQUENCE_INTERNAL_H
#define HEARTH_MODEL_SEQUENCE_INTERNAL_H

#include "model/sequence.h"

#include <stddef.h>

/* The most marks of a sequence, and the states that one batch can bring: a wish, strides and the end. */
enum { SEQUENCE_MOST_MARKS = 32, SEQUENCE_MOST_NEXT = 8 };

/* A place to go back to, behind `length` positions: pages that a row there sees are kept. */
struct mark {
	uint32_t length;
	uint8_t *state; /* NULL: of a family without states */
};

struct sequence {
	struct model *model;
	const struct model_variant *variant; /* NULL: the model's own plan */
	uint8_t **pages;  /* table after table (page_tables.h), data of each page; the count of references lies before it. NULL in a
	                     table with a window: given up */
	uint32_t n_pages; /* of each table */
	uint32_t length;
	uint32_t pending; /* rows of the batch that is being put together */

	struct mark marks[SEQUENCE_MOST_MARKS]; /* ascending, none behind `length` */
	uint32_t n_marks;
	uint32_t wish; /* where the next mark is asked for; 0: nowhere */

	/* of a family with states; the count of references lies before each */
	uint8_t *state;                       /* behind `length` positions; NULL: zeros, at the beginning */
	uint8_t *spare;                       /* one that was of use before, to be written again */
	struct mark next[SEQUENCE_MOST_NEXT]; /* what the batch writes, ascending; the last one is behind its last row */
	uint32_t n_next;
};

/* Makes room for `more` positions behind the last one: copies a shared page that will be written, and has `next` ready. On failure
 * the sequence holds what it held. */
bool sequence_reserve(struct sequence *s, uint32_t more, struct error *e);

/* After a batch: takes the `pending` positions with their states, or gives up the room that was made. */
void sequence_commit(struct sequence *s);
void sequence_roll_back(struct sequence *s);

/* How many marks a sequence of this model may have. */
uint32_t sequence_most_marks(const struct model *m);

#endif
