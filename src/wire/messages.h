/*
 * messages: what crosses between a program and the process that computes, as bytes and back.
 *
 * Each struct of hearth.h has a pair of functions: wire_put_X appends it to a frame, wire_get_X reads it from one with every length
 * checked. Texts carry a zero byte at their end, and none before it where hearth.h says zero-terminated, so that what was read may
 * point into the frame. Both ends are one version of hearth (WIRE_PROTOCOL), so nothing is negotiated; and neither trusts the
 * other.
 *
 * The order: START, FILE..., JAIL; then LOOK or OPEN and what follows from them. Each request but those marked with a dash has one
 * answer, in order; EVENT and PONG come between.
 */
#ifndef HEARTH_WIRE_MESSAGES_H
#define HEARTH_WIRE_MESSAGES_H

#include "base/buffer.h"
#include "base/cursor.h"
#include "hearth.h"

enum { WIRE_PROTOCOL = 3, WIRE_MOST_PATH = 4096, WIRE_MOST_STOPS = 64, WIRE_MOST_BIASES = 1024, WIRE_MOST_TEXT = 1 << 28 };

enum wire_kind {
	/* from the program */
	WIRE_START = 1,     /* - struct wire_start */
	WIRE_FILE,          /* - a path, with the descriptor of the file there */
	WIRE_JAIL,          /* WIRE_JAILED: from here on the engine reads what it was given */
	WIRE_LOOK,          /* a path: WIRE_FACTS */
	WIRE_VALUES,        /* of what was looked at: WIRE_LISTS */
	WIRE_VERIFY,        /* it: WIRE_VERIFIED */
	WIRE_PLAN,          /* u64 context, what running it would take: WIRE_PLANNED */
	WIRE_OPEN,          /* struct hearth_options: WIRE_OPENED */
	WIRE_DESCRIBE,      /* u8 json: WIRE_TEXT */
	WIRE_KERNELS,       /* WIRE_TEXT */
	WIRE_SESSION_NEW,   /* WIRE_NUMBER */
	WIRE_SESSION_FREE,  /* - u64 */
	WIRE_ADAPTER_OPEN,  /* a path, whose FILE came before: WIRE_NUMBER */
	WIRE_ADAPTER_CLOSE, /* - u64 */
	WIRE_SESSION_ADAPT, /* struct wire_adapt: WIRE_NUMBER */
	WIRE_SUBMIT,        /* struct hearth_request: WIRE_NUMBER */
	WIRE_CANCEL,        /* - u64 */
	WIRE_PING,          /* WIRE_PONG */
	WIRE_FORGET,        /* - u64 */
	WIRE_IMPORTANCE,    /* u64: WIRE_MEASURED */

	/* from the engine */
	WIRE_REFUSED = 64, /* a text, in place of any answer */
	WIRE_JAILED,       /* struct wire_jailed */
	WIRE_FACTS,        /* struct hearth_file_info */
	WIRE_LISTS,        /* struct wire_lists */
	WIRE_VERIFIED,     /* u64 tensors, u64 bytes */
	WIRE_PLANNED,      /* struct hearth_file_plan */
	WIRE_OPENED,       /* struct hearth_info */
	WIRE_TEXT,         /* a text */
	WIRE_NUMBER,       /* u64 */
	WIRE_EVENT,        /* struct hearth_event */
	WIRE_PONG,
	WIRE_MEASURED /* struct hearth_importance; nothing: there are no more */
};

/* What the engine may not look up itself. */
struct wire_start {
	const char *version; /* of hearth */
	const char *cpu;     /* HEARTH_CPU; "" when it is not set */
	uint64_t free_memory;
	uint32_t threads;
};

/* Which layers of the jail were reached, in the engine's words. */
struct wire_jailed {
	bool no_new_privileges, undumpable, limits, namespaces, filter;
	uint32_t landlock;
	const char *lost;
};

struct wire_adapt {
	uint64_t session;
	struct hearth_adapter adapters[HEARTH_MOST_ADAPTERS];
	size_t n;
};

/* Arrays that the caller frees with wire_lists_free; their texts are in the frame. */
struct wire_lists {
	struct hearth_file_value *values;
	size_t n_values;
	struct hearth_file_type *types;
	size_t n_types;
};

/* Room for what a struct points to and the frame has in another form; wiped and freed by wire_room_free. */
struct wire_room {
	struct buffer ids, pieces, scores, values, biases;
	const char *stops[WIRE_MOST_STOPS], *marks[WIRE_MOST_STOPS];
};
struct wire_room wire_room_new(void);
void wire_room_free(struct wire_room *r);

void wire_put_u64(struct buffer *b, uint64_t value);
void wire_put_text(struct buffer *b, const char *text); /* zero-terminated */
void wire_put_start(struct buffer *b, const struct wire_start *s);
void wire_put_jailed(struct buffer *b, const struct wire_jailed *j);
void wire_put_options(struct buffer *b, const struct hearth_options *o);
void wire_put_info(struct buffer *b, const struct hearth_info *i);
void wire_put_file_info(struct buffer *b, const struct hearth_file_info *i);
void wire_put_file_plan(struct buffer *b, const struct hearth_file_plan *p);
void wire_put_lists(struct buffer *b, const struct wire_lists *l);
void wire_put_adapt(struct buffer *b, const struct wire_adapt *a);
void wire_put_request(struct buffer *b, const struct hearth_request *r);
void wire_put_event(struct buffer *b, const struct hearth_event *e);
void wire_put_importance(struct buffer *b, const struct hearth_importance *i);

/* These read a whole frame: false when bytes are missing, left over or out of range. What was read points into the frame and into
 * `room`. */
bool wire_get_u64(const void *data, size_t size, uint64_t *value);
bool wire_get_text(const void *data, size_t size, const char **text);
bool wire_get_start(const void *data, size_t size, struct wire_start *s);
bool wire_get_jailed(const void *data, size_t size, struct wire_jailed *j);
bool wire_get_options(const void *data, size_t size, struct hearth_options *o);
bool wire_get_info(const void *data, size_t size, struct hearth_info *i);
bool wire_get_file_info(const void *data, size_t size, struct hearth_file_info *i);
bool wire_get_file_plan(const void *data, size_t size, struct hearth_file_plan *p);
bool wire_get_lists(const void *data, size_t size, struct wire_lists *l);
bool wire_get_adapt(const void *data, size_t size, struct wire_adapt *a);
bool wire_get_request(const void *data, size_t size, struct hearth_request *r, struct wire_room *room);
bool wire_get_event(const void *data, size_t size, struct hearth_event *e, struct wire_room *room);
bool wire_get_importance(const void *data, size_t size, struct hearth_importance *i, struct wire_room *room);
void wire_lists_free(struct wire_lists *l);

#endif
