/* verify: everything in an open vault is opened once (see backup.h). */
#include "store/backup.h"

#include "base/memory.h"
#include "store/blobs.h"
#include "store/conversations.h"
#include "store/statement.h"

#include <stdio.h>
#include <string.h>

struct verifying {
	struct vault *vault;
	struct verify_sum *sum;
	int64_t *ids;
	size_t n, room;
	bool failed;
};

static bool keep_id(struct verifying *x, int64_t id)
{
	if (x->n == x->room) {
		size_t room = x->room ? x->room * 2 : 64;
		int64_t *grown = memory_resize(x->ids, room, sizeof *grown);
		if (!grown) {
			x->failed = true;
			return false;
		}
		x->ids = grown;
		x->room = room;
	}
	x->ids[x->n++] = id;
	return true;
}

static bool keep_conversation(void *context, const struct conversation_entry *c)
{
	return keep_id(context, c->id);
}

static bool keep_blob(void *context, const struct blob_entry *b)
{
	return keep_id(context, b->id);
}

static bool count_message(void *context, const struct message_entry *m)
{
	struct verifying *x = context;
	(void)m;
	x->sum->messages++;
	return true;
}

static bool is_sound(sqlite3 *db, const char *name, struct error *e)
{
	struct statement s = statement_new(db, name, "PRAGMA integrity_check");
	char said[200] = "";
	if (statement_row(&s)) snprintf(said, sizeof said, "%s", (const char *)sqlite3_column_text(s.sql, 0));
	if (!statement_end(&s, e)) return false;
	return strcmp(said, "ok") == 0 || error_set(e, "%s: is damaged (%s); put a backup back", name, said);
}

static bool read_blob(struct verifying *x, int64_t id, uint8_t *chunk, struct error *e)
{
	struct blob *b = blobs_open(x->vault, id, e);
	bool ok = b != NULL;
	for (uint64_t at = 0; ok && at < blobs_size(b); at += BLOB_CHUNK) {
		uint64_t left = blobs_size(b) - at;
		ok = blobs_read(b, chunk, left < BLOB_CHUNK ? (size_t)left : BLOB_CHUNK, at, e);
	}
	blobs_close(b);
	return ok;
}

static bool verify_conversations(struct verifying *x, struct error *e)
{
	bool ok = conversations_list(x->vault, keep_conversation, x, e) && (!x->failed || error_memory(e));
	for (size_t i = 0; ok && i < x->n; i++) ok = conversations_read(x->vault, x->ids[i], count_message, x, e);
	x->sum->conversations = x->n;
	x->n = 0;
	return ok;
}

static bool verify_blobs(struct verifying *x, struct error *e)
{
	uint8_t *chunk = secret_new(BLOB_CHUNK);
	if (!chunk) return error_memory(e);
	bool ok = blobs_list(x->vault, keep_blob, x, e) && (!x->failed || error_memory(e));
	for (size_t i = 0; ok && i < x->n; i++) ok = read_blob(x, x->ids[i], chunk, e);
	x->sum->blobs = x->n;
	secret_free(chunk);
	return ok;
}

bool vault_verify(struct vault *v, struct verify_sum *sum, struct error *e)
{
	struct verifying x = { .vault = v, .sum = sum };
	*sum = (struct verify_sum){ 0 };
	if (vault_remote(v)) return error_set(e, "%s: another hearth has this vault open; close it first", vault_name(v));
	if (!vault_is_open(v)) return error_set(e, "%s: the vault is locked; unlock it first", vault_name(v));
	vault_hold(v);
	bool ok = is_sound(vault_database(v), vault_name(v), e) && is_sound(vault_index(v), vault_name(v), e) &&
	          verify_conversations(&x, e) && verify_blobs(&x, e);
	memory_free(x.ids);
	return vault_release(v, ok);
}
