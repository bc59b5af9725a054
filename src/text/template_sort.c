/* template_sort: attributes by path and sorting by key (see template_list_filters.h). */
#include "text/template_list_filters.h"
#include "text/template_natives_text.h"

static bool all_digits(const struct text *t)
{
	for (size_t i = 0, n; i < t->size; i += n) {
		if (!text_point_is_digit(text_point_at(t, i, &n))) return false;
	}
	return t->size > 0;
}

const struct list *attribute_path(struct run *r, struct value attribute)
{
	struct value path = value_list(r, VALUE_LIST, 0);
	if (path.kind == VALUE_FAILED) return NULL;
	if (attribute.kind == VALUE_MISSING || attribute.kind == VALUE_NONE) return path.list;
	if (attribute.kind != VALUE_TEXT) return list_append(r, path.list, attribute) ? path.list : NULL;
	const struct text *dot = text_static(r, ".");
	struct value parts = dot ? text_split(r, attribute.text, dot, -1) : value_failed();
	if (parts.kind == VALUE_FAILED) return NULL;
	for (size_t i = 0; i < parts.list->count; i++) {
		const struct text *part = parts.list->items[i].text;
		int64_t n;
		bool number = all_digits(part) && number_parse_integer(part->bytes, part->size, 10, &n);
		if (!list_append(r, path.list, number ? value_int(n) : value_text(part))) return NULL;
	}
	return path.list;
}

struct value follow_path(struct run *r, const struct list *path, struct value item, struct value otherwise)
{
	bool replaces = otherwise.kind != VALUE_MISSING && otherwise.kind != VALUE_NONE;
	for (size_t i = 0; i < path->count && item.kind != VALUE_FAILED; i++) {
		item = get_item(r, item, path->items[i]);
		if (replaces && item.kind == VALUE_UNDEFINED) item = otherwise;
	}
	return item;
}

struct value key_of(struct run *r, const struct list *path, struct value item, struct value otherwise, bool case_sensitive)
{
	struct value key = follow_path(r, path, item, otherwise);
	if (case_sensitive || key.kind != VALUE_TEXT) return key;
	return value_text(text_to_case(r, key.text, CASE_LOWER));
}

/* Merges items[0, half) and items[half, count) by way of `spare`. */
static bool merge(struct run *r, struct keyed_value *items, size_t half, size_t count, bool reverse, struct keyed_value *spare)
{
	size_t left = 0, right = half, at = 0;
	memcpy(spare, items, count * sizeof(*items));
	while (left < half && right < count) {
		bool second = reverse ? value_less(r, spare[left].key, spare[right].key)
		                      : value_less(r, spare[right].key, spare[left].key);
		if (r->failed) return false;
		items[at++] = second ? spare[right++] : spare[left++];
	}
	while (left < half) items[at++] = spare[left++];
	while (right < count) items[at++] = spare[right++];
	return true;
}

bool sort_by_key(struct run *r, struct keyed_value *items, size_t count, bool reverse)
{
	struct keyed_value *spare = run_alloc(r, count + 1, sizeof(*spare));
	if (!spare) return false;
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t at = 0; at + width < count; at += 2 * width) {
			size_t size = count - at < 2 * width ? count - at : 2 * width;
			if (!merge(r, items + at, width, size, reverse, spare)) return false;
		}
	}
	return true;
}
