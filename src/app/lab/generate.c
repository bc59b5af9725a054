/* hearth-lab generate: ids that a model goes on with, through the engine's scheduler. */
#include "app/lab/engine.h"
#include "app/lab/lab.h"
#include "app/lab/model_options.h"
#include "base/machine.h"
#include "base/memory.h"
#include "engine/prompt.h"
#include "engine/scheduler.h"
#include "format/json.h"
#include "text/tokenizer.h"
#include "wire/client.h"

#include <stdio.h>
#include <string.h>

enum { MOST_OUTPUT = 1 << 30 };

struct generate_options {
	struct model_arguments model;
	const char *ids, *prompt; /* one of them */
	uint64_t count, seed;
	double temperature;
	bool ignore_end, json, count_given, no_guess;
	const char *draft; /* NULL: none */
};

/* Ids separated by white space. */
static bool read_ids(const char *text, struct token_list *ids, struct error *e)
{
	for (;;) {
		char item[16];
		uint64_t id;
		text += strspn(text, " \t\r\n");
		if (!*text) break;
		size_t length = strcspn(text, " \t\r\n");
		if (length >= sizeof item) return error_set(e, "--ids: '%.20s' is no token id", text);
		memcpy(item, text, length);
		item[length] = 0;
		if (!lab_number(item, 0, INT32_MAX, &id)) return error_set(e, "--ids: '%s' is no token id", item);
		if (!token_list_add(ids, (uint32_t)id)) return error_memory(e);
		text += length;
	}
	return ids->count ? true : error_set(e, "--ids: there are no token ids");
}

static bool check_ids(const struct token_list *ids, uint32_t n_vocab, struct error *e)
{
	for (size_t i = 0; i < ids->count; i++) {
		if (ids->ids[i] >= n_vocab) return error_set(e, "--ids: %u is not from 0 to %u", ids->ids[i], n_vocab - 1);
	}
	return true;
}

/* The ids given, or those of the prompt. */
static bool find_ids(const struct generate_options *o, const struct vocab *vocab, struct token_list *ids, struct error *e)
{
	if (o->ids) return read_ids(o->ids, ids, e);
	if (vocab->add_bos && vocab->special[VOCAB_BOS] != TOKEN_NONE && !token_list_add(ids, vocab->special[VOCAB_BOS]))
		return error_memory(e);
	if (!tokenizer_encode(vocab, o->prompt, strlen(o->prompt), 0, ids, e)) return false;
	return ids->count ? true : error_set(e, "--prompt: the text gives no tokens");
}

/* Submits the ids and collects those of the answer. */
static bool collect(struct scheduler *s, const struct hearth_request *request, struct token_list *answer, struct error *e)
{
	uint64_t id;
	if (!scheduler_submit(s, request, &id, e)) return false;
	bool ok = true;
	for (struct event *event; (event = scheduler_next(s, -1)); event_free(event)) {
		const struct hearth_event *shown = event_show(event);
		for (size_t i = 0; shown->kind == HEARTH_ANSWER && i < shown->n_ids; i++)
			ok = ok && (token_list_add(answer, (uint32_t)shown->ids[i]) || error_memory(e));
		if (shown->kind == HEARTH_FAILED) ok = error_set(e, "%.*s", (int)shown->text_length, shown->text);
	}
	return ok;
}

/* Runs the request; the draft model shares threads and context with the model. */
static bool answer_request(const struct generate_options *o, const struct hearth_request *r, const struct prompt_source *source,
                           struct lab_model *m, struct token_list *answer, struct error *e)
{
	struct model_options options = { .context = model_context(m->model), .kv = lab_kv(&o->model) };
	struct draft *draft = NULL;
	if (o->draft && !o->no_guess) {
		draft = draft_open(&file_paths, o->draft, source->vocab, &options, m->threads, e);
		if (!draft) return false;
	}
	struct scheduler *s = scheduler_new(m->model, source, draft, e);
	bool ok = s && collect(s, r, answer, e);
	scheduler_free(s);
	draft_close(draft);
	return ok;
}

static struct hearth_sampling sampling_of(const struct generate_options *o)
{
	return (struct hearth_sampling){
		.temperature = (float)o->temperature, .top_p = 1, .typical_p = 1, .repeat_penalty = 1, .seed = o->seed
	};
}

static bool generate(const struct generate_options *o, const struct token_list *prompt, const struct prompt_source *source,
                     struct lab_model *m, struct token_list *answer, struct error *e)
{
	struct hearth_request r = hearth_request_new(HEARTH_IDS);
	r.ids = (const int32_t *)prompt->ids;
	r.n_ids = prompt->count;
	r.max_tokens = (uint32_t)o->count;
	r.ignore_end = o->ignore_end;
	r.no_guess = o->no_guess;
	r.sampling = sampling_of(o);
	double seconds = model_seconds_from_disk(m->model, machine_free_memory());
	if (seconds > 0)
		fprintf(stderr,
		        "note: about %.2g tokens a second are to be expected: the weights take more than the memory that is free\n",
		        1 / seconds);
	return check_ids(prompt, model_config(m->model)->n_vocab, e) && request_check(&r, e) &&
	       answer_request(o, &r, source, m, answer, e);
}

/* The ids, or the object with the ids and their text. */
static int print_answer(const struct generate_options *o, const struct token_list *answer, const struct buffer *text)
{
	struct buffer out = buffer_new(MOST_OUTPUT);
	if (o->json) buffer_append_text(&out, "{\"ids\": [");
	for (size_t i = 0; i < answer->count; i++) buffer_format(&out, "%s%u", i == 0 ? "" : o->json ? ", " : " ", answer->ids[i]);
	if (o->json) {
		buffer_append_text(&out, "], \"text\": ");
		json_write_text(&out, buffer_text(text), text->size);
		buffer_append_byte(&out, '}');
	}
	buffer_append_byte(&out, '\n');
	struct error e;
	int status;
	if (out.failed || text->failed) {
		error_memory(&e);
		status = lab_fail(&e);
	} else {
		status = lab_print(buffer_text(&out), out.size);
	}
	buffer_free(&out);
	return status;
}

static int print(const struct generate_options *o, const struct token_list *answer, const struct vocab *vocab)
{
	struct buffer text = buffer_new(MOST_OUTPUT);
	for (size_t i = 0; i < answer->count; i++) {
		size_t length;
		const char *bytes = vocab_bytes(vocab, answer->ids[i], &length);
		buffer_append(&text, bytes, length);
	}
	int status = print_answer(o, answer, &text);
	buffer_free(&text);
	return status;
}

static int run(const struct generate_options *o)
{
	struct error e = { "" };
	struct token_list prompt = { 0 }, answer = { 0 };
	struct lab_model m = { 0 };
	struct prompt_source source = { 0 };
	struct gguf *file = gguf_open(o->model.path, &e);
	bool ok = file && prompt_source_open(&source, file, 0, &e) && find_ids(o, source.vocab, &prompt, &e);
	gguf_close(file);
	if (ok && o->count) {
		uint64_t need = prompt.count + o->count;
		ok = (need < INT32_MAX || error_set(&e, "-n: %llu positions are too many", (unsigned long long)need)) &&
		     lab_model_open(&m, &o->model, (uint32_t)need, 0, &e);
		source.context = ok ? model_context(m.model) : 0;
		ok = ok && generate(o, &prompt, &source, &m, &answer, &e);
	}
	int status = ok ? print(o, &answer, source.vocab) : lab_fail(&e);
	lab_model_close(&m);
	prompt_source_close(&source);
	token_list_free(&prompt);
	token_list_free(&answer);
	return status;
}

/* Takes the events of the one request. */
static bool collect_events(struct hearth *h, struct token_list *answer, struct buffer *text, struct error *e)
{
	struct hearth_event event;
	bool ok = true;
	while (client_next(h, -1, &event)) {
		for (size_t i = 0; event.kind == HEARTH_ANSWER && i < event.n_ids; i++)
			ok = ok && (token_list_add(answer, (uint32_t)event.ids[i]) || error_memory(e));
		if (event.kind == HEARTH_ANSWER) buffer_append(text, event.text, event.text_length);
		if (event.kind == HEARTH_FAILED) ok = error_set(e, "%.*s", (int)event.text_length, event.text);
	}
	return ok;
}

/* The same through the jailed process. */
static int run_engine(const struct generate_options *o)
{
	struct error e = { "" };
	struct hearth_error why;
	struct token_list ids = { 0 }, answer = { 0 };
	struct buffer text = buffer_new(MOST_OUTPUT);
	struct hearth *h = NULL;
	uint64_t session, id, need = o->count + (o->prompt ? strlen(o->prompt) : 0) + 16;
	bool ok = !o->ids || read_ids(o->ids, &ids, &e);
	ok = ok && (need + ids.count < INT32_MAX || error_set(&e, "-n: %llu positions are too many", (unsigned long long)need));
	struct hearth_options options = lab_engine_options(&o->model, (uint32_t)(need + ids.count));
	options.draft = o->no_guess ? NULL : o->draft;
	if (ok) h = engine_open_model(&o->model, &options, &session, &e);
	struct hearth_request r = hearth_request_new(o->ids ? HEARTH_IDS : HEARTH_TEXT);
	r.ids = (const int32_t *)ids.ids;
	r.n_ids = ids.count;
	r.text = o->prompt;
	r.text_length = o->prompt ? strlen(o->prompt) : 0;
	r.max_tokens = (uint32_t)o->count;
	r.ignore_end = o->ignore_end;
	r.no_guess = o->no_guess;
	r.sampling = sampling_of(o);
	if (h) {
		r.session = session;
		ok = client_submit(h, &r, &id, &why) || error_set(&e, "%s", why.text);
	}
	ok = ok && h && collect_events(h, &answer, &text, &e);
	int status = ok ? print_answer(o, &answer, &text) : lab_fail(&e);
	client_close(h);
	engine_end();
	token_list_free(&ids);
	token_list_free(&answer);
	buffer_free(&text);
	return status;
}

/* An option of generate's own; *i moves over its value. */
static int take_option(struct generate_options *o, int argc, char **argv, int *i)
{
	const char *option = argv[*i], *value = *i + 1 < argc ? argv[*i + 1] : NULL;
	if (strcmp(option, "--ignore-eos") == 0) {
		o->ignore_end = true;
		return LAB_DONE;
	}
	if (strcmp(option, "--json") == 0) {
		o->json = true;
		return LAB_DONE;
	}
	if (strcmp(option, "--no-guess") == 0) {
		o->no_guess = true;
		return LAB_DONE;
	}
	++*i;
	if (!value) return lab_misuse("generate: '%s' is not understood or needs a value", option);
	bool ok = true;
	if (strcmp(option, "--ids") == 0) {
		o->ids = value;
	} else if (strcmp(option, "--draft") == 0) {
		o->draft = value;
	} else if (strcmp(option, "--prompt") == 0) {
		o->prompt = value;
	} else if (strcmp(option, "-n") == 0) {
		ok = lab_number(value, 0, 1 << 28, &o->count);
		o->count_given = true;
	} else if (strcmp(option, "--temp") == 0) {
		ok = lab_real(value, 0, 100, &o->temperature);
	} else if (strcmp(option, "--seed") == 0) {
		ok = lab_number(value, 0, UINT64_MAX, &o->seed);
	} else {
		return lab_misuse("generate: '%s' is not understood", option);
	}
	return ok ? LAB_DONE : lab_misuse("generate: %s cannot be '%s'", option, value);
}

int lab_generate(int argc, char **argv)
{
	struct generate_options o = { 0 };
	for (int i = 0; i < argc; i++) {
		bool taken;
		int status = model_option(&o.model, argc, argv, &i, &taken);
		if (status == LAB_DONE && !taken) status = take_option(&o, argc, argv, &i);
		if (status != LAB_DONE) return status;
	}
	if (!o.model.path || !o.count_given) return lab_misuse("generate: MODEL and -n are needed");
	if (!o.ids == !o.prompt) return lab_misuse("generate: one of --ids and --prompt is needed");
	return o.model.engine ? run_engine(&o) : run(&o);
}
