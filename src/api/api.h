/*
 * api: what clients of other programs' interfaces say over HTTP, as requests to the engine, and the engine's events as what they
 * expect.
 *
 * Nothing here knows of HTTP or sockets. A server hands over a body and gets a call:
 *
 *     call = api_read(endpoint, body, length, now, name, &refusal)   the body is understood, or refused by the name of a field
 *     api_plan(call, &model, &refusal)         call->jobs: what the engine is to do; the model must be known by then
 *     api_event(call, job, &event, &out)       for every event of every job: bytes for the client are appended
 *
 * until call->done. A call that streams has bytes from its first event on; one that does not has all of them at its end. When
 * call->failed is set before any byte came, `refusal` tells why, and api_refuse writes it in the shape that the interface's clients
 * parse; in a stream that has begun the error is written as an event of the stream.
 *
 * Every field of a body is honoured, or refused by its name: fields.h has the tables, docs/API.md is checked against them.
 */
#ifndef HEARTH_API_API_H
#define HEARTH_API_API_H

#include "base/buffer.h"
#include "base/error.h"
#include "hearth.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose interface it is: the shape of errors and streams. */
enum api_family { API_OPENAI, API_ANTHROPIC, API_OLLAMA, API_OWN };

enum api_limit {
	API_MOST_BODY = 32 << 20,  /* bytes of a conversation with documents in it */
	API_MOST_VALUES = 1000000, /* of a body's JSON */
	API_DEEPEST = 200,         /* arrays and objects within each other */
	API_MOST_MESSAGES = 20000,
	API_MOST_TOOLS = 512,
	API_MOST_CHOICES = 16, /* n, and prompts of one body */
	API_MOST_INPUTS = 2048 /* texts to embed in one body */
};

struct api_call;

/* One path that clients know. */
struct api_endpoint {
	const char *method, *path; /* a path that ends in a star stands for all that begin so */
	enum api_family family;
	const char *about;              /* for docs/API.md */
	bool works;                     /* it makes the engine work: there are jobs */
	const struct api_field *fields; /* fields.h; NULL: it has no body */
	const struct api_kind *kind;    /* inside.h */
};

/* Ends with one without a path. */
extern const struct api_endpoint api_endpoints[];

/* Why a body is not taken, or a request failed. */
struct api_refusal {
	unsigned status;    /* of HTTP */
	const char *code;   /* a word for programs, such as "context_length_exceeded"; "" */
	char field[128];    /* that it is about, as "messages[2].content"; "" */
	struct error error; /* for people; one line */
};

/* What must be known of the model before it can be asked; texts live as long as the call. */
struct api_model {
	const char *name;      /* as the server calls it */
	const char *tool_form; /* hearth_info's */
	bool fills, encoder;
	uint32_t context, context_trained, n_vocab, n_embd;
	uint64_t n_vector;       /* values of a text's vector; 0: it makes none */
	uint64_t bytes, created; /* of the file: size, seconds since 1970 */
	uint64_t parameters;
	const char *architecture, *weights, *digest; /* "" where unknown */
	const char *template_text;                   /* "" where unknown */
	bool loaded;
};

/* What the engine is to do. */
struct api_job {
	struct hearth_request request; /* its session is the server's to choose */
	uint32_t given;                /* which members of its sampling the client gave: enum api_given */
};

/* As wire/serve.h's serve_given: the rest of the sampling is what the model's file advises. */
enum api_given {
	API_GIVEN_TEMPERATURE = 1,
	API_GIVEN_TOP_K = 2,
	API_GIVEN_TOP_P = 4,
	API_GIVEN_MIN_P = 8,
	API_GIVEN_TYPICAL_P = 16,
	API_GIVEN_REPEAT = 32,
	API_GIVEN_PRESENCE = 64,
	API_GIVEN_FREQUENCY = 128,
	API_GIVEN_LAST = 256
};

struct api_call {
	const struct api_endpoint *endpoint;
	const char *model;    /* asked for; "": the usual one */
	bool stream;          /* the answer comes in pieces */
	const char *type;     /* of the content */
	struct api_job *jobs; /* from api_plan on */
	size_t n_jobs;
	bool begun, done, failed;
	struct api_refusal refusal; /* when failed */
	struct api_inside *inside;
};

/* `now`: seconds since 1970; `name`: a number that no other call had, for ids. NULL: see the refusal. */
struct api_call *api_read(const struct api_endpoint *endpoint, const char *body, size_t length, uint64_t now, uint64_t name,
                          struct api_refusal *why);
void api_free(struct api_call *call); /* what clients said is wiped; NULL is allowed */

/* `model` and its texts must live as long as the call. */
bool api_plan(struct api_call *call, const struct api_model *model, struct api_refusal *why);

/* What came of a job; bytes for the client are appended to `out`. */
void api_event(struct api_call *call, size_t job, const struct hearth_event *event, struct buffer *out);

/* A job cannot be done: the call fails with the line, in its stream if that has begun. */
void api_fail(struct api_call *call, unsigned status, const char *text, struct buffer *out);

/* What needs no work, or after api_plan has none: the models there are, one of them, constant answers. `models`: all of them. */
bool api_tell(struct api_call *call, const struct api_model *models, size_t n, struct buffer *out, struct api_refusal *why);

/* A refusal as the family's clients parse it. */
void api_refuse(enum api_family family, const struct api_refusal *why, struct buffer *out);

/* For refusals that the server itself has: status and text. */
struct api_refusal api_refusal_of(unsigned status, const char *text);

/* The status of HTTP for a request that the engine failed (enum hearth_failure). */
unsigned api_failure_status(uint32_t failure);

#endif
