/*
 * page: what the page of `hearth serve` asks of hearth: the vault and its conversations, models, proof, connections, settings.
 *
 * The rows of page_rows are questions (serve_asks.h), which hearth-front makes of HTTP by its own table (front/page.c); both name
 * the same arguments and columns. They are answered by the thread that owns the vault here. What takes minutes runs as a *task* in
 * a thread of its own, of which there is one at a time of each kind.
 *
 * The vault locks as the chat on the terminal does: when the person says so, when nobody was there for a while, after a suspend, or
 * when another hearth locks it. Then the engines end, so that no process holds what was said.
 */
#ifndef HEARTH_APP_HEARTH_PAGE_H
#define HEARTH_APP_HEARTH_PAGE_H

#include "app/hearth/away.h"
#include "app/hearth/before_sleep.h"
#include "app/hearth/serve_asks.h"
#include "app/hearth/vault_place.h"
#include "store/conversations.h"
#include "store/ledger.h"

struct page {
	struct serve *serve;
	struct vault *vault; /* taken or joined, locked or open; NULL: none, or it cannot be had */
	struct vault_place place;
	bool placed; /* `place` is known */
	bool open;   /* as it was when it was looked at last */
	bool indexed;
	struct away away;
	struct before_sleep before_sleep; /* watched while a protected vault is open */
};

/* Finds the vault, and opens one that needs no person. Nothing here fails a server: what is wrong is said when it is asked. */
void page_begin(struct page *p, struct serve *s);
void page_end(struct page *p);

/* Looks whether it is time to lock; to be called now and then by the answering thread. The seconds until the next time. */
double page_look(struct page *p);

/* Somebody is there. */
void page_touch(struct page *p);

/* The vault if it is open, else NULL; asking for it is no sign that somebody is there. */
struct vault *page_open_vault(const struct page *p);

/* The vault, open; NULL with the denial. */
struct vault *page_vault(struct serve *s, enum serve_denial *why, struct error *e);

/* Reads the ledger, with the keys of the vault where it is open and sealed them (ledger_read). */
struct ledger_place;
bool page_ledger(struct serve *s, const struct ledger_place *place, ledger_visitor visit, void *context, struct ledger_state *state,
                 struct error *e);

/* An argument as a number; `usual` for an empty one. False: it is none. */
bool page_number(const struct serve_text *text, long long usual, long long *number, struct error *e);

/* Cells for what is signed, for yes and no, and for real numbers. */
void page_cell_signed(struct serve_answer *a, long long number);
void page_cell_bool(struct serve_answer *a, bool value);
void page_cell_real(struct serve_answer *a, double value);

/* The questions. */
bool page_state(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_here(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_settings(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_create(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_unlock(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_lock(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_chats(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_chat(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_write(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_branch(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_rename(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_delete(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_search(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_models(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_use(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_pull(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_prove(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);
bool page_network(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e);

#endif
