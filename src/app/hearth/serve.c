/* serve: `hearth serve`: the page and the API, until it is ended (see serve.h). */
#include "app/hearth/serve.h"

#include "app/hearth/commands.h"
#include "app/hearth/open_page.h"
#include "app/hearth/page.h"
#include "app/hearth/serve_asks.h"
#include "app/hearth/serve_engine.h"
#include "app/hearth/terminal.h"
#include "base/memory.h"
#include "guard/leftovers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TIDY_MS = 30000, PATIENCE = 2 }; /* PATIENCE: seconds for hearth-front to forget */

void serve_send(struct serve *s, struct buffer *frames)
{
	pthread_mutex_lock(&s->sending);
	if (!s->lost && frames->size && !frame_send(s->socket, frames, -1)) s->lost = true;
	pthread_mutex_unlock(&s->sending);
	if (frames->data) memory_wipe(frames->data, frames->size);
	buffer_clear(frames);
}

void serve_deny(struct serve *s, uint64_t call, enum serve_denial why, const char *text)
{
	struct buffer b = buffer_new(1 << 16);
	size_t begun = frame_begin(&b, SERVE_DENIED);
	serve_put_denied(&b, call, why, text);
	if (frame_end(&b, begun)) serve_send(s, &b);
	buffer_free(&b);
}

void serve_event(struct serve *s, uint64_t call, const struct hearth_event *e)
{
	struct buffer b = buffer_new(FRAME_MOST);
	size_t begun = frame_begin(&b, SERVE_EVENT);
	serve_put_event(&b, call, e);
	if (frame_end(&b, begun))
		serve_send(s, &b);
	else
		serve_deny(s, call, SERVE_FULL, "memory is out");
	buffer_free(&b);
}

/* ---- errands ---- */

void serve_errand(struct serve *s, void (*run)(struct serve *s, void *data), void *data)
{
	const uint64_t one = 1;
	pthread_mutex_lock(&s->errands);
	s->errand = run;
	s->errand_data = data;
	ssize_t woken = write(s->reader.wake, &one, sizeof one);
	(void)woken; /* else it is seen with the next frame */
	while (s->errand && !s->leaving) pthread_cond_wait(&s->errand_done, &s->errands);
	s->errand = NULL;
	pthread_mutex_unlock(&s->errands);
}

static void run_errand(struct serve *s)
{
	pthread_mutex_lock(&s->errands);
	if (s->errand) s->errand(s, s->errand_data);
	s->errand = NULL;
	pthread_cond_broadcast(&s->errand_done);
	pthread_mutex_unlock(&s->errands);
}

static void leave(struct serve *s)
{
	pthread_mutex_lock(&s->errands);
	s->leaving = true;
	pthread_cond_broadcast(&s->errand_done);
	pthread_mutex_unlock(&s->errands);
}

static void forget(struct serve *s, void *data)
{
	struct buffer b = buffer_new(1 << 10);
	(void)data;
	serve_engines_end(s->engines);
	locked_model_unload(&s->opening.locked);
	frame_reader_wipe(&s->reader);
	s->forgotten = false;
	if (frame_end(&b, frame_begin(&b, SERVE_FORGET))) serve_send(s, &b);
	buffer_free(&b);
	leftovers_wipe();
}

void serve_forget(struct serve *s)
{
	struct timespec until;
	serve_errand(s, forget, NULL);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	pthread_mutex_lock(&s->errands);
	while (!s->forgotten && !s->leaving && pthread_cond_timedwait(&s->errand_done, &s->errands, &until) == 0) continue;
	pthread_mutex_unlock(&s->errands);
	leftovers_wipe();
}

static void note_forgotten(struct serve *s)
{
	pthread_mutex_lock(&s->errands);
	s->forgotten = true;
	pthread_cond_broadcast(&s->errand_done);
	pthread_mutex_unlock(&s->errands);
}

static void use(struct serve *s, void *data)
{
	struct opening *chosen = data;
	if (s->opening.locked.name[0]) {
		serve_engines_leave(s->engines, s->opening.file.path);
		locked_model_unload(&s->opening.locked);
	}
	s->opening.file = chosen->file;
	s->opening.builtin = chosen->builtin;
	s->opening.locked = chosen->locked;
	chosen->locked = (struct locked_model){ .memory.fd = -1 };
}

void serve_use(struct serve *s, struct opening *chosen)
{
	serve_errand(s, use, chosen);
}

/* Takes what hearth-front says, until it ends or the person ends it. */
static bool take_all(struct serve *s, struct error *e)
{
	struct frame f;
	uint64_t call;
	while (!terminal_interrupted() && !s->lost) {
		run_errand(s); /* while no frame is held, since it may wipe them */
		enum frame_result got = frame_receive(&s->reader, TIDY_MS, &f, e);
		switch (got) {
		case FRAME_NOT_YET: serve_engines_tidy(s->engines); continue;
		case FRAME_CAME: break;
		default: return error_set(e, "hearth-front ended unexpectedly; start hearth serve again");
		}
		if (f.kind == SERVE_SUBMIT) {
			serve_engines_submit(s->engines, &f);
		} else if (f.kind == SERVE_ASK) {
			serve_asks_take(s->asks, &f);
		} else if (f.kind == SERVE_FORGOTTEN) {
			note_forgotten(s);
		} else if (f.kind == SERVE_CANCEL && wire_get_u64(f.data, f.size, &call)) {
			if (!serve_engines_cancel(s->engines, call)) serve_asks_cancel(s->asks, call);
		} else {
			return error_set(e, "hearth-front said what makes no sense; start hearth serve again");
		}
	}
	return !s->lost || error_set(e, "hearth-front ended unexpectedly; start hearth serve again");
}

/* What a person needs to go on: the address with the token in its fragment, which no browser sends to anybody. A log gets no token;
 * `hearth open` knows it. */
static void tell_place(const struct serve *s, const struct serve_place *place, const char *token)
{
	char url[256];
	serve_url(url, place);
	bool opened = s->options->command->run == open_command && open_page_show(&s->opening.paths, url, token);
	bool logged = getenv("JOURNAL_STREAM") != NULL && !terminal_look(false).output;
	if (place->socket)
		printf("hearth serves on the socket %s\n", url);
	else if (opened)
		printf("hearth is open in your browser: %s\nIt stays there until you end it here with Ctrl-C.\n", url);
	else if (logged)
		printf("hearth serves: %s (hearth open)\n", url);
	else
		printf("hearth serves: %s#token=%s\n", url, token);
	if (place->lost[0]) commands_note("lost here: %s", place->lost);
	fflush(stdout);
}

static bool check_options(const struct options *o, struct error *e)
{
	if (o->n_words) return error_set(e, "serve takes no word '%.80s'", o->words[0]);
	if (!o->tls_cert != !o->tls_key) return error_set(e, "--tls-cert and --tls-key belong together");
	if (o->socket && (o->host || o->has_port)) return error_set(e, "--socket serves on no port: leave --host and --port out");
	return true;
}

static bool serve(struct serve *s, struct error *e)
{
	char token[SERVE_TOKEN_ROOM] = "";
	struct serve_place place = { "", false, false, false, "" };
	int lock = -1;
	int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bool ok = (wake >= 0 && (s->page = memory_new(1, sizeof *s->page))) || error_set(e, "cannot start: %s", strerror(errno));
	if (ok) page_begin(s->page, s);
	ok = ok && serve_token(token, &s->opening.paths, s->options, e) && (s->engines = serve_engines_new(s, e)) &&
	     serve_front_start(s, token, &place, e);
	s->reader.wake = wake;
	ok = ok && (s->asks = serve_asks_new(s, e)) && serve_note_place(&s->opening.paths, &place, &lock, e);
	if (ok) {
		terminal_wake_by(wake);
		terminal_watch_signals(2);
		tell_place(s, &place, token);
		ok = take_all(s, e);
		terminal_wake_by(-1);
	}
	memory_wipe(token, sizeof token);
	leave(s);
	serve_asks_free(s->asks);
	if (s->page) page_end(s->page);
	memory_free(s->page);
	serve_engines_free(s->engines);
	serve_front_stop(s);
	if (lock >= 0) close(lock);
	if (wake >= 0) close(wake);
	return ok;
}

int serve_command(const struct options *o)
{
	struct error e;
	if (!check_options(o, &e)) return commands_misuse("serve", &e);
	struct serve *s = memory_new(1, sizeof *s);
	if (!s) {
		error_memory(&e);
		return commands_fail(&e);
	}
	*s = (struct serve){ .options = o, .socket = -1, .front = { .ended = -1 } };
	pthread_mutex_init(&s->sending, NULL);
	pthread_mutex_init(&s->errands, NULL);
	pthread_cond_init(&s->errand_done, NULL);
	opening_begin(&s->opening, o);
	bool ok = opening_choose(&s->opening, o->model, &e);
	for (int i = 0; ok && i < OPENING_NOTES; i++) {
		if (s->opening.notes[i][0]) commands_note("%s", s->opening.notes[i]);
	}
	ok = ok && serve(s, &e);
	if (!ok && o->command->run == open_command && !terminal_look(false).output) open_page_fail(&s->opening.paths, e.text);
	opening_end(&s->opening);
	pthread_mutex_destroy(&s->sending);
	pthread_mutex_destroy(&s->errands);
	pthread_cond_destroy(&s->errand_done);
	memory_free(s);
	return ok ? STATUS_DONE : commands_fail(&e);
}
