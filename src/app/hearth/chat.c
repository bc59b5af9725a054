/* chat: opens a model and reads messages until the person leaves; without a terminal, one question and its answer. */
#include "app/hearth/chat.h"

#include "app/hearth/commands.h"
#include "app/hearth/line_editor.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { MAX_MESSAGE = 16 << 20, FIXED_TOKENS = 120, PATIENCE = 5, LARGE_FILE = 300000000 };

static const char fixed_question[] = "Hello! How are you today?";

bool chat_is_command(const char *line, size_t length)
{
	if (length < 2 || line[0] != '/') return false;
	size_t n = 1;
	while (n < length && ((line[n] >= 'a' && line[n] <= 'z') || (line[n] >= 'A' && line[n] <= 'Z') || line[n] == '?')) n++;
	return n > 1 && (n == length || line[n] == ' ');
}

/* Without a terminal nobody can be asked: shows one question and its answer, the same each time. */
static int answer_fixed_question(struct chat *c)
{
	struct hearth_request r = opening_request(c->opening, c->options, HEARTH_CHAT, 0);
	struct buffer json = buffer_new(MAX_MESSAGE);
	struct error e;
	struct answer_watch watch = view_watch(&c->view);
	conversation_ask(&c->conversation, fixed_question, sizeof fixed_question - 1);
	conversation_json(&c->conversation, &json);
	r.text = buffer_text(&json);
	r.text_length = json.size;
	r.max_tokens = FIXED_TOKENS;
	r.sampling.temperature = 0;
	view_say(&c->view, "> %s", fixed_question);
	view_answer_begin(&c->view);
	bool ok = answer_run(&c->last, c->opening->engine, &r, &watch, &e);
	view_answer_end(&c->view);
	buffer_free(&json);
	if (ok && c->view.lost) ok = error_set(&e, "standard output: cannot write; is the disk full?");
	if (!ok) return commands_fail(&e);
	if (c->last.stop == HEARTH_STOP_CANCEL) return STATUS_INTERRUPTED;
	commands_note("this was one fixed question, since there is no terminal here; for scripts: hearth run \"...\"");
	return STATUS_DONE;
}

static void take_message(struct chat *c, const struct buffer *message)
{
	const char *text = buffer_text(message);
	size_t length = message->size;
	if (strspn(text, " \t\n") == length) return;
	if (chat_is_command(text, length)) {
		chat_command_line(c, text);
	} else {
		if (length > 1 && text[0] == '/' && text[1] == '/') { /* a second slash: a message that begins with one */
			text++;
			length--;
		}
		if (conversation_ask(&c->conversation, text, length))
			chat_turn(c);
		else
			view_say(&c->view, "%s", "Memory is out: the message was not taken.");
	}
	if (!c->leaving) view_say(&c->view, "%s", "");
}

static int talk(struct chat *c)
{
	struct line_editor *editor = line_editor_open(&c->view.terminal, chat_complete);
	struct buffer message = buffer_new(MAX_MESSAGE);
	struct error e;
	if (!editor) {
		error_set(&e, "this terminal cannot be used for editing (TERM); for single questions: hearth run \"...\"");
		return commands_fail(&e);
	}
	bool may_leave = false;
	while (!c->leaving) {
		enum line_result result = line_editor_message(editor, &message);
		if (result == LINE_END || (result == LINE_BREAK && may_leave)) break;
		may_leave = result == LINE_BREAK;
		if (result == LINE_BREAK) view_note(&c->view, "(Ctrl-C once more, or Ctrl-D, leaves)");
		if (result != LINE_TAKEN) continue;
		terminal_hide_typing(true);
		take_message(c, &message);
		terminal_hide_typing(false);
	}
	if (message.data) memory_wipe(message.data, message.room);
	buffer_free(&message);
	line_editor_close(editor);
	return STATUS_DONE;
}

/* Opens the engine; a large file may take its time, so it is said. */
static bool load(struct opening *n, bool movable, struct error *e)
{
	bool said = movable && n->file.size > LARGE_FILE;
	if (said) terminal_write("Loading the model ...", 21);
	bool ok = opening_engine(n, e);
	if (said) terminal_write("\r\033[K", 4);
	return ok;
}

static int run_chat(struct chat *c, struct error *e)
{
	struct opening *n = c->opening;
	struct terminal terminal = terminal_look(n->settings.colour);
	bool person = terminal.input && terminal.output;
	if (!opening_choose(n, c->options->model, e) || !load(n, person && terminal.movable, e)) return commands_fail(e);
	view_open(&c->view, &terminal);
	if (!conversation_set_system(&c->conversation, c->options->system)) error_memory(e);
	c->last = answer_new();
	int status;
	if (person) {
		struct error ignored;
		if (n->paths.models[0]) paths_make_folder(n->paths.models, &ignored);
		if (c->options->model && !opening_remember(n, &ignored))
			snprintf(n->notes[0], sizeof n->notes[0], "%s", ignored.text);
		c->session = hearth_session_new(n->engine);
		welcome(&c->view, n, c->options->program);
		status = talk(c);
	} else {
		for (int i = 0; i < OPENING_NOTES; i++) {
			if (n->notes[i][0]) commands_note("%s", n->notes[i]);
		}
		status = answer_fixed_question(c);
	}
	view_close(&c->view);
	answer_free(&c->last);
	conversation_free(&c->conversation);
	return status;
}

int chat_command(const struct options *o)
{
	struct error e;
	if (o->n_words) {
		error_set(&e, "chat takes no words; to ask one question: hearth run \"...\"");
		return commands_misuse("chat", &e);
	}
	struct chat *c = memory_new(1, sizeof *c);
	struct opening *n = memory_new(1, sizeof *n);
	int status;
	if (c && n) {
		terminal_watch_signals(PATIENCE);
		opening_begin(n, o);
		c->options = o;
		c->opening = n;
		status = run_chat(c, &e);
		hearth_close(n->engine);
	} else {
		error_memory(&e);
		status = commands_fail(&e);
	}
	memory_free(n);
	memory_free(c);
	return status;
}
