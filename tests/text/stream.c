/* stream: whole characters, stop strings and U+FFFD, however the bytes are cut into tokens. */
#include "text/stream.h"
#include "../made_vocab.h"

/* Byte-level BPE: the 256 bytes, 256 "hello", 257 <|end|> (control). */
static struct vocab *bytes_vocab(void)
{
	static struct made m;
	m = (struct made){ .model = "gpt2", .pre = "gpt-2" };
	made_bytes(&m);
	made_token(&m, "hello", TOKEN_NORMAL);
	made_token(&m, "<|end|>", TOKEN_CONTROL);
	return made_vocab(&m);
}

/* Streams the bytes in steps of `step` and returns all of the text. `whole` is set when each part was whole characters. */
static const char *stream(const struct vocab *v, const char *bytes, size_t length, size_t step, const char *const *stops,
                          bool *stopped)
{
	static char texts[4][1024];
	static unsigned next;
	char *text = texts[next++ % 4];
	struct stream_stop list[8];
	size_t n = 0;
	for (; stops && stops[n]; n++) list[n] = (struct stream_stop){ stops[n], strlen(stops[n]) };
	struct stream s;
	struct error e = { "" };
	struct buffer out = buffer_new(1000), all = buffer_new(1000);
	assert_true(stream_start(&s, v, list, n, 0, &e));
	for (size_t at = 0; at < length; at += step) {
		buffer_clear(&out);
		assert_true(stream_add_bytes(&s, bytes + at, length - at < step ? length - at : step, &out, &e));
		assert_true(utf8_valid(buffer_text(&out), out.size));
		buffer_append(&all, buffer_text(&out), out.size);
	}
	buffer_clear(&out);
	assert_true(stream_end(&s, &out, &e));
	assert_true(utf8_valid(buffer_text(&out), out.size));
	buffer_append(&all, buffer_text(&out), out.size);
	if (stopped) *stopped = s.stopped;
	memcpy(text, buffer_text(&all), all.size);
	text[all.size] = 0;
	stream_free(&s);
	buffer_free(&out);
	buffer_free(&all);
	return text;
}

static void the_text_is_the_same_however_it_is_cut(void **state)
{
	static const struct {
		const char *bytes, *text;
		const char *stops[4];
		bool stopped;
	} cases[] = {
		{ "plain", "plain", { NULL }, false },
		{ "\xF0\x9F\x98\x80\xC3\xA9", "\xF0\x9F\x98\x80\xC3\xA9", { NULL }, false },
		{ "a\xFF"
		  "b\xC3",
		  "a\xEF\xBF\xBD"
		  "b\xEF\xBF\xBD",
		  { NULL },
		  false },
		{ "\xE4\xB8"
		  "a",
		  "\xEF\xBF\xBD\xEF\xBF\xBD"
		  "a",
		  { NULL },
		  false },
		{ "one STOP two", "one ", { "STOP", NULL }, true },
		{ "one STO two", "one STO two", { "STOP", NULL }, false },
		{ "aaab", "a", { "aab", NULL }, true },
		{ "abcd", "a", { "abcd", "bc", NULL }, true },
		{ "abcd", "", { "abc", "bcd", NULL }, true },
		{ "x\nUser:y", "x\n", { "\nUser:", "User", NULL }, true },
		{ "ends with STO", "ends with STO", { "STOP", NULL }, false },
		{ "\xE4\xB8\xAD\xE6\x96\x87", "\xE4\xB8\xAD", { "\xE6\x96\x87", NULL }, true },
	};
	(void)state;
	struct vocab *v = bytes_vocab();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t step = 1; step <= 13; step++) {
			bool stopped;
			const char *text = stream(v, cases[i].bytes, strlen(cases[i].bytes), step, cases[i].stops, &stopped);
			if (strcmp(text, cases[i].text) != 0) fail_msg("'%s' by %zu bytes: '%s'", cases[i].bytes, step, text);
			assert_int_equal(stopped, cases[i].stopped);
		}
	}
	vocab_free(v);
}

static void nothing_of_a_stop_string_is_shown_early(void **state)
{
	struct stream s;
	struct error e = { "" };
	struct buffer out = buffer_new(1000);
	const struct stream_stop stop = { "</tool>", 7 };
	(void)state;
	struct vocab *v = bytes_vocab();
	assert_true(stream_start(&s, v, &stop, 1, 0, &e));
	for (const char *p = "a</tool"; *p; p++) assert_true(stream_add(&s, (uint8_t)*p, &out, &e));
	assert_string_equal(buffer_text(&out), "a");
	assert_true(stream_add(&s, '!', &out, &e)); /* it was none */
	assert_string_equal(buffer_text(&out), "a</tool!");
	for (const char *p = "</tool>b"; *p; p++) assert_true(stream_add(&s, (uint8_t)*p, &out, &e));
	assert_string_equal(buffer_text(&out), "a</tool!");
	assert_true(s.stopped);
	stream_free(&s);
	buffer_free(&out);
	vocab_free(v);
}

static void control_tokens_are_shown_only_when_asked_for(void **state)
{
	(void)state;
	struct vocab *v = bytes_vocab();
	for (unsigned options = 0; options <= STREAM_CONTROL; options++) {
		struct stream s;
		struct error e = { "" };
		struct buffer out = buffer_new(1000);
		assert_true(stream_start(&s, v, NULL, 0, options, &e));
		assert_true(stream_add(&s, 256, &out, &e) && stream_add(&s, 257, &out, &e));
		assert_string_equal(buffer_text(&out), options ? "hello<|end|>" : "hello");
		assert_false(stream_add(&s, 258, &out, &e));
		assert_non_null(strstr(e.text, "token 258"));
		stream_free(&s);
		buffer_free(&out);
	}
	vocab_free(v);
}

static void the_space_in_front_goes_where_vocabularies_add_it(void **state)
{
	(void)state;
	struct vocab *v = bytes_vocab();
	for (int adds = 0; adds < 2; adds++) {
		struct stream s;
		struct error e = { "" };
		struct buffer out = buffer_new(1000);
		v->add_space_prefix = adds;
		assert_true(stream_start(&s, v, NULL, 0, STREAM_TRIM, &e));
		assert_true(stream_add_bytes(&s, " a", 2, &out, &e) && stream_add_bytes(&s, " b", 2, &out, &e));
		assert_string_equal(buffer_text(&out), adds ? "a b" : " a b");
		stream_free(&s);
		buffer_free(&out);
	}
	vocab_free(v);
}

static void stop_strings_have_limits(void **state)
{
	struct stream s;
	struct error e = { "" };
	static const struct stream_stop empty = { "", 0 };
	struct stream_stop many[STREAM_MOST_STOPS + 1];
	char text[STREAM_LONGEST_STOP + 1];
	(void)state;
	struct vocab *v = bytes_vocab();
	assert_false(stream_start(&s, v, &empty, 1, 0, &e));
	stream_free(&s);
	for (size_t i = 0; i <= STREAM_MOST_STOPS; i++) many[i] = (struct stream_stop){ "x", 1 };
	assert_false(stream_start(&s, v, many, STREAM_MOST_STOPS + 1, 0, &e));
	stream_free(&s);
	memset(text, 'x', sizeof text);
	many[0] = (struct stream_stop){ text, sizeof text };
	assert_false(stream_start(&s, v, many, 1, 0, &e));
	stream_free(&s);
	vocab_free(v);
}

static void no_memory_is_an_error(void **state)
{
	(void)state;
	struct vocab *v = bytes_vocab();
	for (uint64_t n = 1;; n++) {
		struct stream s;
		struct error e = { "" };
		struct buffer out = buffer_new(1000);
		assert_true(stream_start(&s, v, NULL, 0, 0, &e));
		memory_fail_at(n, false);
		bool ok = stream_add(&s, 256, &out, &e) && stream_end(&s, &out, &e);
		memory_fail_at(0, false);
		stream_free(&s);
		buffer_free(&out);
		if (ok) break;
		assert_true(e.text[0] != 0);
	}
	vocab_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_is_the_same_however_it_is_cut),
		cmocka_unit_test(nothing_of_a_stop_string_is_shown_early),
		cmocka_unit_test(control_tokens_are_shown_only_when_asked_for),
		cmocka_unit_test(the_space_in_front_goes_where_vocabularies_add_it),
		cmocka_unit_test(stop_strings_have_limits),
		cmocka_unit_test(no_memory_is_an_error),
	};
	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
