/*
 * thoughts: tells a model's thinking aloud (<think> ... </think>) from its answer, while both stream in.
 *
 * Thoughts stand at the start of an answer; some templates open them already in the prompt, so that the answer begins inside.
 * The line ends around the marks belong to them. An answer without marks goes through as it is.
 */
#ifndef HEARTH_TEXT_THOUGHTS_H
#define HEARTH_TEXT_THOUGHTS_H

#include <stdbool.h>
#include <stddef.h>

/* The marks that models write around a thought. */
struct thoughts_pair {
	const char *open, *close;
};
extern const struct thoughts_pair thoughts_pairs[];
extern const size_t thoughts_n_pairs;

enum thoughts_place { THOUGHTS_START, THOUGHTS_INSIDE, THOUGHTS_ANSWER };

struct thoughts {
	enum thoughts_place place;
	size_t pair;   /* which marks, when inside */
	bool trimming; /* white space is dropped until something else comes */
	char held[64]; /* what may become a mark */
	size_t n_held;
};

/* Takes a stretch of thought or of answer. */
typedef void (*thoughts_sink)(void *data, bool thought, const char *text, size_t length);

/* `prompt` is the prompt's text that the answer goes on from; may be empty. */
struct thoughts thoughts_new(const char *prompt, size_t length);

void thoughts_text(struct thoughts *t, const char *text, size_t length, thoughts_sink sink, void *data);
void thoughts_end(struct thoughts *t, thoughts_sink sink, void *data); /* lets out what was held */

#endif
