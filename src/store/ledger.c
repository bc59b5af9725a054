/* ledger: the file, line by line (see ledger.h). */
#include "store/ledger.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "store/ledger_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	MAX_FILE = 64 << 20,
	MAX_LINE = 128 << 10,
	CHAIN = 32,
	CHAIN_TEXT = 2 * CHAIN,
	PAD = 256,
	MAX_PATH = 1200,
	LOCK_TRIES = 100
};

static const char plain_head[] = "hearth network ledger 1 plain";
static const char sealed_head[] = "hearth network ledger 1 sealed ";

/* The file in memory, and how far it has been walked through. */
struct ledger {
	const char *path;
	struct disk_file *f;
	char *text; /* with a zero byte behind */
	size_t size;
	bool sealed;
	struct ledger_keys keys; /* of a sealed one: what its head says */
	uint8_t chain[CHAIN];    /* up to here */
	size_t at;               /* of the next line */
	uint64_t lines;
};

static bool disk_says(const char *path, int error, struct error *e)
{
	if (error == ENOSPC || error == EDQUOT) return error_set(e, "%s: the disk is full", path);
	if (error == EWOULDBLOCK) return error_set(e, "%s: another hearth holds it; try again", path);
	return error_set(e, "%s: %s", path, strerror(error));
}

bool ledger_keys_of(struct ledger_keys *k, uint8_t *secret_key, const struct vault *v)
{
	uint8_t seed[SEAL_KEY];
	if (!vault_subkey(v, seed, "netlog  ")) return false;
	seal_box_pair(k->public_key, secret_key, seed);
	seal_wipe(seed, sizeof seed);
	memcpy(k->vault, vault_id(v), VAULT_ID);
	k->secret_key = secret_key;
	return true;
}

bool ledger_begin(struct vault *v, struct error *e)
{
	char path[MAX_PATH];
	struct ledger_keys keys;
	bool there = false;
	if (snprintf(path, sizeof path, "%s/" LEDGER_FILE, vault_name(v)) >= MAX_PATH)
		return error_set(e, "%s: the path is too long", vault_name(v));
	if (vault_disk(v)->exists(vault_disk(v), path, &there) == 0 && there) return true;
	uint8_t *secret_key = secret_new(SEAL_KEY);
	bool ok = secret_key ? ledger_keys_of(&keys, secret_key, v) && ledger_prepare(vault_disk(v), path, &keys, e)
	                     : error_memory(e);
	secret_free(secret_key);
	return ok;
}

/* ---- walking through the file ---- */

/* The next line without its end; NULL at the end. A last line that has no end, or zero bytes where the disk never got what was
 * written, was never finished, and counts as not there. */
static const char *next_line(const struct ledger *l, size_t *length)
{
	if (l->at >= l->size) return NULL;
	const char *line = l->text + l->at, *end = memchr(line, '\n', l->size - l->at);
	if (!end) return NULL;
	*length = (size_t)(end - line);
	bool last = end + 1 == l->text + l->size;
	return last && memchr(line, 0, *length) ? NULL : line;
}

static void link_chain(uint8_t chain[CHAIN], const char *payload, size_t size)
{
	/* The hash before is the key of the next: as good as a chain of both. */
	uint8_t next[SEAL_HASH];
	seal_hash(next, payload, size, chain);
	memcpy(chain, next, CHAIN);
}

static bool take_head(struct ledger *l, struct error *e)
{
	size_t length, fixed = sizeof sealed_head - 1;
	const char *line = next_line(l, &length);
	if (!line) return true; /* a file that was just made */
	l->sealed = length == fixed + 2 * VAULT_ID + 1 + 2 * SEAL_PUBLIC && memcmp(line, sealed_head, fixed) == 0 &&
	            seal_read_hex(l->keys.vault, VAULT_ID, line + fixed, 2 * VAULT_ID) && line[fixed + 2 * VAULT_ID] == ' ' &&
	            seal_read_hex(l->keys.public_key, SEAL_PUBLIC, line + fixed + 2 * VAULT_ID + 1, 2 * SEAL_PUBLIC);
	bool plain = length == sizeof plain_head - 1 && memcmp(line, plain_head, length) == 0;
	if (!l->sealed && !plain) return error_set(e, "%s: is no network ledger; move it away to start a new one", l->path);
	seal_hash(l->chain, line, length, NULL);
	l->at += length + 1;
	return true;
}

/* Moves over the next line and gives its payload; NULL at the end, or (with the line in *e) where the chain is broken. */
static const char *take_line(struct ledger *l, size_t *size, struct error *e)
{
	size_t length;
	uint8_t said[CHAIN];
	const char *line = next_line(l, &length);
	e->text[0] = 0;
	if (!line) return NULL;
	bool ok = length > CHAIN_TEXT + 1 && length <= MAX_LINE && seal_read_hex(said, CHAIN, line, CHAIN_TEXT) &&
	          line[CHAIN_TEXT] == ' ';
	if (ok) link_chain(l->chain, line + CHAIN_TEXT + 1, length - CHAIN_TEXT - 1);
	if (!ok || !seal_equal(said, l->chain, CHAIN)) {
		error_set(e,
		          "%s: line %llu or one before it was changed: this is not what hearth wrote; look at it, and move it away "
		          "to "
		          "start a new one",
		          l->path, (unsigned long long)l->lines + 2);
		return NULL;
	}
	l->at += length + 1;
	l->lines++;
	*size = length - CHAIN_TEXT - 1;
	return line + CHAIN_TEXT + 1;
}

/* ---- opening ---- */

static int load(struct disk *d, struct ledger *l)
{
	uint64_t size = 0;
	int error = d->size(l->f, &size);
	if (!error && size > MAX_FILE) error = EFBIG;
	l->text = error ? NULL : memory_new((size_t)size + 1, 1);
	if (!error && !l->text) error = ENOMEM;
	return error ? error : d->read(l->f, l->text, (size_t)size, 0, &l->size);
}

static void ledger_close(struct disk *d, struct ledger *l)
{
	if (l->f) d->close(l->f);
	memory_free(l->text);
}

/* For writing: with its lock, so that two programs do not write one line's place. */
static bool open_locked(struct disk *d, struct ledger *l, const char *path, struct error *e)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	int error = EWOULDBLOCK;
	*l = (struct ledger){ .path = path };
	if (!seal_start()) return error_set(e, "no random numbers on this system");
	for (int i = 0; error == EWOULDBLOCK && i < LOCK_TRIES; i++) {
		if (i) nanosleep(&pause, NULL);
		error = d->lock(d, path, &l->f);
	}
	if (error) l->f = NULL;
	if (!error) error = load(d, l);
	return error ? disk_says(path, error, e) : take_head(l, e);
}

static int write_at_end(struct disk *d, struct ledger *l, const char *text, size_t size)
{
	/* What a crash left of a line is cut off: nobody was told that it stands. */
	int error = l->at < l->size ? d->resize(l->f, l->at) : 0;
	if (!error) error = d->write(l->f, text, size, l->at);
	if (!error) error = d->sync(l->f);
	if (!error) l->at += size, l->size = l->at;
	return error;
}

/* The first line of a new file. */
static bool write_head(struct disk *d, struct ledger *l, const struct ledger_keys *keys, struct error *e)
{
	char vault[2 * VAULT_ID + 1] = "", public_key[2 * SEAL_PUBLIC + 1] = "", head[256];
	if (keys) {
		seal_write_hex(vault, keys->vault, VAULT_ID);
		seal_write_hex(public_key, keys->public_key, SEAL_PUBLIC);
		l->keys = *keys;
	}
	l->sealed = keys != NULL;
	int n = snprintf(head, sizeof head, "%s%s%s%s\n", keys ? sealed_head : plain_head, vault, keys ? " " : "", public_key);
	int error = write_at_end(d, l, head, (size_t)n);
	if (!error) error = d->sync_folder(d, l->path);
	if (error) return disk_says(l->path, error, e);
	seal_hash(l->chain, head, (size_t)n - 1, NULL);
	return true;
}

bool ledger_prepare(struct disk *d, const char *path, const struct ledger_keys *keys, struct error *e)
{
	struct ledger l;
	bool ok = open_locked(d, &l, path, e);
	if (ok && l.at == 0)
		ok = write_head(d, &l, keys, e);
	else if (ok && keys && (!l.sealed || memcmp(l.keys.public_key, keys->public_key, SEAL_PUBLIC) != 0))
		ok = error_set(e, "%s: is not this vault's; move it away to start a new one", path);
	ledger_close(d, &l);
	return ok;
}

/* ---- writing ---- */

/* The payload as it stands in the file: plain text, or padded, sealed and in hexadecimal digits. */
static bool make_payload(const struct ledger *l, const struct buffer *plain, struct buffer *out)
{
	if (!l->sealed) return buffer_append(out, plain->data, plain->size);
	size_t size = (plain->size + PAD - 1) / PAD * PAD;
	uint8_t *padded = memory_new(size, 1), *sealed = memory_new(size + SEAL_BOX_EXTRA, 1);
	char *text = padded && sealed ? buffer_extend(out, 2 * (size + SEAL_BOX_EXTRA)) : NULL;
	bool ok = text != NULL;
	if (ok) {
		char last[3];
		memcpy(padded, plain->data, plain->size);
		ok = seal_box(sealed, padded, size, l->keys.public_key);
		/* The digits come with a zero byte behind, for which the last two have no room of their own. */
		seal_write_hex(last, sealed + size + SEAL_BOX_EXTRA - 1, 1);
		seal_write_hex(text, sealed, size + SEAL_BOX_EXTRA - 1);
		memcpy(text + 2 * (size + SEAL_BOX_EXTRA - 1), last, 2);
	}
	if (padded) seal_wipe(padded, size);
	memory_free(padded);
	memory_free(sealed);
	return ok;
}

static bool add_payload(struct disk *d, struct ledger *l, const struct buffer *plain, struct error *e)
{
	char chain[CHAIN_TEXT + 1];
	struct buffer payload = buffer_new(MAX_LINE), line = buffer_new(MAX_LINE);
	bool ok = make_payload(l, plain, &payload) || error_memory(e);
	if (ok) {
		link_chain(l->chain, payload.data, payload.size);
		seal_write_hex(chain, l->chain, CHAIN);
		buffer_format(&line, "%s ", chain);
		buffer_append(&line, payload.data, payload.size);
		buffer_append_byte(&line, '\n');
		ok = !line.failed || error_memory(e);
	}
	int error = ok ? write_at_end(d, l, line.data, line.size) : 0;
	if (ok && error) ok = disk_says(l->path, error, e);
	if (ok) l->lines++;
	buffer_free(&payload);
	buffer_free(&line);
	return ok;
}

/* To the end of an unbroken chain. */
static bool walk(struct ledger *l, struct error *e)
{
	size_t size;
	struct error broken;
	while (take_line(l, &size, &broken)) continue;
	return !broken.text[0] || error_set(e, "%s", broken.text);
}

bool ledger_add(struct disk *d, const char *path, const struct ledger_entry *entry, uint64_t *number, struct error *e)
{
	struct ledger l;
	struct buffer plain = buffer_new(MAX_LINE / 4);
	bool ok = open_locked(d, &l, path, e) && walk(&l, e);
	if (ok && l.at == 0) ok = error_set(e, "%s: was never begun; open the vault once, which begins it", path);
	if (ok) ok = ledger_line_write(&plain, entry) || error_set(e, "%s: a line is longer than one can be", path);
	ok = ok && add_payload(d, &l, &plain, e);
	if (ok && number) *number = l.lines;
	if (plain.data) seal_wipe(plain.data, plain.size);
	buffer_free(&plain);
	ledger_close(d, &l);
	return ok;
}

/* ---- reading ---- */

/* The text of a payload, with a zero byte behind; NULL when it cannot be read. Free with memory_free. */
static char *open_payload(const struct ledger *l, const struct ledger_keys *keys, const char *payload, size_t size)
{
	if (!l->sealed) return memory_copy_text(payload, size);
	if (!keys || !keys->secret_key || size % 2 || size / 2 <= SEAL_BOX_EXTRA) return NULL;
	uint8_t *sealed = memory_new(size / 2, 1);
	char *text = memory_new(size / 2 - SEAL_BOX_EXTRA + 1, 1);
	bool ok = sealed && text && seal_read_hex(sealed, size / 2, payload, size) &&
	          seal_box_open((uint8_t *)text, sealed, size / 2, keys->public_key, keys->secret_key);
	memory_free(sealed);
	if (ok) return text;
	memory_free(text);
	return NULL;
}

/* True when the visitor wants more. */
static bool show(const struct ledger *l, char *text, struct ledger_entry *entry, ledger_visitor visit, void *context,
                 struct ledger_state *state)
{
	bool more = true;
	if (text && ledger_line_read(entry, text))
		more = visit(context, l->lines, entry);
	else
		state->unreadable++;
	if (text) seal_wipe(text, strlen(text));
	return more;
}

bool ledger_read(struct disk *d, const char *path, const struct ledger_keys *keys, ledger_visitor visit, void *context,
                 struct ledger_state *state, struct error *e)
{
	struct ledger l = { .path = path };
	struct error broken = { "" };
	const char *payload;
	size_t size;
	*state = (struct ledger_state){ 0 };
	if (!seal_start()) return error_set(e, "no random numbers on this system");
	int error = d->open(d, path, DISK_READ, &l.f);
	if (error == ENOENT) return true;
	if (error) return disk_says(path, error, e);
	error = load(d, &l);
	bool ok = error ? disk_says(path, error, e) : take_head(&l, e);
	if (ok && l.sealed && keys && memcmp(l.keys.public_key, keys->public_key, SEAL_PUBLIC) != 0)
		ok = error_set(e, "%s: is not this vault's, or its first line was changed", path);
	struct ledger_entry *entry = ok ? memory_new(1, sizeof *entry) : NULL;
	if (ok && !entry) ok = error_memory(e);
	bool more = ok && l.at > 0;
	while (more && (payload = take_line(&l, &size, &broken))) {
		char *text = open_payload(&l, keys, payload, size);
		more = show(&l, text, entry, visit, context, state);
		memory_free(text);
	}
	state->lines = l.lines;
	state->sealed = l.sealed;
	if (entry) seal_wipe(entry, sizeof *entry);
	memory_free(entry);
	ledger_close(d, &l);
	return ok && (!broken.text[0] || error_set(e, "%s", broken.text));
}

/* ---- from plain to sealed ---- */

static bool take_over(struct disk *d, struct ledger *from, struct ledger *to, struct error *e)
{
	const char *payload;
	size_t size;
	struct error broken = { "" };
	bool ok = true;
	const uint64_t before = to->lines; /* numbers of connections count the lines of their file */
	struct ledger_entry *entry = memory_new(1, sizeof *entry);
	if (!entry) return error_memory(e);
	while (ok && (payload = take_line(from, &size, &broken))) {
		struct buffer plain = buffer_new(MAX_LINE / 4);
		char *text = memory_copy_text(payload, size);
		ok = text && ledger_line_read(entry, text);
		if (ok && entry->kind == LEDGER_END) entry->number += before;
		ok = ok && ledger_line_write(&plain, entry);
		ok = ok ? add_payload(d, to, &plain, e) : error_set(e, "%s: a line cannot be read", from->path);
		buffer_free(&plain);
		memory_free(text);
	}
	memory_free(entry);
	return ok && (!broken.text[0] || error_set(e, "%s", broken.text));
}

static int overwrite(struct disk *d, struct ledger *l)
{
	memset(l->text, 0, l->size);
	int error = d->write(l->f, l->text, l->size, 0);
	if (!error) error = d->sync(l->f);
	return error ? error : d->remove(d, l->path);
}

bool ledger_adopt(struct disk *d, const char *plain, const char *sealed, struct error *e)
{
	bool there = false;
	struct ledger from = { 0 }, to = { 0 };
	if (d->exists(d, plain, &there) != 0 || !there) return true;
	bool ok = open_locked(d, &from, plain, e) && open_locked(d, &to, sealed, e) && walk(&to, e);
	if (ok && (from.sealed || !to.sealed)) ok = error_set(e, "%s: is not a plain ledger beside a sealed one", plain);
	ok = ok && take_over(d, &from, &to, e);
	int error = ok ? overwrite(d, &from) : 0;
	if (ok && error) ok = disk_says(plain, error, e);
	ledger_close(d, &to);
	ledger_close(d, &from);
	return ok;
}
