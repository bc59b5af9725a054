/* charsmap: see charsmap.h. The units are those of darts-clone (Yata, "Darts-clone: A clone of the Darts"). */
#include "text/charsmap.h"

#include <string.h>

bool charsmap_open(struct charsmap *m, const uint8_t *bytes, size_t size, struct error *e)
{
	uint32_t units;
	*m = (struct charsmap){ 0 };
	if (size < sizeof units) return error_set(e, "the map of characters has %zu bytes", size);
	memcpy(&units, bytes, sizeof units);
	if (units == 0 || units % sizeof units != 0 || units > size - sizeof units - 1 || bytes[size - 1] != 0)
		return error_set(e, "the map of characters contradicts its own length");
	m->units = (const uint32_t *)(const void *)(bytes + sizeof units);
	m->n_units = units / sizeof units;
	m->replacements = (const char *)bytes + sizeof units + units;
	m->size = size - sizeof units - units;
	for (const char *p = m->replacements, *end = p + m->size; p < end;) {
		size_t length = strlen(p);
		if (length > CHARSMAP_LONGEST)
			return error_set(e, "the map of characters has a replacement of %zu bytes, more than %d", length,
			                 CHARSMAP_LONGEST);
		p += length + 1;
	}
	return true;
}

/* Where the children of a unit lie: its place XOR this, XOR the label. */
static uint32_t unit_offset(uint32_t unit)
{
	return unit >> 10 << ((unit & (1u << 9)) >> 6);
}

size_t charsmap_find(const struct charsmap *m, const char *text, size_t length, const char **replacement,
                     size_t *replacement_length)
{
	size_t found = 0;
	if (m->n_units == 0) return 0;
	uint32_t node = unit_offset(m->units[0]);
	for (size_t i = 0; i < length && text[i] != 0; i++) {
		uint8_t label = (uint8_t)text[i];
		node ^= label;
		if (node >= m->n_units || (m->units[node] & (1u << 31 | 0xFF)) != label) break;
		uint32_t unit = m->units[node];
		node ^= unit_offset(unit);
		if (!(unit >> 8 & 1)) continue;
		uint32_t value = node < m->n_units ? m->units[node] & ~(1u << 31) : UINT32_MAX;
		if (value >= m->size) break;
		found = i + 1;
		*replacement = m->replacements + value;
	}
	if (found) *replacement_length = strlen(*replacement);
	return found;
}
