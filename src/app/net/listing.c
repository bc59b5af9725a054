/* listing: reads what the hub's tree of files says (see listing.h). */
#include "app/net/listing.h"

#include "app/net/headers.h"
#include "format/json.h"
#include "wire/fetch.h"

#include <string.h>

static bool is_model(const char *path)
{
	size_t n = strlen(path);
	return n > 5 && strcmp(path + n - 5, ".gguf") == 0;
}

/* One file: {"type": "file", "path": TEXT, "size": N, "lfs": {"oid": SHA256, "size": N}}; "lfs" is what large files have. */
static bool make_entry(struct fetch_entry *entry, const json_t *file)
{
	const json_t *path = json_object_get(file, "path"), *size = json_object_get(file, "size");
	const json_t *lfs = json_object_get(file, "lfs"), *hash = json_object_get(lfs, "oid");
	if (!json_is_string(path) || !json_is_integer(size) || json_integer_value(size) < 0) return false;
	if (!is_model(json_string_value(path)) ||
	    !headers_text(entry->path, sizeof entry->path, json_string_value(path), json_string_length(path)))
		return false;
	entry->size = (uint64_t)json_integer_value(size);
	const char *digits = json_is_string(hash) ? json_string_value(hash) : "";
	if (strlen(digits) == FETCH_HASH - 1 && strspn(digits, "0123456789abcdef") == FETCH_HASH - 1)
		memcpy(entry->hash, digits, FETCH_HASH);
	return true;
}

bool listing_send(int socket, const char *json, size_t size, struct error *e)
{
	bool ok = true;
	json_t *files = json_parse(json, size, "its list of files", e);
	if (!files) return false;
	if (!json_is_array(files)) ok = error_set(e, "its list of files is none");
	for (size_t i = 0; ok && i < json_array_size(files); i++) {
		struct fetch_message m = { .kind = FETCH_ENTRY };
		if (!make_entry(&m.entry, json_array_get(files, i))) continue;
		if (!fetch_send(socket, &m)) ok = error_set(e, "hearth is gone");
	}
	json_decref(files);
	return ok;
}
