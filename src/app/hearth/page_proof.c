/* page_proof: `hearth prove` for the page, in a hearth of its own outside of this one's jail, and the ledger (see page.h). */
#include "app/hearth/ledger_place.h"
#include "app/hearth/page.h"
#include "app/hearth/page_task.h"
#include "app/hearth/programs.h"
#include "app/hearth/prove.h"
#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PROOF_COLUMNS = 5, LOOK_MS = 200, LEDGER_COLUMNS = 10 };

/* ---- proof ---- */

/* Rows as they come from the other hearth. False: it ended, or said what makes no sense. */
static bool take_rows(struct serve_answer *a, const struct frame *f, bool *last)
{
	struct serve_told told;
	if (f->kind != SERVE_TOLD || !serve_get_told(f->data, f->size, &told)) return false;
	bool ok = told.n_columns == PROOF_COLUMNS;
	for (size_t i = 0; ok && i < told.n_cells; i++) serve_cell(a, told.cells[i].data, told.cells[i].length);
	*last = told.last;
	serve_told_free(&told);
	if (ok) serve_cells_send(a);
	return ok;
}

static bool hear(struct page_task *t, int socket, struct error *e)
{
	struct frame_reader r = frame_reader_new(socket, false);
	struct frame f;
	bool ok = true, last = false;
	while (ok && !last) {
		enum frame_result got = frame_receive(&r, LOOK_MS, &f, e);
		if (got == FRAME_CAME)
			ok = take_rows(t->answer, &f, &last) || error_set(e, "hearth prove said what makes no sense");
		else if (got != FRAME_NOT_YET)
			ok = error_set(e, "hearth prove ended before its end; run it in a terminal to see why");
		else if (serve_asks_gone(t->answer))
			ok = error_set(e, "stopped");
	}
	frame_reader_free(&r);
	return ok;
}

static bool run_proof(struct page_task *t, enum serve_denial *why, struct error *e)
{
	struct spawned other;
	int pair[2], how;
	*why = SERVE_FAILED;
	if (!programs_spawner()) return error_set(e, "no other program can be started here");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_set(e, "cannot make a pair of sockets: %s", strerror(errno));
	bool ok = spawner_run(programs_spawner(), GUARD_HEARTH, SPAWNER_PROVES, &pair[1], 1, &other, e);
	close(pair[1]);
	if (ok) {
		ok = hear(t, pair[0], e);
		if (!spawner_ended(&other, ok ? LOOK_MS * 10 : 0, &how)) spawner_kill(programs_spawner(), &other);
		spawner_ended(&other, LOOK_MS * 10, &how);
		spawner_forget(&other);
	}
	close(pair[0]);
	return ok;
}

/* -> kind ("part", "probe"), name, verdict, text, expected */
bool page_prove(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	void *nothing = memory_new(1, 1);
	(void)ask;
	page_touch(s->page);
	*why = SERVE_FULL;
	return nothing ? page_task_start(a, run_proof, nothing, 1, why, e) : error_memory(e);
}

/* ---- connections ---- */

bool page_ledger(struct serve *s, const struct ledger_place *place, ledger_visitor visit, void *context, struct ledger_state *state,
                 struct error *e)
{
	struct vault *v = s->page->vault;
	struct ledger_keys keys;
	uint8_t *secret = NULL;
	bool open = place->sealed && v && vault_is_open(v) && !vault_remote(v) &&
	            strcmp(s->page->place.folder, place->vault.folder) == 0;
	if (!place->sealed || !open) return ledger_read(disk_real(), place->path, NULL, visit, context, state, e);
	secret = secret_new(SEAL_KEY);
	bool ok = secret || error_memory(e);
	ok = ok && (ledger_keys_of(&keys, secret, v) || error_set(e, "the vault is locked")) &&
	     ledger_read(disk_real(), place->path, &keys, visit, context, state, e);
	secret_free(secret);
	return ok;
}

static bool tell_line(void *context, uint64_t number, const struct ledger_entry *x)
{
	static const char *const kinds[LEDGER_KINDS] = { "begin", "end", "pin" };
	struct serve_answer *a = context;
	serve_cell_text(a, kinds[x->kind]);
	serve_cell_number(a, number);
	serve_cell_number(a, x->time);
	serve_cell_number(a, x->number);
	serve_cell_text(a, x->kind == LEDGER_PIN ? x->name : x->host);
	serve_cell_number(a, x->up);
	serve_cell_number(a, x->down);
	serve_cell_text(a, x->kind == LEDGER_END ? x->result : "");
	serve_cell(a, (const char *)x->sent, x->kind == LEDGER_END ? x->sent_size : 0);
	serve_cell_text(a, x->kind == LEDGER_BEGIN ? "" : x->hash);
	return !a->frame.failed;
}

static void tell_state(struct serve_answer *a, const char *kind, const char *text)
{
	serve_cell_text(a, kind);
	for (int i = 1; i < LEDGER_COLUMNS; i++) serve_cell_text(a, i == 7 ? text : i == 4 || i >= 8 ? "" : "0");
}

/* -> kind ("begin", "end", "pin", "broken", "sealed"), number, time, of, host, up, down, result, sent, sha256 */
bool page_network(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	struct ledger_state state = { 0 };
	struct ledger_place *place = memory_new(1, sizeof *place);
	(void)ask;
	*why = SERVE_FAILED;
	bool ok = place || error_memory(e);
	ok = ok && ledger_place_find(place, &s->opening.paths, e);
	if (ok && !page_ledger(s, place, tell_line, a, &state, e)) tell_state(a, "broken", e->text);
	if (ok && state.unreadable) tell_state(a, "sealed", "the vault is locked, so its lines cannot be read");
	memory_free(place);
	return ok;
}
