/* options: every flag of the table is read, shown in help, in the manual page and in the completions. */
#include "app/hearth/options.h"
#include "hearth.h"

#include "base/file.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct options o;
static char *words[32];
static struct error e;

/* Reads a command line, its words separated by single spaces. */
static bool reads(const char *line)
{
	static char copy[512];
	static char *arguments[32];
	int n = 0;
	snprintf(copy, sizeof copy, "%s", line);
	for (char *p = copy; *p;) {
		arguments[n++] = p;
		p += strcspn(p, " ");
		if (*p) *p++ = 0;
	}
	e.text[0] = 0;
	return options_read(&o, n, arguments, words, &e);
}

static void every_flag_arrives_in_its_place(void **state)
{
	(void)state;
	assert_true(reads("run -m x.gguf -n 7 --temp 0.5 --seed 9 --system Be --file a.txt --file b.txt --context 512 --threads 3 "
	                  "--json --raw --draft d.gguf --no-guess hello you"));
	assert_string_equal(o.command->name, "run");
	assert_string_equal(o.model, "x.gguf");
	assert_string_equal(o.system, "Be");
	assert_true(o.has_max_tokens && o.max_tokens == 7);
	assert_true(o.has_temperature && o.temperature > 0.49 && o.temperature < 0.51);
	assert_true(o.seed == 9 && o.context == 512 && o.threads == 3 && o.json && o.raw && o.no_guess);
	assert_string_equal(o.draft, "d.gguf");
	assert_int_equal(o.files.n, 2);
	assert_string_equal(o.files.texts[1], "b.txt");
	assert_int_equal(o.n_words, 2);
	assert_string_equal(o.words[1], "you");
	assert_true(reads("models inspect f --plan --json") && o.plan && o.json);
	assert_true(reads("--version") && o.version);
	assert_true(reads("vault create --vault work --key-file k --unencrypted") && o.unencrypted);
	assert_string_equal(o.vault, "work");
	assert_string_equal(o.key_file, "k");
	assert_string_equal(options_word(&o, &e)->name, "create");
	assert_true(reads("chats search bees honey --json") && o.json && o.n_words == 3);
	assert_string_equal(options_word(&o, &e)->name, "search");
	assert_true(reads("vault slots add key-file k") && options_word(&o, &e));
	assert_true(reads(
	        "serve -m x.gguf --port 0 --host ::1 --name a.b --name c --origin https://d --token t --tls-cert c --tls-key k "
	        "--metrics --context 5"));
	assert_true(o.has_port && o.port == 0 && o.metrics && o.names.n == 2 && o.origins.n == 1);
	assert_string_equal(o.host, "::1");
	assert_string_equal(o.names.texts[1], "c");
	assert_true(reads("serve --socket s") && o.socket && !o.has_port);
	assert_true(reads("--resume --private --open 3") && o.resume && o.secret && o.open == 3);
	assert_true(reads("doctor --help") && o.help);
	assert_true(reads("--model=y --temp=0 --tokens 3") && o.has_temperature && o.max_tokens == 3);
	assert_string_equal(o.model, "y");
	assert_true(reads("run -- --json") && !o.json && o.n_words == 1);
	assert_true(reads("--threads auto-low") && o.threads == HEARTH_THREADS_LOW);
	assert_true(reads("") && !o.named);
	assert_string_equal(o.command->name, "chat");
}

static void expect_error(const char *line, const char *part)
{
	assert_false(reads(line));
	if (!strstr(e.text, part)) fail_msg("'%s' does not say '%s'", e.text, part);
}

static void wrong_use_is_one_line_that_helps(void **state)
{
	(void)state;
	expect_error("run --jsno x", "did you mean --json");
	expect_error("run --temperature 1 x", "did you mean --temp");
	expect_error("run --plan x", "no option of 'run'");
	expect_error("doctor --json", "no option of 'doctor'");
	expect_error("run --quux x", "unknown option '--quux'");
	expect_error("rnu x", "did you mean 'run'");
	expect_error("xyzzy", "hearth run");
	expect_error("run -n", "needs a value");
	expect_error("run -n x", "whole number");
	expect_error("run -n -1 x", "whole number");
	expect_error("run -n 1.5 x", "whole number");
	expect_error("run --threads 4000 x", "0 to 1024 or auto-low");
	expect_error("run --threads auto x", "0 to 1024 or auto-low");
	expect_error("run --context auto-low x", "0 to 16777216, not");
	expect_error("run --seed 99999999999999999999 x", "whole number");
	expect_error("run --temp nan x", "from 0 to 10");
	expect_error("run --temp 0x x", "from 0 to 10");
	expect_error("run --json=1 x", "takes no value");
	assert_true(reads("vault creat") && !options_word(&o, &e));
	assert_non_null(strstr(e.text, "did you mean 'create'"));
	assert_true(reads("vault create it") && !options_word(&o, &e));
	assert_non_null(strstr(e.text, "is used as: hearth vault create"));
}

static void read_page(struct buffer *b, const char *path)
{
	size_t size;
	char *text = file_read(path, 1 << 20, &size, &e);
	if (!text) fail_msg("%s", e.text);
	buffer_append(b, text, size);
	memory_free(text);
}

/* The manual writes a dash as \-. */
static void as_in_manual(char *out, size_t room, const char *name)
{
	size_t n = 0;
	for (; *name && n + 2 < room; name++) {
		if (*name == '-') out[n++] = '\\';
		out[n++] = *name;
	}
	out[n] = 0;
}

static void every_flag_is_in_help_manual_and_completions(void **state)
{
	(void)state;
	struct buffer manual = buffer_new(1 << 20), bash = buffer_new(1 << 20), zsh = buffer_new(1 << 20);
	read_page(&manual, "docs/hearth.1");
	read_page(&bash, "share/completions/hearth.bash");
	read_page(&zsh, "share/completions/_hearth");
	for (const struct option_row *r = option_rows; r->name; r++) {
		char name[64];
		as_in_manual(name, sizeof name, r->name);
		if (!strstr(buffer_text(&manual), name)) fail_msg("%s is not in docs/hearth.1", r->name);
		if (!strstr(buffer_text(&bash), r->name)) fail_msg("%s is not in hearth.bash", r->name);
		if (!strstr(buffer_text(&zsh), r->name)) fail_msg("%s is not in _hearth", r->name);
		for (const struct command_row *c = command_rows; c->name; c++) {
			struct buffer help = buffer_new(1 << 16);
			char row[80];
			assert_true(options_help(&help, c));
			snprintf(row, sizeof row, "\n  %s", r->name);
			bool shown = strstr(buffer_text(&help), row) != NULL;
			assert_int_equal(shown, (r->commands & c->bit) != 0);
			buffer_free(&help);
		}
	}
	for (const struct command_row *c = command_rows; c->name; c++) {
		assert_non_null(strstr(buffer_text(&manual), c->name));
		assert_non_null(strstr(buffer_text(&bash), c->name));
		assert_non_null(strstr(buffer_text(&zsh), c->name));
		for (const struct word_row *w = c->words; w && w->name; w++) {
			if (!strstr(buffer_text(&manual), w->name)) fail_msg("%s %s is not in docs/hearth.1", c->name, w->name);
			if (!strstr(buffer_text(&bash), w->name)) fail_msg("%s %s is not in hearth.bash", c->name, w->name);
			if (!strstr(buffer_text(&zsh), w->name)) fail_msg("%s %s is not in _hearth", c->name, w->name);
		}
	}
	buffer_free(&manual);
	buffer_free(&bash);
	buffer_free(&zsh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_flag_arrives_in_its_place),
		cmocka_unit_test(wrong_use_is_one_line_that_helps),
		cmocka_unit_test(every_flag_is_in_help_manual_and_completions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
