/* conversation: turns, and what of them the model sees (see conversation.h). */
#include "app/hearth/conversation.h"

#include "base/memory.h"
#include "format/json.h"

#include <string.h>

static void forget(char *text, size_t length)
{
	if (text) memory_wipe(text, length);
	memory_free(text);
}

static void free_turn(struct turn *t)
{
	forget(t->question, t->question_length);
	forget(t->answer, t->answer_length);
	*t = (struct turn){ 0 };
}

void conversation_clear(struct conversation *c)
{
	for (size_t i = 0; i < c->n_turns; i++) free_turn(&c->turns[i]);
	c->n_turns = c->first = 0;
}

void conversation_free(struct conversation *c)
{
	conversation_clear(c);
	memory_free(c->turns);
	if (c->system) memory_wipe(c->system, strlen(c->system));
	memory_free(c->system);
	*c = (struct conversation){ 0 };
}

bool conversation_set_system(struct conversation *c, const char *text)
{
	char *copy = text && *text ? memory_copy_text(text, strlen(text)) : NULL;
	if (text && *text && !copy) return false;
	memory_free(c->system);
	c->system = copy;
	return true;
}

struct turn *conversation_last(const struct conversation *c)
{
	return c->n_turns ? &c->turns[c->n_turns - 1] : NULL;
}

bool conversation_ask(struct conversation *c, const char *question, size_t length)
{
	if (c->n_turns == c->room) {
		size_t room = c->room ? c->room * 2 : 16;
		struct turn *grown = memory_resize(c->turns, room, sizeof *grown);
		if (!grown) return false;
		c->turns = grown;
		c->room = room;
	}
	struct turn t = { .question = memory_copy_text(question, length), .question_length = length, .place = -1 };
	if (!t.question) return false;
	c->turns[c->n_turns++] = t;
	return true;
}

bool conversation_answer(struct conversation *c, const char *text, size_t length, uint32_t n_prompt, uint32_t n_generated)
{
	struct turn *t = conversation_last(c);
	t->answer = memory_copy_text(text, length);
	if (!t->answer) return false;
	t->answer_length = length;
	uint64_t before = 0;
	for (size_t i = c->first; i + 1 < c->n_turns; i++) before += c->turns[i].tokens;
	uint64_t now = (uint64_t)n_prompt + n_generated;
	t->tokens = now > before ? (uint32_t)(now - before) : 1;
	t->n_prompt = n_prompt;
	t->n_generated = n_generated;
	return true;
}

void conversation_take_answer_back(struct conversation *c)
{
	struct turn *t = conversation_last(c);
	if (!t) return;
	forget(t->answer, t->answer_length);
	t->answer = NULL;
	t->answer_length = 0;
	t->answer_kept = false;
	t->tokens = 0;
}

void conversation_take_turn_back(struct conversation *c)
{
	if (!c->n_turns) return;
	free_turn(conversation_last(c));
	c->n_turns--;
	/* When every turn that the model saw is gone, the one before it comes into view again. */
	if (c->first >= c->n_turns) c->first = c->n_turns ? c->n_turns - 1 : 0;
}

size_t conversation_surplus(const struct conversation *c, uint32_t n_prompt, uint32_t target)
{
	uint64_t left = n_prompt;
	size_t dropped = 0;
	while (c->first + dropped + 1 < c->n_turns && (left > target || dropped == 0)) {
		uint64_t tokens = c->turns[c->first + dropped].tokens;
		left = left > tokens ? left - tokens : 0;
		dropped++;
	}
	return dropped;
}

bool conversation_message(struct buffer *out, const char *role, const char *text, size_t length)
{
	buffer_format(out, "{\"role\": \"%s\", \"content\": ", role);
	json_write_text(out, text, length);
	return buffer_append_byte(out, '}');
}

bool conversation_json(const struct conversation *c, struct buffer *out)
{
	const char *between = "";
	buffer_append_text(out, "{\"messages\": [");
	if (c->system) {
		conversation_message(out, "system", c->system, strlen(c->system));
		between = ", ";
	}
	for (size_t i = c->first; i < c->n_turns; i++) {
		const struct turn *t = &c->turns[i];
		buffer_append_text(out, between);
		conversation_message(out, "user", t->question, t->question_length);
		between = ", ";
		if (!t->answer) continue;
		buffer_append_text(out, between);
		conversation_message(out, "assistant", t->answer, t->answer_length);
	}
	return buffer_append_text(out, "]}");
}
