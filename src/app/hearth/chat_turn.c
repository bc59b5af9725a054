/*
 * chat_turn: from a message to its answer.
 *
 * The context is kept in order before anything is computed: when the prompt may not fit, it is measured (a request for no
 * tokens makes the prompt and computes nothing), and when it does not, the oldest whole turns leave the context, down to
 * about half of it, after a line that says which. Nothing is ever dropped otherwise.
 */
#include "app/hearth/chat.h"

#include <stdio.h>
#include <string.h>

enum { MAX_JSON = 512 << 20, MOST_RESERVED = 512, NEARLY_FULL = 80, TEMPLATE_ROOM = 64, EXCERPT = 36 };

void chat_keep(struct chat *c)
{
	struct error e;
	c->indexed = false;
	if (!keeping_save(&c->keeping, &c->conversation, &e))
		view_say(&c->view, "Not saved: %s. It is tried again with the next message.", e.text);
}

/* The answer that was asked again for takes its place again. False: there was none. */
static bool bring_back(struct chat *c)
{
	if (!c->before || !conversation_answer(&c->conversation, c->before, c->before_length, 0, 0)) return false;
	c->used_known = false;
	chat_keep(c);
	return true;
}

void chat_take_back(struct chat *c)
{
	struct error e;
	if (bring_back(c)) return;
	if (!keeping_take_back(&c->keeping, &c->conversation, &e)) view_say(&c->view, "It stays in the vault: %s", e.text);
	conversation_take_turn_back(&c->conversation);
}

/* Room that is kept for the answer: a quarter of the context, at most 512 tokens and what -n allows. */
static uint32_t reserved(const struct chat *c)
{
	uint32_t room = c->opening->info.context / 4;
	if (room > MOST_RESERVED) room = MOST_RESERVED;
	if (c->options->has_max_tokens && c->options->max_tokens < room) room = (uint32_t)c->options->max_tokens;
	return room;
}

/* Sends the conversation as it is now; max_tokens 0 only measures. */
static bool send(struct chat *c, struct answer *a, bool measure, const struct answer_watch *watch, struct error *e)
{
	struct hearth_request r = opening_request(c->opening, c->options, HEARTH_CHAT, c->requests);
	struct buffer json = buffer_new(MAX_JSON);
	if (!conversation_json(&c->conversation, &json)) {
		buffer_free(&json);
		return error_memory(e);
	}
	r.text = json.data;
	r.text_length = json.size;
	r.session = c->session;
	r.want_prompt = true;
	if (measure)
		r.max_tokens = 0;
	else
		c->sampling = r.sampling;
	bool ok = answer_run(a, c->opening->engine, &r, watch, e);
	buffer_free(&json);
	return ok;
}

static void excerpt(char out[EXCERPT + 4], const struct turn *t)
{
	size_t n = t->question_length < EXCERPT ? t->question_length : EXCERPT;
	while (n < t->question_length && n > 0 && ((unsigned char)t->question[n] & 0xC0) == 0x80) n--;
	snprintf(out, EXCERPT + 4, "%.*s%s", (int)n, t->question, n < t->question_length ? "..." : "");
	for (char *p = out; *p; p++) {
		if (*p == '\n') *p = ' ';
	}
}

/* Says what leaves the context, then lets it go. */
static void drop(struct chat *c, size_t count)
{
	struct conversation *v = &c->conversation;
	char context[32], first[EXCERPT + 4], last[EXCERPT + 4];
	model_file_count(context, c->opening->info.context);
	excerpt(first, &v->turns[v->first]);
	excerpt(last, &v->turns[v->first + count - 1]);
	if (count == 1)
		view_note(&c->view,
		          "The context of %s tokens is full. The oldest exchange leaves it now (\"%s\"): the model no longer sees "
		          "it. "
		          "The rest is read again.",
		          context, first);
	else
		view_note(&c->view,
		          "The context of %s tokens is full. The oldest %zu of %zu exchanges leave it now (from \"%s\" to \"%s\"): "
		          "the "
		          "model no longer sees them. The rest is read again.",
		          context, count, v->n_turns - v->first, first, last);
	v->first += count;
	c->warned = false;
}

/* The message alone does not fit: takes it back and says what to do. */
static void refuse(struct chat *c, uint32_t n_prompt)
{
	const struct hearth_info *info = &c->opening->info;
	char prompt[32], context[32], trained[32];
	model_file_count(prompt, n_prompt);
	model_file_count(context, info->context);
	model_file_count(trained, info->context_trained);
	if (info->context < info->context_trained)
		view_say(&c->view,
		         "This message is too long: with it the prompt has about %s tokens, and the context holds %s, the answer "
		         "included. Shorten it, or start hearth with --context and a larger number (this model was trained for "
		         "%s). It was "
		         "not sent.",
		         prompt, context, trained);
	else
		view_say(&c->view,
		         "This message is too long: with it the prompt has about %s tokens, and the context holds %s, the answer "
		         "included. That is all this model was trained for: shorten the message, or take a model with a longer "
		         "context. "
		         "It was not sent.",
		         prompt, context);
	chat_take_back(c);
}

/* Makes room in the context for a prompt of n_prompt tokens. False: there is none to be made. */
static bool make_room(struct chat *c, uint32_t n_prompt)
{
	size_t surplus = conversation_surplus(&c->conversation, n_prompt, c->opening->info.context / 2);
	if (surplus == 0) return false;
	drop(c, surplus);
	return true;
}

enum measured { MEASURED, TOO_LONG, STOPPED, UNKNOWN };

/* Counts the tokens of the prompt as it would be now. TOO_LONG: more than the context holds, counted or estimated. */
static enum measured measure(struct chat *c, uint32_t *n_prompt)
{
	struct answer a = answer_new();
	struct error e;
	bool made = send(c, &a, true, NULL, &e);
	enum measured result = made ? MEASURED : a.failure == HEARTH_FAIL_CONTEXT ? TOO_LONG : UNKNOWN;
	if (a.stop == HEARTH_STOP_CANCEL) result = STOPPED;
	*n_prompt = a.n_prompt;
	answer_free(&a);
	return result;
}

/* Would the last message fit if all before it left the context? So that nothing leaves it for a message that is refused. */
static bool fits_alone(struct chat *c, uint32_t *n_prompt)
{
	const uint32_t context = c->opening->info.context, least = context / 8 < 64 ? context / 8 : 64;
	size_t first = c->conversation.first;
	c->conversation.first = c->conversation.n_turns - 1;
	enum measured result = measure(c, n_prompt);
	c->conversation.first = first;
	return result != TOO_LONG && *n_prompt + least <= context;
}

/* Sees to it that the prompt fits. False: it cannot, or it was stopped; the turn is taken back and the reason is said. */
static bool fit(struct chat *c)
{
	const uint32_t context = c->opening->info.context;
	const struct turn *t = conversation_last(&c->conversation);
	/* A token stands for at least one byte, so this many there are at most. */
	uint64_t most = (uint64_t)c->used + t->question_length + TEMPLATE_ROOM;
	if (c->used_known && most + reserved(c) <= context) return true;
	for (bool alone = false;;) {
		uint32_t n_prompt, n_alone;
		enum measured result = measure(c, &n_prompt);
		if (result == STOPPED) {
			chat_take_back(c);
			view_note(&c->view, "(stopped; the message was not sent)");
			return false;
		}
		if (result == UNKNOWN) return true; /* the request itself will say what is wrong */
		if (result == MEASURED && n_prompt + reserved(c) <= context) return true;
		if (!alone && !fits_alone(c, &n_alone)) {
			refuse(c, n_alone);
			return false;
		}
		alone = true;
		if (!make_room(c, n_prompt)) return true;
	}
}

static void say_how_it_ended(struct chat *c)
{
	const struct answer *a = &c->last;
	char context[32], used[32];
	model_file_count(context, a->n_context);
	if (a->stop == HEARTH_STOP_CANCEL) view_note(&c->view, "(stopped)");
	if (a->stop == HEARTH_STOP_LENGTH)
		view_note(&c->view, "(stopped after %u tokens, the limit; say \"go on\" for more)", a->n_generated);
	if (a->stop == HEARTH_STOP_CONTEXT)
		view_note(&c->view,
		          "(stopped: the context of %s tokens is full. With your next message the oldest exchanges leave it; /new "
		          "starts anew.)",
		          context);
	uint64_t percent = a->n_context ? (uint64_t)c->used * 100 / a->n_context : 0;
	if (percent < NEARLY_FULL || c->warned || a->stop == HEARTH_STOP_CONTEXT) return;
	c->warned = true;
	model_file_count(used, c->used);
	view_note(&c->view,
	          "The context is nearly full: %s of %s tokens. Soon the oldest exchanges will leave it, with a note; /new "
	          "starts anew.",
	          used, context);
}

static void keep_answer(struct chat *c)
{
	const struct answer *a = &c->last;
	if (a->stop == HEARTH_STOP_CANCEL && a->text.size == 0 && bring_back(c)) {
		view_note(&c->view, "(stopped before an answer came; the one before stays)");
		return;
	}
	if (a->stop == HEARTH_STOP_CANCEL && a->text.size == 0) {
		chat_take_back(c);
		view_note(&c->view, "(stopped before an answer came; the message is taken back, the up arrow brings it again)");
		return;
	}
	if (!conversation_answer(&c->conversation, buffer_text(&a->text), a->text.size, a->n_prompt, a->n_generated)) {
		chat_take_back(c);
		view_say(&c->view, "%s", "Memory is out: the answer could not be kept.");
		return;
	}
	struct turn *t = conversation_last(&c->conversation);
	t->n_cached = a->n_cached;
	t->n_guessed = a->n_guessed;
	t->n_accepted = a->n_accepted;
	t->seconds_prompt = a->seconds_prompt;
	t->seconds_generate = a->seconds_generate;
	c->used = a->n_prompt + a->n_generated;
	c->used_known = true;
	chat_keep(c);
	if (a->text.size == 0) view_note(&c->view, "(the model ended its answer without a word; /retry asks again)");
	say_how_it_ended(c);
}

static void say_failure(struct chat *c, const struct error *e)
{
	view_say(&c->view, "No answer: %s", e->text);
	c->used_known = false;
	if (c->conversation.system && c->last.failure == HEARTH_FAIL_REQUEST)
		view_note(&c->view, "Some models take no system message: /system off removes it.");
	chat_take_back(c);
}

/* Shows an event and keeps what there is of the answer. */
static void on_event(void *data, const struct hearth_event *event, const struct answer *so_far)
{
	struct chat *c = data;
	struct answer_watch shown = view_watch(&c->view);
	struct error ignored; /* the end of the answer tells */
	shown.event(shown.data, event, so_far);
	if (event->kind == HEARTH_ANSWER)
		keeping_progress(&c->keeping, &c->conversation, buffer_text(&so_far->text), so_far->text.size, &ignored);
}

static void on_tick(void *data)
{
	struct chat *c = data;
	struct answer_watch shown = view_watch(&c->view);
	shown.tick(shown.data);
}

static bool on_look(void *data)
{
	return chat_look(data, false);
}

void chat_turn(struct chat *c)
{
	if (!fit(c)) return;
	chat_keep(c);
	struct error e;
	bool again, died = false;
	do {
		struct answer_watch watch = { .event = on_event, .tick = on_tick, .stop = on_look, .data = c };
		again = false;
		answer_free(&c->last);
		c->last = answer_new();
		view_answer_begin(&c->view);
		bool ok = send(c, &c->last, false, &watch, &e);
		view_answer_end(&c->view);
		c->requests++;
		if (ok) {
			keep_answer(c);
		} else if (c->last.failure == HEARTH_FAIL_CONTEXT) {
			again = make_room(c, c->last.n_prompt);
			if (!again) refuse(c, c->last.n_prompt);
		} else if (c->last.failure == HEARTH_FAIL_ENGINE && !died) {
			view_note(&c->view, "(%s. It is started again, and your message is answered anew.)", e.text);
			again = died = true; /* once: what ends it may be in the message */
		} else {
			say_failure(c, &e);
		}
	} while (again);
}
