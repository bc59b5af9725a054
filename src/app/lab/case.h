/* case: the form of golden cases: an object of variables with members to be ignored, and a moment. */
#ifndef HEARTH_APP_LAB_CASE_H
#define HEARTH_APP_LAB_CASE_H

#include "text/template.h"

#define CASE_MOMENT "2026-08-15T13:05:09"

/* Takes members that start with _ and `strftime_now` out of the object, whose moment goes to `moment` (CASE_MOMENT when absent),
 * and sets tools, documents and add_generation_prompt where they are absent. */
bool case_prepare(json_t *variables, struct template_moment *moment, struct error *e);

#endif
