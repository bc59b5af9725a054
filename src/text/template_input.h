/* template_input: the variables that a run begins with, made from JSON, with their origin. */
#ifndef HEARTH_TEXT_TEMPLATE_INPUT_H
#define HEARTH_TEXT_TEMPLATE_INPUT_H

#include "text/template_run.h"

/* Bytes of text in the input, keys and a few for every other value included: what budgets grow with. */
size_t input_size(const json_t *variables);

/* Sets the variables that occur in the template. Texts stay where jansson keeps them. */
bool input_bind(struct run *r);

#endif
