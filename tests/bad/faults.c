/*
 * faults: every opener with every allocation and every call of the system made to fail once.
 *
 * The n-th one fails, for n = 1, 2, ... until the work is done without meeting the fault; each failure must be noticed and give a
 * line that can be shown, nothing may be left allocated, and the files are as they were. A second round fails everything from the
 * n-th on.
 */
#include "made_model.h"

#include "base/threads.h"
#include "hearth.h"
#include "model/model.h"
#include "model/sequence.h"
#include "text/template.h"
#include "text/tokenizer.h"
#include "text/vocab.h"

#include <signal.h>
#include <sys/wait.h>

static struct threads *threads;

static bool open_one(struct error *e)
{
	struct gguf *g = gguf_open(made_path("model.gguf"), e);
	gguf_close(g);
	return g != NULL;
}

static bool open_split(struct error *e)
{
	struct gguf *g = gguf_open(made_path("s-00001-of-00002.gguf"), e);
	gguf_close(g);
	return g != NULL;
}

static bool read_whole(struct error *e)
{
	size_t size;
	char *text = file_read(made_path("model.gguf"), 1 << 20, &size, e);
	memory_free(text);
	return text != NULL;
}

static bool write_whole(struct error *e)
{
	struct gguf_writer w = made_valid();
	bool ok = gguf_writer_save(&w, made_path("written.gguf"), e);
	gguf_writer_free(&w);
	return ok;
}

static bool start_threads(struct error *e)
{
	struct threads *t = threads_new(3, e);
	threads_free(t);
	return t != NULL;
}

static bool load_vocabulary(struct error *e)
{
	struct gguf *g = gguf_open(made_path("model.gguf"), e);
	struct vocab *v = g ? vocab_load(g, e) : NULL;
	bool ok = v != NULL;
	vocab_free(v);
	gguf_close(g);
	return ok;
}

static bool tokenize(struct error *e)
{
	struct gguf *g = gguf_open(made_path("model.gguf"), e);
	struct vocab *v = g ? vocab_load(g, e) : NULL;
	struct token_list ids = { 0 };
	bool ok = v && tokenizer_encode(v, "ab ab aab<s>\n", 13, TOKENIZER_ADD | TOKENIZER_SPECIAL, &ids, e);
	token_list_free(&ids);
	vocab_free(v);
	gguf_close(g);
	return ok;
}

static bool render_template(struct error *e)
{
	static const char source[] =
	        "{% macro tell(m) %}<|{{ m.role|upper }}|>{{ m.content|trim|replace('a', 'bb') }}{% endmacro %}"
	        "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + loop.index %}"
	        "{{ tell(m) }}{{ m|tojson(indent=2) }}{% endfor %}{{ ns.n }} {{ messages|map(attribute='role')|join(', ') }}"
	        "{{ strftime_now('%d %B %Y') }}{{ '%s and %5.2f' % ('x', 1.5) }}";
	static const char variables[] = "{\"messages\": [{\"role\": \"user\", \"content\": \" a \\u00e9 \"}, "
	                                "{\"role\": \"assistant\", \"content\": \"aaa\"}]}";
	json_t *object = json_parse(variables, sizeof variables - 1, "variables", e);
	if (!object) return false;
	struct template_input input = { .variables = object, .now = { 2026, 8, 15, 13, 5, 9 } };
	struct template_output out = { 0 };
	struct template *t = template_parse(source, sizeof source - 1, e);
	bool ok = t && template_render(t, &input, &out, e);
	if (t) template_output_free(&out);
	template_free(t);
	json_decref(object);
	return ok;
}

/* Opens the model, runs rows of two sequences of which one is a fork, and describes the plan. */
static bool open_and_run(struct error *e)
{
	struct gguf *g = gguf_open(made_path("model.gguf"), e);
	struct model_options options = { .max_rows = 4 };
	struct model *m = g ? model_open(g, &options, threads, e) : NULL;
	struct sequence *s = m ? sequence_new(m, e) : NULL, *fork = NULL;
	float logits[MODEL_VOCAB];
	const struct row first[] = { { .sequence = s, .token = 1, .kind = ROW_PROMPT },
		                     { .sequence = s, .token = 4, .kind = ROW_PROMPT } };
	bool ok = s && model_forward(m, first, 2, e);
	if (ok) fork = sequence_fork(s, 2, e);
	const struct row second[] = { { .sequence = s, .token = 5, .kind = ROW_ANSWER },
		                      { .sequence = fork, .token = 6, .kind = ROW_ANSWER, .logits = logits } };
	ok = fork && model_forward(m, second, 2, e);
	struct buffer words = buffer_new(1 << 20);
	ok = ok && model_describe(m, true, &words, e);
	buffer_free(&words);
	sequence_free(fork);
	sequence_free(s);
	model_close(m);
	gguf_close(g);
	return ok;
}

/* Submits a request and takes its events; true when it was answered. */
static bool ask(struct hearth *h, const struct hearth_request *r, struct error *e)
{
	struct hearth_error why = { "" };
	struct hearth_event event = { 0 };
	uint64_t id;
	if (!hearth_submit(h, r, &id, &why)) return error_set(e, "%s", why.text);
	while (hearth_next(h, -1, &event) && event.kind != HEARTH_DONE && event.kind != HEARTH_FAILED) {}
	if (event.kind == HEARTH_DONE) return true;
	return error_set(e, "%.*s", (int)event.text_length, event.text ? event.text : "");
}

/* The engine behind hearth.h: a conversation and ids, in a session. Its threads meet the faults in any order. */
static bool open_engine(struct error *e)
{
	struct hearth_error why = { "" };
	struct hearth_options o = { .size = sizeof o, .model = made_path("model.gguf"), .threads = 2 };
	struct hearth *h;
	if (!hearth_open(&o, &h, &why)) return error_set(e, "%s", why.text);
	uint64_t session = hearth_session_new(h);
	struct hearth_request chat = hearth_request_new(HEARTH_CHAT), ids = hearth_request_new(HEARTH_IDS);
	chat.text = "{\"messages\": [{\"role\": \"user\", \"content\": \"ab\"}]}";
	chat.text_length = strlen(chat.text);
	ids.ids = (int32_t[]){ 1, 4, 5 };
	ids.n_ids = 3;
	chat.max_tokens = ids.max_tokens = 3;
	chat.want_prompt = true;
	chat.session = session;
	ids.sampling.repeat_penalty = 1.1f;
	ids.sampling.typical_p = 0.9f;
	bool ok = (session != 0 || error_memory(e)) && ask(h, &chat, e) && ask(h, &ids, e);
	hearth_close(h);
	return ok;
}

static const struct {
	const char *name;
	bool (*work)(struct error *e);
	uint64_t least_memory, least_calls; /* faults that the work must meet, so that the loop is known to reach it */
	bool may_bear;                      /* it may go well in spite of a fault: news of progress that are left out, for one */
} works[] = {
	{ "open a file", open_one, 8, 4, false },        { "open a split file", open_split, 10, 8, false },
	{ "read a file", read_whole, 2, 3, false },      { "write a file", write_whole, 4, 4, false },
	{ "start threads", start_threads, 1, 0, false }, { "load a vocabulary", load_vocabulary, 12, 4, false },
	{ "tokenize", tokenize, 15, 4, false },          { "open and run a model", open_and_run, 15, 4, false },
	{ "ask an engine", open_engine, 40, 4, true },   { "render a template", render_template, 10, 0, false },
};

enum fault { ONE_ALLOCATION, ALL_ALLOCATIONS, ONE_CALL, FAULTS };

static void fail_each(size_t i, enum fault kind)
{
	uint64_t n = 1;
	for (;; n++) {
		struct error e = { "" };
		size_t before = memory_in_use();
		alarm(HANG);
		if (kind == ONE_CALL)
			file_fail_at(n);
		else
			memory_fail_at(n, kind == ALL_ALLOCATIONS);
		bool ok = works[i].work(&e);
		uint64_t left = file_fail_at(0) + memory_fail_at(0, false);
		bool met = left == 0;
		alarm(0);
		if (memory_in_use() != before)
			fail_msg("%s, fault %llu: %zu bytes are left", works[i].name, (unsigned long long)n,
			         memory_in_use() - before);
		if (access(made_path("written.gguf.tmp"), F_OK) == 0) fail_msg("%s: a temporary file is left", works[i].name);
		if (!met) break;
		if (ok && !works[i].may_bear) fail_msg("%s, fault %llu was not noticed", works[i].name, (unsigned long long)n);
		if (!ok && e.text[0] == 0) fail_msg("%s, fault %llu: no word about it", works[i].name, (unsigned long long)n);
	}
	uint64_t least = kind == ONE_CALL ? works[i].least_calls : works[i].least_memory;
	if (n - 1 < least) fail_msg("%s: only %llu faults of kind %d", works[i].name, (unsigned long long)(n - 1), (int)kind);
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof works / sizeof *works; i++) fail_each(i, ONE_ALLOCATION);
}

static void memory_may_end_at_any_allocation(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof works / sizeof *works; i++) fail_each(i, ALL_ALLOCATIONS);
}

static void every_call_of_the_system_may_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof works / sizeof *works; i++) fail_each(i, ONE_CALL);
}

/* An open file that a fault met is whole again afterwards: nothing sticks. */
static void a_model_goes_on_after_memory_ran_out(void **state)
{
	(void)state;
	struct error e = { "" };
	struct gguf *g = gguf_open(made_path("model.gguf"), &e);
	struct model_options options = { .max_rows = 4 };
	struct model *m = model_open(g, &options, threads, &e);
	assert_non_null(m);
	float expected[MODEL_VOCAB], logits[MODEL_VOCAB];
	struct sequence *s = sequence_new(m, &e);
	const struct row again = { .sequence = s, .token = 5, .kind = ROW_ANSWER, .logits = logits };
	memory_fail_at(1, true);
	assert_false(model_forward(m, &again, 1, &e));
	memory_fail_at(0, false);
	assert_int_equal(sequence_length(s), 0);
	assert_true(model_forward(m, &again, 1, &e));
	memcpy(expected, logits, sizeof logits);
	struct sequence *fresh = sequence_new(m, &e);
	assert_true(model_forward(m, &(struct row){ .sequence = fresh, .token = 5, .kind = ROW_ANSWER, .logits = logits }, 1, &e));
	assert_memory_equal(expected, logits, sizeof logits);
	sequence_free(fresh);
	sequence_free(s);
	model_close(m);
	gguf_close(g);
}

/* The file is cut while the model runs: the pass fails with a line, the sequence is as it was, closing goes well. */
static void a_file_cut_under_a_running_model(void **state)
{
	(void)state;
	file_guard_maps(); /* here, since cmocka puts its own handler in place for every case */
	struct error e = { "" };
	struct buffer b = made_model(&(struct made_change){ .experts = true });
	made_write("cut.gguf", b.data, b.size);
	buffer_free(&b);
	size_t before = memory_in_use();
	struct gguf *g = gguf_open(made_path("cut.gguf"), &e);
	struct model_options options = { .max_rows = 4 };
	struct model *m = model_open(g, &options, threads, &e);
	struct sequence *s = sequence_new(m, &e);
	float logits[MODEL_VOCAB];
	assert_true(model_forward(m, &(struct row){ .sequence = s, .token = 5, .kind = ROW_PROMPT, .logits = logits }, 1, &e));
	assert_int_equal(truncate(made_path("cut.gguf"), 8192), 0);
	for (int i = 0; i < 3; i++) {
		e.text[0] = 0;
		assert_false(model_forward(
		        m, &(struct row){ .sequence = s, .token = 5, .kind = i % 2 ? ROW_ANSWER : ROW_PROMPT, .logits = logits }, 1,
		        &e));
		assert_non_null(strstr(e.text, "cut.gguf: the file was cut short while in use"));
		assert_int_equal(sequence_length(s), 1);
	}
	sequence_free(s);
	model_close(m);
	gguf_close(g);
	assert_int_equal(memory_in_use(), before);
	unlink(made_path("cut.gguf"));
}

/* The same behind hearth.h: the request fails, and the engine can be asked again and closed. */
static void a_file_cut_under_an_engine(void **state)
{
	(void)state;
	file_guard_maps();
	struct error e = { "" };
	struct hearth_error why = { "" };
	struct buffer b = made_model(&(struct made_change){ .experts = false });
	made_write("cut.gguf", b.data, b.size);
	buffer_free(&b);
	struct hearth_options o = { .size = sizeof o, .model = made_path("cut.gguf"), .threads = 2 };
	struct hearth *h;
	if (!hearth_open(&o, &h, &why)) fail_msg("%s", why.text);
	struct hearth_request r = hearth_request_new(HEARTH_IDS);
	r.ids = (int32_t[]){ 1, 4, 5 };
	r.n_ids = 3;
	r.max_tokens = 2;
	assert_true(ask(h, &r, &e));
	assert_int_equal(truncate(made_path("cut.gguf"), 8192), 0);
	for (int i = 0; i < 2; i++) {
		assert_false(ask(h, &r, &e));
		assert_non_null(strstr(e.text, "cut short while in use"));
	}
	hearth_close(h);
	unlink(made_path("cut.gguf"));
}

/* The same in a program that does nothing about signals: the library sees to it. */
static void a_file_cut_under_a_program_of_somebody_else(void **state)
{
	(void)state;
	struct buffer b = made_model(&(struct made_change){ .experts = false });
	made_write("cut.gguf", b.data, b.size);
	buffer_free(&b);
	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct error e = { "" };
		struct hearth_error why;
		struct hearth_options o = { .size = sizeof o, .model = made_path("cut.gguf"), .threads = 2 };
		struct hearth *h;
		signal(SIGBUS, SIG_DFL);
		alarm(HANG);
		if (!hearth_open(&o, &h, &why) || truncate(made_path("cut.gguf"), 8192) != 0) _exit(1);
		struct hearth_request r = hearth_request_new(HEARTH_IDS);
		r.ids = (int32_t[]){ 1 };
		r.n_ids = 1;
		r.max_tokens = 1;
		_exit(!ask(h, &r, &e) && strstr(e.text, "cut short while in use") ? 0 : 2);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	unlink(made_path("cut.gguf"));
}

static int begin(void **state)
{
	struct error e = { "" };
	if (made_begin(state) != 0) return -1;
	static const char chat[] = "{{ bos_token }}{% for m in messages %}{{ m['content']|trim }}{% endfor %}";
	struct buffer b =
	        made_model(&(struct made_change){ .key = "tokenizer.chat_template", .value = { .type = GGUF_TEXT, .text = chat } });
	made_write("model.gguf", b.data, b.size);
	buffer_free(&b);
	for (uint16_t i = 0; i < 2; i++) {
		struct gguf_writer w = gguf_writer_new();
		gguf_put_u16(&w, "split.no", i);
		gguf_put_u16(&w, "split.count", 2);
		gguf_put_tensor(&w, i ? "a" : "b", TYPE_I8, 1, (uint64_t[]){ 1 }, "x", 1);
		if (!gguf_writer_save(&w, made_path(i ? "s-00002-of-00002.gguf" : "s-00001-of-00002.gguf"), &e)) return -1;
		gguf_writer_free(&w);
	}
	threads = threads_new(2, &e);
	return threads ? 0 : -1;
}

static int end(void **state)
{
	static const char *const names[] = { "model.gguf", "s-00001-of-00002.gguf", "s-00002-of-00002.gguf", "written.gguf" };
	threads_free(threads);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(made_path(names[i]));
	return made_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(memory_may_end_at_any_allocation),
		cmocka_unit_test(every_call_of_the_system_may_fail),
		cmocka_unit_test(a_model_goes_on_after_memory_ran_out),
		cmocka_unit_test(a_file_cut_under_a_running_model),
		cmocka_unit_test(a_file_cut_under_an_engine),
		cmocka_unit_test(a_file_cut_under_a_program_of_somebody_else),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
