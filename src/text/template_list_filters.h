/* template_list_filters: what filters of several values share: attributes by path, keys to sort by, sorting. */
#ifndef HEARTH_TEXT_TEMPLATE_LIST_FILTERS_H
#define HEARTH_TEXT_TEMPLATE_LIST_FILTERS_H

#include "text/template_iterate.h"
#include "text/template_natives.h"

/* 'a.b.0' or a number as a list of items to take one after the other; none gives an empty list. NULL when the run failed. */
const struct list *attribute_path(struct run *r, struct value attribute);

/* Follows the path; `otherwise` (VALUE_MISSING or none: nothing) replaces what is undefined on the way. */
struct value follow_path(struct run *r, const struct list *path, struct value item, struct value otherwise);

struct keyed_value {
	struct value key, value;
};

/* Sorts by key, equal ones staying in order; false when the run failed. */
bool sort_by_key(struct run *r, struct keyed_value *items, size_t count, bool reverse);

/* The key of one item: its attribute, texts in lower case unless `case_sensitive`. */
struct value key_of(struct run *r, const struct list *path, struct value item, struct value otherwise, bool case_sensitive);

struct value lazy_map(struct run *r, struct value self, const struct value *a, const struct arguments *all);
struct value lazy_select(struct run *r, struct value self, const struct value *a, const struct arguments *all);
struct value lazy_reject(struct run *r, struct value self, const struct value *a, const struct arguments *all);
struct value lazy_selectattr(struct run *r, struct value self, const struct value *a, const struct arguments *all);
struct value lazy_rejectattr(struct run *r, struct value self, const struct value *a, const struct arguments *all);

#endif
