/* sealed_log: the log's records and the table of what lies where (see sealed_log.h). */
#include "store/sealed_log.h"

#include "base/memory.h"

#include <errno.h>
#include <string.h>

enum { LOG_MAGIC = 8, LOG_ID = 16, LOG_START = 64, HEAD = 64, HEAD_TEXT = HEAD - SEAL_EXTRA, ALIGN = 64, MAX_BODY = 64 * 1024 };

enum record_kind { RECORD_BYTES, RECORD_RESIZE, RECORD_MARK };

/* The text of a record's head, in the byte order of the file. */
struct record {
	uint64_t offset;
	uint32_t size, number, synced, kind;
};
_Static_assert(sizeof(struct record) == HEAD_TEXT, "the head's text is the struct");

/* Bytes start .. start + size of the content are those of the body at `body`, from `skip` on. */
struct extent {
	uint64_t start, size;
	uint64_t body; /* place of the record's head in the file */
	uint32_t skip, number;
	uint32_t length; /* of the whole body */
};

struct sealed_log {
	struct disk *disk;
	struct disk_file *file;
	struct sealing sealing;
	uint8_t id[LOG_ID];
	struct extent *extents; /* by start, without overlap */
	size_t n_extents, room;
	uint64_t size; /* of the content */
	uint64_t end;  /* of the file; 0: nothing written, not even the magic */
	uint32_t n_records, synced;
	/* A write that goes on where the last one ended joins it, so that a page of a journal is one record. */
	uint8_t *pending;
	uint64_t pending_at;
	size_t n_pending;
	/* The body that was opened last, since a journal is read in small steps. */
	uint8_t *body;
	uint64_t body_at; /* 0: none */
};

/* Associated data of a head (number 0) and of a body (its record's number + 1). */
struct log_place {
	uint8_t vault[VAULT_ID], id[LOG_ID];
	uint64_t generation;
	uint32_t role, number;
};

static const char magic[LOG_MAGIC + 1] = "hearthL1";

static struct log_place place_of(const struct sealed_log *l, uint32_t number)
{
	struct log_place p = { .generation = l->sealing.generation, .role = l->sealing.role, .number = number };
	memcpy(p.vault, l->sealing.vault, VAULT_ID);
	memcpy(p.id, l->id, LOG_ID);
	return p;
}

static uint64_t aligned(uint64_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static uint64_t record_length(const struct record *r)
{
	return HEAD + (r->kind == RECORD_BYTES ? aligned((uint64_t)r->size + SEAL_EXTRA) : 0);
}

/* ---- the table */

/* First extent that ends behind `at`. */
static size_t find(const struct sealed_log *l, uint64_t at)
{
	size_t low = 0, high = l->n_extents;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (l->extents[middle].start + l->extents[middle].size <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool make_room(struct sealed_log *l, size_t more)
{
	if (l->n_extents + more <= l->room) return true;
	size_t room = l->room ? l->room * 2 : 64;
	struct extent *grown = memory_resize(l->extents, room, sizeof *grown);
	if (!grown) return false;
	l->extents = grown;
	l->room = room;
	return true;
}

static void insert(struct sealed_log *l, size_t index, struct extent x)
{
	memmove(l->extents + index + 1, l->extents + index, (l->n_extents - index) * sizeof x);
	l->extents[index] = x;
	l->n_extents++;
}

/* Takes start .. end out of the table; at most one extent is cut in two. Room for one more is there. */
static void clear_range(struct sealed_log *l, uint64_t start, uint64_t end)
{
	size_t i = find(l, start), last;
	if (i < l->n_extents && l->extents[i].start < start) {
		struct extent *x = l->extents + i, rest = *x;
		x->size = start - x->start;
		if (rest.start + rest.size > end) {
			rest.skip += (uint32_t)(end - rest.start);
			rest.size -= end - rest.start;
			rest.start = end;
			insert(l, i + 1, rest);
			return;
		}
		i++;
	}
	for (last = i; last < l->n_extents && l->extents[last].start + l->extents[last].size <= end; last++) {}
	memmove(l->extents + i, l->extents + last, (l->n_extents - last) * sizeof *l->extents);
	l->n_extents -= last - i;
	if (i < l->n_extents && l->extents[i].start < end) {
		struct extent *x = l->extents + i;
		x->skip += (uint32_t)(end - x->start);
		x->size -= end - x->start;
		x->start = end;
	}
}

/* The record's effect on content and table. */
static bool apply(struct sealed_log *l, const struct record *r, uint64_t head_at)
{
	if (r->kind == RECORD_RESIZE) {
		if (!make_room(l, 1)) return false;
		clear_range(l, r->offset, UINT64_MAX);
		l->size = r->offset;
	} else if (r->kind == RECORD_BYTES && r->size) {
		if (!make_room(l, 2)) return false;
		clear_range(l, r->offset, r->offset + r->size);
		insert(l, find(l, r->offset), (struct extent){ r->offset, r->size, head_at, 0, r->number, r->size });
		if (r->offset + r->size > l->size) l->size = r->offset + r->size;
	}
	return true;
}

/* ---- records */

static int append(struct sealed_log *l, struct record r, const uint8_t *bytes)
{
	uint8_t start[LOG_START] = { 0 };
	if (l->end == 0) {
		memcpy(start, magic, LOG_MAGIC);
		seal_random(l->id, LOG_ID);
		memcpy(start + LOG_MAGIC, l->id, LOG_ID);
		int error = l->disk->write(l->file, start, LOG_START, 0);
		if (error) return error;
		l->end = LOG_START;
		l->n_records = l->synced = 0;
	}
	r.number = l->n_records;
	r.synced = l->synced;
	size_t length = (size_t)record_length(&r);
	uint8_t *record = memory_new(length, 1);
	if (!record || !make_room(l, 2)) {
		memory_free(record);
		return ENOMEM;
	}
	struct log_place place = place_of(l, 0);
	seal_bytes(record, record + HEAD_TEXT, (const uint8_t *)&r, HEAD_TEXT, &place, sizeof place, l->sealing.key);
	if (r.kind == RECORD_BYTES) {
		place = place_of(l, r.number + 1);
		seal_bytes(record + HEAD, record + HEAD + r.size, bytes, r.size, &place, sizeof place, l->sealing.key);
	}
	int error = l->disk->write(l->file, record, length, l->end);
	memory_free(record);
	if (error) return error;
	apply(l, &r, l->end);
	l->end += length;
	l->n_records++;
	return 0;
}

static int flush(struct sealed_log *l)
{
	if (l->n_pending == 0) return 0;
	int error = append(l, (struct record){ .offset = l->pending_at, .size = (uint32_t)l->n_pending, .kind = RECORD_BYTES },
	                   l->pending);
	if (!error) l->n_pending = 0;
	return error;
}

static bool read_head(const struct sealed_log *l, const uint8_t head[HEAD], struct record *r)
{
	struct log_place place = place_of(l, 0);
	return seal_open((uint8_t *)r, head, head + HEAD_TEXT, HEAD_TEXT, &place, sizeof place, l->sealing.key);
}

/* The body of the record at `head_at` to l->body; `size` and `number` are the record's. */
static int read_body(struct sealed_log *l, uint64_t head_at, size_t size, uint32_t number)
{
	if (l->body_at == head_at) return 0;
	size_t got;
	struct log_place place = place_of(l, number + 1);
	l->body_at = 0;
	int error = l->disk->read(l->file, l->body, size + SEAL_EXTRA, head_at + HEAD, &got);
	if (error) return error;
	if (got < size + SEAL_EXTRA || !seal_open(l->body, l->body, l->body + size, size, &place, sizeof place, l->sealing.key))
		return EBADMSG;
	l->body_at = head_at;
	return 0;
}

/* ---- opening what is there */

/* Does a whole head behind `at` say that record `number` had been synced? */
static int was_synced(const struct sealed_log *l, uint64_t at, uint64_t file_size, uint32_t number)
{
	uint8_t head[HEAD];
	struct record r;
	size_t got;
	for (at += ALIGN; at + HEAD <= file_size; at += ALIGN) {
		int error = l->disk->read(l->file, head, HEAD, at, &got);
		if (error) return error;
		if (got == HEAD && read_head(l, head, &r) && r.synced > number) return EBADMSG;
	}
	return 0;
}

/* The next record is whole, fits in and follows the last one. */
static bool next_record(struct sealed_log *l, uint64_t file_size, struct record *r, int *error)
{
	uint8_t head[HEAD];
	size_t got;
	*error = l->disk->read(l->file, head, HEAD, l->end, &got);
	if (*error || got < HEAD || !read_head(l, head, r)) return false;
	if (r->number != l->n_records || r->size > MAX_BODY || r->kind > RECORD_MARK || record_length(r) > file_size - l->end)
		return false;
	if (r->kind != RECORD_BYTES) return true;
	*error = read_body(l, l->end, r->size, r->number);
	if (*error == EBADMSG) *error = 0;
	return l->body_at == l->end;
}

static int scan(struct sealed_log *l)
{
	uint8_t start[LOG_START];
	uint64_t file_size;
	size_t got;
	struct record r;
	int error = l->disk->size(l->file, &file_size);
	if (!error) error = l->disk->read(l->file, start, LOG_START, 0, &got);
	if (error || got < LOG_START || memcmp(start, magic, LOG_MAGIC) != 0) return error;
	memcpy(l->id, start + LOG_MAGIC, LOG_ID);
	l->end = LOG_START;
	while (next_record(l, file_size, &r, &error)) {
		if (!apply(l, &r, l->end)) return ENOMEM;
		l->end += record_length(&r);
		l->n_records++;
		l->synced = r.synced;
	}
	if (!error) error = was_synced(l, l->end, file_size, l->n_records);
	/* What follows must not be taken for a record behind those that are written now. */
	if (!error && file_size > l->end) error = l->disk->resize(l->file, l->end);
	return error;
}

int sealed_log_open(struct sealed_log **log, struct disk *d, struct disk_file *f, const struct sealing *s)
{
	struct sealed_log *l = memory_new(1, sizeof *l);
	*log = NULL;
	if (l) {
		l->disk = d;
		l->file = f;
		l->sealing = *s;
		l->pending = secret_new(MAX_BODY);
		l->body = secret_new(MAX_BODY + SEAL_EXTRA);
	}
	int error = l && l->pending && l->body ? scan(l) : ENOMEM;
	if (!error) {
		*log = l;
		return 0;
	}
	if (l)
		sealed_log_close(l);
	else
		d->close(f);
	return error;
}

void sealed_log_close(struct sealed_log *l)
{
	if (!l) return;
	flush(l);
	l->disk->close(l->file);
	secret_free(l->pending);
	secret_free(l->body);
	memory_free(l->extents);
	memory_free(l);
}

/* ---- as a file */

static int read_extent(struct sealed_log *l, const struct extent *x, uint8_t *bytes, size_t size, uint64_t at)
{
	int error = read_body(l, x->body, x->length, x->number);
	if (!error) memcpy(bytes, l->body + x->skip + (at - x->start), size);
	return error;
}

int sealed_log_read(struct sealed_log *l, uint8_t *bytes, size_t size, uint64_t at, size_t *got)
{
	*got = 0;
	int error = flush(l);
	if (error || at >= l->size) return error;
	if (size > l->size - at) size = (size_t)(l->size - at);
	memset(bytes, 0, size);
	for (size_t i = find(l, at); i < l->n_extents && l->extents[i].start < at + size; i++) {
		const struct extent *x = l->extents + i;
		uint64_t from = x->start > at ? x->start : at, to = x->start + x->size < at + size ? x->start + x->size : at + size;
		error = read_extent(l, x, bytes + (from - at), (size_t)(to - from), from);
		if (error) return error;
	}
	*got = size;
	return 0;
}

int sealed_log_write(struct sealed_log *l, const uint8_t *bytes, size_t size, uint64_t at)
{
	if (at > INT64_MAX - size) return EFBIG;
	for (size_t done = 0; done < size;) {
		if (l->n_pending && (l->pending_at + l->n_pending != at + done || l->n_pending == MAX_BODY)) {
			int error = flush(l);
			if (error) return error;
		}
		if (l->n_pending == 0) l->pending_at = at + done;
		size_t n = size - done < MAX_BODY - l->n_pending ? size - done : MAX_BODY - l->n_pending;
		memcpy(l->pending + l->n_pending, bytes + done, n);
		l->n_pending += n;
		done += n;
	}
	return 0;
}

int sealed_log_resize(struct sealed_log *l, uint64_t size)
{
	if (size == 0) {
		int error = l->disk->resize(l->file, 0);
		if (error) return error;
		l->n_extents = l->n_pending = 0;
		l->size = l->end = l->body_at = 0;
		return 0;
	}
	int error = flush(l);
	if (!error && size != l->size) error = append(l, (struct record){ .offset = size, .kind = RECORD_RESIZE }, NULL);
	return error;
}

int sealed_log_sync(struct sealed_log *l)
{
	int error = flush(l);
	if (!error) error = l->disk->sync(l->file);
	if (error || l->end == 0 || l->synced == l->n_records) return error;
	l->synced = l->n_records;
	/* Not needed by what was synced, so that its own failure is none. */
	if (append(l, (struct record){ .kind = RECORD_MARK }, NULL) == 0) l->synced = l->n_records - 1;
	return 0;
}

uint64_t sealed_log_size(const struct sealed_log *l)
{
	uint64_t pending_end = l->n_pending ? l->pending_at + l->n_pending : 0;
	return pending_end > l->size ? pending_end : l->size;
}
