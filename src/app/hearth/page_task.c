/* page_task: the thread of a long answer (see page_task.h). */
#include "app/hearth/page_task.h"

#include "base/memory.h"
#include "base/threads.h"

#include <pthread.h>

static void end(struct page_task *t)
{
	memory_wipe(t->work, t->size);
	memory_free(t->work);
	memory_free(t);
}

static void *body(void *data)
{
	struct page_task *t = data;
	struct error e = { "" };
	enum serve_denial why = SERVE_FAILED;
	bool ok = t->run(t, &why, &e);
	struct serve_answer *a = t->answer;
	end(t);
	serve_answer_end(a, ok, why, e.text); /* the last thing: hearth may end after it */
	return NULL;
}

bool page_task_start(struct serve_answer *a, bool (*run)(struct page_task *, enum serve_denial *, struct error *), void *work,
                     size_t size, enum serve_denial *why, struct error *e)
{
	pthread_t thread;
	struct page_task *t = memory_new(1, sizeof *t);
	*why = SERVE_FULL;
	if (!t) {
		memory_free(work);
		return error_memory(e);
	}
	*t = (struct page_task){ .work = work, .size = size, .run = run };
	t->answer = serve_answer_later(a);
	if (t->answer && threads_start(&thread, body, t)) {
		pthread_detach(thread);
		return true;
	}
	struct serve_answer *later = t->answer;
	end(t);
	if (!later) return error_memory(e);
	serve_answer_end(later, false, SERVE_FULL, "cannot start a thread");
	return true;
}
