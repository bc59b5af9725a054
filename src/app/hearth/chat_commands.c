/* chat_commands: what a person can type behind a slash. */
#include "app/hearth/chat.h"
#include "app/hearth/programs.h"
#include "app/hearth/visible.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/split_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { MAX_FILE = 256 << 20, TURNS_SHOWN = 12, MAX_NAMES = 1 << 20 };

struct chat_command_row {
	const char *name, *argument, *purpose;
	void (*run)(struct chat *c, const char *argument); /* white space around the argument is gone; "" when there is none */
};

static const struct chat_command_row rows[21];

static void command_help(struct chat *c, const char *argument)
{
	(void)argument;
	for (const struct chat_command_row *r = rows; r->name; r++) {
		char left[32];
		snprintf(left, sizeof left, "%s%s%s", r->name, *r->argument ? " " : "", r->argument);
		view_row(&c->view, left, r->purpose);
	}
	view_say(&c->view, "%s", "");
	view_say(&c->view, "%s",
	         "A message of several lines: end a line with \\, or put \"\"\" before and behind it. A message that begins with a "
	         "slash: type // first.");
	view_say(&c->view, "%s", "Ctrl-C stops an answer; on an empty line, twice, it leaves. Ctrl-D leaves.");
}

/* ---- the model ---- */

static bool on_locked(void *context, const struct blob_entry *b)
{
	struct chat *c = context;
	if (b->kind == BLOB_MODEL && !split_name_is_later(b->name)) view_say(&c->view, "  /model %s (locked)", b->name);
	return true;
}

static void list_models(struct chat *c)
{
	struct error ignored;
	const struct opening *n = c->opening;
	struct buffer names = buffer_new(MAX_NAMES);
	size_t count = model_file_list(&names, n->paths.models);
	const char *name = names.data;
	view_say(&c->view, "%s answers, from %s.", n->file.name, n->file.path);
	if (n->paths.builtin[0]) view_say(&c->view, "  /model builtin");
	for (size_t i = 0; i < count; i++, name += strlen(name) + 1) view_say(&c->view, "  /model %s", name);
	if (c->keeping.vault && vault_is_open(c->keeping.vault)) blobs_list(c->keeping.vault, on_locked, c, &ignored);
	if (!count) view_note(&c->view, "The models folder has none yet: %s", n->paths.models);
	buffer_free(&names);
}

static void command_model(struct chat *c, const char *argument)
{
	struct opening *n = c->opening;
	struct error e;
	if (!*argument) {
		list_models(c);
		return;
	}
	struct opening *next = memory_new(1, sizeof *next);
	if (!next) {
		view_say(&c->view, "%s", "Memory is out.");
		return;
	}
	*next = *n;
	next->engine = NULL;
	next->locked = (struct locked_model){ .memory.fd = -1 };
	next->vault = c->keeping.vault;
	memset(next->notes, 0, sizeof next->notes);
	bool chosen = opening_choose(next, argument, &e);
	opening_leave_vault(next);
	if (chosen && opening_engine(next, &e)) {
		hearth_close(n->engine);
		locked_model_unload(&n->locked);
		*n = *next;
		c->session = hearth_session_new(n->engine);
		c->used_known = false;
		if (!opening_remember(n, &e)) view_note(&c->view, "It will not be remembered: %s", e.text);
		if (n->notes[1][0]) view_note(&c->view, "Note: %s", n->notes[1]);
		view_say(&c->view, "Now %s (%s) answers.%s", n->file.name, n->file.weights,
		         c->conversation.n_turns ? " It sees the conversation so far; /new starts anew." : "");
	} else {
		view_say(&c->view, "%s", e.text);
		view_note(&c->view, "%s goes on.", n->file.name);
		locked_model_unload(&next->locked);
	}
	memory_free(next);
}

static void command_system(struct chat *c, const char *argument)
{
	bool off = strcasecmp(argument, "off") == 0;
	if (!*argument) {
		view_say(&c->view,
		         c->conversation.system ? "The system message: %s" : "There is no system message. /system TEXT sets one.",
		         c->conversation.system);
		return;
	}
	if (!conversation_set_system(&c->conversation, off ? NULL : argument)) {
		view_say(&c->view, "%s", "Memory is out.");
		return;
	}
	c->used_known = c->keeping.system_kept = false;
	view_note(&c->view, off ? "The system message is off from the next message on." : "It holds from the next message on.");
}

/* ---- the conversation ---- */

static void command_retry(struct chat *c, const char *argument)
{
	(void)argument;
	if (!c->conversation.n_turns) {
		view_say(&c->view, "%s", "There is nothing to ask again yet.");
		return;
	}
	struct turn *t = conversation_last(&c->conversation);
	c->before = t->answer ? memory_copy_text(t->answer, t->answer_length) : NULL;
	c->before_length = t->answer_length;
	conversation_take_answer_back(&c->conversation);
	c->used_known = false;
	chat_turn(c);
	if (c->before) memory_wipe(c->before, c->before_length);
	memory_free(c->before);
	c->before = NULL;
}

static void command_undo(struct chat *c, const char *argument)
{
	(void)argument;
	const struct turn *t = conversation_last(&c->conversation);
	if (!t) {
		view_say(&c->view, "%s", "There is nothing to take back.");
		return;
	}
	char shown[64];
	visible_line(shown, sizeof shown, t->question, t->question_length, c->view.terminal.ascii);
	chat_take_back(c);
	c->used_known = false;
	view_note(&c->view, "Taken back, with its answer: \"%s\". %zu %s left.", shown, c->conversation.n_turns,
	          c->conversation.n_turns == 1 ? "exchange is" : "exchanges are");
}

void chat_forget(struct chat *c)
{
	conversation_clear(&c->conversation);
	hearth_session_free(c->opening->engine, c->session);
	c->session = hearth_session_new(c->opening->engine);
	answer_free(&c->last);
	c->last = answer_new();
	buffer_clear(&c->view.thought);
	c->used = 0;
	c->used_known = c->warned = false;
}

static void command_new(struct chat *c, const char *argument)
{
	(void)argument;
	struct error e;
	long long number = c->keeping.id ? keeping_number(c->keeping.id) : 0;
	bool stays = keeping_writes(&c->keeping) && c->conversation.n_turns;
	const char *system = c->conversation.system ? " The system message stays." : "";
	if (!keeping_leave(&c->keeping, &e)) view_say(&c->view, "%s", e.text);
	chat_forget(c);
	if (stays)
		view_note(&c->view, "A new conversation. The one before is kept: /open %lld brings it back.%s", number, system);
	else
		view_note(&c->view, "The conversation is forgotten; a new one begins.%s", system);
}

static void write_conversation(const struct chat *c, struct buffer *b)
{
	const struct conversation *v = &c->conversation;
	buffer_format(b, "# A conversation with %s\n", c->opening->file.name);
	if (v->system) buffer_format(b, "\n## System\n\n%s\n", v->system);
	for (size_t i = 0; i < v->n_turns; i++) {
		const struct turn *t = &v->turns[i];
		buffer_append_text(b, "\n## You\n\n");
		buffer_append(b, t->question, t->question_length);
		buffer_append_text(b, "\n\n## Answer\n\n");
		if (t->answer_length) buffer_append(b, t->answer, t->answer_length);
		buffer_append_byte(b, '\n');
	}
}

static void command_save(struct chat *c, const char *argument)
{
	char path[PATHS_ROOM];
	struct error e;
	const char *home = getenv("HOME");
	if (!*argument) {
		view_say(&c->view, "%s", "Where to? /save FILE");
		return;
	}
	if (strncmp(argument, "~/", 2) == 0 && home)
		snprintf(path, sizeof path, "%s/%s", home, argument + 2);
	else
		snprintf(path, sizeof path, "%s", argument);
	if (paths_is_file(path) || paths_is_folder(path)) {
		view_say(&c->view, "%s is there already and stays as it is: choose another name.", path);
		return;
	}
	struct buffer b = buffer_new(MAX_FILE);
	write_conversation(c, &b);
	int fd = b.failed ? -1 : programs_create(path, &e);
	if (b.failed) error_memory(&e);
	bool ok = fd >= 0 && file_write_whole(fd, path, b.data, b.size, &e);
	if (fd >= 0) close(fd);
	if (ok)
		view_say(&c->view, "Saved in %s, in the clear: whoever can read this file can read the conversation.", path);
	else
		view_say(&c->view, "Not saved: %s", e.text);
	if (b.data) memory_wipe(b.data, b.room);
	buffer_free(&b);
}

/* ---- what happened ---- */

static void speed(char out[24], uint32_t tokens, double seconds)
{
	if (seconds > 0 && tokens)
		snprintf(out, 24, "%.0f/s", tokens / seconds);
	else
		snprintf(out, 24, "-");
}

static void show_turns(struct chat *c)
{
	const struct conversation *v = &c->conversation;
	size_t from = v->n_turns > TURNS_SHOWN ? v->n_turns - TURNS_SHOWN : 0;
	char reading[24], writing[24];
	view_say(&c->view, "turn  prompt  reused computed  answer  reading  writing");
	for (size_t i = from; i < v->n_turns; i++) {
		const struct turn *t = &v->turns[i];
		uint32_t computed = t->n_prompt - (t->n_cached < t->n_prompt ? t->n_cached : t->n_prompt);
		speed(reading, computed, t->seconds_prompt);
		speed(writing, t->n_generated, t->seconds_generate);
		view_say(&c->view, "%4zu%c %7u %7u %8u %7u %8s %8s", i + 1, i < v->first ? '-' : ' ', t->n_prompt, t->n_cached,
		         computed, t->n_generated, reading, writing);
	}
	if (from) view_note(&c->view, "(the last %d turns; tokens)", (int)TURNS_SHOWN);
	if (v->first) view_note(&c->view, "(turns marked - have left the context)");
}

static void command_stats(struct chat *c, const char *argument)
{
	(void)argument;
	const struct hearth_info *i = &c->opening->info;
	char a[32], b[32], d[32], e[32];
	if (c->conversation.n_turns) show_turns(c);
	model_file_count(a, c->used_known ? c->used : 0);
	model_file_count(b, i->context);
	if (c->used_known)
		view_say(&c->view, "Context: %s of %s tokens used (%.0f %%).", a, b,
		         100.0 * c->used / (i->context ? i->context : 1));
	else
		view_say(&c->view, "Context: %s tokens; how many are used shows with the next answer.", b);
	model_file_bytes(a, i->bytes_weights);
	model_file_bytes(b, i->bytes_kv);
	model_file_bytes(d, i->bytes_scratch);
	model_file_bytes(e, machine_peak_resident());
	view_say(&c->view, "Memory: planned are %s of weights, %s for a full context and %s to work in; %s were in use at most.", a,
	         b, d, e);
	uint64_t guessed = 0, accepted = 0;
	for (size_t k = 0; k < c->conversation.n_turns; k++) {
		guessed += c->conversation.turns[k].n_guessed;
		accepted += c->conversation.turns[k].n_accepted;
	}
	if (guessed)
		view_say(&c->view, "Guessed ahead: %llu tokens, of which %llu were right (%.0f %%).", (unsigned long long)guessed,
		         (unsigned long long)accepted, 100.0 * (double)accepted / (double)guessed);
	view_say(&c->view, "Computing: %s, %u %s.", i->kernels, i->threads, i->threads == 1 ? "thread" : "threads");
}

static void show_pieces(struct chat *c)
{
	const struct answer *a = &c->last;
	for (size_t i = 0; i < a->n_pieces; i++) {
		const struct hearth_piece *p = &a->pieces[i];
		if (p->start > a->prompt.size || p->length > a->prompt.size - p->start) continue;
		view_block(&c->view, p->trusted ? "template | " : "message  | ", p->trusted ? SCREEN_DIM : SCREEN_PLAIN,
		           a->prompt.data + p->start, p->length);
	}
}

static void command_why(struct chat *c, const char *argument)
{
	(void)argument;
	const struct answer *a = &c->last;
	char prompt[32], cached[32];
	if (a->prompt.size == 0) {
		view_say(&c->view, "%s", "Nothing was asked yet.");
		return;
	}
	view_say(&c->view,
	         "This is all that the model was given for the last answer. Lines marked \"template\" come from the model's chat "
	         "template, lines marked \"message\" from the conversation; those are never read as control tokens.");
	show_pieces(c);
	model_file_count(prompt, a->n_prompt);
	model_file_count(cached, a->n_cached);
	view_say(&c->view, "%s tokens, %s of them there already from the turn before.", prompt, cached);
	if (c->sampling.temperature > 0)
		view_say(&c->view, "Words were chosen with temperature %g, top-k %u, top-p %g, min-p %g and seed %llu.",
		         (double)c->sampling.temperature, c->sampling.top_k, (double)c->sampling.top_p, (double)c->sampling.min_p,
		         (unsigned long long)a->seed);
	else
		view_say(&c->view, "Always the likeliest token was chosen (temperature 0).");
	if (c->view.thought.size) {
		view_say(&c->view, "What the model thought before it answered:");
		view_block(&c->view, "thought  | ", SCREEN_PLAIN, c->view.thought.data, c->view.thought.size);
	}
}

static void command_quit(struct chat *c, const char *argument)
{
	(void)argument;
	c->leaving = true;
}

static const struct chat_command_row rows[] = {
	{ "/help", "", "this list", command_help },
	{ "/model", "[FILE]", "show the models, or change to one (file, or name in the folder)", command_model },
	{ "/system", "[TEXT]", "show or set the system message; /system off removes it", command_system },
	{ "/retry", "", "ask the last message again, for another answer", command_retry },
	{ "/undo", "", "take the last message and its answer back", command_undo },
	{ "/new", "", "begin a new conversation (one that is not kept is forgotten)", command_new },
	{ "/chats", "[all]", "the conversations that are kept, the newest first", chat_list_command },
	{ "/open", "N", "go on with conversation N", chat_open_command },
	{ "/search", "WORDS", "find words in all of them", chat_search_command },
	{ "/rename", "TITLE", "give this conversation another title", chat_rename_command },
	{ "/branch", "[N]", "go on in a copy of this conversation, or of its first N exchanges", chat_branch_command },
	{ "/delete", "[N]", "erase this conversation, or conversation N, for good", chat_delete_command },
	{ "/private", "", "begin a conversation that is never written", chat_private_command },
	{ "/lock", "[MINUTES]", "lock the vault now, or after so many minutes without a key (off: never)", chat_lock_command },
	{ "/vault", "", "where conversations are kept, and whether this one is", chat_vault_command },
	{ "/save", "FILE", "write the conversation to a new file, in the clear", command_save },
	{ "/stats", "", "tokens computed and reused, speed, memory, context", command_stats },
	{ "/why", "", "show exactly what the model was given, and its thoughts", command_why },
	{ "/quit", "", "leave (Ctrl-D does too)", command_quit },
	{ NULL, NULL, NULL, NULL },
};

const char *chat_complete(const char *start, size_t n)
{
	for (const struct chat_command_row *r = rows; r->name; r++) {
		if (strncmp(r->name, start, strlen(start)) == 0 && n-- == 0) return r->name;
	}
	return NULL;
}

void chat_command_line(struct chat *c, const char *line)
{
	char name[16];
	size_t n = strcspn(line, " "), length = strlen(line);
	snprintf(name, sizeof name, "%.*s", (int)(n < 15 ? n : 15), line);
	const char *argument = line + n + strspn(line + n, " ");
	char *trimmed = memory_copy_text(argument, length - (size_t)(argument - line));
	if (!trimmed) return;
	for (size_t end = strlen(trimmed); end > 0 && strchr(" \t\n", trimmed[end - 1]); end--) trimmed[end - 1] = 0;
	if (strcasecmp(name, "/exit") == 0 || strcasecmp(name, "/bye") == 0) snprintf(name, sizeof name, "/quit");
	if (strcasecmp(name, "/clear") == 0) snprintf(name, sizeof name, "/new");
	const struct chat_command_row *found = NULL;
	for (const struct chat_command_row *r = rows; r->name; r++) {
		if (strcasecmp(r->name, name) == 0) found = r;
	}
	if (!found && chat_complete(name, 0) && !chat_complete(name, 1)) { /* a beginning that only one command has */
		for (const struct chat_command_row *r = rows; r->name; r++) {
			if (r->name == chat_complete(name, 0)) found = r;
		}
	}
	if (found)
		found->run(c, trimmed);
	else
		view_say(&c->view, "There is no command %s. /help lists them; a message that begins with a slash begins with two.",
		         name);
	memory_free(trimmed);
}
