/*
 * vault_export: `hearth vault export FILE [NUMBER...]`: conversations in the clear, as Markdown, or as JSON with --json or a FILE
 * that ends in .json.
 *
 * The file is for its owner alone (mode 0600), and a line says that it is not protected.
 */
#include "app/hearth/commands.h"
#include "app/hearth/keeping.h"
#include "app/hearth/kept_list.h"
#include "app/hearth/unlock.h"
#include "app/hearth/vault_commands.h"
#include "base/file.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const char *const role_names[MESSAGE_ROLES] = { "system", "user", "assistant", "tool" };
static const char *const headings[MESSAGE_ROLES] = { "System", "You", "Assistant", "Tool" };

struct export
{
	struct file_writer file;
	struct error *error;
	bool json, ok;
	size_t conversations, messages; /* written */
	size_t within;                  /* of this conversation */
};

static void moment(char text[32], int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm local;
	text[0] = 0;
	if (localtime_r(&when, &local)) strftime(text, 32, "%Y-%m-%d %H:%M", &local);
}

/* Writes what the buffer holds and frees it. */
static bool put(struct export *x, struct buffer *b)
{
	x->ok = x->ok && (!b->failed || error_memory(x->error)) && file_write(&x->file, buffer_text(b), b->size, x->error);
	buffer_free(b);
	return x->ok;
}

static bool put_message(void *context, const struct message_entry *m)
{
	struct export *x = context;
	struct buffer b = buffer_new(SIZE_MAX / 2);
	char when[32];
	if (x->json) {
		buffer_format(&b, "%s\n    {\"role\": \"%s\", \"made\": %lld, %s\"text\": ", x->within ? "," : "",
		              role_names[m->role], (long long)m->made, m->unfinished ? "\"unfinished\": true, " : "");
		json_write_text(&b, m->text, m->size);
		buffer_append_byte(&b, '}');
	} else {
		moment(when, m->made);
		buffer_format(&b, "## %s (%s)\n\n", headings[m->role], when);
		buffer_append(&b, m->text, m->size);
		buffer_append_text(&b, m->unfinished ? "\n\n(this answer was cut)\n\n" : "\n\n");
	}
	x->within++;
	x->messages++;
	return put(x, &b);
}

static bool put_conversation(struct export *x, struct vault *v, const struct kept_entry *k)
{
	struct buffer b = buffer_new(1 << 16);
	char when[32];
	if (x->json) {
		buffer_format(&b, "%s\n  {\"number\": %lld, \"title\": ", x->conversations ? "," : "", keeping_number(k->id));
		json_write_text(&b, k->title, strlen(k->title));
		buffer_format(&b, ", \"made\": %lld, \"changed\": %lld, ", (long long)k->made, (long long)k->changed);
		if (k->parent) buffer_format(&b, "\"branch_of\": %lld, ", keeping_number(k->parent));
		buffer_append_text(&b, "\"messages\": [");
	} else {
		moment(when, k->made);
		buffer_format(&b, "%s# %s\n\nConversation %lld, begun %s.\n\n", x->conversations ? "---\n\n" : "", k->title,
		              keeping_number(k->id), when);
	}
	x->within = 0;
	x->conversations++;
	if (!put(x, &b) || !conversations_read(v, k->id, put_message, x, x->error) || !x->ok) return false;
	return !x->json || (x->ok = file_write(&x->file, "]}", 2, x->error));
}

static bool is_wanted(const struct options *o, int64_t id)
{
	bool wanted = o->n_words == 2;
	for (size_t i = 2; i < o->n_words; i++) wanted |= keeping_id(o->words[i]) == id;
	return wanted;
}

/* Numbers that name nothing are said before anything is written. */
static bool check_numbers(const struct options *o, const struct kept_list *l, struct error *e)
{
	for (size_t i = 2; i < o->n_words; i++) {
		bool found = false;
		for (size_t k = 0; k < l->n; k++) found |= keeping_id(o->words[i]) == l->entries[k].id;
		if (!found) return error_set(e, "there is no conversation '%.40s'", o->words[i]);
	}
	return true;
}

static bool write_all(struct export *x, const struct options *o, struct vault *v, const struct kept_list *l)
{
	static const char head[] = "{\"hearth_export\": 1, \"conversations\": [", tail[] = "\n]}\n";
	bool ok = !x->json || file_write(&x->file, head, sizeof head - 1, x->error);
	for (size_t i = l->n; ok && i > 0; i--) { /* the oldest first */
		if (is_wanted(o, l->entries[i - 1].id)) ok = put_conversation(x, v, &l->entries[i - 1]);
	}
	return ok && (!x->json || file_write(&x->file, tail, sizeof tail - 1, x->error));
}

int vault_export_command(const struct options *o)
{
	struct vault_place place;
	struct kept_list list = { 0 };
	struct error e;
	const char *path = o->words[1];
	size_t n = strlen(path);
	struct export x = { .error = &e, .ok = true, .json = o->json || (n > 5 && strcmp(path + n - 5, ".json") == 0) };
	struct vault *v = unlock_for_command(o, &place, &e);
	if (!v) return commands_fail(&e);
	bool ok = kept_list_read(&list, v, &e) && check_numbers(o, &list, &e) && file_create(&x.file, path, &e);
	if (ok) {
		ok = fchmod(x.file.fd, 0600) == 0 || error_set(&e, "%s: cannot be made private", path);
		ok = ok && write_all(&x, o, v, &list) && file_commit(&x.file, &e);
		if (!ok) file_abandon(&x.file);
	}
	kept_list_free(&list);
	vault_close(v);
	if (!ok) return commands_fail(&e);
	commands_note("%s: %zu %s with %zu messages, IN THE CLEAR: whoever can read this file can read them", path, x.conversations,
	              x.conversations == 1 ? "conversation" : "conversations", x.messages);
	return STATUS_DONE;
}
