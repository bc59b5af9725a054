/* pretokenizer: where each published expression cuts, and that every cut covers its text in linear time. */
#include "text/pretokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* The words of a text with "|" between them. */
static const char *cut(const char *name, const char *text, size_t length)
{
	static char out[4096];
	const struct pretokenizer *p = pretokenizer_find(name, strlen(name));
	if (!p) fail_msg("there is no '%s'", name);
	struct pretokenizer_run run;
	size_t begin, end, n = 0;
	pretokenizer_start(&run, p, text, length);
	while (pretokenizer_next(&run, &begin, &end)) {
		if (n) out[n++] = '|';
		memcpy(out + n, text + begin, end - begin);
		n += end - begin;
	}
	out[n] = 0;
	return out;
}

struct cut_case {
	const char *name, *text, *words;
};

static void check_cuts(const struct cut_case *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *words = cut(c[i].name, c[i].text, strlen(c[i].text));
		if (strcmp(words, c[i].words) != 0)
			fail_msg("%s: '%s' is cut into '%s', not '%s'", c[i].name, c[i].text, words, c[i].words);
	}
}

#define CUTS(...)                                                                                                                  \
	static const struct cut_case cases[] = { __VA_ARGS__ };                                                                    \
	(void)state;                                                                                                               \
	check_cuts(cases, sizeof cases / sizeof *cases)

static void contractions_follow_their_case(void **state)
{
	CUTS({ "gpt-2", "it's IT'S we'll", "it|'s| IT|'|S| we|'ll" }, { "llama-bpe", "it's IT'S WE'LL", "it|'s| IT|'S| WE|'LL" },
	     { "gpt-4o", "it's IT'S we'll've", "it's| IT'S| we'll|'ve" }, { "ufakzeka", "Ali'ye it's", "Ali|'ye| it|'s" },
	     { "tekken", "it's", "it|'s" }, { "kimi-k2", "it's IT'RE", "it's| IT'RE" }, { "qwen2", "'tis 'x", "'t|is| '|x" });
}

static void letters_take_one_character_with_them(void **state)
{
	CUTS({ "gpt-2", "a -b", "a| -|b" }, { "llama-bpe", "a -b\t c", "a| -|b|\t| c" },
	     { "deepseek-v3", "a -b \x01x", "a| -|b| |\x01x" }, { "qwen35", "e\xCC\x81 \xCC\x81x", "e\xCC\x81| \xCC\x81x" },
	     { "qwen2", "e\xCC\x81x", "e|\xCC\x81x" }, { "exaone-moe", "-a b  c", "-a b| | c" });
}

static void case_begins_words(void **state)
{
	CUTS({ "gpt-4o", "HelloWorld HTTPServer XYZ", "Hello|World| HTTPServer| XYZ" }, { "tekken", "iPhone", "i|Phone" },
	     { "gpt-4o",
	       "\xE4\xB8\xAD"
	       "AB",
	       "\xE4\xB8\xAD|AB" },
	     { "gpt-4o",
	       "\xCC\x81"
	       "AB",
	       "\xCC\x81|AB" },
	     { "gpt-4o", "N\xC3\x83O n\xC3\xA3o", "N\xC3\x83O| n\xC3\xA3o" }, { "gpt-4o", "-AB-ab", "-AB|-ab" },
	     { "tiny_aya", "HelloWorld", "Hello|World" }, { "youtu", "HelloWorld", "HelloWorld" });
}

static void numbers_are_grouped(void **state)
{
	CUTS({ "gpt-2", "a 12345", "a| 12345" }, { "llama-bpe", "a 12345", "a| |123|45" }, { "qwen2", "123", "1|2|3" },
	     { "smollm", " 12", " |1|2" }, { "falcon", "12345", "123|45" }, { "default", " 1234", " |123|4" },
	     { "superbpe", "1234567", "1|234|567" }, { "superbpe", "a123456b", "a|123|456|b" }, { "superbpe", "x", "x" },
	     { "tiny_aya", "1234567 1234", "1|234|567| |1|234" }, { "tiny_aya", "1234a", "123|4|a" },
	     { "afmoe", "a 1234567", "a| |1|234|567" }, { "deepseek-coder", "x12", "x|1|2" },
	     { "deepseek-llm", "x 1234", "x| |1234" }, { "seed-coder", "12", "1|2" }, { "minicpm5", "12345", "123|45" });
}

static void signs_take_line_ends_with_them(void **state)
{
	CUTS({ "gpt-2", "a;\n\nb", "a|;|\n|\n|b" }, { "llama-bpe", "a;\n\nb", "a|;\n\n|b" }, { "gpt-4o", "a;/\nb", "a|;/\n|b" },
	     { "seed-coder", "a;\nb", "a|;|\n|b" }, { "exaone-moe", "a;\n\nb", "a|;\n|\n|b" },
	     { "spark2_5", "a;\n\nb", "a|;|\n|\n|b" }, { "deepseek-v3", "#include <x>\n", "#include| <|x|>\n" },
	     { "laguna", "a;\n\nb", "a|;|\n\n|b" });
}

static void spaces_leave_one_for_the_next_word(void **state)
{
	CUTS({ "gpt-2", "a   b  ", "a|  | b|  " }, { "llama-bpe", "a   b \n \n  c", "a|  | b| \n \n| | c" },
	     { "jais-2", "a      b", "a|    | | b" }, { "jais-2", "a     b", "a|    | b" }, { "jais-2", "a     ", "a|    | " },
	     { "chameleon", "a     b\t", "a|    | b|\t" }, { "deepseek-llm", "a   ", "a|   " },
	     { "bloom", "a,  b (c)", "a|, | b| (|c|)" }, { "viking", "a12", "a|1|2" }, { "superbpe", "a  b c", "a  b c" });
}

static void scripts_are_cut_apart(void **state)
{
	CUTS({ "deepseek-v3",
	       "ab\xE4\xB8\xAD\xE6\x96\x87"
	       "c",
	       "ab|\xE4\xB8\xAD\xE6\x96\x87|c" },
	     { "kimi-k2",
	       "ab\xE4\xB8\xAD"
	       "c",
	       "ab|\xE4\xB8\xAD|c" },
	     { "qwen2",
	       "ab\xE4\xB8\xAD"
	       "c",
	       "ab\xE4\xB8\xAD"
	       "c" },
	     { "youtu",
	       "\xEA\xB0\x80"
	       "a\xE3\x80\x81\xE4\xB8\xAD",
	       "\xEA\xB0\x80|a|\xE3\x80\x81|\xE4\xB8\xAD" },
	     { "afmoe",
	       "a\xE3\x81\x82"
	       "b",
	       "a|\xE3\x81\x82|b" },
	     { "deepseek-coder", "a\xE4\xB8\xAD", "a|\xE4\xB8\xAD" });
}

static void chameleon_knows_its_marks(void **state)
{
	CUTS({ "chameleon", "<sentinel:12>x", "<|sentinel|:|1|2|>|x" }, { "chameleon", "IMGIMGABCDZa", "IMGIMGABCDZ|a" },
	     { "chameleon", "IMGIMGABCDEZ", "IMGIMGABCDEZ" }, { "chameleon", "<sentinel:>", "<|sentinel|:|>" });
}

static void every_name_of_the_list_is_known(void **state)
{
	static const char *const names[] = { "default",     "llama3",        "dbrx",       "smaug-bpe",        "glm4",
		                             "chatglm-bpe", "hunyuan-dense", "hy_v4",      "joyai-llm",        "mpt",
		                             "roberta-bpe", "olmo",          "exaone4",    "trillion",         "granite-docling",
		                             "mellum2",     "command-r",     "minerva-7b", "deepseek-r1-qwen", "stablelm2",
		                             "bailingmoe2", "grok-2",        "solar-open", "poro-chat",        "gpt3-finnish",
		                             "llama4",      "minimax-m2",    "cohere2moe" };
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) assert_non_null(pretokenizer_find(names[i], strlen(names[i])));
	assert_null(pretokenizer_find("gpt-3", 5));
	assert_null(pretokenizer_find("gpt-", 4));
	assert_null(pretokenizer_find("", 0));
	size_t n = 0;
	while (pretokenizer_at(n)) n++;
	assert_int_equal(n, 88);
}

/* The next entry of the table with steps of its own, from *i on; NULL: no more. */
static const struct pretokenizer *next_kind(size_t *i)
{
	const struct pretokenizer *p = pretokenizer_at(*i), *before = *i > 0 ? pretokenizer_at(*i - 1) : NULL;
	while (p && before && p->steps == before->steps) p = pretokenizer_at(++*i);
	++*i;
	return p;
}

/* Runs a cut; every word must begin where the last one ended. Returns the seconds of the processor. */
static double cover(const struct pretokenizer *p, const char *text, size_t length)
{
	struct pretokenizer_run run;
	size_t begin, end, at = 0;
	clock_t start = clock();
	pretokenizer_start(&run, p, text, length);
	while (pretokenizer_next(&run, &begin, &end)) {
		if (begin != at || end <= begin) fail_msg("%s: a word from %zu to %zu behind %zu", p->name, begin, end, at);
		at = end;
	}
	if (at != length) fail_msg("%s: ends at %zu of %zu", p->name, at, length);
	return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static void random_bytes_are_covered(void **state)
{
	static const char *const parts[] = { "a",
		                             "Z",
		                             "7",
		                             "1234",
		                             " ",
		                             "  ",
		                             "\n",
		                             "\r\n",
		                             "\t",
		                             "'s",
		                             "'",
		                             "\xC3\xA9",
		                             "\xCC\x81",
		                             "\xE4\xB8\xAD",
		                             "\xE3\x81\x82",
		                             "\xEA\xB0\x80",
		                             "\xF0\x9F\x98\x80",
		                             "\xFF",
		                             "\xC3",
		                             "-",
		                             "/",
		                             "<sentinel:1>",
		                             "IMGIMGAZ",
		                             "\xE3\x80\x80",
		                             "\xC2\x85",
		                             "\xD9\xA1",
		                             "!x",
		                             "\0" };
	uint32_t seed = 1;
	(void)state;
	for (int round = 0; round < 3000; round++) {
		char text[512];
		size_t n = 0;
		for (int k = 0; k < 30; k++) {
			seed = seed * 1664525 + 1013904223;
			const char *part = parts[(seed >> 8) % (sizeof parts / sizeof *parts)];
			size_t size = strlen(part) ? strlen(part) : 1;
			memcpy(text + n, part, size);
			n += size;
		}
		const struct pretokenizer *p;
		for (size_t i = 0; (p = next_kind(&i));) cover(p, text, n);
	}
}

static void long_runs_take_linear_time(void **state)
{
	static const char *const parts[] = { "a",
		                             "A",
		                             " ",
		                             "1",
		                             "\n",
		                             " \n",
		                             "'",
		                             "\xCC\x81",
		                             "\xE4\xB8\xAD",
		                             ("\xE4\xB8\xAD"
		                              "A"),
		                             "\xFF",
		                             " 1",
		                             "1a",
		                             "\xE3\x80\x80",
		                             "\xC2\xA0\xE4\xB8\xAD",
		                             "IMGIMGA",
		                             "<sentinel:1" };
	enum { SIZE = 1 << 18 };
	const struct pretokenizer *p;
	char *text = malloc(SIZE + 1);
	(void)state;
	assert_non_null(text);
	for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
		size_t size = strlen(parts[k]);
		for (size_t i = 0; i < SIZE; i++) text[i] = parts[k][i % size];
		for (size_t i = 0; (p = next_kind(&i));) {
			double seconds = cover(p, text, SIZE);
			if (seconds > 2) fail_msg("%s: %.1f s for a quarter of a MiB of '%s'", p->name, seconds, parts[k]);
		}
	}
	/* A run of spaces before a character that later steps look at: `\s+$` must not look again and again. */
	memset(text, ' ', SIZE);
	memcpy(text + SIZE - 3, "\xE4\xB8\xAD", 3);
	for (size_t i = 0; (p = next_kind(&i));) assert_true(cover(p, text, SIZE) < 2);
	memset(text, '1', SIZE);
	text[SIZE - 1] = 'a';
	for (size_t i = 0; (p = next_kind(&i));) assert_true(cover(p, text, SIZE) < 2);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contractions_follow_their_case),
		cmocka_unit_test(letters_take_one_character_with_them),
		cmocka_unit_test(case_begins_words),
		cmocka_unit_test(numbers_are_grouped),
		cmocka_unit_test(signs_take_line_ends_with_them),
		cmocka_unit_test(spaces_leave_one_for_the_next_word),
		cmocka_unit_test(scripts_are_cut_apart),
		cmocka_unit_test(chameleon_knows_its_marks),
		cmocka_unit_test(every_name_of_the_list_is_known),
		cmocka_unit_test(random_bytes_are_covered),
		cmocka_unit_test(long_runs_take_linear_time),
	};
	return cmocka_run_group_tests_name("pretokenizer", tests, NULL, NULL);
}
