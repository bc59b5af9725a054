/* messages: every struct comes back as it was, and bytes that are cut, too many or bent are refused or mean the same again. */
#include "wire/messages.h"

#include "base/memory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct hearth_sampling sampling = { .temperature = 0.5F,
	                                         .top_k = 7,
	                                         .top_p = 0.25F,
	                                         .min_p = 0.125F,
	                                         .typical_p = 0.75F,
	                                         .repeat_penalty = 1.5F,
	                                         .presence_penalty = -1,
	                                         .frequency_penalty = 2,
	                                         .penalty_last = 64,
	                                         .seed = 0x123456789abcdef0u };
static const int32_t some_ids[] = { 0, 1, -1, INT32_MAX, INT32_MIN };
static const char some_text[] = "a\0text with a zero byte, \xff and more";
static const struct hearth_piece some_pieces[] = { { 0, 3, true }, { 3, 5, false }, { 8, 0, true } };
static const struct hearth_score some_scores[] = { { 5, -0.25F, " a", 2 }, { -1, -9, "", 0 } };
static const char *const some_stops[] = { "one", "", "three" };

static const struct hearth_bias some_biases[] = { { 7, -100 }, { -1, 0.5F } };

static const struct hearth_request request = { .size = sizeof request,
	                                       .kind = HEARTH_TEXT,
	                                       .session = 99,
	                                       .text = some_text,
	                                       .text_length = sizeof some_text,
	                                       .ids = some_ids,
	                                       .n_ids = 5,
	                                       .max_tokens = 4096,
	                                       .sampling = sampling,
	                                       .stop = some_stops,
	                                       .n_stop = 3,
	                                       .ignore_end = true,
	                                       .date = "2026-01-02T03:04:05",
	                                       .no_guess = true,
	                                       .grammar_kind = HEARTH_GRAMMAR_GBNF,
	                                       .grammar = some_text,
	                                       .grammar_length = 9,
	                                       .trigger = "<call>",
	                                       .marks = some_stops,
	                                       .n_marks = 3,
	                                       .n_scores = 6,
	                                       .limit_ms = 700,
	                                       .adapt = true,
	                                       .want = HEARTH_WANT_LOGITS,
	                                       .text_options = HEARTH_TEXT_PLAIN,
	                                       .document = some_text,
	                                       .document_length = 11,
	                                       .pooling = HEARTH_POOLING_CLS,
	                                       .as_answer = true,
	                                       .score_from = 17,
	                                       .share = 0xfedcba9876543210u,
	                                       .biases = some_biases,
	                                       .n_biases = 2,
	                                       .thought_limit = 1024 };
static const float some_values[] = { 0, -1.5F, 3e38F };
static const struct hearth_importance importance = { .size = sizeof importance,
	                                             .name = "blk.0.ffn_up.weight",
	                                             .cols = 1,
	                                             .n_matrices = 3,
	                                             .sums = some_values,
	                                             .counts = some_values };
static const struct hearth_event event = { .kind = HEARTH_PROMPT,
	                                   .request = 5,
	                                   .text = some_text,
	                                   .text_length = sizeof some_text,
	                                   .pieces = some_pieces,
	                                   .n_pieces = 3,
	                                   .ids = some_ids,
	                                   .n_ids = 5,
	                                   .seed = 77,
	                                   .n_context = 2048,
	                                   .n_prompt = 12,
	                                   .n_cached = 3,
	                                   .n_done = 4,
	                                   .n_generated = 6,
	                                   .seconds_wait = 0.5,
	                                   .seconds_prompt = 1.25,
	                                   .seconds_generate = 2,
	                                   .n_guessed = 8,
	                                   .n_accepted = 9,
	                                   .scores = some_scores,
	                                   .n_scores = 2,
	                                   .prompt_end = "<think>",
	                                   .prompt_end_length = 7,
	                                   .stop_text = 2,
	                                   .values = some_values,
	                                   .n_values = 3 };

/* ---- one of each kind, put into a buffer, and read from one and put again ---- */

static void put_start(struct buffer *b)
{
	wire_put_start(b, &(struct wire_start){ .version = "1.2", .cpu = "avx2", .free_memory = 1u << 30, .threads = 4 });
}

static bool again_start(const void *p, size_t n, struct buffer *b)
{
	struct wire_start s;
	if (!wire_get_start(p, n, &s)) return false;
	wire_put_start(b, &s);
	return true;
}

static void put_jailed(struct buffer *b)
{
	wire_put_jailed(b, &(struct wire_jailed){ true, true, false, true, true, 7, "nothing" });
}

static bool again_jailed(const void *p, size_t n, struct buffer *b)
{
	struct wire_jailed j;
	if (!wire_get_jailed(p, n, &j)) return false;
	wire_put_jailed(b, &j);
	return true;
}

static void put_options(struct buffer *b)
{
	wire_put_options(b, &(struct hearth_options){ .model = "a.gguf",
	                                              .threads = 2,
	                                              .context = 512,
	                                              .kv = 3,
	                                              .draft = "b.gguf",
	                                              .words_only = true,
	                                              .bytes_shared = 1u << 30 });
}

static bool again_options(const void *p, size_t n, struct buffer *b)
{
	struct hearth_options o;
	if (!wire_get_options(p, n, &o)) return false;
	wire_put_options(b, &o);
	return true;
}

static void put_info(struct buffer *b)
{
	wire_put_info(b, &(struct hearth_info){ .name = "a model",
	                                        .architecture = "llama",
	                                        .weights = "Q8_0",
	                                        .kernels = "avx2",
	                                        .parameters = 1u << 31,
	                                        .bytes_total = 12,
	                                        .context = 5,
	                                        .n_embd = 6,
	                                        .threads = 2,
	                                        .has_template = true,
	                                        .seconds_load = 0.25,
	                                        .sampling = sampling,
	                                        .tool_form = "hermes",
	                                        .fills = true });
}

static bool again_info(const void *p, size_t n, struct buffer *b)
{
	struct hearth_info i;
	if (!wire_get_info(p, n, &i)) return false;
	wire_put_info(b, &i);
	return true;
}

static void put_file_info(struct buffer *b)
{
	wire_put_file_info(b, &(struct hearth_file_info){ .name = "a model",
	                                                  .architecture = "",
	                                                  .weights = "F16",
	                                                  .bytes = 1,
	                                                  .parameters = 2,
	                                                  .kv_position = 3,
	                                                  .version = 3,
	                                                  .n_layer = 4,
	                                                  .context_trained = 5,
	                                                  .sampling = sampling,
	                                                  .tool_form = "llama" });
}

static bool again_file_info(const void *p, size_t n, struct buffer *b)
{
	struct hearth_file_info i;
	if (!wire_get_file_info(p, n, &i)) return false;
	wire_put_file_info(b, &i);
	return true;
}

static void put_file_plan(struct buffer *b)
{
	wire_put_file_plan(b, &(struct hearth_file_plan){ .bytes_weights = 1,
	                                                  .bytes_kv = 1ull << 40,
	                                                  .bytes_scratch = 3,
	                                                  .bytes_total = 4,
	                                                  .bytes_token = 5,
	                                                  .context = 6 });
}

static bool again_file_plan(const void *p, size_t n, struct buffer *b)
{
	struct hearth_file_plan i;
	if (!wire_get_file_plan(p, n, &i)) return false;
	wire_put_file_plan(b, &i);
	return true;
}

static void put_lists(struct buffer *b)
{
	struct hearth_file_value values[] = { { "key", "value" }, { "", "" } };
	struct hearth_file_type types[] = { { "F32", 2, 3 } };
	wire_put_lists(b, &(struct wire_lists){ values, 2, types, 1 });
}

static bool again_lists(const void *p, size_t n, struct buffer *b)
{
	struct wire_lists l;
	if (!wire_get_lists(p, n, &l)) return false;
	wire_put_lists(b, &l);
	wire_lists_free(&l);
	return true;
}

static void put_adapt(struct buffer *b)
{
	wire_put_adapt(b, &(struct wire_adapt){ .session = 1, .adapters = { { 2, 0.5F }, { 3, -1 } }, .n = 2 });
}

static bool again_adapt(const void *p, size_t n, struct buffer *b)
{
	struct wire_adapt a;
	if (!wire_get_adapt(p, n, &a)) return false;
	wire_put_adapt(b, &a);
	return true;
}

static void put_request(struct buffer *b)
{
	wire_put_request(b, &request);
}

static bool again_request(const void *p, size_t n, struct buffer *b)
{
	struct hearth_request r;
	struct wire_room room = wire_room_new();
	bool ok = wire_get_request(p, n, &r, &room);
	if (ok) wire_put_request(b, &r);
	wire_room_free(&room);
	return ok;
}

static void put_event(struct buffer *b)
{
	wire_put_event(b, &event);
}

static bool again_event(const void *p, size_t n, struct buffer *b)
{
	struct hearth_event e;
	struct wire_room room = wire_room_new();
	bool ok = wire_get_event(p, n, &e, &room);
	if (ok) wire_put_event(b, &e);
	wire_room_free(&room);
	return ok;
}

static void put_importance(struct buffer *b)
{
	wire_put_importance(b, &importance);
}

static bool again_importance(const void *p, size_t n, struct buffer *b)
{
	struct hearth_importance i;
	struct wire_room room = wire_room_new();
	bool ok = wire_get_importance(p, n, &i, &room);
	if (ok) wire_put_importance(b, &i);
	wire_room_free(&room);
	return ok;
}

static const struct {
	const char *name;
	void (*put)(struct buffer *b);
	bool (*again)(const void *p, size_t n, struct buffer *b);
} kinds[] = { { "start", put_start, again_start },
	      { "jailed", put_jailed, again_jailed },
	      { "options", put_options, again_options },
	      { "info", put_info, again_info },
	      { "facts", put_file_info, again_file_info },
	      { "plan", put_file_plan, again_file_plan },
	      { "lists", put_lists, again_lists },
	      { "adapt", put_adapt, again_adapt },
	      { "importance", put_importance, again_importance },
	      { "request", put_request, again_request },
	      { "event", put_event, again_event } };

enum { KINDS = sizeof kinds / sizeof *kinds };

/* A copy of the exact size, so that the sanitizer sees a read behind its end. */
static bool again_exact(size_t kind, const char *bytes, size_t size, struct buffer *out)
{
	char *copy = malloc(size ? size : 1);
	assert_non_null(copy);
	memcpy(copy, bytes, size);
	buffer_clear(out);
	bool ok = kinds[kind].again(copy, size, out);
	free(copy);
	return ok;
}

static void what_is_put_comes_back(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct buffer b = buffer_new(1 << 16), c = buffer_new(1 << 16);
		kinds[k].put(&b);
		if (!again_exact(k, b.data, b.size, &c)) fail_msg("%s: refused", kinds[k].name);
		assert_int_equal(b.size, c.size);
		assert_memory_equal(b.data, c.data, b.size);
		buffer_free(&b);
		buffer_free(&c);
	}
}

static void every_cut_and_every_byte_too_many_is_refused(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct buffer b = buffer_new(1 << 16), c = buffer_new(1 << 16);
		kinds[k].put(&b);
		for (size_t n = 0; n < b.size; n++) {
			if (again_exact(k, b.data, n, &c)) fail_msg("%s: %zu of %zu bytes are taken", kinds[k].name, n, b.size);
		}
		buffer_append_byte(&b, 0);
		if (again_exact(k, b.data, b.size, &c)) fail_msg("%s: a byte too many is taken", kinds[k].name);
		buffer_free(&b);
		buffer_free(&c);
	}
}

/* One form for each meaning: what is taken is put again as the same bytes. */
static void bent_bytes_are_refused_or_mean_what_they_say(void **state)
{
	(void)state;
	static const uint8_t others[] = { 0x00, 0x01, 0x02, 0x7f, 0x80, 0xff };
	for (size_t k = 0; k < KINDS; k++) {
		struct buffer b = buffer_new(1 << 16), c = buffer_new(1 << 16);
		kinds[k].put(&b);
		for (size_t i = 0; i < b.size; i++) {
			char was = b.data[i];
			for (size_t o = 0; o < sizeof others; o++) {
				b.data[i] = (char)others[o];
				if (!again_exact(k, b.data, b.size, &c)) continue;
				bool same = b.size == c.size && memcmp(b.data, c.data, b.size) == 0;
				if (!same)
					fail_msg("%s: byte %zu as %02x is taken for something else", kinds[k].name, i, others[o]);
			}
			b.data[i] = was;
		}
		buffer_free(&b);
		buffer_free(&c);
	}
}

static void expect_event(struct hearth_event e, bool expected)
{
	struct buffer b = buffer_new(1 << 16), c = buffer_new(1 << 16);
	wire_put_event(&b, &e);
	assert_int_equal(again_exact(KINDS - 1, b.data, b.size, &c), expected);
	buffer_free(&b);
	buffer_free(&c);
}

static void an_event_must_make_sense(void **state)
{
	(void)state;
	struct hearth_event e = event;
	const struct hearth_piece outside[] = { { 1, sizeof some_text, true } }, wraps[] = { { 2, SIZE_MAX, true } };
	expect_event(e, true);
	e.kind = 0;
	expect_event(e, false);
	e.kind = HEARTH_DONE; /* needs a reason */
	expect_event(e, false);
	e.stop = HEARTH_STOP_END;
	expect_event(e, true);
	e.stop = HEARTH_STOP_CONTEXT + 1;
	expect_event(e, false);
	e = event;
	e.kind = HEARTH_FAILED;
	expect_event(e, false);
	e.failure = HEARTH_FAIL_ENGINE;
	expect_event(e, true);
	e = event;
	e.n_cached = e.n_prompt + 1;
	expect_event(e, false);
	e = event;
	e.seconds_generate = (double)INFINITY;
	expect_event(e, false);
	e = event;
	e.n_pieces = 1;
	e.pieces = outside;
	expect_event(e, false);
	e.pieces = wraps;
	expect_event(e, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_comes_back),
		cmocka_unit_test(every_cut_and_every_byte_too_many_is_refused),
		cmocka_unit_test(bent_bytes_are_refused_or_mean_what_they_say),
		cmocka_unit_test(an_event_must_make_sense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
