/* chat: opens a model and reads messages until the person leaves; without a terminal, one question and its answer. */
#include "app/hearth/chat.h"

#include "app/hearth/commands.h"
#include "app/hearth/kept_list.h"
#include "app/hearth/line_editor.h"
#include "base/memory.h"
#include "guard/leftovers.h"

#include <stdio.h>
#include <string.h>

enum { MAX_MESSAGE = 16 << 20, FIXED_TOKENS = 120, PATIENCE = 5, LARGE_FILE = 300000000, INDEX_STEP = 500 };

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

/* While nobody types, the search index is brought up to date, in small steps. */
static enum line_pause on_pause(void *data)
{
	struct chat *c = data;
	struct error ignored;
	bool more = false;
	if (chat_look(c, true)) return LINE_LEAVE;
	if (!c->indexed && c->keeping.vault)
		c->indexed = !conversations_index(c->keeping.vault, INDEX_STEP, &more, &ignored) || !more;
	return LINE_STAY;
}

static void on_key(void *data)
{
	struct chat *c = data;
	away_key(&c->away, away_clocks_now());
}

/* Reads and answers messages until the person leaves or the vault is to be locked. False: there can be no editor. */
static bool talk_on(struct chat *c, struct error *e)
{
	const struct line_watch watch = { .pause = on_pause, .key = on_key, .data = c, .wake = &c->before_sleep.socket };
	struct line_editor *editor = line_editor_open(&c->view.terminal, chat_complete, &watch);
	struct buffer message = buffer_new(MAX_MESSAGE);
	bool may_leave = false;
	if (!editor)
		return error_set(e, "this terminal cannot be used for editing (TERM); for single questions: hearth run \"...\"");
	while (!c->leaving && !c->locking) {
		chat_show_status(c);
		enum line_result result = line_editor_message(editor, c->keeping.secret ? "private> " : "> ", &message);
		if (result == LINE_END || (result == LINE_BREAK && may_leave)) c->leaving = true;
		may_leave = result == LINE_BREAK;
		if (result == LINE_BREAK && !c->leaving) view_note(&c->view, "(Ctrl-C once more, or Ctrl-D, leaves)");
		if (result != LINE_TAKEN) continue;
		terminal_hide_typing(true);
		take_message(c, &message);
		terminal_hide_typing(false);
		chat_look(c, false);
		away_key(&c->away, away_clocks_now());
	}
	if (message.data) memory_wipe(message.data, message.room);
	buffer_free(&message);
	line_editor_close(editor);
	return true;
}

static int talk(struct chat *c)
{
	struct error e = { "" };
	while (!c->leaving) {
		if (!talk_on(c, &e)) return commands_fail(&e);
		if (!c->locking) continue;
		c->locking = false;
		if (!chat_lock(c, &e)) return e.text[0] ? commands_fail(&e) : STATUS_DONE;
	}
	return keeping_leave(&c->keeping, &e) ? STATUS_DONE : commands_fail(&e);
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

/* The conversation that the options ask for. */
static bool go_on(struct chat *c, struct error *e)
{
	const struct options *o = c->options;
	struct kept_list list;
	if (!o->open && !o->resume) return true;
	if (!c->keeping.vault) {
		view_note(&c->view, "No vault is open, so there is no conversation to go on with.");
		return true;
	}
	if (o->open) return chat_open(c, keeping_from_number((long long)o->open), e);
	if (!kept_list_read(&list, c->keeping.vault, e)) return false;
	bool ok = true;
	if (list.n)
		ok = chat_open(c, list.entries[0].id, e);
	else
		view_note(&c->view, "No conversation is kept yet: this is the first one.");
	kept_list_free(&list);
	return ok;
}

/* With a person at the terminal: the vault, the model, the first screen, the talk. */
static int run_with_person(struct chat *c, struct error *e)
{
	struct opening *n = c->opening;
	struct error ignored;
	enum chat_begin begun = chat_begin(c, e);
	opening_leave_vault(n);
	if (begun == CHAT_LEFT) return STATUS_DONE;
	if (begun == CHAT_FAILED || !load(n, c->view.terminal.movable, e)) return commands_fail(e);
	if (n->paths.models[0]) paths_make_folder(n->paths.models, &ignored);
	if (c->options->model && !opening_remember(n, &ignored)) snprintf(n->notes[0], sizeof n->notes[0], "%s", ignored.text);
	c->session = hearth_session_new(n->engine);
	if (c->keeping.vault && !c->keeping.unprotected) before_sleep_begin(&c->before_sleep);
	welcome(&c->view, n, c->options->program);
	if (!go_on(c, e)) return commands_fail(e);
	return talk(c);
}

static int run_alone(struct chat *c, struct error *e)
{
	struct opening *n = c->opening;
	if (!load(n, false, e)) return commands_fail(e);
	for (int i = 0; i < OPENING_NOTES; i++) {
		if (n->notes[i][0]) commands_note("%s", n->notes[i]);
	}
	return answer_fixed_question(c);
}

static int run_chat(struct chat *c, struct error *e)
{
	struct opening *n = c->opening;
	struct terminal terminal = terminal_look(n->settings.colour);
	bool person = terminal.input && terminal.output;
	if (!opening_choose(n, c->options->model, e)) return commands_fail(e);
	view_open(&c->view, &terminal);
	if (!conversation_set_system(&c->conversation, c->options->system)) error_memory(e);
	c->last = answer_new();
	int status = person ? run_with_person(c, e) : run_alone(c, e);
	before_sleep_end(&c->before_sleep);
	view_close(&c->view);
	answer_free(&c->last);
	conversation_free(&c->conversation);
	vault_close(c->keeping.vault);
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
		leftovers_begin();
		terminal_watch_signals(PATIENCE);
		opening_begin(n, o);
		c->options = o;
		c->opening = n;
		c->before_sleep = before_sleep_none();
		status = run_chat(c, &e);
		opening_end(n);
	} else {
		error_memory(&e);
		status = commands_fail(&e);
	}
	memory_free(n);
	memory_free(c);
	return status;
}
