/* request: checking and copying what a program asks for (see request.h). */
#include "engine/request.h"

#include "base/clock.h"
#include "base/memory.h"

#include <string.h>

enum {
	MOST_STOPS = STREAM_MOST_STOPS - 1, /* one is left for the plain form's */
	MOST_MARKS = 63,
	MOST_SCORES = 21,
	MOST_BIASES = 1024,
	MOST_STOP_BYTES = STREAM_LONGEST_STOP,
	MOST_TEXT = 256 << 20, /* bytes; far above what any context holds */
	MOST_IDS = 16 << 20,
	MOST_ANSWER_STEP = 1 << 20, /* bytes of text that one step of one answer may give */
};

static bool check_source(const struct hearth_request *a, struct error *e)
{
	switch (a->kind) {
	case HEARTH_CHAT:
	case HEARTH_TEXT:
	case HEARTH_FILL:
	case HEARTH_PAIR:
		if (!a->text && a->text_length) return error_set(e, "request: text is missing");
		if (a->text_length > MOST_TEXT) return error_set(e, "request: a text of %zu bytes is too long", a->text_length);
		if (a->kind != HEARTH_PAIR) return true;
		if (!a->document && a->document_length) return error_set(e, "request: the document is missing");
		if (a->document_length > MOST_TEXT)
			return error_set(e, "request: a document of %zu bytes is too long", a->document_length);
		return true;
	case HEARTH_IDS:
		if (!a->ids ? a->n_ids > 0 || a->want != HEARTH_WANT_PROMPT : a->n_ids == 0 && a->want != HEARTH_WANT_PROMPT)
			return error_set(e, "request: ids are missing");
		if (a->n_ids > MOST_IDS) return error_set(e, "request: %zu ids are too many", a->n_ids);
		return true;
	default: return error_set(e, "request: kind %u is unknown", a->kind);
	}
}

static bool check_grammar(const struct hearth_request *a, struct error *e)
{
	if (a->grammar_kind > HEARTH_GRAMMAR_FORM) return error_set(e, "request: grammar kind %u is unknown", a->grammar_kind);
	if (a->grammar_kind && !a->grammar) return error_set(e, "request: the grammar is missing");
	if (a->trigger && (!*a->trigger || strnlen(a->trigger, MASK_LONGEST_TRIGGER + 1) > MASK_LONGEST_TRIGGER))
		return error_set(e, "request: the trigger must have 1 to %d bytes", MASK_LONGEST_TRIGGER);
	if (a->n_marks > MOST_MARKS || (a->n_marks && !a->marks))
		return error_set(e, "request: %zu marks; at most %d", a->n_marks, MOST_MARKS);
	for (size_t i = 0; i < a->n_marks; i++) {
		if (!a->marks[i] || strnlen(a->marks[i], MOST_STOP_BYTES + 1) > MOST_STOP_BYTES)
			return error_set(e, "request: mark %zu is missing or too long", i + 1);
	}
	return true;
}

/* What is wanted, and what belongs to it. */
static bool check_want(const struct hearth_request *a, struct error *e)
{
	const unsigned options = HEARTH_TEXT_CONTROL | HEARTH_TEXT_PLAIN | HEARTH_TEXT_CLOSED | HEARTH_TEXT_ALL;
	bool answer = a->want == HEARTH_WANT_ANSWER;
	if (a->want > HEARTH_WANT_READING) return error_set(e, "request: want %u is unknown", a->want);
	if (a->pooling >= HEARTH_POOLING_RANK) return error_set(e, "request: pooling %u is unknown", a->pooling);
	if (a->text_options & ~options) return error_set(e, "request: text options %u are unknown", a->text_options);
	if (a->n_scores == 0 && a->want == HEARTH_WANT_LOGPROBS) return error_set(e, "request: n_scores is 0");
	if (a->share && (!answer || a->session)) return error_set(e, "request: only an answer without a session can share");
	if (a->grammar_kind && !answer) return error_set(e, "request: only an answer can have a grammar");
	return true;
}

static bool check_biases(const struct hearth_request *a, struct error *e)
{
	if (a->n_biases > MOST_BIASES || (a->n_biases && !a->biases))
		return error_set(e, "request: %zu biases; at most %d", a->n_biases, MOST_BIASES);
	for (size_t i = 0; i < a->n_biases; i++) {
		double bias = a->biases[i].bias;
		if (!(bias >= -100 && bias <= 100)) return error_set(e, "request: a bias is %g; it must be from -100 to 100", bias);
	}
	return true;
}

bool request_check(const struct hearth_request *a, struct error *e)
{
	if (!check_want(a, e) || !check_source(a, e) || !sampler_check(&a->sampling, e)) return false;
	if (a->n_stop > MOST_STOPS) return error_set(e, "request: %zu stop texts; at most %d", a->n_stop, MOST_STOPS);
	if (a->n_stop && !a->stop) return error_set(e, "request: stop texts are missing");
	for (size_t i = 0; i < a->n_stop; i++) {
		size_t n = a->stop[i] ? strnlen(a->stop[i], MOST_STOP_BYTES + 1) : 0;
		if (n == 0) return error_set(e, "request: stop text %zu is empty", i + 1);
		if (n > MOST_STOP_BYTES)
			return error_set(e, "request: stop text %zu has more than %d bytes", i + 1, MOST_STOP_BYTES);
	}
	if (!check_grammar(a, e) || !check_biases(a, e)) return false;
	if (a->n_scores > MOST_SCORES) return error_set(e, "request: n_scores is %u; at most %d", a->n_scores, MOST_SCORES);
	if (a->date && !prompt_check_date(a->date)) return error_set(e, "request: date must be YYYY-MM-DDTHH:MM:SS");
	return true;
}

/* Copies the ids; NULL: memory. */
static int32_t *copy_ids(struct arena *arena, const int32_t *ids, size_t n)
{
	int32_t *copy = arena_alloc(arena, n ? n : 1, sizeof *copy);
	if (copy && n) memcpy(copy, ids, n * sizeof *copy);
	return copy;
}

/* Copies `n` texts to *to, NULL for none. */
static bool copy_texts(struct arena *arena, const char *const *texts, size_t n, const char *const **to)
{
	const char **copies = n ? arena_alloc(arena, n, sizeof *copies) : NULL;
	*to = copies;
	if (n && !copies) return false;
	for (size_t i = 0; i < n; i++) {
		copies[i] = arena_copy(arena, texts[i], strlen(texts[i]));
		if (!copies[i]) return false;
	}
	return true;
}

/* The grammar's text, by which a mask that was made for it before is found. */
static bool copy_grammar(struct request *r, const struct hearth_request *asked)
{
	r->asked.trigger = asked->trigger ? arena_copy(r->arena, asked->trigger, strlen(asked->trigger)) : NULL;
	if (asked->trigger && !r->asked.trigger) return false;
	r->asked.grammar = NULL;
	if (asked->grammar_kind == HEARTH_GRAMMAR_NONE || asked->grammar_length > GRAMMAR_MOST_SOURCE) return true;
	r->asked.grammar = arena_copy(r->arena, asked->grammar, asked->grammar_length);
	return r->asked.grammar != NULL;
}

static bool copy_biases(struct request *r, const struct hearth_request *asked)
{
	struct hearth_bias *copy = asked->n_biases ? arena_alloc(r->arena, asked->n_biases, sizeof *copy) : NULL;
	if (asked->n_biases && !copy) return false;
	if (copy) memcpy(copy, asked->biases, asked->n_biases * sizeof *copy);
	r->asked.biases = copy;
	return true;
}

/* Replaces the pointers of r->asked by copies. */
static bool copy_parts(struct request *r, const struct hearth_request *asked)
{
	bool ids = asked->kind == HEARTH_IDS;
	r->asked.text = ids ? NULL : arena_copy(r->arena, asked->text ? asked->text : "", asked->text_length);
	r->asked.ids = ids ? copy_ids(r->arena, asked->ids, asked->n_ids) : NULL;
	if (!r->asked.text && !r->asked.ids) return false;
	if (asked->kind == HEARTH_PAIR) {
		r->asked.document = arena_copy(r->arena, asked->document ? asked->document : "", asked->document_length);
		if (!r->asked.document) return false;
	}
	if (!copy_texts(r->arena, asked->stop, asked->n_stop, &r->asked.stop)) return false;
	if (!copy_texts(r->arena, asked->marks, asked->n_marks, &r->asked.marks) || !copy_grammar(r, asked)) return false;
	if (!copy_biases(r, asked)) return false;
	if (!asked->date) return true;
	r->asked.date = arena_copy(r->arena, asked->date, strlen(asked->date));
	return r->asked.date != NULL;
}

/* r->grammar, where one is asked for. */
static bool make_grammar(struct request *r, const struct hearth_request *asked, struct error *e)
{
	static struct grammar *(*const from[])(const char *, size_t, struct error *) = {
		[HEARTH_GRAMMAR_GBNF] = grammar_from_gbnf,
		[HEARTH_GRAMMAR_SCHEMA] = grammar_from_schema,
		[HEARTH_GRAMMAR_FORM] = grammar_from_form,
	};
	if (asked->grammar_kind == HEARTH_GRAMMAR_NONE) return true;
	r->grammar = from[asked->grammar_kind](asked->grammar, asked->grammar_length, e);
	return r->grammar != NULL;
}

struct request *request_new(const struct hearth_request *asked, struct error *e)
{
	struct request *r = memory_new(1, sizeof *r);
	if (!r) {
		error_memory(e);
		return NULL;
	}
	r->asked = *asked;
	r->asked.text = NULL; /* what belongs to the caller is never kept, nor wiped */
	r->asked.ids = NULL;
	r->asked.stop = NULL;
	r->asked.date = NULL;
	r->asked.marks = NULL;
	r->asked.trigger = r->asked.grammar = r->asked.document = NULL;
	r->asked.biases = NULL;
	r->submitted = clock_seconds();
	r->text = buffer_new(MOST_ANSWER_STEP);
	r->values = buffer_new(SIZE_MAX / 4); /* by what a step computes */
	r->arena = arena_new(2 * (size_t)MOST_TEXT + (size_t)MOST_IDS * sizeof(int32_t) + (size_t)MOST_STOPS * 4 * MOST_STOP_BYTES +
	                     GRAMMAR_MOST_SOURCE);
	r->last = event_new(HEARTH_DONE, 0, e);
	if (r->arena && r->last && buffer_extend(&r->last->text, sizeof r->error.text) && copy_parts(r, asked)) {
		buffer_clear(&r->last->text);
		if (make_grammar(r, asked, e)) return r;
	} else {
		error_memory(e);
	}
	request_free(r);
	return NULL;
}

void request_name(struct request *r, uint64_t id)
{
	r->id = id;
	r->last->shown.request = id;
}

void request_free(struct request *r)
{
	if (!r) return;
	event_detach(&r->open);
	event_free(r->last);
	prompt_clear(&r->prompt);
	if (r->asked.text) memory_wipe((char *)(uintptr_t)r->asked.text, r->asked.text_length);
	if (r->asked.document) memory_wipe((char *)(uintptr_t)r->asked.document, r->asked.document_length);
	if (r->asked.grammar) memory_wipe((char *)(uintptr_t)r->asked.grammar, r->asked.grammar_length);
	if (r->ids) memory_wipe(r->ids, r->n_prompt * sizeof *r->ids);
	memory_free(r->ids);
	memory_free(r->logits);
	memory_free(r->vectors);
	buffer_free(&r->values);
	memory_free(r->shown);
	scores_clear(&r->scores);
	guess_clear(&r->guess);
	thinking_clear(&r->thinking);
	sampler_clear(&r->sampler);
	mask_free(r->mask);
	grammar_free(r->grammar);
	stream_free(&r->stream);
	buffer_free(&r->text);
	arena_free(r->arena);
	memory_free(r);
}

bool request_fail(struct request *r, enum hearth_failure failure)
{
	r->failed = true;
	r->failure = failure;
	return false;
}
