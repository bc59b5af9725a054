/* template_iterate: what an iterator is, for those who make new kinds of them. */
#ifndef HEARTH_TEXT_TEMPLATE_ITERATE_H
#define HEARTH_TEXT_TEMPLATE_ITERATE_H

#include "text/template_run.h"

/* The next item; false at the end, or when the run failed. */
typedef bool (*iterator_step)(struct run *r, struct iterator *i, struct value *v);

struct iterator {
	iterator_step step;
	struct value over;       /* what is iterated, or what the step works with */
	struct iterator *source; /* where a lazy filter takes its items from */
	size_t at;
	unsigned depth; /* sources behind one another */
	bool busy, done;
	const void *state; /* of a lazy filter */
};

struct iterator *iterator_new(struct run *r, iterator_step step);
struct iterator *iterator_from(struct run *r, iterator_step step, struct value source);

/* (key, value) of a dict's member. */
struct value dict_member(struct run *r, struct value dict, size_t at);

#endif
