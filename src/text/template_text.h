/*
 * template_text: texts with an origin for every byte: building, cutting, searching; and Python's view of code points and
 * numbers. A text is made in the arena of its run.
 */
#ifndef HEARTH_TEXT_TEMPLATE_TEXT_H
#define HEARTH_TEXT_TEMPLATE_TEXT_H

#include "text/template_value.h"

#include <string.h>

/* Code points, as Python's str methods sort them. */
bool text_point_is_space(uint32_t point);
bool text_point_is_word(uint32_t point); /* \w of a regular expression */
bool text_point_is_letter(uint32_t point);
bool text_point_is_cased(uint32_t point);
bool text_point_is_upper(uint32_t point);
bool text_point_is_lower(uint32_t point);
bool text_point_is_title(uint32_t point);
bool text_point_is_decimal(uint32_t point);
int text_point_decimal(uint32_t point); /* 0 to 9; -1 when it is no decimal digit */
bool text_point_is_digit(uint32_t point);
bool text_point_is_numeric(uint32_t point);
bool text_point_is_printable(uint32_t point);

enum text_case { CASE_UPPER, CASE_LOWER, CASE_TITLE, CASE_FOLD };
/* The code points that `point` becomes (1 to 3), without regard to its neighbours. */
size_t text_point_to_case(uint32_t point, enum text_case to, uint32_t out[4]);

size_t text_count_points(const char *bytes, size_t size);
size_t text_points(const struct text *t);
bool text_is_space(const struct text *t); /* not empty, white space alone */

/* The code point at byte `at`, whose length goes to *size. */
uint32_t text_point_at(const struct text *t, size_t at, size_t *size);

static inline uint8_t text_origin_at(const struct text *t, size_t at)
{
	return t->origin ? t->origin[at] : t->uniform;
}

bool text_has_message(const struct text *t);

static inline bool text_equals(const struct text *a, const struct text *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static inline bool text_is(const struct text *a, const char *b)
{
	return a->size == strlen(b) && memcmp(a->bytes, b, a->size) == 0;
}

int text_compare(const struct text *a, const struct text *b); /* by code points; below, equal to or above 0 */

/* The first byte in [from, to) where `part` lies as a whole, or the last one; SIZE_MAX when it is nowhere. */
size_t text_find(const struct text *t, const struct text *part, size_t from, size_t to);
size_t text_find_last(struct run *r, const struct text *t, const struct text *part, size_t from, size_t to);

/* The byte at which code point number `point` begins (the size when there are fewer). Linear for text that is not ASCII. */
size_t text_byte_of_point(const struct text *t, size_t point);

/* New texts. NULL, with the run failed, when memory is out. */
const struct text *text_new(struct run *r, const char *bytes, size_t size, uint8_t origin); /* copies */
const struct text *text_static(struct run *r, const char *literal);                         /* the template's */
const struct text *text_slice(struct run *r, const struct text *t, size_t from, size_t to); /* shares */
const struct text *text_concat(struct run *r, const struct text *a, const struct text *b);  /* grows a's strand if it can */
const struct text *text_with_markup(struct run *r, const struct text *t, bool markup);

/* Appends to a text that nobody can see yet. Appends after a failure do nothing. */
struct builder {
	struct run *run;
	struct strand *strand; /* NULL when memory was out */
};
struct builder builder_new(struct run *r);
bool builder_bytes(struct builder *b, const char *bytes, size_t size, uint8_t origin);
bool builder_literal(struct builder *b, const char *literal, uint8_t origin);
bool builder_point(struct builder *b, uint32_t point, uint8_t origin);
bool builder_part(struct builder *b, const struct text *t, size_t from, size_t to);
bool builder_text(struct builder *b, const struct text *t);
bool builder_repeat(struct builder *b, const struct text *t, size_t times);
const struct text *builder_done(struct builder *b);

/* Numbers, independent of the locale. */
bool number_parse(const char *digits, size_t length, double *value); /* [+-]digits[.digits][e[+-]digits] */
bool number_parse_integer(const char *digits, size_t length, unsigned base, int64_t *value);
size_t number_write(double value, char out[40]); /* Python's repr() */
size_t number_write_integer(int64_t value, char out[24]);
/* printf's e, f or g with a precision up to 60, '.' as decimal sign, into out[0..room); the length. */
size_t number_format(double value, char conversion, int precision, bool alternate, char *out, size_t room);

#define NUMBER_ROOM 512

#endif
