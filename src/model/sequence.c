/* sequence: lists of counted pages and states (see sequence.h). One thread at a time works on the sequences of a model. */
#include "model/sequence_internal.h"

#include "base/memory.h"
#include "model/model_internal.h"

#include <string.h>

/* What lies before a page or state keeps its data aligned for the widest unit. Marks together take this many bytes at most,
 * unless two of them are more. */
enum { HEADER = 64, LEAST_MARKS = 2, MARK_BYTES = 128 << 20 };

/* ---- counted blocks ---- */

static uint32_t *references(uint8_t *block)
{
	return (uint32_t *)(void *)(block - HEADER);
}

static uint8_t *block_new(struct model *m, size_t bytes)
{
	uint8_t *memory = memory_new_large(HEADER + bytes);
	if (!memory) return NULL;
	m->bytes_in_pages += bytes;
	*references(memory + HEADER) = 1;
	return memory + HEADER;
}

static void block_drop(struct model *m, uint8_t *block, size_t bytes)
{
	if (!block || --*references(block) > 0) return;
	memory_wipe(block, bytes);
	memory_free(block - HEADER);
	m->bytes_in_pages -= bytes;
}

static uint8_t *block_share(uint8_t *block)
{
	if (block) ++*references(block);
	return block;
}

/* ---- pages ---- */

static uint32_t pages_for(uint32_t length)
{
	return (length + KV_PAGE - 1) / KV_PAGE;
}

static uint8_t **page_at(const struct sequence *s, uint32_t table, uint32_t index)
{
	return &s->pages[table * s->model->pages.n_pages + index];
}

static void drop_page(struct sequence *s, uint32_t table, uint32_t index)
{
	uint8_t **page = page_at(s, table, index);
	block_drop(s->model, *page, s->model->pages.table[table].bytes);
	*page = NULL;
}

/* Drops the last page of every table, as long as there are more than `keep`. */
static void drop_pages(struct sequence *s, uint32_t keep)
{
	while (s->n_pages > keep) {
		s->n_pages--;
		for (uint32_t t = 0; t < s->model->pages.n; t++) drop_page(s, t, s->n_pages);
	}
}

/* Gives the sequence copies of its own of the pages that it is about to write into. */
static bool own_last_page(struct sequence *s)
{
	for (uint32_t t = 0; t < s->model->pages.n; t++) {
		size_t bytes = s->model->pages.table[t].bytes;
		uint8_t **page = page_at(s, t, s->n_pages - 1), *shared = *page;
		if (!shared || *references(shared) == 1) continue;
		uint8_t *own = block_new(s->model, bytes);
		if (!own) return false;
		memcpy(own, shared, bytes);
		block_drop(s->model, shared, bytes);
		*page = own;
	}
	return true;
}

static bool add_page(struct sequence *s)
{
	uint32_t index = s->n_pages++;
	for (uint32_t t = 0; t < s->model->pages.n; t++) {
		size_t bytes = s->model->pages.table[t].bytes;
		if (bytes && !(*page_at(s, t, index) = block_new(s->model, bytes))) return false;
	}
	return true;
}

/* On failure what was added is the caller's to drop. */
static bool reserve_pages(struct sequence *s, uint32_t more)
{
	uint32_t need = pages_for(s->length + more);
	if (s->length % KV_PAGE != 0 && !own_last_page(s)) return false;
	while (s->n_pages < need) {
		if (!add_page(s)) return false;
	}
	return true;
}

/* The pages of a table that a row at `length` sees before its own position: [first, first + n). */
static uint32_t pages_seen(const struct page_table *t, uint32_t length, uint32_t *first)
{
	uint32_t end = pages_for(length);
	*first = page_table_first(t, length) / KV_PAGE;
	return end > *first ? end - *first : 0;
}

/* The longest beginning, at most `length` positions, behind which a row has all pages that it sees. */
static uint32_t pages_reach(const struct sequence *s, uint32_t length)
{
	for (uint32_t t = 1; t < s->model->pages.n; t++) {
		uint32_t first, n = pages_seen(&s->model->pages.table[t], length, &first);
		while (n > 0 && *page_at(s, t, first + n - 1)) n--;
		if (n > 0) {
			length = (first + n - 1) * KV_PAGE; /* without the page that is missing; and from the first table again */
			t = 0;
		}
	}
	return length;
}

static bool mark_sees(const struct sequence *s, const struct page_table *t, uint32_t page)
{
	for (uint32_t i = 0; i < s->n_marks; i++) {
		uint32_t first, n = pages_seen(t, s->marks[i].length, &first);
		if (page >= first && page - first < n) return true;
	}
	return false;
}

/* Gives up the pages that neither a row to come sees, nor one behind a mark. */
static void give_up_pages(struct sequence *s)
{
	uint32_t back = s->length > SEQUENCE_TAKE_BACK ? s->length - SEQUENCE_TAKE_BACK : 0;
	for (uint32_t t = 1; t < s->model->pages.n; t++) {
		const struct page_table *table = &s->model->pages.table[t];
		uint32_t first = page_table_first(table, back) / KV_PAGE;
		for (uint32_t i = 0; i < first; i++) {
			if (*page_at(s, t, i) && !mark_sees(s, table, i)) drop_page(s, t, i);
		}
	}
}

bool sequence_repeat(struct sequence *s, uint32_t length)
{
	const struct model *m = s->model;
	uint32_t held = s->length / KV_PAGE;
	if (m->pages.n != 1 || m->state_bytes || held == 0 || length > m->context) return false;
	if (length <= s->length) return true;
	uint32_t whole = held * KV_PAGE;
	sequence_truncate(s, whole);
	if (!reserve_pages(s, length - whole)) {
		drop_pages(s, held);
		return false;
	}
	for (uint32_t i = held; i < s->n_pages; i++) memcpy(*page_at(s, 0, i), *page_at(s, 0, i % held), m->pages.table[0].bytes);
	s->length = length;
	return true;
}

/* ---- states ---- */

static void drop_state(struct sequence *s, uint8_t *state)
{
	block_drop(s->model, state, s->model->state_bytes);
}

uint32_t sequence_most_marks(const struct model *m)
{
	size_t bytes = m->state_bytes + page_tables_mark_bytes(&m->pages), most = bytes ? MARK_BYTES / bytes : 0;
	if (most > SEQUENCE_MOST_MARKS) return SEQUENCE_MOST_MARKS;
	return bytes && most < LEAST_MARKS ? LEAST_MARKS : (uint32_t)most;
}

static void remove_mark(struct sequence *s, uint32_t index)
{
	drop_state(s, s->marks[index].state);
	s->n_marks--;
	memmove(s->marks + index, s->marks + index + 1, (s->n_marks - index) * sizeof *s->marks);
}

/* The mark that is missed least: the one whose neighbours are nearest to each other; never the last one. */
static uint32_t least_mark(const struct sequence *s)
{
	uint32_t least = 0, gap = UINT32_MAX;
	for (uint32_t i = 0; i + 1 < s->n_marks; i++) {
		uint32_t before = i ? s->marks[i - 1].length : 0, across = s->marks[i + 1].length - before;
		if (across >= gap) continue;
		gap = across;
		least = i;
	}
	return least;
}

/* Takes over the caller's reference. */
static void add_mark(struct sequence *s, struct mark mark)
{
	if (s->n_marks && s->marks[s->n_marks - 1].length == mark.length) {
		drop_state(s, mark.state);
		return;
	}
	if (s->n_marks == sequence_most_marks(s->model)) remove_mark(s, least_mark(s));
	s->marks[s->n_marks++] = mark;
}

void sequence_mark(struct sequence *s, uint32_t length)
{
	if (sequence_most_marks(s->model) == 0 || length < s->length || length == 0) return;
	if (length > s->length)
		s->wish = length;
	else
		add_mark(s, (struct mark){ length, block_share(s->state) });
}

static bool add_next(struct sequence *s, uint32_t length)
{
	uint8_t *state = s->spare;
	s->spare = NULL;
	if (!state) state = block_new(s->model, s->model->state_bytes);
	if (!state) return false;
	s->next[s->n_next++] = (struct mark){ length, state };
	return true;
}

/* The states that the batch writes: behind its last row, and before where a mark is to be. Without memory for a mark there is
 * none, and strides too many for one batch are left out. */
static bool reserve_states(struct sequence *s, uint32_t more)
{
	uint32_t end = s->length + more, stride = (s->length / SEQUENCE_STRIDE + 1) * SEQUENCE_STRIDE;
	bool wished = s->wish > s->length;
	if (!s->model->state_bytes || s->n_next) return true;
	while (s->n_next + 1 < SEQUENCE_MOST_NEXT) {
		uint32_t at = wished && s->wish < stride ? s->wish : stride;
		if (at >= end || !add_next(s, at)) break;
		if (at == s->wish) wished = false;
		if (at == stride) stride += SEQUENCE_STRIDE;
	}
	return add_next(s, end);
}

static void drop_next(struct sequence *s)
{
	while (s->n_next) drop_state(s, s->next[--s->n_next].state);
}

/* The old state is written again by the next batch, unless a mark or a fork holds it. */
static void retire_state(struct sequence *s)
{
	if (s->state && !s->spare && *references(s->state) == 1)
		s->spare = s->state;
	else
		drop_state(s, s->state);
	s->state = NULL;
}

/* ---- sequences ---- */

struct sequence *sequence_new(struct model *m, struct error *e)
{
	struct sequence *s = memory_new(1, sizeof *s);
	if (s) s->pages = memory_new((size_t)m->pages.n * m->pages.n_pages, sizeof *s->pages);
	if (!s || !s->pages) {
		memory_free(s);
		error_memory(e);
		return NULL;
	}
	s->model = m;
	return s;
}

void sequence_free(struct sequence *s)
{
	if (!s) return;
	sequence_truncate(s, 0);
	drop_state(s, s->spare);
	memory_free(s->pages);
	memory_free(s);
}

uint32_t sequence_length(const struct sequence *s)
{
	return s->length;
}

/* The longest beginning of at most `length` positions that the sequence can go back to, and how many marks stand in it; of a family
 * with states it ends at the last of them. */
static uint32_t reach(const struct sequence *s, uint32_t length, uint32_t *n_marks)
{
	uint32_t n = 0;
	if (!s->model->state_bytes) length = pages_reach(s, length);
	while (n < s->n_marks && s->marks[n].length <= length) n++;
	*n_marks = n;
	if (!s->model->state_bytes) return length;
	return n ? s->marks[n - 1].length : 0;
}

uint32_t sequence_reach(const struct sequence *s, uint32_t length)
{
	uint32_t n_marks;
	return length >= s->length ? s->length : reach(s, length, &n_marks);
}

uint32_t sequence_truncate(struct sequence *s, uint32_t length)
{
	uint32_t keep;
	if (length >= s->length) return s->length;
	s->wish = 0;
	s->length = reach(s, length, &keep);
	while (s->n_marks > keep) remove_mark(s, s->n_marks - 1);
	if (s->model->state_bytes) {
		retire_state(s);
		if (keep) s->state = block_share(s->marks[keep - 1].state);
	}
	drop_pages(s, pages_for(s->length));
	return s->length;
}

struct sequence *sequence_fork(const struct sequence *s, uint32_t length, struct error *e)
{
	struct sequence *f = sequence_new(s->model, e);
	if (!f) return NULL;
	f->variant = s->variant;
	if (length >= s->length) {
		f->length = s->length;
		f->n_marks = s->n_marks;
		f->state = block_share(s->state);
	} else {
		f->length = reach(s, length, &f->n_marks);
		if (s->model->state_bytes && f->n_marks) f->state = block_share(s->marks[f->n_marks - 1].state);
	}
	for (uint32_t i = 0; i < f->n_marks; i++) f->marks[i] = (struct mark){ s->marks[i].length, block_share(s->marks[i].state) };
	f->n_pages = pages_for(f->length);
	for (uint32_t t = 0; t < s->model->pages.n; t++) {
		for (uint32_t i = 0; i < f->n_pages; i++) *page_at(f, t, i) = block_share(*page_at(s, t, i));
	}
	return f;
}

void sequence_adapt(struct sequence *s, const struct model_variant *variant)
{
	sequence_truncate(s, 0);
	s->variant = variant;
}

const struct model_variant *sequence_variant(const struct sequence *s)
{
	return s->variant;
}

bool sequence_reserve(struct sequence *s, uint32_t more, struct error *e)
{
	const struct model *m = s->model;
	if (more > m->context - s->length) return error_set(e, "the context of %u tokens is full", m->context);
	if (reserve_pages(s, more) && reserve_states(s, more)) return true;
	sequence_roll_back(s);
	return error_memory(e);
}

/* Takes the states that the batch has written. */
static void take_states(struct sequence *s)
{
	retire_state(s);
	for (uint32_t i = 0; i + 1 < s->n_next; i++) add_mark(s, s->next[i]);
	struct mark end = s->next[s->n_next - 1];
	s->state = end.state;
	s->n_next = 0;
	if (end.length == s->wish || end.length % SEQUENCE_STRIDE == 0)
		add_mark(s, (struct mark){ end.length, block_share(end.state) });
}

void sequence_commit(struct sequence *s)
{
	if (s->pending == 0) return; /* done for another of its rows */
	s->length += s->pending;
	s->pending = 0;
	bool granted = s->wish && s->wish <= s->length;
	if (s->n_next)
		take_states(s);
	else if (granted)
		add_mark(s, (struct mark){ s->wish, NULL });
	if (granted) s->wish = 0;
	give_up_pages(s);
}

void sequence_roll_back(struct sequence *s)
{
	s->pending = 0;
	drop_next(s);
	drop_pages(s, pages_for(s->length));
}

size_t sequence_bytes(const struct model *m)
{
	return m->bytes_in_pages;
}
