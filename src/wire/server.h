/*
 * server: the engine's end: takes messages from a socket, does what they ask through hearth.h, and sends the events.
 *
 * What hearth.h cannot do without the right to open files, the program does (struct server_engine). One thread reads requests and
 * answers each; another waits for events. Events of answers are sent at most every SERVER_PACE_MS, joined, but for the first of
 * each answer and the last; so the cost of the socket does not grow with the speed of the model.
 */
#ifndef HEARTH_WIRE_SERVER_H
#define HEARTH_WIRE_SERVER_H

#include "base/error.h"
#include "hearth.h"
#include "wire/messages.h"

enum { SERVER_PACE_MS = 24, SERVER_THREADS = 1 };

struct server_engine {
	void *data;
	/* A file that belongs to a model; the descriptor is closed afterwards. */
	bool (*file)(void *data, int descriptor, const char *path, struct error *e);
	/* Gives the program's rights away and prepares its threads; SERVER_THREADS of them are for the server. Only then follow the
	 * others. */
	bool (*jail)(void *data, const struct wire_start *start, struct wire_jailed *report, struct error *e);
	bool (*look)(void *data, const char *path, struct hearth_file **file, struct error *e);
	bool (*open)(void *data, const struct hearth_options *options, struct hearth **h, struct error *e);
	bool (*adapter)(void *data, struct hearth *h, const char *path, uint64_t *id, struct error *e);
	/* Waits until the last event of some request is there, at most so many milliseconds. */
	void (*settle)(void *data, struct hearth *h, int milliseconds);
};

/* Serves until the other end is gone or says what makes no sense: then false with the reason. The program is to end at once then:
 * threads may still compute. */
bool server_run(int socket, const struct server_engine *engine, struct error *e);

#endif
