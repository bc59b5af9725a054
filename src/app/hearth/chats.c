/*
 * chats: `hearth chats`: the kept conversations, for scripts and for people outside of a chat.
 *
 * A vault that a chat has open is asked through it; else it is opened here, with --key-file or the passphrase. Texts go to a
 * terminal through the filter of visible.h, and as they are into a pipe.
 */
#include "app/hearth/chats.h"

#include "app/hearth/commands.h"
#include "app/hearth/kept_list.h"
#include "app/hearth/terminal.h"
#include "app/hearth/unlock.h"
#include "app/hearth/visible.h"
#include "base/memory.h"
#include "format/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OUT = 1 << 30, FOUND = 100, MAX_TYPED = 64 };

static int list_chats(const struct options *o);
static int show_chat(const struct options *o);
static int search_chats(const struct options *o);
static int rename_chat(const struct options *o);
static int branch_chat(const struct options *o);
static int delete_chats(const struct options *o);

const struct word_row chats_words[] = {
	{ "list", "", "the kept conversations, the last changed first", 0, 0, list_chats },
	{ "show", "N", "what was said in conversation N", 1, 1, show_chat },
	{ "search", "WORDS", "the messages that have all of the words, the best first", 1, MAX_TYPED, search_chats },
	{ "rename", "N TITLE", "give conversation N another title", 2, MAX_TYPED, rename_chat },
	{ "branch", "N [EXCHANGES]", "copy it, or its first exchanges; prints the copy's number", 1, 2, branch_chat },
	{ "delete", "N...", "erase conversations for good, with their keys", 1, MAX_TYPED, delete_chats },
	{ NULL, NULL, NULL, 0, 0, NULL },
};

static int fail(struct vault *v, const struct error *e)
{
	vault_close(v);
	return commands_fail(e);
}

/* Prints what was made and closes the vault; the buffer is wiped. */
static int print(struct vault *v, struct buffer *out)
{
	vault_close(v);
	if (out->data && out->size) {
		bool ok = !out->failed && fwrite(out->data, 1, out->size, stdout) == out->size && fflush(stdout) == 0;
		memory_wipe(out->data, out->room);
		if (!ok) out->failed = true;
		out->size = 0;
	}
	return commands_print(out);
}

static void append_line(struct buffer *out, const char *text)
{
	char shown[KEEPING_TITLE * 4];
	visible_line(shown, sizeof shown, text, strlen(text), terminal_look(false).ascii);
	buffer_append_text(out, shown);
}

/* The id behind a number that was typed; 0 with the line. */
static int64_t typed_id(const char *text, struct error *e)
{
	int64_t id = keeping_id(text);
	if (!id) error_set(e, "a conversation has a number, as `hearth chats list` shows it, not '%.40s'", text);
	return id;
}

/* The words from the n-th on with spaces between. */
static bool join_words(char *out, size_t room, const struct options *o, size_t from, struct error *e)
{
	size_t n = 0;
	for (size_t i = from; i < o->n_words; i++) {
		n += (size_t)snprintf(out + n, room - n, "%s%s", i > from ? " " : "", o->words[i]);
		if (n >= room) return error_set(e, "that is too long: at most %zu bytes", room - 1);
	}
	return true;
}

/* ---- list */

static void append_head(struct buffer *out, const struct kept_entry *k)
{
	buffer_format(out, "{\"number\": %lld, \"title\": ", keeping_number(k->id));
	json_write_text(out, k->title, strlen(k->title));
	buffer_format(out, ", \"made\": %lld, \"changed\": %lld, \"branch_of\": ", (long long)k->made, (long long)k->changed);
	if (k->parent)
		buffer_format(out, "%lld", keeping_number(k->parent));
	else
		buffer_append_text(out, "null");
}

static int list_chats(const struct options *o)
{
	struct vault_place place;
	struct error e;
	struct kept_list list;
	struct buffer out = buffer_new(MAX_OUT);
	struct vault *v = unlock_for_command(o, &place, &e);
	if (!v) return commands_fail(&e);
	if (!kept_list_read(&list, v, &e)) return fail(v, &e);
	if (o->json) buffer_append_byte(&out, '[');
	for (size_t i = 0; i < list.n; i++) {
		const struct kept_entry *k = &list.entries[i];
		char when[32];
		if (o->json) {
			buffer_append_text(&out, i ? ",\n " : "");
			append_head(&out, k);
			buffer_format(&out, ", \"messages\": %lld}", (long long)k->messages);
			continue;
		}
		kept_when(when, k->changed);
		buffer_format(&out, "%5lld  %-12s  ", keeping_number(k->id), when);
		append_line(&out, k->title);
		buffer_append_byte(&out, '\n');
	}
	if (o->json) buffer_append_text(&out, "]\n");
	if (!o->json && !list.n) commands_note("no conversation is kept yet");
	kept_list_free(&list);
	return print(v, &out);
}

/* ---- show */

struct showing {
	struct buffer *out;
	bool json, raw, any;
};

static const char *const role_names[MESSAGE_ROLES] = { "system", "user", "assistant", "tool" };

static const char *name_of(enum message_role role)
{
	return role < MESSAGE_ROLES ? role_names[role] : "other";
}

static bool show_message(void *context, const struct message_entry *m)
{
	struct showing *s = context;
	if (s->json) {
		buffer_format(s->out,
		              "%s{\"role\": \"%s\", \"made\": %lld, \"unfinished\": %s, \"text\": ", s->any ? ",\n  " : "\n  ",
		              name_of(m->role), (long long)m->made, m->unfinished ? "true" : "false");
		json_write_text(s->out, m->text, m->size);
		buffer_append_byte(s->out, '}');
	} else {
		buffer_format(s->out, "%s## %s%s\n\n", s->any ? "\n" : "", name_of(m->role), m->unfinished ? " (unfinished)" : "");
		if (s->raw)
			buffer_append(s->out, m->text, m->size);
		else
			visible_append(s->out, m->text, m->size, terminal_look(false).ascii);
		buffer_append_byte(s->out, '\n');
	}
	s->any = true;
	return !s->out->failed;
}

static int show_chat(const struct options *o)
{
	struct vault_place place;
	struct error e;
	struct kept_list list;
	struct buffer out = buffer_new(MAX_OUT);
	struct showing s = { .out = &out, .json = o->json, .raw = !terminal_look(false).output };
	int64_t id = typed_id(o->words[1], &e);
	if (!id) return commands_fail(&e);
	struct vault *v = unlock_for_command(o, &place, &e);
	if (!v) return commands_fail(&e);
	if (!kept_list_read(&list, v, &e)) return fail(v, &e);
	const struct kept_entry *k = NULL;
	for (size_t i = 0; i < list.n; i++) {
		if (list.entries[i].id == id) k = &list.entries[i];
	}
	bool ok = k || error_set(&e, "there is no conversation %lld", keeping_number(id));
	if (ok && o->json) {
		append_head(&out, k);
		buffer_append_text(&out, ", \"messages\": [");
	} else if (ok) {
		buffer_append_text(&out, "# ");
		append_line(&out, k->title);
		buffer_append_text(&out, "\n\n");
	}
	ok = ok && conversations_read(v, id, show_message, &s, &e);
	if (ok && o->json) buffer_append_text(&out, "]}\n");
	kept_list_free(&list);
	if (ok) return print(v, &out);
	buffer_free(&out);
	return fail(v, &e);
}

/* ---- search */

static void append_hit(struct buffer *out, const struct kept_hit *h, bool json, bool first)
{
	if (json) {
		buffer_format(out, "%s{\"number\": %lld, \"title\": ", first ? "" : ",\n ", keeping_number(h->conversation));
		json_write_text(out, h->title, strlen(h->title));
		buffer_format(out, ", \"role\": \"%s\", \"made\": %lld, \"text\": ", name_of(h->role), (long long)h->made);
		json_write_text(out, h->snippet, strlen(h->snippet));
		buffer_append_byte(out, '}');
		return;
	}
	buffer_format(out, "%5lld  ", keeping_number(h->conversation));
	append_line(out, h->title);
	buffer_format(out, "\n       %s: ", name_of(h->role));
	append_line(out, h->snippet);
	buffer_append_byte(out, '\n');
}

static int search_chats(const struct options *o)
{
	struct vault_place place;
	struct error e;
	struct kept_found found;
	struct buffer out = buffer_new(MAX_OUT);
	char words[4096];
	if (!join_words(words, sizeof words, o, 1, &e)) return commands_fail(&e);
	struct vault *v = unlock_for_command(o, &place, &e);
	if (!v) return commands_fail(&e);
	if (!kept_search(&found, v, words, FOUND, &e)) return fail(v, &e);
	if (o->json) buffer_append_byte(&out, '[');
	for (size_t i = 0; i < found.n; i++) append_hit(&out, &found.hits[i], o->json, i == 0);
	if (o->json) buffer_append_text(&out, "]\n");
	if (!o->json && !found.n) commands_note("no message has all of these words");
	kept_found_free(&found);
	return print(v, &out);
}

/* ---- changes */

static int rename_chat(const struct options *o)
{
	struct vault_place place;
	struct error e;
	char words[4096], title[KEEPING_TITLE];
	int64_t id = typed_id(o->words[1], &e);
	if (!id || !join_words(words, sizeof words, o, 2, &e)) return commands_fail(&e);
	keeping_title(title, words, strlen(words));
	struct vault *v = unlock_for_command(o, &place, &e);
	if (!v) return commands_fail(&e);
	char before[KEEPING_TITLE];
	bool ok = kept_title(v, id, before, &e) && conversations_rename(v, id, title, &e);
	vault_close(v);
	return ok ? STATUS_DONE : commands_fail(&e);
}

/* Where the exchange behind the first `wanted` ones begins. */
struct cutting {
	uint64_t wanted, seen;
	int64_t messages;
};

static bool find_cut(void *context, const struct message_entry *m)
{
	struct cutting *c = context;
	if (m->role == ROLE_USER && c->seen++ == c->wanted) return false;
	c->messages = m->position + 1;
	return true;
}

static int branch_chat(const struct options *o)
{
	struct vault_place place;
	struct error e;
	char *end = NULL;
	int64_t id = typed_id(o->words[1], &e), branch = 0;
	struct cutting c = { .wanted = UINT64_MAX };
	if (!id) return commands_fail(&e);
	if (o->n_words > 2) c.wanted = strtoull(o->words[2], &end, 10);
	if (o->n_words > 2 && (*end || o->words[2][0] < '1' || o->words[2][0] > '9')) {
		error_set(&e, "how many exchanges is a number from 1, not '%.40s'", o->words[2]);
		return commands_misuse("chats", &e);
	}
	struct vault *v = unlock_for_command(o, &place, &e);
	if (!v) return commands_fail(&e);
	bool ok = conversations_read(v, id, find_cut, &c, &e) && conversations_branch(v, id, c.messages, &branch, &e);
	vault_close(v);
	if (!ok) return commands_fail(&e);
	struct buffer out = buffer_new(MAX_OUT);
	buffer_format(&out, "%lld\n", keeping_number(branch));
	return commands_print(&out);
}

static int delete_chats(const struct options *o)
{
	struct vault_place place;
	struct error e;
	int64_t ids[MAX_TYPED];
	size_t n = 0;
	for (size_t i = 1; i < o->n_words; i++) {
		ids[n] = typed_id(o->words[i], &e);
		if (!ids[n++]) return commands_fail(&e);
	}
	struct vault *v = unlock_for_command(o, &place, &e);
	if (!v) return commands_fail(&e);
	char title[KEEPING_TITLE];
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++) ok = kept_title(v, ids[i], title, &e);
	ok = ok && conversations_delete(v, ids, n, &e);
	vault_close(v);
	return ok ? STATUS_DONE : commands_fail(&e);
}

int chats_command(const struct options *o)
{
	struct error e;
	if (o->n_words == 0) return list_chats(o);
	const struct word_row *word = options_word(o, &e);
	return word ? word->run(o) : commands_misuse("chats", &e);
}
