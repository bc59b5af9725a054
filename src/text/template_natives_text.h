/* template_natives_text: what filters and methods of texts share. NULL means that the run failed. */
#ifndef HEARTH_TEXT_TEMPLATE_NATIVES_TEXT_H
#define HEARTH_TEXT_TEMPLATE_NATIVES_TEXT_H

#include "text/template_natives.h"

const struct text *text_to_case(struct run *r, const struct text *t, enum text_case to);
const struct text *text_capitalize(struct run *r, const struct text *t);
const struct text *text_title(struct run *r, const struct text *t, bool words); /* words: of the filter, not of str.title */
enum { STRIP_LEFT = 1, STRIP_RIGHT = 2, STRIP_BOTH = 3 };
const struct text *text_strip(struct run *r, const struct text *t, const struct text *points, int sides); /* points NULL: space */
const struct text *text_replace(struct run *r, const struct text *t, const struct text *old, const struct text *new, int64_t count);
const struct text *text_center(struct run *r, const struct text *t, int64_t width, const struct text *fill, char align);
const struct text *text_join(struct run *r, const struct text *separator, struct value parts, bool convert);
struct value text_split(struct run *r, const struct text *t, const struct text *separator, int64_t most);
struct value text_split_last(struct run *r, const struct text *t, const struct text *separator, int64_t most);
struct value text_lines(struct run *r, const struct text *t, bool keep_ends);

#endif
