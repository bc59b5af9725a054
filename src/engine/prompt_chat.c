/* prompt_chat: a conversation in JSON written in the plain form: "Role: content" a line each, and "Assistant:" to go on. */
#include "engine/prompt_internal.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "format/json.h"

#include <string.h>

enum { MOST_TEXT = 1 << 28 };

bool prompt_check_date(const char *date)
{
	static const char form[] = "0000-00-00T00:00:00";
	if (strnlen(date, sizeof form) != sizeof form - 1) return false;
	for (size_t i = 0; form[i]; i++) {
		bool digit = date[i] >= '0' && date[i] <= '9';
		if (form[i] == '0' ? !digit : date[i] != form[i]) return false;
	}
	return true;
}

struct writer {
	struct buffer text, pieces;
};

static void write_piece(struct writer *w, const char *text, size_t length, bool trusted)
{
	struct hearth_piece piece = { .start = w->text.size, .length = length, .trusted = trusted };
	if (length == 0) return;
	buffer_append(&w->text, text, length);
	buffer_append(&w->pieces, &piece, sizeof piece);
}

static bool write_message(struct writer *w, const json_t *message, struct error *e)
{
	const json_t *role = json_object_get(message, "role"), *content = json_object_get(message, "content");
	if (!json_is_string(role) || !json_is_string(content))
		return error_set(e, "request: a message has a role and content that are texts");
	const char *name = json_string_value(role);
	const char *label = strcmp(name, "assistant") == 0 ? "Assistant: " : strcmp(name, "system") == 0 ? "System: " : "User: ";
	write_piece(w, label, strlen(label), true);
	write_piece(w, json_string_value(content), json_string_length(content), false);
	write_piece(w, "\n", 1, true);
	return true;
}

static bool write_chat(struct writer *w, const json_t *chat, struct error *e)
{
	const json_t *messages = json_object_get(chat, "messages"), *message;
	size_t i;
	if (!json_is_array(messages)) return error_set(e, "request: 'messages' must be an array");
	json_array_foreach(messages, i, message)
	{
		if (!write_message(w, message, e)) return false;
	}
	if (!json_is_false(json_object_get(chat, "add_generation_prompt"))) write_piece(w, "Assistant:", 10, true);
	return true;
}

bool prompt_render(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked, bool *memory,
                   struct error *e)
{
	(void)s;
	*memory = false;
	json_t *chat = json_parse(asked->text, asked->text_length, "request", e);
	if (!chat) return false;
	struct writer w = { .text = buffer_new(MOST_TEXT), .pieces = buffer_new(MOST_TEXT) };
	bool ok = write_chat(&w, chat, e);
	json_decref(chat);
	if (ok && (w.text.failed || w.pieces.failed || !w.text.data)) {
		*memory = true;
		ok = error_memory(e);
	}
	if (ok) {
		p->text = w.text.data;
		p->text_length = w.text.size;
		p->pieces = (struct hearth_piece *)(void *)w.pieces.data;
		p->n_pieces = w.pieces.size / sizeof *p->pieces;
		p->stop = "\nUser:";
	} else {
		buffer_free(&w.text);
		buffer_free(&w.pieces);
	}
	return ok;
}
