/* tidy: what a crash left in an open vault (see vault_tidy in vault.h). */
#include "store/blobs.h"

#include "base/buffer.h"
#include "store/statement.h"

static bool has_conversation(struct vault *v, uint64_t object, bool *has, struct error *e)
{
	struct statement s = statement_new(vault_database(v), vault_name(v), "SELECT 1 FROM conversation WHERE id=?1");
	statement_number(&s, 1, (int64_t)object);
	*has = statement_row(&s);
	return statement_end(&s, e);
}

bool vault_tidy(struct vault *v, struct error *e)
{
	struct object_keys *keys = vault_object_keys(v);
	struct buffer gone = buffer_new(SIZE_MAX / 2);
	uint64_t object = OBJECT_FIRST - 1;
	const uint64_t index = OBJECT_INDEX;
	bool ok = true, words = false;
	while (ok && object_keys_next(keys, &object)) {
		bool has = true, blob = object >= OBJECT_BLOBS;
		ok = blob ? blobs_has(v, object, &has, e) : has_conversation(v, object, &has, e);
		if (!ok || has) continue;
		ok = (!blob || blobs_remove_file(v, object, e)) &&
		     (buffer_append(&gone, &object, sizeof object) || error_memory(e));
		words |= !blob;
	}
	if (ok && words) ok = buffer_append(&gone, &index, sizeof index) || error_memory(e);
	if (ok && gone.size)
		ok = object_keys_forget(keys, (const uint64_t *)(const void *)gone.data, gone.size / sizeof object, e) &&
		     (!words || vault_renew_index(v, e));
	buffer_free(&gone);
	return ok;
}
