/* sequence: lists of counted pages (see sequence.h). One thread at a time works on the sequences of a model. */
#include "model/sequence_internal.h"

#include "base/memory.h"
#include "model/model_internal.h"

#include <string.h>

enum { PAGE_HEADER = 64 }; /* keeps the data aligned for the widest unit */

static uint32_t *references(uint8_t *page)
{
	return (uint32_t *)(void *)(page - PAGE_HEADER);
}

static uint8_t *page_new(struct model *m)
{
	uint8_t *memory = memory_new_aligned(1, PAGE_HEADER + m->page_bytes, PAGE_HEADER);
	if (!memory) return NULL;
	m->bytes_in_pages += m->page_bytes;
	*references(memory + PAGE_HEADER) = 1;
	return memory + PAGE_HEADER;
}

static void page_drop(struct model *m, uint8_t *page)
{
	if (--*references(page) > 0) return;
	memory_wipe(page, m->page_bytes);
	memory_free(page - PAGE_HEADER);
	m->bytes_in_pages -= m->page_bytes;
}

struct sequence *sequence_new(struct model *m, struct error *e)
{
	struct sequence *s = memory_new(1, sizeof *s);
	if (s) s->pages = memory_new((m->context + KV_PAGE - 1) / KV_PAGE, sizeof *s->pages);
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
	memory_free(s->pages);
	memory_free(s);
}

uint32_t sequence_length(const struct sequence *s)
{
	return s->length;
}

void sequence_truncate(struct sequence *s, uint32_t length)
{
	if (length < s->length) s->length = length;
	uint32_t keep = (s->length + KV_PAGE - 1) / KV_PAGE;
	while (s->n_pages > keep) page_drop(s->model, s->pages[--s->n_pages]);
}

struct sequence *sequence_fork(const struct sequence *s, uint32_t length, struct error *e)
{
	struct sequence *f = sequence_new(s->model, e);
	if (!f) return NULL;
	f->length = length < s->length ? length : s->length;
	f->n_pages = (f->length + KV_PAGE - 1) / KV_PAGE;
	for (uint32_t i = 0; i < f->n_pages; i++) {
		f->pages[i] = s->pages[i];
		++*references(f->pages[i]);
	}
	return f;
}

/* Gives the sequence a copy of its own of the page that it is about to write into. */
static bool own_last_page(struct sequence *s)
{
	uint8_t *shared = s->pages[s->n_pages - 1];
	if (*references(shared) == 1) return true;
	uint8_t *own = page_new(s->model);
	if (!own) return false;
	memcpy(own, shared, s->model->page_bytes);
	page_drop(s->model, shared);
	s->pages[s->n_pages - 1] = own;
	return true;
}

bool sequence_reserve(struct sequence *s, uint32_t more, struct error *e)
{
	const struct model *m = s->model;
	if (more > m->context - s->length) return error_set(e, "the context of %u tokens is full", m->context);
	if (s->length % KV_PAGE != 0 && !own_last_page(s)) return error_memory(e);
	uint32_t need = (s->length + more + KV_PAGE - 1) / KV_PAGE;
	while (s->n_pages < need) {
		uint8_t *page = page_new(s->model);
		if (!page) {
			sequence_truncate(s, s->length);
			return error_memory(e);
		}
		s->pages[s->n_pages++] = page;
	}
	return true;
}

size_t sequence_bytes(const struct model *m)
{
	return m->bytes_in_pages;
}
