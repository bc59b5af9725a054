/* template_text: texts with an origin for every byte (see template_text.h). */
#include "text/template_text.h"

#include "text/template_run.h"

#include "base/utf8.h"

size_t text_count_points(const char *bytes, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < size; i++) n += ((uint8_t)bytes[i] & 0xC0) != 0x80;
	return n;
}

/* Counting is cheap beside making the text; the count is not kept, because texts of the tree are shared by threads. */
size_t text_points(const struct text *t)
{
	return t->points == UNKNOWN_POINTS ? text_count_points(t->bytes, t->size) : t->points;
}

bool text_is_space(const struct text *t)
{
	for (size_t i = 0, n; i < t->size; i += n) {
		if (!text_point_is_space(text_point_at(t, i, &n))) return false;
	}
	return t->size > 0;
}

uint32_t text_point_at(const struct text *t, size_t at, size_t *size)
{
	uint32_t point = UTF8_REPLACEMENT;
	*size = utf8_decode(t->bytes + at, t->size - at, &point);
	if (*size == 0) *size = 1;
	return point;
}

bool text_has_message(const struct text *t)
{
	if (!t->origin) return t->size > 0 && t->uniform == TEMPLATE_ORIGIN_MESSAGE;
	return memchr(t->origin, TEMPLATE_ORIGIN_MESSAGE, t->size) != NULL;
}

int text_compare(const struct text *a, const struct text *b)
{
	size_t n = a->size < b->size ? a->size : b->size;
	int order = n ? memcmp(a->bytes, b->bytes, n) : 0; /* UTF-8 sorts as its code points do */
	return order ? order : (a->size > b->size) - (a->size < b->size);
}

size_t text_find(const struct text *t, const struct text *part, size_t from, size_t to)
{
	if (from > to || part->size > to - from) return SIZE_MAX;
	if (part->size == 0) return from;
	const char *found = memmem(t->bytes + from, to - from, part->bytes, part->size);
	return found ? (size_t)(found - t->bytes) : SIZE_MAX;
}

/* Backwards, comparing at every place where the first byte is right; the run pays for comparisons. */
size_t text_find_last(struct run *r, const struct text *t, const struct text *part, size_t from, size_t to)
{
	if (from > to || part->size > to - from) return SIZE_MAX;
	if (part->size == 0) return to;
	for (size_t end = to - part->size + 1; end > from;) {
		const char *found = memrchr(t->bytes + from, part->bytes[0], end - from);
		if (!found) return SIZE_MAX;
		end = (size_t)(found - t->bytes);
		if (memcmp(found, part->bytes, part->size) == 0) return end;
		if (!run_charge(r, part->size / 16 + 1)) return SIZE_MAX;
	}
	return SIZE_MAX;
}

size_t text_byte_of_point(const struct text *t, size_t point)
{
	if (t->points == t->size) return point < t->size ? point : t->size;
	size_t at = 0;
	for (; point > 0 && at < t->size; point--) {
		do at++;
		while (at < t->size && ((uint8_t)t->bytes[at] & 0xC0) == 0x80);
	}
	return at;
}

static struct text *text_over(struct run *r, const char *bytes, size_t size, const uint8_t *origin, uint8_t uniform)
{
	struct text *t = run_alloc(r, 1, sizeof *t);
	if (!t) return NULL;
	t->bytes = bytes;
	t->size = size;
	t->origin = origin;
	t->uniform = uniform;
	t->points = text_count_points(bytes, size);
	return t;
}

const struct text *text_new(struct run *r, const char *bytes, size_t size, uint8_t origin)
{
	struct builder b = builder_new(r);
	builder_bytes(&b, bytes, size, origin);
	return builder_done(&b);
}

const struct text *text_static(struct run *r, const char *literal)
{
	return text_over(r, literal, strlen(literal), NULL, TEMPLATE_ORIGIN_TEMPLATE);
}

static const struct text *one_ascii(struct run *r, uint8_t c)
{
	static const char all[] =
	        "\0\1\2\3\4\5\6\7\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
	        " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f";
	if (!r->ascii[c]) r->ascii[c] = text_over(r, all + c, 1, NULL, TEMPLATE_ORIGIN_MESSAGE);
	return r->ascii[c];
}

const struct text *text_slice(struct run *r, const struct text *t, size_t from, size_t to)
{
	if (from == 0 && to == t->size) return t;
	if (from >= to && !t->markup) return r->empty;
	if (to < from) to = from;
	if (!run_charge(r, (to - from) / 64)) return NULL;
	uint8_t first = from < to ? text_origin_at(t, from) : 0;
	if (to - from == 1 && first == TEMPLATE_ORIGIN_MESSAGE && (uint8_t)t->bytes[from] < 128 && !t->markup)
		return one_ascii(r, (uint8_t)t->bytes[from]);
	struct text *slice = text_over(r, t->bytes + from, to - from, t->origin ? t->origin + from : NULL, t->uniform);
	if (!slice) return NULL;
	slice->markup = t->markup;
	if (from == 0) slice->strand = t->strand;
	return slice;
}

const struct text *text_with_markup(struct run *r, const struct text *t, bool markup)
{
	if (t->markup == markup) return t;
	struct text *copy = run_alloc(r, 1, sizeof *copy);
	if (!copy) return NULL;
	*copy = *t;
	copy->markup = markup;
	return copy;
}

/* Room for `more` bytes; what texts point at stays where it is. */
static bool strand_grow(struct run *r, struct strand *s, size_t more)
{
	if (more <= s->room - s->used) return true;
	if (more > TEMPLATE_SOURCE_LIMIT * 1024) return run_fail_memory(r), false;
	size_t room = s->used + more > 2 * s->room ? s->used + more : 2 * s->room;
	if (room < 48) room = 48;
	char *bytes = run_alloc(r, room, 1);
	uint8_t *origin = s->origin ? run_alloc(r, room, 1) : NULL;
	if (!bytes || (s->origin && !origin)) return false;
	if (s->used) memcpy(bytes, s->bytes, s->used);
	if (origin) memcpy(origin, s->origin, s->used);
	s->bytes = bytes;
	s->origin = origin;
	s->room = room;
	return true;
}

/* From now on the strand keeps an origin for each byte. */
static bool strand_mix(struct run *r, struct strand *s)
{
	s->origin = run_alloc(r, s->room, 1);
	if (!s->origin) return false;
	memset(s->origin, s->uniform, s->used);
	return true;
}

static bool strand_append(struct run *r, struct strand *s, const char *bytes, size_t size, const uint8_t *origin, uint8_t uniform)
{
	if (size == 0) return true;
	if (!run_charge(r, size / 16) || !strand_grow(r, s, size)) return false;
	if (s->used == 0 && !s->origin) s->uniform = origin ? origin[0] : uniform;
	bool same = !origin && uniform == s->uniform;
	if (!s->origin && !same && !strand_mix(r, s)) return false;
	memcpy(s->bytes + s->used, bytes, size);
	if (s->origin && origin) memcpy(s->origin + s->used, origin, size);
	if (s->origin && !origin) memset(s->origin + s->used, uniform, size);
	s->used += size;
	return true;
}

struct builder builder_new(struct run *r)
{
	return (struct builder){ .run = r, .strand = run_alloc(r, 1, sizeof(struct strand)) };
}

bool builder_bytes(struct builder *b, const char *bytes, size_t size, uint8_t origin)
{
	if (!b->strand) return false;
	if (!strand_append(b->run, b->strand, bytes, size, NULL, origin)) b->strand = NULL;
	return b->strand != NULL;
}

bool builder_literal(struct builder *b, const char *literal, uint8_t origin)
{
	return builder_bytes(b, literal, strlen(literal), origin);
}

bool builder_point(struct builder *b, uint32_t point, uint8_t origin)
{
	char bytes[4];
	return builder_bytes(b, bytes, utf8_encode(point, bytes), origin);
}

bool builder_part(struct builder *b, const struct text *t, size_t from, size_t to)
{
	if (!b->strand || !t) return false;
	const uint8_t *origin = t->origin ? t->origin + from : NULL;
	if (!strand_append(b->run, b->strand, t->bytes + from, to - from, origin, t->uniform)) b->strand = NULL;
	return b->strand != NULL;
}

bool builder_text(struct builder *b, const struct text *t)
{
	return t && builder_part(b, t, 0, t->size);
}

bool builder_repeat(struct builder *b, const struct text *t, size_t times)
{
	if (t->size == 0) return b->strand != NULL;
	for (size_t i = 0; i < times; i++) {
		if (!run_charge(b->run, 1) || !builder_text(b, t)) return false;
	}
	return b->strand != NULL;
}

const struct text *builder_done(struct builder *b)
{
	struct strand *s = b->strand;
	if (!s || b->run->failed) return NULL;
	if (s->used == 0) return b->run->empty;
	struct text *t = text_over(b->run, s->bytes, s->used, s->origin, s->uniform);
	if (t) t->strand = s;
	return t;
}

const struct text *text_concat(struct run *r, const struct text *a, const struct text *b)
{
	if (b->size == 0 && a->markup == b->markup) return a;
	if (a->size == 0 && a->markup == b->markup) return b;
	struct strand *s = a->strand;
	bool grows = s && s->bytes == a->bytes && s->used == a->size;
	if (!grows) {
		struct builder copy = builder_new(r);
		if (copy.strand && !strand_grow(r, copy.strand, a->size + b->size + 16)) return NULL;
		if (!builder_text(&copy, a)) return NULL;
		s = copy.strand;
	}
	if (!strand_append(r, s, b->bytes, b->size, b->origin, b->uniform)) return NULL;
	struct text *t = run_alloc(r, 1, sizeof *t);
	if (!t) return NULL;
	*t = (struct text){ .bytes = s->bytes, .size = s->used, .origin = s->origin, .uniform = s->uniform, .strand = s };
	t->points = text_points(a) + text_points(b);
	t->markup = a->markup;
	return t;
}
