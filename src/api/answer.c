/*
 * answer: from what is asked to jobs of the engine, and from its events to the pieces that an answer has: thoughts, text, calls.
 */
#include "api/fields.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { MOST_CONVERSATION = 128 << 20 };

/* ---- jobs ---- */

struct hearth_request api_request(const struct api_call *c, uint32_t kind, size_t choice)
{
	const struct api_ask *ask = &c->inside->ask;
	struct hearth_request r = hearth_request_new(kind);
	r.sampling = ask->sampling;
	if (r.sampling.seed && choice > 0) r.sampling.seed += choice; /* each answer its own, the same each time */
	if (r.sampling.seed == 0 && ask->sampling.seed) r.sampling.seed = 1;
	r.max_tokens = ask->max_given ? ask->max_tokens : c->inside->model->context;
	r.stop = ask->stops;
	r.n_stop = ask->n_stops;
	r.n_scores = ask->n_scores;
	r.limit_ms = ask->limit_ms;
	r.biases = ask->biases;
	r.n_biases = ask->n_biases;
	r.thought_limit = ask->thought_limit;
	return r;
}

/* Ids that Mistral's templates take: nine letters or digits, made from whatever another program had. */
static bool shorten_ids(json_t *messages)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t i, k;
	json_t *message, *call;
	json_array_foreach(messages, i, message)
	{
		json_t *calls = json_object_get(message, "tool_calls");
		size_t n = json_array_size(calls) + 1;
		for (k = 0; k < n; k++) {
			call = k < n - 1 ? json_array_get(calls, k) : message;
			const char *key = k < n - 1 ? "id" : "tool_call_id", *id = json_string_value(json_object_get(call, key));
			if (!id || (strlen(id) == 9 && strspn(id, letters) == 9)) continue;
			uint64_t hash = 14695981039346656037u;
			for (const char *p = id; *p; p++) hash = (hash ^ (unsigned char)*p) * 1099511628211u;
			char made[10] = { 0 };
			for (size_t d = 0; d < 9; d++, hash /= 62) made[d] = letters[hash % 62];
			if (json_object_set_new(call, key, json_string(made)) != 0) return false;
		}
	}
	return true;
}

static bool uses_calls(const json_t *messages)
{
	size_t i;
	const json_t *message;
	json_array_foreach(messages, i, message)
	{
		const char *role = json_string_value(json_object_get(message, "role"));
		if (strcmp(role, "tool") == 0 || json_object_get(message, "tool_calls")) return true;
	}
	return false;
}

/* How this model is told of tools and how it calls them. */
static bool choose_form(struct api_call *c, struct api_refusal *why)
{
	struct api_inside *in = c->inside;
	struct api_ask *ask = &in->ask;
	const struct tool_form *own = tool_form_find(in->model->tool_form);
	if (ask->choice == API_TOOLS_NONE) {
		json_decref(ask->tools);
		ask->tools = NULL;
	}
	in->generic = !own && (ask->tools || uses_calls(ask->messages));
	/* Some models put marks around every answer. */
	bool always = own && (strcmp(own->name, "harmony") == 0 || strcmp(own->name, "cohere") == 0);
	in->form = ask->tools ? (own ? own : tool_form_find("hermes")) : always ? own : NULL;
	if (in->generic && !api_make_generic(c, why)) return false;
	bool mistral = own && strncmp(own->name, "mistral", 7) == 0;
	return !mistral || shorten_ids(ask->messages) || api_deny_memory(why);
}

static bool set_default(json_t *object, const char *key, json_t *value)
{
	if (!value) return false;
	if (json_object_get(object, key)) {
		json_decref(value);
		return true;
	}
	return json_object_set_new(object, key, value) == 0;
}

/* The conversation as the engine takes it. */
static const char *conversation(struct api_call *c, size_t *length)
{
	struct api_inside *in = c->inside;
	struct api_ask *ask = &in->ask;
	struct buffer b = buffer_new(MOST_CONVERSATION);
	json_t *object = ask->variables ? json_copy(ask->variables) : json_object();
	bool ok = object && json_object_set(object, "messages", ask->messages) == 0;
	if (ok && ask->tools && !in->generic) ok = json_object_set(object, "tools", ask->tools) == 0;
	if (ok && ask->goes_on) ok = json_object_set_new(object, "continue_final_message", json_true()) == 0;
	if (ok && ask->think != API_THINK_UNSAID) { /* the names that templates have for it */
		bool on = ask->think == API_THINK_ON;
		ok = set_default(object, "enable_thinking", json_boolean(on)) && set_default(object, "thinking", json_boolean(on));
	}
	ok = ok && json_write_value(&b, object);
	json_decref(object);
	if (ok) return api_keep(c, &b, length);
	buffer_free(&b);
	return NULL;
}

bool api_plan_chat(struct api_call *c, struct api_refusal *why)
{
	struct api_inside *in = c->inside;
	if (!choose_form(c, why)) return false;
	struct hearth_request first = api_request(c, HEARTH_CHAT, 0);
	first.adapt = true;
	first.text = conversation(c, &first.text_length);
	if (!first.text) return api_deny_memory(why);
	if (!api_plan_tools(c, &first, why)) return false;
	struct api_job *jobs = api_new_jobs(c, in->ask.n, why);
	if (!jobs) return false;
	for (size_t i = 0; i < c->n_jobs; i++) {
		jobs[i] = (struct api_job){ .request = first, .given = in->ask.given };
		jobs[i].request.sampling.seed = api_request(c, HEARTH_CHAT, i).sampling.seed;
	}
	return true;
}

/* ---- pieces ---- */

static void name_call(const struct api_choice *choice, char id[16])
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const struct api_inside *in = choice->call->inside;
	uint64_t x = in->name * 0x9e3779b97f4a7c15u + in->now * 0xbf58476d1ce4e5b9u + choice->number * 0x94d049bb133111ebu +
	             choice->n_calls;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	x ^= x >> 31;
	for (size_t i = 0; i < 9; i++, x /= 62) id[i] = letters[x % 62];
	id[9] = 0;
}

static bool add_call(struct api_choice *choice, const char *name, size_t length)
{
	if (choice->n_calls == choice->room_calls) {
		size_t room = choice->room_calls ? 2 * choice->room_calls : 4;
		struct api_made_call *more = memory_resize(choice->calls, room, sizeof *more);
		if (!more) return false;
		choice->calls = more;
		choice->room_calls = room;
	}
	struct api_made_call *made = &choice->calls[choice->n_calls];
	*made = (struct api_made_call){ .name = memory_copy_text(name, length), .arguments = buffer_new(SIZE_MAX / 4) };
	if (!made->name) return false;
	name_call(choice, made->id);
	choice->n_calls++;
	return true;
}

static void take_piece(struct api_choice *choice, enum api_piece kind, const char *text, size_t length)
{
	struct api_call *c = choice->call;
	if (c->failed || (length == 0 && kind < API_PIECE_CALL)) return;
	bool ok = true;
	if (kind == API_PIECE_CALL)
		ok = add_call(choice, text, length);
	else if (!c->stream && kind == API_PIECE_TEXT)
		ok = buffer_append(&choice->text, text, length);
	else if (!c->stream && kind == API_PIECE_THOUGHT)
		ok = buffer_append(&choice->thought, text, length);
	else if (kind == API_PIECE_ARGUMENTS && choice->n_calls)
		ok = buffer_append(&choice->calls[choice->n_calls - 1].arguments, text, length);
	if (!ok) {
		api_fail(c, 503, "memory is out", choice->out);
		return;
	}
	if (c->stream && c->endpoint->kind->piece) c->endpoint->kind->piece(choice, kind, text, length);
}

static void on_tool(void *data, enum tool_piece kind, const char *text, size_t length)
{
	static const enum api_piece kinds[] = { [TOOL_TEXT] = API_PIECE_TEXT,
		                                [TOOL_CALL] = API_PIECE_CALL,
		                                [TOOL_ARGUMENTS] = API_PIECE_ARGUMENTS,
		                                [TOOL_CALL_END] = API_PIECE_CALL_END };
	take_piece(data, kinds[kind], text, length);
}

static bool knows_tool(void *data, const char *name)
{
	const struct api_choice *choice = data;
	return api_has_tool(choice->call, name);
}

static bool parameter_is_text(void *data, const char *tool, const char *parameter, bool *told)
{
	const struct api_choice *choice = data;
	size_t i;
	const json_t *one;
	*told = false;
	json_array_foreach(choice->call->inside->ask.tools, i, one)
	{
		const json_t *function = json_object_get(one, "function");
		if (strcmp(json_string_value(json_object_get(function, "name")), tool) != 0) continue;
		const json_t *s =
		        json_object_get(json_object_get(json_object_get(function, "parameters"), "properties"), parameter);
		const char *type = json_string_value(json_object_get(s, "type"));
		*told = type != NULL;
		return type && strcmp(type, "string") == 0;
	}
	return false;
}

static void on_thought(void *data, bool thought, const char *text, size_t length)
{
	struct api_choice *choice = data;
	if (thought)
		take_piece(choice, API_PIECE_THOUGHT, text, length);
	else if (!choice->parser)
		take_piece(choice, API_PIECE_TEXT, text, length);
	else if (!tool_parser_text(choice->parser, text, length))
		api_fail(choice->call, 503, "memory is out", choice->out);
}

static bool is_chat(const struct api_choice *choice)
{
	return choice->call->jobs[choice->number].request.kind == HEARTH_CHAT;
}

static void take_text(struct api_choice *choice, const char *text, size_t length)
{
	if (is_chat(choice))
		thoughts_text(&choice->thoughts, text, length, on_thought, choice);
	else
		take_piece(choice, API_PIECE_TEXT, text, length);
}

/* ---- events ---- */

static bool begin_choice(struct api_choice *choice, const struct hearth_event *e)
{
	struct api_call *c = choice->call;
	struct error ignored;
	choice->has_prompt = true;
	choice->thoughts = thoughts_new(e->prompt_end, e->prompt_end_length);
	struct tool_listener listener = { choice, on_tool, knows_tool, parameter_is_text };
	if (c->inside->form && is_chat(choice) && !(choice->parser = tool_parser_new(c->inside->form, listener, &ignored)))
		return false;
	if (e->n_ids) {
		choice->ids = memory_new(e->n_ids, sizeof *choice->ids);
		if (!choice->ids) return false;
		memcpy(choice->ids, e->ids, e->n_ids * sizeof *choice->ids);
		choice->n_ids = e->n_ids;
	}
	if (e->text_length) {
		choice->prompt = memory_copy_text(e->text, e->text_length);
		if (!choice->prompt) return false;
		choice->prompt_length = e->text_length;
	}
	return true;
}

/* The prompt, or more of it, is read. */
static void on_progress(struct api_choice *choice, const struct hearth_event *e)
{
	struct api_call *c = choice->call;
	if (c->stream && c->begun && e->n_generated == 0 && c->endpoint->kind->progress) c->endpoint->kind->progress(choice, e);
}

static void on_prompt(struct api_choice *choice, const struct hearth_event *e)
{
	struct api_call *c = choice->call;
	choice->last = *e;
	if (!begin_choice(choice, e)) {
		api_fail(c, 503, "memory is out", choice->out);
		return;
	}
	if (!c->stream || c->begun) return;
	c->begun = true;
	if (c->endpoint->kind->begin) c->endpoint->kind->begin(c, choice->out);
	on_progress(choice, e);
}

static void on_done(struct api_choice *choice, const struct hearth_event *e)
{
	struct api_call *c = choice->call;
	if (is_chat(choice) && choice->has_prompt) thoughts_end(&choice->thoughts, on_thought, choice);
	if (choice->parser && !tool_parser_end(choice->parser, e->stop == HEARTH_STOP_END))
		api_fail(c, 503, "memory is out", choice->out);
	choice->last = *e;
	choice->over = true;
	c->inside->n_over++;
	if (c->failed) return;
	if (c->stream && c->endpoint->kind->over) c->endpoint->kind->over(choice);
	if (c->inside->n_over < c->n_jobs) return;
	c->endpoint->kind->end(c, choice->out);
	c->done = true;
}

static void on_failed(struct api_choice *choice, const struct hearth_event *e)
{
	struct api_call *c = choice->call;
	char text[640];
	unsigned extra = e->n_prompt > e->n_context ? e->n_prompt - e->n_context : 0;
	int n = e->failure == HEARTH_FAIL_CONTEXT && extra
	                ? snprintf(text, sizeof text, "%.*s (%u tokens too many)",
	                           (int)(e->text_length < 500 ? e->text_length : 500), e->text, extra)
	                : snprintf(text, sizeof text, "%.*s", (int)(e->text_length < 600 ? e->text_length : 600), e->text);
	if (n < 0) text[0] = 0;
	if (!c->failed && e->failure == HEARTH_FAIL_CONTEXT) c->refusal.code = "context_length_exceeded";
	api_fail(c, api_failure_status(e->failure), text, choice->out);
}

void api_event(struct api_call *c, size_t job, const struct hearth_event *e, struct buffer *out)
{
	if (c->done || c->failed || job >= c->n_jobs || c->inside->choices[job].over) return;
	struct api_choice *choice = &c->inside->choices[job];
	choice->out = out;
	switch (e->kind) {
	case HEARTH_PROMPT: on_prompt(choice, e); break;
	case HEARTH_PROGRESS: on_progress(choice, e); break;
	case HEARTH_ANSWER:
		api_note_scores(choice, e);
		take_text(choice, e->text, e->text_length);
		break;
	case HEARTH_SCORES:
		if (c->endpoint->kind->values) c->endpoint->kind->values(choice, e);
		break;
	case HEARTH_DONE: on_done(choice, e); break;
	case HEARTH_FAILED: on_failed(choice, e); break;
	default: break;
	}
	choice->out = NULL;
}

void api_fail(struct api_call *c, unsigned status, const char *text, struct buffer *out)
{
	if (c->failed || c->done) return;
	const char *code = c->refusal.code ? c->refusal.code : "";
	c->refusal = api_refusal_of(status, text);
	c->refusal.code = code;
	c->failed = true;
	if (c->begun && c->endpoint->kind->error && out) c->endpoint->kind->error(c, out);
}

uint32_t api_sum(const struct api_call *c, size_t offset)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < c->n_jobs; i++) {
		uint32_t one;
		memcpy(&one, (const char *)&c->inside->choices[i].last + offset, sizeof one);
		sum += one;
	}
	return sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

bool api_calls_end(const struct api_choice *choice)
{
	return choice->n_calls > 0 && choice->last.stop == HEARTH_STOP_END;
}
