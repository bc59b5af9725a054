/* client_file: hearth_file_* over a process that looks at one file (see client.h). */
#include "wire/client_files.h"
#include "wire/client_start.h"

#include "base/memory.h"
#include "base/sized.h"

#include <string.h>

struct hearth_file {
	struct link *link;
	char *path;
	struct buffer facts, texts; /* the frames that info and lists point into */
	struct hearth_file_info info;
	struct wire_lists lists;
	bool listed;
};

/* A link that has failed says why in its own words: the file is put in front. */
static bool failed_at(struct hearth_file *f, struct error *e)
{
	return f->link && link_has_failed(f->link) ? error_at(e, "%s", f->path) : false;
}

static bool keep(struct buffer *to, const struct link *l, struct error *e)
{
	buffer_clear(to);
	return buffer_append(to, l->answer.data, l->answer.size) || error_memory(e);
}

static bool look(struct hearth_file *f, struct error *e)
{
	const struct link_watch watch = { .data = f };
	f->link = client_start(&watch, 1, e);
	return f->link && client_give_files(f->link, f->path, e) && client_jail(f->link, e) &&
	       client_ask_text(f->link, WIRE_LOOK, f->path, WIRE_FACTS, true, e) && keep(&f->facts, f->link, e) &&
	       (wire_get_file_info(f->facts.data, f->facts.size, &f->info) || error_set(e, "what the engine says makes no sense"));
}

bool client_file_open(const char *path, struct hearth_file **file, struct hearth_error *error)
{
	struct error *e = sized_error(error ? error->text : NULL);
	struct hearth_file *f = memory_new(1, sizeof *f);
	*file = NULL;
	if (!f) return error_memory(e);
	f->facts = f->texts = buffer_new(FRAME_MOST);
	f->path = memory_copy_text(path, strlen(path));
	if (f->path ? look(f, e) : error_memory(e)) {
		*file = f;
		return true;
	}
	failed_at(f, e);
	client_file_close(f);
	return false;
}

void client_file_close(struct hearth_file *f)
{
	if (!f) return;
	link_close(f->link);
	wire_lists_free(&f->lists);
	buffer_free(&f->facts);
	buffer_free(&f->texts);
	memory_free(f->path);
	memory_free(f);
}

void client_file_info(struct hearth_file *f, struct hearth_file_info *info)
{
	sized_show(info, &f->info, sizeof *info);
}

static bool list(struct hearth_file *f)
{
	if (f->listed) return true;
	f->listed = link_ask(f->link, WIRE_VALUES, NULL, 0, WIRE_LISTS, true, NULL) && keep(&f->texts, f->link, NULL) &&
	            wire_get_lists(f->texts.data, f->texts.size, &f->lists);
	return f->listed;
}

size_t client_file_values(struct hearth_file *f, const struct hearth_file_value **values)
{
	bool ok = list(f);
	*values = ok ? f->lists.values : NULL;
	return ok ? f->lists.n_values : 0;
}

size_t client_file_types(struct hearth_file *f, const struct hearth_file_type **types)
{
	bool ok = list(f);
	*types = ok ? f->lists.types : NULL;
	return ok ? f->lists.n_types : 0;
}

bool client_file_verify(struct hearth_file *f, uint64_t *n_tensors, uint64_t *bytes, struct hearth_error *error)
{
	struct error *e = sized_error(error ? error->text : NULL);
	if (!link_ask(f->link, WIRE_VERIFY, NULL, 0, WIRE_VERIFIED, true, e)) return failed_at(f, e);
	struct cursor c = cursor_over(f->link->answer.data, f->link->answer.size);
	*n_tensors = cursor_u64(&c);
	*bytes = cursor_u64(&c);
	return (!c.failed && cursor_left(&c) == 0) || error_set(e, "%s: what the engine says makes no sense", f->path);
}

bool client_file_plan(struct hearth_file *f, uint32_t context, struct hearth_file_plan *plan, struct hearth_error *error)
{
	struct error *e = sized_error(error ? error->text : NULL);
	struct hearth_file_plan made;
	uint64_t asked = context;
	if (!link_ask(f->link, WIRE_PLAN, &asked, sizeof asked, WIRE_PLANNED, true, e)) return failed_at(f, e);
	if (!wire_get_file_plan(f->link->answer.data, f->link->answer.size, &made))
		return error_set(e, "%s: what the engine says makes no sense", f->path);
	size_t given = plan->size;
	memcpy(plan, &made, given < sizeof made ? given : sizeof made);
	plan->size = given;
	return true;
}
