/* elf: the section table and the two tables of a dynamically linked program (see elf.h). */
#include "format/elf.h"

#include "base/cursor.h"

#include <string.h>

enum { HEADER = 64, SECTION = 64, SYMBOL = 24, DYNAMIC = 16, SECTION_STRINGS = 3, SECTION_DYNAMIC = 6, SECTION_SYMBOLS = 11 };
enum { LIBRARY = 1 }; /* DT_NEEDED */

struct section {
	uint32_t type, link;
	uint64_t offset, size, entry;
};

static bool read_section(struct section *s, const uint8_t *bytes, size_t size, uint64_t table, uint32_t i)
{
	struct cursor c = cursor_over(bytes, size);
	if (!cursor_bytes(&c, table) || !cursor_bytes(&c, (uint64_t)i * SECTION)) return false;
	cursor_u32(&c); /* name */
	s->type = cursor_u32(&c);
	cursor_u64(&c); /* flags */
	cursor_u64(&c); /* address */
	s->offset = cursor_u64(&c);
	s->size = cursor_u64(&c);
	s->link = cursor_u32(&c);
	cursor_u32(&c);
	cursor_u64(&c);
	s->entry = cursor_u64(&c);
	return !c.failed;
}

static const uint8_t *section_bytes(const struct section *s, const uint8_t *bytes, size_t size)
{
	struct cursor c = cursor_over(bytes, size);
	return cursor_bytes(&c, s->offset) ? cursor_bytes(&c, s->size) : NULL;
}

/* Takes a section and the texts that it is linked with; `entry` is the size that its entries must have. */
static bool take_table(struct elf_table *t, const struct section *s, uint64_t entry, const uint8_t *bytes, size_t size,
                       uint64_t sections, uint32_t n_sections)
{
	struct section texts;
	if (s->entry != entry || s->link >= n_sections || !read_section(&texts, bytes, size, sections, s->link)) return false;
	if (texts.type != SECTION_STRINGS || !texts.size) return false;
	t->entries = section_bytes(s, bytes, size);
	t->count = s->size / entry;
	t->texts = (const char *)section_bytes(&texts, bytes, size);
	t->texts_size = texts.size;
	return t->entries && t->texts && t->texts[t->texts_size - 1] == 0;
}

bool elf_open(struct elf *f, const uint8_t *bytes, size_t size, const char *name, struct error *e)
{
	static const uint8_t start[6] = { 0x7f, 'E', 'L', 'F', 2 /* 64 bits */, 1 /* little-endian */ };
	*f = (struct elf){ .symbols = { 0 } };
	if (size < HEADER || memcmp(bytes, start, sizeof start) != 0) return error_set(e, "%s: is no 64-bit program", name);
	struct cursor c = cursor_over(bytes, size);
	cursor_bytes(&c, 40);
	uint64_t sections = cursor_u64(&c);
	cursor_bytes(&c, 10);
	uint32_t entry = cursor_u16(&c), n = cursor_u16(&c);
	if (entry != SECTION) n = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct section s;
		if (!read_section(&s, bytes, size, sections, i)) return error_set(e, "%s: is cut short or damaged", name);
		bool ok = true;
		if (s.type == SECTION_SYMBOLS) ok = take_table(&f->symbols, &s, SYMBOL, bytes, size, sections, n);
		if (s.type == SECTION_DYNAMIC) ok = take_table(&f->dynamic, &s, DYNAMIC, bytes, size, sections, n);
		if (!ok) return error_set(e, "%s: its table of symbols or libraries is damaged", name);
	}
	if (f->symbols.texts && f->dynamic.texts) return true;
	return error_set(e, "%s: has no table of what it imports (a static program, or one without its section table)", name);
}

static const char *text_at(const struct elf_table *t, uint64_t at)
{
	return at < t->texts_size ? t->texts + at : NULL;
}

const char *elf_next_import(const struct elf *f, uint64_t *at)
{
	while (*at < f->symbols.count) {
		struct cursor c = cursor_over(f->symbols.entries + (*at)++ * SYMBOL, SYMBOL);
		uint32_t name = cursor_u32(&c);
		cursor_u16(&c); /* kind and visibility */
		uint16_t section = cursor_u16(&c);
		const char *text = text_at(&f->symbols, name);
		if (section == 0 && text && *text) return text;
	}
	return NULL;
}

const char *elf_next_library(const struct elf *f, uint64_t *at)
{
	while (*at < f->dynamic.count) {
		struct cursor c = cursor_over(f->dynamic.entries + (*at)++ * DYNAMIC, DYNAMIC);
		uint64_t kind = cursor_u64(&c), value = cursor_u64(&c);
		const char *text = kind == LIBRARY ? text_at(&f->dynamic, value) : NULL;
		if (text) return text;
	}
	return NULL;
}
