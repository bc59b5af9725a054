/*
 * template: chat templates, written in Jinja, as transformers runs them: jinja2 in an immutable sandbox with trim_blocks,
 * lstrip_blocks, loop controls, {% generation %}, raise_exception, strftime_now and Python's json.dumps as tojson.
 *
 * A template is code that nobody vouches for. It computes text and nothing else: no files, no clock, no random numbers, no
 * templates from elsewhere. What it may use is limited, and each limit that is reached is a one-line error:
 *
 *     source            TEMPLATE_SOURCE_LIMIT bytes
 *     syntax tree       TEMPLATE_TREE_LIMIT bytes, nested at most TEMPLATE_NESTING_LIMIT deep
 *     evaluation        nested at most TEMPLATE_DEPTH_LIMIT deep (macros and recursive loops count each of their parts),
 *                       values nested at most TEMPLATE_VALUE_DEPTH_LIMIT deep
 *     steps             TEMPLATE_STEP_LIMIT, and TEMPLATE_STEPS_PER_BYTE for each byte of text in the input
 *     memory            TEMPLATE_MEMORY_LIMIT bytes, and TEMPLATE_MEMORY_PER_BYTE for each byte of text in the input
 *     output            TEMPLATE_OUTPUT_LIMIT bytes, and TEMPLATE_OUTPUT_PER_BYTE for each byte of text in the input
 *
 * Every byte of the output has an origin. The template's are: its own text and literals, what its functions make of them,
 * trusted variables (special tokens that the engine gives), and the values of the key `role` of a list of objects given as a
 * variable, where they are one of the closed list in template_input.c. Everything made from any other part of the input is the
 * message's, through slices, replacement, joining, formatting, JSON, case and so on, byte by byte.
 */
#ifndef HEARTH_TEXT_TEMPLATE_H
#define HEARTH_TEXT_TEMPLATE_H

#include "base/error.h"
#include "format/json.h"

#include <stddef.h>

#define TEMPLATE_SOURCE_LIMIT      ((size_t)4 << 20)
#define TEMPLATE_TREE_LIMIT        ((size_t)24 << 20)
#define TEMPLATE_NESTING_LIMIT     120
#define TEMPLATE_DEPTH_LIMIT       1000
#define TEMPLATE_VALUE_DEPTH_LIMIT 400
#define TEMPLATE_STEP_LIMIT        ((uint64_t)40000000)
#define TEMPLATE_STEPS_PER_BYTE    64
#define TEMPLATE_MEMORY_LIMIT      ((size_t)24 << 20)
#define TEMPLATE_MEMORY_PER_BYTE   16
#define TEMPLATE_OUTPUT_LIMIT      ((size_t)4 << 20)
#define TEMPLATE_OUTPUT_PER_BYTE   4

enum template_origin { TEMPLATE_ORIGIN_TEMPLATE, TEMPLATE_ORIGIN_MESSAGE };

struct template; /* parsed; never changes, so threads may render it at the same time */

/* A moment as strftime_now shows it; the library reads no clock. */
struct template_moment {
	int year, month, day, hour, minute, second; /* month 1 to 12, year 1 to 9999 */
};

struct template_input {
	const json_t *variables;    /* an object: the template's variables, in order; not changed */
	const char *const *trusted; /* names of variables whose text is the template's, such as bos_token */
	size_t n_trusted;           /* how many; 0 takes template_special_tokens */
	struct template_moment now; /* what strftime_now shows */
};

/* Bytes [start, start + length) of the text, all of one origin. */
struct template_piece {
	enum template_origin origin;
	size_t start, length;
};

struct template_output {
	char *text;                    /* UTF-8 with a zero byte behind; may hold U+0000 */
	size_t length;                 /* bytes */
	struct template_piece *pieces; /* cover the text without gaps; none is empty, neighbours differ */
	size_t n_pieces;
	char *raised;         /* on failure through raise_exception: its whole message, with a zero byte behind; else NULL */
	size_t raised_length; /* bytes */
};

/* The names that engines give special tokens: bos_token, eos_token and so on. */
extern const char *const template_special_tokens[];
extern const size_t template_special_token_count;

/* Parses a template's source. NULL with a line that names the place when it is not one; free with template_free. */
struct template *template_parse(const char *source, size_t length, struct error *e);
void template_free(struct template *t); /* NULL is allowed */

/* Runs the template. On success `out` owns its text and pieces. On failure only `raised` may be set; the error then has the
 * same message, as far as it fits. Free with template_output_free in both cases. */
bool template_render(const struct template *t, const struct template_input *input, struct template_output *out, struct error *e);
void template_output_free(struct template_output *out);

/* An ISO date and time ("2026-08-15T13:05:09", the time may be left out) as a moment. */
bool template_moment_parse(const char *text, struct template_moment *moment, struct error *e);

#endif
