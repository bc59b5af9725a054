/* page_task: an answer that takes long, in a thread of its own (see page.h). */
#ifndef HEARTH_APP_HEARTH_PAGE_TASK_H
#define HEARTH_APP_HEARTH_PAGE_TASK_H

#include "app/hearth/serve_asks.h"

struct page_task {
	struct serve_answer *answer;
	void *work; /* freed, and wiped before, when the task has ended */
	size_t size;
	bool (*run)(struct page_task *t, enum serve_denial *why, struct error *e);
};

/* Goes on with the answer elsewhere; true for the question's function to return. False: it could not be started, and `work` is
 * freed. */
bool page_task_start(struct serve_answer *a, bool (*run)(struct page_task *, enum serve_denial *, struct error *), void *work,
                     size_t size, enum serve_denial *why, struct error *e);

#endif
