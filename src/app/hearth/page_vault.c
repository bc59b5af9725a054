/* page_vault: the vault while hearth serves: what state it is in, making, opening and locking it, and who is there (see page.h). */
#include "app/hearth/new_vault.h"
#include "app/hearth/page.h"
#include "app/hearth/serve_engine.h"
#include "app/hearth/unlock.h"
#include "base/machine.h"
#include "store/ledger.h"
#include "store/recovery_code.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_SECONDS = 20, SHORT_LOOK = 1, MOST_MINUTES = 10000, MOST_SECRET = 1000 };

/* ---- small parts ---- */

bool page_number(const struct serve_text *text, long long usual, long long *number, struct error *e)
{
	char *end;
	*number = usual;
	if (!text->length) return true;
	errno = 0;
	*number = strtoll(text->data, &end, 10);
	return (!errno && end == text->data + text->length && *number >= 0) || error_set(e, "this is no number");
}

void page_cell_signed(struct serve_answer *a, long long number)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%lld", number);
	serve_cell(a, text, (size_t)n);
}

void page_cell_bool(struct serve_answer *a, bool value)
{
	serve_cell(a, value ? "1" : "0", 1);
}

void page_cell_real(struct serve_answer *a, double value)
{
	char text[48];
	int n = snprintf(text, sizeof text, "%.3f", value);
	serve_cell(a, text, (size_t)n);
}

static bool is_open(const struct page *p)
{
	return p->vault && vault_is_open(p->vault);
}

static bool is_unprotected(const struct page *p)
{
	return p->vault && unlock_has_slot(p->vault, SLOT_UNPROTECTED);
}

void page_touch(struct page *p)
{
	away_key(&p->away, away_clocks_now());
}

/* ---- from the start to the end ---- */

/* Takes the vault that is there. False with the line. */
static bool take(struct page *p, struct error *e)
{
	if (p->vault) return true;
	if (!p->placed) return error_set(e, "there is no folder for data: set HOME or HEARTH_HOME");
	if (!vault_place_find(&p->place, &p->serve->opening.paths, p->serve->options->vault, e)) return false;
	if (p->place.state != VAULT_PRESENT) return error_set(e, "%s: there is no vault here", p->place.folder);
	p->vault = vault_join(disk_real(), p->place.folder, e);
	if (p->vault) unlock_watch(p->vault);
	return p->vault != NULL;
}

static void opened(struct page *p)
{
	struct error ignored; /* a fetch says what is wrong with the ledger, a question what with a locked model */
	p->open = true;
	page_touch(p);
	opening_reload(&p->serve->opening, p->vault, &ignored);
	before_sleep_end(&p->before_sleep);
	if (!is_unprotected(p)) before_sleep_begin(&p->before_sleep);
	if (vault_remote(p->vault)) return;
	vault_serve(p->vault, NULL);
	ledger_begin(p->vault, &ignored);
}

void page_begin(struct page *p, struct serve *s)
{
	struct error ignored; /* the page says it when it is asked */
	const struct key_secret nothing = { .kind = SLOT_UNPROTECTED };
	*p = (struct page){ .serve = s, .before_sleep = before_sleep_none() };
	page_touch(p);
	p->placed = vault_place_find(&p->place, &s->opening.paths, s->options->vault, &ignored);
	if (!p->placed || p->place.state != VAULT_PRESENT) return;
	if (s->opening.owns_vault) { /* it was opened for the model */
		p->vault = s->opening.vault;
		s->opening.owns_vault = false;
		unlock_watch(p->vault);
	}
	if (!take(p, &ignored)) return;
	bool open = vault_is_open(p->vault);
	if (!open && s->options->key_file) open = unlock_vault(p->vault, s->options->key_file, "", 1, &ignored) == UNLOCK_OPEN;
	if (!open && (is_unprotected(p) || vault_remote(p->vault))) open = vault_unlock(p->vault, &nothing, &ignored);
	if (open) opened(p);
}

void page_end(struct page *p)
{
	before_sleep_end(&p->before_sleep);
	vault_close(p->vault);
	p->vault = NULL;
}

/* No process keeps what was said: the engines end, and this program's memory is wiped as it is freed. */
static void forget(struct page *p)
{
	p->open = false;
	p->indexed = false;
	serve_forget(p->serve);
	before_sleep_end(&p->before_sleep);
}

double page_look(struct page *p)
{
	enum away_reason away = away_look(&p->away, away_clocks_now(), p->serve->opening.settings.lock);
	struct error ignored;
	bool more = false;
	if (!p->vault) return LOOK_SECONDS * 3;
	bool sleeps = before_sleep_look(&p->before_sleep) == BEFORE_SLEEP_NOW;
	if (is_open(p) && !is_unprotected(p) && (away != AWAY_NOT || sleeps)) vault_lock(p->vault);
	if (p->open && !is_open(p)) forget(p);
	p->open = is_open(p);
	if (p->open && !p->indexed) { /* the search index grows in the pauses, so that a deletion is cheap */
		if (!conversations_index(p->vault, 200, &more, &ignored)) more = false;
		p->indexed = !more;
	}
	/* a suspend that comes, or that was, is not to wait */
	return more || (p->open && !is_unprotected(p)) ? SHORT_LOOK : LOOK_SECONDS;
}

struct vault *page_open_vault(const struct page *p)
{
	return is_open(p) ? p->vault : NULL;
}

struct vault *page_vault(struct serve *s, enum serve_denial *why, struct error *e)
{
	struct page *p = s->page;
	if (is_open(p)) {
		p->open = true;
		page_touch(p);
		return p->vault;
	}
	*why = p->vault ? SERVE_LOCKED : SERVE_MISSING;
	error_set(e, p->vault ? "the vault is locked" : "no conversations are kept");
	return NULL;
}

/* ---- state ---- */

static const char *vault_word(const struct page *p)
{
	if (is_open(p)) return "open";
	if (p->vault || p->place.state == VAULT_PRESENT) return "locked";
	return p->place.state == VAULT_BROKEN ? "broken" : "none";
}

/* Seconds until it locks by itself; 0: it does not. */
static double lock_in(const struct page *p)
{
	double minutes = p->serve->opening.settings.lock;
	if (!is_open(p) || is_unprotected(p) || !(minutes > 0)) return 0;
	double left = minutes * 60 - (away_clocks_now().monotonic - p->away.key.monotonic);
	return left > 1 ? left : 1;
}

bool page_state(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	struct page *p = s->page;
	const struct model_file *m = &s->opening.file;
	uint32_t context = 0;
	(void)ask;
	(void)why;
	(void)e;
	page_look(p);
	bool running = serve_engines_open(s->engines, m->path, &context);
	if (!context) context = s->opening.wanted.context ? s->opening.wanted.context : model_file_usual_context(m);
	serve_cell_text(a, hearth_version());
	serve_cell_text(a, vault_word(p));
	page_cell_bool(a, !is_unprotected(p));
	page_cell_bool(a, !s->opening.settings.keep);
	page_cell_bool(a, p->vault && (vault_remote(p->vault) || unlock_has_slot(p->vault, SLOT_KEYRING)));
	page_cell_bool(a, getenv("DBUS_SESSION_BUS_ADDRESS") != NULL);
	page_cell_real(a, s->opening.settings.lock);
	page_cell_real(a, lock_in(p));
	serve_cell_text(a, s->opening.locked.name[0] && !is_open(p) ? "a locked model" : m->name);
	page_cell_bool(a, s->opening.builtin);
	serve_cell_number(a, context);
	serve_cell_number(a, running ? m->size + m->kv_position * context : 0);
	serve_cell_number(a, machine_memory());
	serve_cell_number(a, machine_free_memory());
	page_cell_bool(a, s->opening.settings.threads == HEARTH_THREADS_LOW);
	page_cell_bool(a, p->vault && vault_is_older(p->vault));
	return true;
}

bool page_here(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	(void)ask;
	(void)a;
	(void)why;
	(void)e;
	page_look(s->page);
	page_touch(s->page);
	return true;
}

/* lock_minutes, keep, threads; empty ones stay as they are */
bool page_settings(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	struct settings *t = &s->opening.settings;
	const struct serve_text *minutes = &ask->arguments[0], *keep = &ask->arguments[1], *threads = &ask->arguments[2];
	long long number;
	(void)a;
	*why = SERVE_WRONG;
	if (!page_number(minutes, -1, &number, e)) return false;
	if (number > MOST_MINUTES) return error_set(e, "at most %d minutes", (int)MOST_MINUTES);
	if (threads->length && strcmp(threads->data, "low") != 0 && strcmp(threads->data, "usual") != 0)
		return error_set(e, "threads is \"low\" or \"usual\"");
	if (number >= 0) t->lock = (double)number;
	if (keep->length) t->keep = keep->data[0] == '1';
	if (threads->length) t->threads = strcmp(threads->data, "low") == 0 ? HEARTH_THREADS_LOW : 0;
	if (threads->length && !s->options->threads) s->opening.wanted.threads = t->threads;
	*why = SERVE_FAILED;
	return settings_write(t, &s->opening.paths, e);
}

/* ---- making, opening, locking ---- */

static struct vault *create(struct page *p, const char *kind, const struct serve_text *words, struct error *e)
{
	struct key_secret secret = { .kind = SLOT_PASSPHRASE, .bytes = words->data, .size = words->length };
	if (strcmp(kind, "unencrypted") == 0) return new_vault_unencrypted(&p->place, e);
	if (strcmp(kind, "keyring") == 0) return new_vault_with_keyring(&p->place, e);
	if (strcmp(kind, "passphrase") != 0 || !words->length || words->length > MOST_SECRET) {
		error_set(e, "a passphrase of 1 to %d bytes is needed", (int)MOST_SECRET);
		return NULL;
	}
	if (!new_vault_place(&p->place, e)) return NULL;
	return vault_create(disk_real(), p->place.folder, &secret, key_cost_measure(NEW_VAULT_SECONDS), e);
}

/* The recovery code as a cell; it is shown by the page and kept nowhere. */
static bool add_recovery(struct serve_answer *a, struct vault *v, struct error *e)
{
	uint8_t code[RECOVERY_BYTES];
	char text[RECOVERY_TEXT];
	seal_random(code, sizeof code);
	const struct key_secret secret = { .kind = SLOT_RECOVERY, .bytes = code, .size = sizeof code };
	bool ok = vault_add_slot(v, &secret, key_cost_least, e) >= 0;
	if (ok) {
		recovery_code_write(text, code);
		serve_cell_text(a, text);
	}
	seal_wipe(code, sizeof code);
	seal_wipe(text, sizeof text);
	return ok;
}

/* kind, passphrase -> recovery */
bool page_create(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	struct page *p = s->page;
	const char *kind = ask->arguments[0].data;
	*why = SERVE_WRONG;
	if (p->vault) return error_set(e, "there is a vault already");
	if (!p->placed || !vault_place_find(&p->place, &s->opening.paths, s->options->vault, e))
		return error_set(e, "there is no folder for data: set HOME or HEARTH_HOME");
	struct vault *v = create(p, kind, &ask->arguments[1], e);
	if (!v) return false;
	unlock_watch(v);
	p->vault = v;
	*why = SERVE_FAILED;
	if (strcmp(kind, "unencrypted") == 0)
		serve_cell_text(a, "");
	else if (!add_recovery(a, v, e))
		return false;
	opened(p);
	if (s->opening.settings.keep) return true;
	s->opening.settings.keep = true;
	return settings_write(&s->opening.settings, &s->opening.paths, e);
}

/* Errors of the vault begin with its file, which on the page says nothing. */
static bool without_path(struct error *e)
{
	char *colon = e->text[0] == '/' ? strstr(e->text, ": ") : NULL;
	if (colon) memmove(e->text, colon + 2, strlen(colon + 2) + 1);
	return false;
}

/* passphrase; empty: with what needs none */
bool page_unlock(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	struct page *p = s->page;
	const struct serve_text *words = &ask->arguments[0];
	const struct key_secret nothing = { .kind = SLOT_UNPROTECTED };
	(void)a;
	*why = SERVE_WRONG;
	e->text[0] = 0;
	if (!take(p, e)) return false;
	if (is_open(p)) return true;
	bool ok = vault_remote(p->vault) && vault_unlock(p->vault, &nothing, e);
	if (!ok && vault_remote(p->vault))
		return error_set(e, "another hearth has the vault \"%s\", and it is locked there: unlock it there", p->place.name);
	if (!ok && words->length > MOST_SECRET) return error_set(e, "that is too long");
	if (!ok && words->length) ok = unlock_with_words(p->vault, words->data, words->length, e);
	if (!ok && !words->length && unlock_has_slot(p->vault, SLOT_KEYRING)) ok = unlock_with_keyring(p->vault, e);
	if (!ok && !words->length && is_unprotected(p)) ok = vault_unlock(p->vault, &nothing, e);
	if (!ok) return e->text[0] ? without_path(e) : error_set(e, "type the passphrase");
	opened(p);
	return true;
}

bool page_lock(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	struct page *p = s->page;
	(void)ask;
	(void)a;
	*why = SERVE_MISSING;
	if (!p->vault) return error_set(e, "there is no vault to lock");
	vault_lock(p->vault);
	forget(p);
	return true;
}
