/*
 * serve: hearth while it serves: the way to hearth-front, the engines, the questions (wire/serve.h has what is said).
 *
 * The main thread takes frames from hearth-front and hands them on, and waits for nothing else. Each model has two threads
 * (serve_engine.h), and one thread answers what is asked (serve_asks.h). All of them send through serve_send, a whole frame at a
 * time.
 */
#ifndef HEARTH_APP_HEARTH_SERVE_H
#define HEARTH_APP_HEARTH_SERVE_H

#include "app/hearth/opening.h"
#include "app/hearth/options.h"
#include "guard/spawner.h"
#include "wire/frame.h"
#include "wire/serve.h"

#include <pthread.h>

struct serve {
	const struct options *options;
	struct opening opening; /* paths, settings, and the usual model */
	int socket;             /* to hearth-front */
	struct spawned front;
	struct frame_reader reader;
	pthread_mutex_t sending;
	bool lost; /* hearth-front takes nothing any more */
	struct serve_engines *engines;
	struct serve_asks *asks;
	struct page *page; /* what the page asks about */
	/* What another thread wants done by the main one (serve_errand). */
	pthread_mutex_t errands;
	pthread_cond_t errand_done;
	void (*errand)(struct serve *s, void *data);
	void *errand_data;
	bool leaving, forgotten; /* forgotten: hearth-front says so */
};

/* Sends whole frames, from any thread, and empties the buffer. */
void serve_send(struct serve *s, struct buffer *frames);
void serve_deny(struct serve *s, uint64_t call, enum serve_denial why, const char *text);
void serve_event(struct serve *s, uint64_t call, const struct hearth_event *e);

/* Has the main thread run something between two frames, and waits for it. Called by the answering thread alone; nothing runs any
 * more when hearth is about to end. */
void serve_errand(struct serve *s, void (*run)(struct serve *s, void *data), void *data);

/* The engines end, with all that they hold, and a model that lay in the vault is in no memory any more; requests that run fail;
 * what was said is wiped here and in hearth-front. By the answering thread. */
void serve_forget(struct serve *s);

/* Another model is the usual one: the one that *chosen has found, whose opened files go over. One that lay in the vault until now
 * is in no memory any more. By the answering thread. */
void serve_use(struct serve *s, struct opening *chosen);

/* ---- hearth-front's start (serve_front.c) ---- */

struct serve_place {
	char address[128]; /* "127.0.0.1:8807", or the path of a socket */
	bool local, tls, socket;
	char lost[256]; /* of its jail; empty when all is there */
};

enum { SERVE_PORT = 8807, SERVE_TOKEN_ROOM = 257 };

/* Starts it, gives it what the options name, and waits until it listens. */
bool serve_front_start(struct serve *s, const char *token, struct serve_place *place, struct error *e);
void serve_front_stop(struct serve *s);

/* The token: the first line of the file that the options name, or the one that is kept in the settings folder and made when it is
 * missing. */
bool serve_token(char token[SERVE_TOKEN_ROOM], const struct paths *p, const struct options *o, struct error *e);

/* Where a hearth serves: written by the one that does, and read by others, which find out whether it still does. */
bool serve_note_place(const struct paths *p, const struct serve_place *place, int *lock, struct error *e);
bool serve_find_place(const struct paths *p, char url[256]); /* false: none serves */

/* "http://127.0.0.1:8807/"; for a Unix socket its path. */
void serve_url(char out[256], const struct serve_place *place);

#endif
