/* sealed_text: texts to sealed columns and back (see sealed_text.h). */
#include "store/sealed_text.h"

#include "base/memory.h"

#include <string.h>

struct text_place {
	uint8_t vault[VAULT_ID];
	int64_t object, position;
};

static struct text_place place_of(const struct vault *v, int64_t object, int64_t position)
{
	struct text_place p = { .object = object, .position = position };
	memcpy(p.vault, vault_id(v), VAULT_ID);
	return p;
}

/* Blobs have numbers above OBJECT_BLOBS, which nobody wants to read. */
static long long shown(int64_t object)
{
	return (long long)((uint64_t)object & ~OBJECT_BLOBS);
}

uint8_t *sealed_text_new(struct vault *v, const char *what, int64_t object, int64_t position, const char *text, size_t size,
                         struct error *e)
{
	const uint8_t *key = object_keys_find(vault_object_keys(v), (uint64_t)object);
	if (!key) {
		error_set(e, "%s: there is no %s %lld", vault_name(v), what, shown(object));
		return NULL;
	}
	uint8_t *sealed = memory_new(size + SEAL_EXTRA, 1);
	struct text_place place = place_of(v, object, position);
	if (sealed)
		seal_bytes(sealed, sealed + size, (const uint8_t *)text, size, &place, sizeof place, key);
	else
		error_memory(e);
	return sealed;
}

char *sealed_text_open(struct vault *v, const char *what, int64_t object, int64_t position, sqlite3_stmt *row, int column,
                       size_t *size, struct error *e)
{
	const uint8_t *key = object_keys_find(vault_object_keys(v), (uint64_t)object);
	const uint8_t *sealed = sqlite3_column_blob(row, column);
	int bytes = sqlite3_column_bytes(row, column);
	struct text_place place = place_of(v, object, position);
	*size = 0;
	if (!key || !sealed || bytes < SEAL_EXTRA) {
		error_set(e, "%s: %s %lld is damaged", vault_name(v), what, shown(object));
		return NULL;
	}
	*size = (size_t)bytes - SEAL_EXTRA;
	char *text = memory_new(*size + 1, 1);
	if (!text) {
		error_memory(e);
		return NULL;
	}
	if (seal_open((uint8_t *)text, sealed, sealed + *size, *size, &place, sizeof place, key)) return text;
	memory_free(text);
	error_set(e, "%s: %s %lld is damaged or was changed", vault_name(v), what, shown(object));
	return NULL;
}

void sealed_text_close(char *text, size_t size)
{
	if (text) memory_wipe(text, size);
	memory_free(text);
}
