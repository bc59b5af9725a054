/* pull: the connections of a download, and what is believed of what hosts say (see pull.h). */
#include "app/hearth/pull.h"

#include "app/hearth/commands.h"
#include "app/hearth/web_address.h"
#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_REDIRECTS = 5, MAX_STARTS = 3, MAX_FILES = 4096, PIECE = 1 << 20 };

/* ---- the hash of what lies on the disk ---- */

/* Hashes up to byte `end` of the part. */
static bool hash_until(struct pull *p, uint64_t end, bool shows, struct error *e)
{
	char *piece = memory_new(PIECE, 1);
	bool ok = piece || error_memory(e);
	while (ok && p->hashed < end) {
		uint64_t left = end - p->hashed;
		ssize_t n = pread(p->part.fd, piece, left < PIECE ? (size_t)left : PIECE, (off_t)p->hashed);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0)
			ok = error_set(e, "%s: cannot read: %s", p->part.part, n < 0 ? strerror(errno) : "it was cut meanwhile");
		if (!ok) break;
		seal_sha256_add(&p->hash, piece, (size_t)n);
		p->hashed += (uint64_t)n;
		if (shows && !p->quiet) pull_progress_show(&p->progress, p->hashed);
		if (shows && p->watch && !p->watch(p->watch_context, "checking", p->hashed, end)) ok = error_set(e, "%s", "");
		if (shows && terminal_interrupted()) ok = error_set(e, "%s", "");
	}
	memory_free(piece);
	return ok;
}

bool pull_hash(struct pull *p, char text[FETCH_HASH], struct error *e)
{
	off_t end = lseek(p->part.fd, 0, SEEK_END);
	if (end < 0) return error_set(e, "%s: cannot read: %s", p->part.part, strerror(errno));
	pull_progress_begin(&p->progress, "checked", p->hashed, (uint64_t)end);
	bool ok = hash_until(p, (uint64_t)end, true, e);
	pull_progress_end(&p->progress);
	if (ok) seal_sha256_end(&p->hash, text);
	return ok;
}

static void hash_anew(struct pull *p)
{
	seal_sha256_begin(&p->hash);
	p->hashed = 0;
}

/* ---- one answer ---- */

/* What the host that was asked says of the file. */
static bool believe(struct pull *p, const struct fetch_head *h, struct error *e)
{
	if (strcmp(p->current, p->host) != 0) return true;
	if (h->linked_size != FETCH_UNKNOWN) p->announced_size = h->linked_size;
	if (!h->linked_hash[0]) return true;
	if (p->announced[0] && strcmp(p->announced, h->linked_hash) != 0)
		return error_set(e, "says two different things about the file's SHA-256; try again later");
	memcpy(p->announced, h->linked_hash, FETCH_HASH);
	return true;
}

/* Is what the host announces what is wanted? Known before the first byte is fetched. */
static bool agrees(const struct pull *p, struct error *e)
{
	if (p->wanted[0] && p->announced[0] && strcmp(p->wanted, p->announced) != 0)
		return error_set(e, "announces a file with SHA-256 %s, not the one of --sha256", p->announced);
	if (p->wanted[0] || !p->pinned[0] || !p->announced[0] || strcmp(p->pinned, p->announced) == 0) return true;
	if (p->by_catalogue)
		return error_set(
		        e,
		        "%s is the file with SHA-256 %s in hearth's catalogue, and another one at the host now; if its maker "
		        "says so too, fetch it with --sha256 %s",
		        p->name.file, p->pinned, p->announced);
	return error_set(e,
	                 "%s was the file with SHA-256 %s when it was first fetched, and is %s now; if that is meant, fetch "
	                 "it with --sha256 %s",
	                 p->name.file, p->pinned, p->announced, p->announced);
}

/* The hash that the file has to have; empty when nobody says. */
static const char *expected(const struct pull *p)
{
	return p->wanted[0] ? p->wanted : p->announced[0] ? p->announced : p->pinned;
}

/* The size of the whole file by this answer. */
static bool whole_size(const struct pull *p, const struct fetch_head *h, uint64_t *whole, struct error *e)
{
	*whole = h->status == 206 ? h->whole : h->size != FETCH_UNKNOWN ? h->size : p->announced_size;
	if (*whole == FETCH_UNKNOWN || (h->status == 206 && h->start == FETCH_UNKNOWN))
		return error_set(e, "does not say how large the file is, so nothing was fetched");
	if (*whole == 0) return error_set(e, "the file is empty");
	if (p->announced_size == FETCH_UNKNOWN || *whole == p->announced_size) return true;
	return error_set(e, "sends a file of %llu bytes where one of %llu was announced", (unsigned long long)*whole,
	                 (unsigned long long)p->announced_size);
}

/* May the answer go on behind what is there? */
static bool continues(const struct pull *p, const struct fetch_head *h, uint64_t whole)
{
	const struct part_file *part = &p->part;
	bool same_tag = h->etag[0] && strcmp(h->etag, part->etag) == 0 && strncmp(h->etag, "W/", 2) != 0;
	bool same_hash = part->hash[0] && strcmp(part->hash, expected(p)) == 0;
	return h->status == 206 && h->start == part->size && whole == part->whole && (same_tag || same_hash);
}

static bool has_room(const struct pull *p, uint64_t needed, struct error *e)
{
	char a[32], b[32];
	uint64_t room = part_file_room(&p->part);
	if (room == FETCH_UNKNOWN || needed <= room) return true;
	model_file_bytes(a, needed);
	model_file_bytes(b, room);
	return error_set(e, "the file needs %s more, and only %s are free on the disk of %s", a, b, p->part.path);
}

static const char *restart_reason(const struct pull *p, const struct fetch_head *h, uint64_t whole)
{
	bool other = whole != p->part.whole || (h->etag[0] && p->part.etag[0] && strcmp(h->etag, p->part.etag) != 0) ||
	             (p->part.hash[0] && strcmp(p->part.hash, expected(p)) != 0);
	return other ? "the file has changed at the host since the last time" : "the host cannot go on in the middle of the file";
}

/* The host would send the file (fetching_calls). */
static bool on_head(void *context, const struct fetch_head *h, struct fetch_go *go, struct error *e)
{
	struct pull *p = context;
	uint64_t whole;
	if (!believe(p, h, e) || !whole_size(p, h, &whole, e) || !agrees(p, e)) return false;
	if (p->part.size > 0 && !continues(p, h, whole)) {
		commands_note("%s: starting anew", restart_reason(p, h, whole));
		if (!part_file_restart(&p->part, e)) return false;
		hash_anew(p);
		p->again = h->status == 206;
		if (p->again) return error_set(e, "asked again from the first byte");
	} else if (h->status == 206 && h->start != p->part.size) {
		return error_set(e, "sends another part of the file than was asked for");
	}
	if (!has_room(p, whole - p->part.size, e)) return false;
	snprintf(p->part.etag, sizeof p->part.etag, "%s", h->etag);
	snprintf(p->part.hash, sizeof p->part.hash, "%s", expected(p));
	p->part.whole = whole;
	if (!part_file_note(&p->part, e)) return false;
	p->at = p->part.size;
	*go = (struct fetch_go){ .at = p->at, .most = whole - p->at };
	pull_progress_begin(&p->progress, "fetched", p->at, whole);
	return true;
}

static void on_progress(void *context, uint64_t written)
{
	struct pull *p = context;
	struct error ignored; /* what cannot be read is said when the whole is */
	if (!p->quiet) pull_progress_show(&p->progress, p->at + written);
	if (p->watch) p->watch(p->watch_context, "fetching", p->at + written, p->part.whole);
	if (p->hashed <= p->at + written) hash_until(p, p->at + written, false, &ignored);
}

/* ---- from redirect to redirect ---- */

static bool status_says(const char *host, uint32_t status, struct error *e)
{
	switch (status) {
	case 401:
	case 403:
		return error_set(
		        e, "%s: asks for an account (HTTP %u); hearth sends none: fetch a file with an agreement by a browser",
		        host, status);
	case 404: return error_set(e, "%s: has no such file (HTTP 404); is the name right?", host);
	case 429: return error_set(e, "%s: says that it was asked too often (HTTP 429); try again later", host);
	default: return error_set(e, "%s: answers HTTP %u%s", host, status, status >= 500 ? "; try again later" : "");
	}
}

static bool is_redirect(uint32_t status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Where the answer leads: looked at as strictly as what a person types. */
static bool follow(struct pull *p, const struct fetch_head *h, char url[FETCH_URL], struct error *e)
{
	char next[WEB_HOST];
	struct error why;
	if (!believe(p, h, e) || !agrees(p, e)) return error_at(e, "%s", p->current);
	if (!h->location[0]) return error_set(e, "%s: redirects to nowhere", p->current);
	if (!web_host(h->location, next, &why))
		return error_set(e, "%s: redirects to where hearth does not go: %s", p->current, why.text);
	memcpy(url, h->location, FETCH_URL);
	return true;
}

/* One way from the first host to the file, or to what is no file. */
static enum fetching_result follow_all(struct pull *p, struct fetched *out, struct error *e)
{
	const struct fetching_calls calls = { .context = p, .head = on_head, .progress = on_progress };
	struct fetch_request *r = &p->request;
	snprintf(r->url, sizeof r->url, "%s", p->name.url);
	for (int i = 0; i <= MAX_REDIRECTS; i++) {
		r->from = p->part.size;
		snprintf(r->etag, sizeof r->etag, "%s", strncmp(p->part.etag, "W/", 2) == 0 ? "" : p->part.etag);
		if (!web_host(r->url, p->current, e)) return FETCHING_FAILED;
		enum fetching_result result = fetching_run(&p->fetching, FETCH_FILE, r, p->part.fd, &calls, out, e);
		pull_progress_end(&p->progress);
		if (result != FETCHING_DONE || !is_redirect(out->head.status)) return result;
		if (!follow(p, &out->head, r->url, e)) return FETCHING_FAILED;
	}
	error_set(e, "%s: redirects more than %d times", p->host, (int)MAX_REDIRECTS);
	return FETCHING_FAILED;
}

enum fetching_result pull_fetch(struct pull *p, struct error *e)
{
	struct fetched *out = memory_new(1, sizeof *out);
	enum fetching_result result = FETCHING_FAILED;
	if (!out) {
		error_memory(e);
		return result;
	}
	hash_anew(p);
	for (int i = 0; i < MAX_STARTS; i++) {
		p->again = false;
		memcpy(p->announced, p->name.hash, FETCH_HASH);
		p->announced_size = FETCH_UNKNOWN;
		result = follow_all(p, out, e);
		uint32_t status = out->head.status;
		/* The part is longer than the file, or the host has no use for the question. */
		bool unfit = result == FETCHING_DONE && status == 416 && p->part.size > 0;
		if (unfit) commands_note("the host has another file than the one that was begun: starting anew");
		if (unfit && !part_file_restart(&p->part, e)) result = FETCHING_FAILED;
		if (unfit) hash_anew(p);
		if (!unfit && !p->again) {
			if (result == FETCHING_DONE && status != 200 && status != 206 && !status_says(p->host, status, e))
				result = FETCHING_FAILED;
			break;
		}
	}
	if (p->again) result = FETCHING_FAILED;
	memory_free(out);
	return result;
}

/* ---- the hub's list ---- */

struct list {
	struct fetch_entry *entries;
	size_t count;
};

static bool on_entry(void *context, const struct fetch_entry *entry)
{
	struct list *l = context;
	if (l->count == MAX_FILES) return false;
	l->entries[l->count++] = *entry;
	return true;
}

enum fetching_result pull_choose(struct pull *p, struct buffer *choices, struct error *e)
{
	struct list l = { .entries = memory_new(MAX_FILES, sizeof *l.entries) };
	struct fetched *out = memory_new(1, sizeof *out);
	const struct fetching_calls calls = { .context = &l, .entry = on_entry };
	enum fetching_result result = FETCHING_FAILED;
	if (!l.entries || !out)
		error_memory(e);
	else if (!model_name_list_url(&p->name, p->request.url))
		error_set(e, "%s: the name is too long", p->name.repository);
	else
		result = fetching_run(&p->fetching, FETCH_LISTING, &p->request, -1, &calls, out, e);
	for (int i = 0; result == FETCHING_DONE && is_redirect(out->head.status) && i < MAX_REDIRECTS; i++) {
		bool ok = web_host(p->request.url, p->current, e) && follow(p, &out->head, p->request.url, e);
		result = ok ? fetching_run(&p->fetching, FETCH_LISTING, &p->request, -1, &calls, out, e) : FETCHING_FAILED;
	}
	if (result == FETCHING_DONE && out->head.status != 200) {
		web_host(p->request.url, p->current, e);
		status_says(p->current, out->head.status, e);
		result = FETCHING_FAILED;
	}
	if (result == FETCHING_DONE && !model_name_choose(&p->name, l.entries, l.count, choices, e)) result = FETCHING_FAILED;
	memory_free(l.entries);
	memory_free(out);
	return result;
}
