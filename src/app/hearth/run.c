/*
 * run: one prompt, one answer, for scripts (DESIGN 11: `hearth run`).
 *
 * Into a pipe or a file the answer goes as the model wrote it. On a terminal it goes through the filter of visible.h.
 */
#include "app/hearth/answer.h"
#include "app/hearth/commands.h"
#include "app/hearth/conversation.h"
#include "app/hearth/opening.h"
#include "app/hearth/terminal.h"
#include "app/hearth/visible.h"
#include "base/file.h"
#include "base/memory.h"
#include "format/json.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PROMPT = 64 << 20, MAX_GRAMMAR = 4 << 20, QUIET_MS = 2000 };

struct run {
	const struct options *options;
	struct terminal terminal;
	struct buffer prompt;
	char *grammar; /* of --schema or --grammar; NULL: none */
	size_t grammar_length;
	bool ended_line; /* the last byte that was written is a line end */
	bool write_failed;
};

/* ---- the prompt ---- */

static bool append_file(struct buffer *b, const char *path, struct error *e)
{
	size_t size;
	char *text = file_read(path, MAX_PROMPT, &size, e);
	if (!text) return false;
	if (memchr(text, 0, size)) {
		memory_free(text);
		return error_set(e, "%s: is no text file (it has zero bytes)", path);
	}
	while (size && text[size - 1] == '\n') size--;
	if (size) buffer_append(b, text, size);
	buffer_append_text(b, "\n\n");
	memory_free(text);
	return true;
}

/* Something is, or may come, on standard input: a pipe, a file, a socket; no terminal and not closed. */
static bool has_piped_input(void)
{
	struct stat st;
	if (fstat(STDIN_FILENO, &st) != 0) return false;
	return !isatty(STDIN_FILENO);
}

/* Says what it waits for when a pipe stays silent, so that a forgotten one is not a riddle. */
static void wait_for_input(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	if (poll(&input, 1, QUIET_MS) == 0)
		commands_note("waiting for text on standard input (hearth run ... </dev/null when there is none)");
}

/* Appends what is piped in. In the chat's form line ends at its end do not belong to it. */
static bool append_input(struct run *r, bool behind, struct error *e)
{
	size_t size;
	wait_for_input();
	char *text = file_read("-", MAX_PROMPT, &size, e);
	if (!text) return false;
	if (!r->options->raw) {
		while (size && text[size - 1] == '\n') size--;
	}
	if (size && behind) buffer_append_text(&r->prompt, "\n\n");
	if (size) buffer_append(&r->prompt, text, size);
	memory_free(text);
	return true;
}

static bool gather_prompt(struct run *r, struct error *e)
{
	const struct options *o = r->options;
	bool piped = has_piped_input();
	for (size_t i = 0; i < o->files.n; i++) {
		if (strcmp(o->files.texts[i], "-") == 0) piped = false;
		if (!append_file(&r->prompt, o->files.texts[i], e)) return false;
	}
	for (size_t i = 0; i < o->n_words; i++) {
		if (i) buffer_append_byte(&r->prompt, ' ');
		buffer_append_text(&r->prompt, o->words[i]);
	}
	if (piped && !append_input(r, o->n_words > 0, e)) return false;
	if (!o->n_words && o->files.n) /* the text alone: without the empty line behind it */
		while (!o->raw && r->prompt.size && r->prompt.data[r->prompt.size - 1] == '\n') r->prompt.size--;
	if (r->prompt.failed) return error_set(e, "the prompt is larger than %d MB, the most that is taken", MAX_PROMPT >> 20);
	return true;
}

static bool read_grammar(struct run *r, struct error *e)
{
	const char *path = r->options->schema ? r->options->schema : r->options->grammar;
	if (!path) return true;
	r->grammar = file_read(path, MAX_GRAMMAR, &r->grammar_length, e);
	return r->grammar != NULL;
}

/* ---- the answer ---- */

static void write_text(struct run *r, const char *text, size_t length)
{
	if (!length || r->write_failed) return;
	struct buffer shown = buffer_new(MAX_PROMPT);
	if (r->terminal.output) {
		visible_append(&shown, text, length, r->terminal.ascii);
		text = buffer_text(&shown);
		length = shown.size;
	}
	if (length) r->ended_line = text[length - 1] == '\n';
	r->write_failed = fwrite(text, 1, length, stdout) != length || fflush(stdout) != 0;
	buffer_free(&shown);
}

static void on_event(void *data, const struct hearth_event *event, const struct answer *so_far)
{
	struct run *r = data;
	(void)so_far;
	if (event->kind == HEARTH_ANSWER && !r->options->json) write_text(r, event->text, event->text_length);
}

static const char *stop_name(uint32_t stop)
{
	switch (stop) {
	case HEARTH_STOP_END: return "eos";
	case HEARTH_STOP_TEXT: return "stop";
	case HEARTH_STOP_CANCEL: return "cancel";
	default: return "length";
	}
}

static void write_json(struct run *r, const struct answer *a)
{
	struct buffer b = buffer_new((size_t)MAX_PROMPT * 8);
	buffer_append_text(&b, "{\"text\": ");
	json_write_text(&b, buffer_text(&a->text), a->text.size);
	buffer_append_text(&b, ", \"ids\": [");
	for (size_t i = 0; i < a->ids.size / sizeof(int32_t); i++) {
		int32_t id;
		memcpy(&id, a->ids.data + i * sizeof id, sizeof id);
		buffer_format(&b, "%s%d", i ? ", " : "", id);
	}
	buffer_format(&b, "], \"prompt_tokens\": %u, \"stop\": \"%s\"}\n", a->n_prompt, stop_name(a->stop));
	r->write_failed = b.failed || fwrite(b.data, 1, b.size, stdout) != b.size || fflush(stdout) != 0;
	buffer_free(&b);
}

static int finish(struct run *r, const struct answer *a, struct error *e)
{
	if (r->options->json)
		write_json(r, a);
	else if (!r->ended_line)
		r->write_failed = r->write_failed || fputc('\n', stdout) == EOF || fflush(stdout) != 0;
	if (a->stop == HEARTH_STOP_CONTEXT)
		commands_note("the answer ends here because the context of %u tokens is full; --context gives it more room",
		              a->n_context);
	if (r->write_failed) {
		error_set(e, "standard output: cannot write; is the disk full?");
		return commands_fail(e);
	}
	return a->stop == HEARTH_STOP_CANCEL ? STATUS_INTERRUPTED : STATUS_DONE;
}

/* The line for a prompt that does not fit, with numbers and what to do. */
static void explain_context(const struct opening *n, const struct answer *a, struct error *e)
{
	char prompt[32], context[32], trained[32];
	model_file_count(prompt, a->n_prompt);
	model_file_count(context, n->info.context);
	model_file_count(trained, n->info.context_trained);
	if (n->info.context < n->info.context_trained)
		error_set(e,
		          "the prompt has about %s tokens and the context holds %s: shorten it, or give --context more (this model "
		          "was "
		          "trained for %s)",
		          prompt, context, trained);
	else
		error_set(e,
		          "the prompt has about %s tokens and the context holds %s, all that this model was trained for: shorten "
		          "it, or "
		          "take a model with a longer context",
		          prompt, context);
}

static int answer_prompt(struct run *r, struct opening *n, struct error *e)
{
	const struct options *o = r->options;
	struct hearth_request request = opening_request(n, o, o->raw ? HEARTH_TEXT : HEARTH_CHAT, 0);
	struct buffer json = buffer_new((size_t)MAX_PROMPT * 8);
	struct answer a = answer_new();
	struct answer_watch watch = { .event = on_event, .data = r };
	if (r->grammar) request.grammar_kind = o->schema ? HEARTH_GRAMMAR_SCHEMA : HEARTH_GRAMMAR_GBNF;
	request.grammar = r->grammar;
	request.grammar_length = r->grammar_length;
	request.text = buffer_text(&r->prompt);
	request.text_length = r->prompt.size;
	if (!o->raw) {
		struct conversation c = { 0 };
		bool ok = conversation_set_system(&c, o->system) && conversation_ask(&c, request.text, request.text_length) &&
		          conversation_json(&c, &json);
		conversation_free(&c);
		if (!ok) {
			error_memory(e);
			buffer_free(&json);
			return commands_fail(e);
		}
		request.text = buffer_text(&json);
		request.text_length = json.size;
	}
	int status;
	if (answer_run(&a, n->engine, &request, &watch, e)) {
		status = finish(r, &a, e);
	} else {
		if (!o->json && !r->ended_line) fputc('\n', stdout);
		if (a.failure == HEARTH_FAIL_CONTEXT) explain_context(n, &a, e);
		status = commands_fail(e);
	}
	answer_free(&a);
	buffer_free(&json);
	return status;
}

int run_command(const struct options *o)
{
	struct run r = { .options = o, .prompt = buffer_new(MAX_PROMPT), .ended_line = true };
	struct error e;
	if (o->raw && o->system) {
		error_set(&e, "--system has no place in a --raw prompt: put the text into the prompt itself");
		return commands_misuse("run", &e);
	}
	if (o->schema && o->grammar) {
		error_set(&e, "--schema and --grammar cannot both hold: give one of them");
		return commands_misuse("run", &e);
	}
	if (!o->n_words && !o->files.n && !has_piped_input()) {
		error_set(&e, "a prompt is missing: hearth run \"...\", or text from a pipe");
		return commands_misuse("run", &e);
	}
	terminal_watch_signals(1);
	struct opening *n = memory_new(1, sizeof *n);
	if (!n) {
		error_memory(&e);
		return commands_fail(&e);
	}
	opening_begin(n, o);
	r.terminal = terminal_look(n->settings.colour);
	int status = STATUS_FAILED;
	bool ready = opening_choose(n, o->model, &e);
	opening_leave_vault(n);
	ready = ready && read_grammar(&r, &e) && gather_prompt(&r, &e);
	if (ready && r.prompt.size == 0 && !o->raw) {
		error_set(&e, "the prompt is empty: hearth run \"...\", or text from a pipe");
		status = commands_misuse("run", &e);
	} else {
		for (int i = 0; ready && i < OPENING_NOTES; i++) {
			if (n->notes[i][0]) commands_note("%s", n->notes[i]);
		}
		ready = ready && opening_engine(n, &e);
		if (ready && n->notes[NOTE_SLOW][0]) commands_note("%s", n->notes[NOTE_SLOW]);
		terminal_watch_signals(2); /* from here on the first one ends the answer, so that what there is of it is written */
		status = ready ? answer_prompt(&r, n, &e) : commands_fail(&e);
	}
	opening_end(n);
	memory_free(n);
	memory_free(r.grammar);
	buffer_free(&r.prompt);
	return status;
}
