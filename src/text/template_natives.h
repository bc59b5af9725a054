/* template_natives: the tables of filters, tests, methods and global functions, by name. Each is sorted nowhere: they are short. */
#ifndef HEARTH_TEXT_TEMPLATE_NATIVES_H
#define HEARTH_TEXT_TEMPLATE_NATIVES_H

#include "text/template_run.h"

/* A table ends with a row whose name is NULL. */
extern const struct native template_text_filters[], template_list_filters[], template_markup_filters[];
extern const struct native template_tests[], template_globals[];
extern const struct native template_text_methods[], template_text_check_methods[];
extern const struct native template_list_methods[], template_tuple_methods[], template_dict_methods[];
extern const struct native template_loop_methods[], template_cycler_methods[];

const struct native *native_find(const struct native *table, const struct text *name);
const struct native *native_filter(const struct text *name); /* NULL when there is none */
const struct native *native_test(const struct text *name);
const struct native *native_global(const struct text *name);

/* Parameters as natives need them. On a wrong kind the run fails and the result is false. */
bool parameter_int(struct run *r, struct value v, int64_t missing, int64_t *result);
bool parameter_bool(struct value v, bool missing);
const struct text *parameter_text(struct run *r, struct value v, const char *what); /* must be a text */

#endif
