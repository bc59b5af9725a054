/* keeping: from turns to messages in the vault and back (see keeping.h). */
#include "app/hearth/keeping.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { TITLE_POINTS = 60 };

static const double seconds_between = 2;

bool keeping_writes(const struct keeping *k)
{
	return k->vault && vault_is_open(k->vault) && !k->secret;
}

long long keeping_number(int64_t id)
{
	return (long long)(id - OBJECT_FIRST + 1);
}

int64_t keeping_from_number(long long number)
{
	return (int64_t)number + OBJECT_FIRST - 1;
}

int64_t keeping_id(const char *text)
{
	char *end;
	while (*text == '#' || *text == ' ') text++;
	if (*text < '1' || *text > '9') return 0;
	long long number = strtoll(text, &end, 10);
	return *end || number > (1LL << 60) ? 0 : keeping_from_number(number);
}

static bool is_space(uint32_t point)
{
	return point <= ' ' || point == 0x7f || point == 0xa0;
}

void keeping_title(char title[KEEPING_TITLE], const char *text, size_t size)
{
	size_t at = 0, out = 0, points = 0, word_end = 0;
	bool gap = false;
	while (at < size && points < TITLE_POINTS) {
		uint32_t point;
		size_t n = utf8_decode(text + at, size - at, &point);
		if (n == 0) n = 1, point = '?';
		if (is_space(point)) {
			if (out && !gap) word_end = out;
			gap = out > 0;
		} else {
			if (gap) title[out++] = ' ', points++;
			gap = false;
			out += utf8_encode(point, title + out);
			points++;
		}
		at += n;
	}
	while (at < size && is_space((unsigned char)text[at])) at++;
	if (at < size) { /* cut behind a whole word, where there is one */
		if (word_end > out / 2) out = word_end;
		memcpy(title + out, "...", 3);
		out += 3;
	}
	title[out] = 0;
}

/* ---- writing */

static bool write_message(struct keeping *k, int64_t position, enum message_role role, const char *text, size_t size,
                          bool unfinished, struct error *e)
{
	if (!conversations_write(k->vault, k->id, position, role, text, size, unfinished, e)) return false;
	k->next = position + 1;
	return true;
}

static bool begin_conversation(struct keeping *k, const struct conversation *c, struct error *e)
{
	char title[KEEPING_TITLE];
	keeping_title(title, c->turns[0].question, c->turns[0].question_length);
	bool ok = k->id ? conversations_rename(k->vault, k->id, title, e) : conversations_new(k->vault, title, &k->id, e);
	if (!ok) k->id = 0;
	memory_wipe(title, sizeof title);
	return ok;
}

static bool save_turn(struct keeping *k, struct turn *t, struct error *e)
{
	if (t->place < 0) {
		if (!write_message(k, k->next, ROLE_USER, t->question, t->question_length, false, e)) return false;
		t->place = k->next - 1;
	}
	if (!t->answer || t->answer_kept) return true;
	t->answer_kept = write_message(k, t->place + 1, ROLE_ASSISTANT, t->answer, t->answer_length, false, e);
	return t->answer_kept;
}

bool keeping_save(struct keeping *k, struct conversation *c, struct error *e)
{
	if (!keeping_writes(k) || c->n_turns == 0) return true;
	if (k->next == 0 && !begin_conversation(k, c, e)) return false;
	/* A system message stands before the turns that it holds for; taking one away is written as an empty one. */
	if (!k->system_kept && (c->system || k->next)) {
		const char *text = c->system ? c->system : "";
		if (!write_message(k, k->next, ROLE_SYSTEM, text, strlen(text), false, e)) return false;
	}
	k->system_kept = true;
	for (size_t i = 0; i < c->n_turns; i++) {
		if (!save_turn(k, &c->turns[i], e)) return false;
	}
	k->progress = clock_seconds();
	k->progress_size = 0;
	return true;
}

bool keeping_progress(struct keeping *k, struct conversation *c, const char *text, size_t size, struct error *e)
{
	const struct turn *t = conversation_last(c);
	if (!keeping_writes(k) || !t || t->place < 0 || size == 0 || size == k->progress_size) return true;
	if (clock_seconds() - k->progress < seconds_between) return true;
	bool ok = write_message(k, t->place + 1, ROLE_ASSISTANT, text, size, true, e);
	k->progress = clock_seconds();
	k->progress_size = size;
	return ok;
}

bool keeping_take_back(struct keeping *k, const struct conversation *c, struct error *e)
{
	const struct turn *t = conversation_last(c);
	if (!keeping_writes(k) || !k->id || !t || t->place < 0) return true;
	int64_t position = c->n_turns == 1 ? 0 : t->place;
	if (!conversations_cut(k->vault, k->id, position, e)) return false;
	k->next = position;
	if (position == 0) k->system_kept = false;
	return true;
}

bool keeping_leave(struct keeping *k, struct error *e)
{
	bool ok = true;
	if (k->vault && vault_is_open(k->vault) && k->id && k->next == 0) ok = conversations_delete(k->vault, &k->id, 1, e);
	k->id = k->next = 0;
	k->system_kept = k->secret = false;
	return ok;
}

/* ---- reading */

struct reading {
	struct conversation *conversation;
	int64_t next;
	bool unfinished, failed;
};

/* Answers without a question, or several of them, come from conversations that were imported. */
static bool read_answer(struct conversation *c, const struct message_entry *m)
{
	struct turn *t = conversation_last(c);
	if (!t || t->answer) {
		if (!conversation_ask(c, "", 0)) return false;
		t = conversation_last(c);
		t->place = m->position - 1;
	}
	bool ok = conversation_answer(c, m->text, m->size, 0, 0);
	t->answer_kept = true;
	t->tokens = (uint32_t)((t->question_length + t->answer_length) / 4 + 8);
	return ok;
}

static bool read_message(void *context, const struct message_entry *m)
{
	struct reading *r = context;
	struct conversation *c = r->conversation;
	bool ok = true;
	switch (m->role) {
	case ROLE_SYSTEM: ok = conversation_set_system(c, m->text); break;
	case ROLE_USER:
		ok = conversation_ask(c, m->text, m->size);
		if (ok) conversation_last(c)->place = m->position;
		break;
	case ROLE_ASSISTANT: ok = read_answer(c, m); break;
	default: break;
	}
	r->next = m->position + 1;
	r->unfinished = m->unfinished;
	r->failed = !ok;
	return ok;
}

bool keeping_open(struct keeping *k, struct conversation *c, int64_t id, bool *unfinished, struct error *e)
{
	struct reading r = { .conversation = c };
	if (!conversations_read(k->vault, id, read_message, &r, e)) return false;
	if (r.failed) return error_memory(e);
	k->id = id;
	k->next = r.next;
	k->system_kept = true;
	k->secret = false;
	*unfinished = r.unfinished;
	return true;
}

bool keeping_branch(struct keeping *k, struct conversation *c, size_t turns, struct error *e)
{
	int64_t branch, messages = turns < c->n_turns ? c->turns[turns].place : k->next;
	if (!keeping_save(k, c, e)) return false;
	if (messages < 0 || turns >= c->n_turns) messages = k->next;
	if (!conversations_branch(k->vault, k->id, messages, &branch, e)) return false;
	k->id = branch;
	k->next = messages;
	while (c->n_turns > turns) conversation_take_turn_back(c);
	return true;
}
