/* template_time: strftime of the C locale for a given moment. */
#ifndef HEARTH_TEXT_TEMPLATE_TIME_H
#define HEARTH_TEXT_TEMPLATE_TIME_H

#include "text/template_run.h"

/* Appends the moment in the format. What a % stands before is the template's; other text keeps its origin. */
bool time_write(struct builder *b, const struct template_moment *m, const struct text *format);

#endif
