/*
 * client: hearth.h for a program that has no engine in it. Each model is opened in a process of its own that the program starts
 * (struct client_starter), and every function of hearth.h becomes a message to it (client_hearth.c gives them their names).
 *
 * The process is not trusted. What comes from it is checked (messages.h), and costs no more memory than its length and a queue with
 * a limit. When it ends, sends what it must not, or is silent for too long, it is killed: requests that run fail with
 * HEARTH_FAIL_ENGINE, and the next call that needs it starts another one with the same model and the same sessions, which have
 * forgotten nothing but what they had computed.
 *
 * Silent for too long: no event for `patience_ms`, and no answer to a ping in as long again. While a model is opened or a file is
 * looked at, an engine answers no ping and has OPENING_MS.
 */
#ifndef HEARTH_WIRE_CLIENT_H
#define HEARTH_WIRE_CLIENT_H

#include "base/error.h"
#include "hearth.h"
#include "wire/messages.h"

enum { CLIENT_PATIENCE_MS = 10000, CLIENT_OPENING_MS = 120000 };

/* How a program starts, watches and ends the processes. */
struct client_starter {
	void *data;
	/* Starts a process with its end of a socket pair; what is returned is handed to the others. NULL with the reason. */
	void *(*start)(void *data, int socket, struct error *e);
	/* Kills it when it still runs, and writes what became of it ("was killed (signal 9)"); frees `process`. */
	void (*end)(void *data, void *process, char *how, size_t room);
	/* An engine that ended while nobody waited for it was started again: a line for the person. May be NULL. */
	void (*restarted)(void *data, const char *line);
	int patience_ms; /* 0: CLIENT_PATIENCE_MS */
};

/* For all that this program opens from now on; it must stay. */
void client_use(const struct client_starter *starter);

/* A model's file that is open already, such as one that lies in memory alone: whoever opens `name` from now on gets the descriptor,
 * which stays the caller's, until it is taken back with -1. False: too many. */
bool client_lend(const char *name, int fd);

/* Starts a process without a model, lets it enter its jail and tells what it reached and with which kernels it would compute. Texts
 * live until the next call. */
bool client_probe(struct wire_jailed *jailed, const char **kernels, struct error *e);

/* The functions of hearth.h, with the names that a program may use that has libhearth as well. */
bool client_open(const struct hearth_options *options, struct hearth **h, struct hearth_error *error);
void client_close(struct hearth *h);
void client_info(struct hearth *h, struct hearth_info *info);
const char *client_describe(struct hearth *h, bool json);
bool client_file_open(const char *path, struct hearth_file **file, struct hearth_error *error);
void client_file_close(struct hearth_file *file);
void client_file_info(struct hearth_file *file, struct hearth_file_info *info);
size_t client_file_values(struct hearth_file *file, const struct hearth_file_value **values);
size_t client_file_types(struct hearth_file *file, const struct hearth_file_type **types);
bool client_file_plan(struct hearth_file *file, uint32_t context, struct hearth_file_plan *plan, struct hearth_error *error);
bool client_file_verify(struct hearth_file *file, uint64_t *n_tensors, uint64_t *bytes, struct hearth_error *error);
uint64_t client_session_new(struct hearth *h);
void client_session_free(struct hearth *h, uint64_t session);
bool client_adapter_open(struct hearth *h, const char *path, uint64_t *adapter, struct hearth_error *error);
void client_adapter_close(struct hearth *h, uint64_t adapter);
bool client_session_adapt(struct hearth *h, uint64_t session, const struct hearth_adapter *adapters, size_t n_adapters,
                          struct hearth_error *error);
bool client_submit(struct hearth *h, const struct hearth_request *request, uint64_t *id, struct hearth_error *error);
void client_cancel(struct hearth *h, uint64_t id);
void client_forget(struct hearth *h, uint64_t share);
bool client_importance(struct hearth *h, uint64_t number, struct hearth_importance *importance, struct hearth_error *error);
bool client_next(struct hearth *h, int timeout_ms, struct hearth_event *event);
const char *client_kernels(void);

#endif
