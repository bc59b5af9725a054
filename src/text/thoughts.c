/* thoughts: a matcher for the marks around a model's thoughts (see thoughts.h). */
#include "text/thoughts.h"

#include <string.h>

const struct thoughts_pair thoughts_pairs[] = {
	{ "<think>", "</think>" },
	{ "<thinking>", "</thinking>" },
	{ "<thought>", "</thought>" },
	{ "[THINK]", "[/THINK]" },
	{ "<seed:think>", "</seed:think>" },
	{ "<|START_THINKING|>", "<|END_THINKING|>" },
	{ "<|channel>thought", "<channel|>" },
	{ "<|channel|>analysis<|message|>", "<|end|>" },
};

enum { N_PAIRS = sizeof thoughts_pairs / sizeof thoughts_pairs[0] };
const size_t thoughts_n_pairs = N_PAIRS;

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

struct thoughts thoughts_new(const char *prompt, size_t length)
{
	struct thoughts t = { .place = THOUGHTS_START };
	while (length > 0 && is_space(prompt[length - 1])) length--;
	for (size_t i = 0; i < N_PAIRS; i++) {
		size_t n = strlen(thoughts_pairs[i].open);
		if (length < n || memcmp(prompt + length - n, thoughts_pairs[i].open, n) != 0) continue;
		t = (struct thoughts){ .place = THOUGHTS_INSIDE, .pair = i, .trimming = true };
	}
	return t;
}

static void let_out(struct thoughts *t, const char *text, size_t length, thoughts_sink sink, void *data)
{
	while (t->trimming && length > 0 && is_space(*text)) {
		text++;
		length--;
	}
	if (length == 0) return;
	t->trimming = false;
	sink(data, t->place == THOUGHTS_INSIDE, text, length);
}

/* Lets `n` held bytes out. */
static void release(struct thoughts *t, size_t n, thoughts_sink sink, void *data)
{
	let_out(t, t->held, n, sink, data);
	memmove(t->held, t->held + n, t->n_held - n);
	t->n_held -= n;
}

/* What is held and `c` together: 2: they are the mark; 1: they may become it; 0: they cannot. */
static int compare(const struct thoughts *t, char c, const char *mark)
{
	size_t n = strlen(mark);
	if (t->n_held + 1 > n || memcmp(t->held, mark, t->n_held) != 0 || mark[t->n_held] != c) return 0;
	return t->n_held + 1 == n ? 2 : 1;
}

/* At the start: what may become a mark is held back. False: the answer begins here, with this byte. */
static bool start_byte(struct thoughts *t, char c, thoughts_sink sink, void *data)
{
	if (t->n_held == 0 && is_space(c)) return true;
	bool may = false;
	for (size_t i = 0; i < N_PAIRS; i++) {
		int match = compare(t, c, thoughts_pairs[i].open);
		if (match == 2) {
			*t = (struct thoughts){ .place = THOUGHTS_INSIDE, .pair = i, .trimming = true };
			return true;
		}
		may = may || match == 1;
	}
	if (may) {
		t->held[t->n_held++] = c;
		return true;
	}
	t->place = THOUGHTS_ANSWER;
	release(t, t->n_held, sink, data);
	return false;
}

/* Inside: false when the byte has nothing to do with the closing mark; then nothing is held. */
static bool inside_byte(struct thoughts *t, char c, thoughts_sink sink, void *data)
{
	for (;;) {
		int match = compare(t, c, thoughts_pairs[t->pair].close);
		if (match == 2)
			*t = (struct thoughts){ .place = THOUGHTS_ANSWER, .trimming = true };
		else if (match == 1)
			t->held[t->n_held++] = c;
		if (match) return true;
		if (t->n_held == 0) return false;
		release(t, 1, sink, data);
	}
}

void thoughts_text(struct thoughts *t, const char *text, size_t length, thoughts_sink sink, void *data)
{
	for (size_t i = 0; i < length;) {
		if (t->place == THOUGHTS_ANSWER) {
			let_out(t, text + i, length - i, sink, data);
			return;
		}
		if (t->place == THOUGHTS_START) {
			if (start_byte(t, text[i], sink, data)) i++;
			continue;
		}
		if (inside_byte(t, text[i], sink, data)) {
			i++;
			continue;
		}
		size_t run = i;
		while (run < length && text[run] != thoughts_pairs[t->pair].close[0]) run++;
		let_out(t, text + i, run - i, sink, data);
		i = run;
	}
}

void thoughts_end(struct thoughts *t, thoughts_sink sink, void *data)
{
	release(t, t->n_held, sink, data);
}
