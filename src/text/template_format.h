/* template_format: how one value is written in a field: what both kinds of format strings come down to. */
#ifndef HEARTH_TEXT_TEMPLATE_FORMAT_H
#define HEARTH_TEXT_TEMPLATE_FORMAT_H

#include "text/template_run.h"

/* [[fill]align][sign][#][0][width][grouping][.precision][type], as Python's format specifications. */
struct field {
	const struct text *fill; /* NULL: a space */
	char align;              /* '<', '>', '^', '=' or 0: as is natural for the value */
	char sign;               /* '+', '-', ' ' */
	char grouping;           /* ',' or '_' or 0 */
	char type;               /* 0: none was given */
	bool alternate, zero;
	int64_t width, precision; /* precision -1: none was given */
};

#define FIELD_WIDTH_LIMIT 100000

/* Appends `digits` (ASCII, with sign and prefix apart) or a text into its field. */
bool field_write_number(struct builder *b, const struct field *f, const char *sign, const char *digits, uint8_t origin);
bool field_write_text(struct builder *b, const struct field *f, const struct text *t);

/* The digits of a number in the field's type; false when the type does not go with the number. */
bool field_digits(struct run *r, const struct field *f, struct value v, char *out, size_t room, bool *negative);

/* A value with a format specification, as format() of Python. */
bool field_format(struct builder *b, struct value v, const struct text *specification);

#endif
