/* template_loop: the state of a for loop, which the body sees as `loop`. */
#ifndef HEARTH_TEXT_TEMPLATE_LOOP_H
#define HEARTH_TEXT_TEMPLATE_LOOP_H

#include "text/template_iterate.h"

struct loop {
	const struct node *node;
	struct scope *scope; /* around the loop */
	struct value iterable;
	struct iterator *iterator;
	int64_t index;                       /* from 0; -1 before the first turn */
	struct value before, current, after; /* VALUE_MISSING where there is none, or it is not known yet */
	size_t length;
	bool has_length, has_changed;
	struct value changed; /* the last arguments of changed() */
	unsigned depth;       /* from 0 */
};

/* Runs a loop over a value; prints what its turns print. */
enum flow loop_run(struct run *r, const struct node *n, struct value iterable, struct scope *scope, unsigned depth);

#endif
