/* sequence_internal: pages and lengths, for model/forward. */
#ifndef HEARTH_MODEL_SEQUENCE_INTERNAL_H
#define HEARTH_MODEL_SEQUENCE_INTERNAL_H

#include "model/sequence.h"

#include <stddef.h>

struct sequence {
	struct model *model;
	uint8_t **pages; /* data of each page; the count of references lies before it */
	uint32_t n_pages;
	uint32_t length;
	uint32_t pending; /* rows of the batch that is being put together */
};

/* Makes room for `more` positions behind the last one, copying a shared page that will be written. On failure the sequence
 * holds what it held. */
bool sequence_reserve(struct sequence *s, uint32_t more, struct error *e);

#endif
