/* merge_queue: see merge.h. */
#include "text/merge.h"

#include "base/memory.h"

bool merge_queue_start(struct merge_queue *q, uint32_t highest_rank)
{
	if (!q->lists) q->lists = memory_new((size_t)highest_rank + 1, sizeof *q->lists);
	return q->lists != NULL;
}

void merge_queue_free(struct merge_queue *q)
{
	memory_free(q->entries);
	memory_free(q->lists);
	memory_free(q->ranks);
	memory_free(q->late);
	*q = (struct merge_queue){ 0 };
}

/* Makes room for one more element. */
static bool grow(void **items, size_t count, size_t *room, size_t size)
{
	if (count < *room) return true;
	size_t more = *room ? *room + *room / 2 : 256;
	void *p = memory_resize(*items, more, size);
	if (!p) return false;
	*items = p;
	*room = more;
	return true;
}

static void heap_up(uint64_t *heap, size_t i)
{
	uint64_t item = heap[i];
	for (; i > 0 && heap[(i - 1) / 2] > item; i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
	heap[i] = item;
}

/* The item behind the n of a heap takes the place of its first. */
static void heap_down(uint64_t *heap, size_t n)
{
	uint64_t item = heap[n];
	size_t i = 0;
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && heap[child + 1] < heap[child]) child++;
		if (heap[child] >= item) break;
		heap[i] = heap[child];
	}
	heap[i] = item;
}

static uint32_t new_entry(struct merge_queue *q, uint32_t place)
{
	uint32_t index = q->free;
	if (index) {
		q->free = q->entries[index - 1].next;
	} else {
		void *entries = q->entries;
		size_t room = q->entries_room;
		if (q->n_entries == UINT32_MAX - 1 || !grow(&entries, q->n_entries, &room, sizeof *q->entries)) return 0;
		q->entries = entries;
		q->entries_room = (uint32_t)(room < UINT32_MAX ? room : UINT32_MAX);
		index = ++q->n_entries;
	}
	q->entries[index - 1] = (struct merge_entry){ place, 0 };
	return index;
}

bool merge_queue_add(struct merge_queue *q, uint32_t rank, uint32_t place)
{
	struct merge_list *list = &q->lists[rank];
	if (list->last && q->entries[list->last - 1].place > place) {
		void *late = q->late;
		if (!grow(&late, q->n_late, &q->late_room, sizeof *q->late)) return false;
		q->late = late;
		q->late[q->n_late] = (uint64_t)rank << 32 | place;
		heap_up(q->late, q->n_late++);
		return true;
	}
	if (!list->last) {
		void *ranks = q->ranks;
		if (!grow(&ranks, q->n_ranks, &q->ranks_room, sizeof *q->ranks)) return false;
		q->ranks = ranks;
	}
	uint32_t index = new_entry(q, place);
	if (!index) return false;
	if (list->last) {
		q->entries[list->last - 1].next = index;
	} else {
		list->first = index;
		q->ranks[q->n_ranks] = rank;
		heap_up(q->ranks, q->n_ranks++);
	}
	list->last = index;
	return true;
}

bool merge_queue_take(struct merge_queue *q, uint32_t *rank, uint32_t *place)
{
	uint64_t first = UINT64_MAX;
	if (q->n_ranks > 0) first = q->ranks[0] << 32 | q->entries[q->lists[q->ranks[0]].first - 1].place;
	if (q->n_late > 0 && q->late[0] <= first) {
		first = q->late[0];
		if (--q->n_late > 0) heap_down(q->late, q->n_late);
	} else if (q->n_ranks > 0) {
		struct merge_list *list = &q->lists[q->ranks[0]];
		uint32_t index = list->first;
		list->first = q->entries[index - 1].next;
		q->entries[index - 1].next = q->free;
		q->free = index;
		if (!list->first) {
			list->last = 0;
			if (--q->n_ranks > 0) heap_down(q->ranks, q->n_ranks);
		}
	} else {
		return false;
	}
	*rank = (uint32_t)(first >> 32);
	*place = (uint32_t)first;
	return true;
}
