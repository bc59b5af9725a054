/* fill: what stands between two texts, with vocabularies of models that were trained for it: the ids are the marks of each family
 * in its order around the texts' own ids. Files of the shared test data; without them, or without xz, cases are skipped. */
#include "../testdata.h"
#include "asked.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 1024 };

/* Unpacks to a file that the caller removes. */
static bool unpack(const char *packed, char path[64])
{
	snprintf(path, 64, "/tmp/hearth-fill-XXXXXX");
	int fd = mkstemp(path), status = -1;
	if (fd < 0) return false;
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fd, STDOUT_FILENO);
		execlp("xz", "xz", "-dc", packed, (char *)NULL);
		_exit(127);
	}
	close(fd);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* The ids of a prompt. */
static size_t ids_of(struct hearth *h, struct hearth_request r, const char *text, int32_t *ids)
{
	static struct asked a;
	r.text = text;
	r.text_length = strlen(text);
	r.want = HEARTH_WANT_PROMPT;
	asked_run(h, &r, &a);
	if (a.last.kind != HEARTH_DONE) fail_msg("%s", a.error);
	assert_true(a.n_prompt_ids <= MOST);
	memcpy(ids, a.prompt, a.n_prompt_ids * sizeof *ids);
	return a.n_prompt_ids;
}

static size_t text_ids(struct hearth *h, const char *text, bool control, int32_t *ids)
{
	struct hearth_request r = hearth_request_new(HEARTH_TEXT);
	r.text_options = HEARTH_TEXT_PLAIN | (control ? HEARTH_TEXT_CONTROL : 0);
	return ids_of(h, r, text, ids);
}

static const char prefix[] = "int sum(int a, int b)\n{\n\treturn ", suffix[] = ";\n}\n<|fim_middle|>", begun[] = "a +";
static const char both[] = "{\"prefix\": \"int sum(int a, int b)\\n{\\n\\treturn \", \"suffix\": \";\\n}\\n<|fim_middle|>\", "
                           "\"begun\": \"a +\"}";

/* `order`: each mark, or p, s, b for the texts. */
static void is_in_order(struct hearth *h, const char *const *order)
{
	int32_t wanted[4 * MOST], got[MOST];
	size_t n = 0, n_got = ids_of(h, hearth_request_new(HEARTH_FILL), both, got);
	for (; *order; order++) {
		const char *part = !strcmp(*order, "p")   ? prefix
		                   : !strcmp(*order, "s") ? suffix
		                   : !strcmp(*order, "b") ? begun
		                                          : NULL;
		size_t more = text_ids(h, part ? part : *order, !part, wanted + n);
		if (!part) assert_int_equal(more, 1);
		n += more;
	}
	size_t front = n_got > n ? n_got - n : 0; /* BOS, where the file says so */
	assert_true(front <= 1);
	assert_int_equal(n_got, n + front);
	assert_memory_equal(got + front, wanted, n * sizeof *wanted);
}

static struct hearth *open_words(const char *path)
{
	struct hearth_error error;
	struct hearth *h;
	struct hearth_options o = { .size = sizeof o, .model = path, .words_only = true };
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	return h;
}

static void each_family_has_its_marks_and_order(void **state)
{
	(void)state;
	static const struct {
		const char *name, *const order[8];
	} families[] = {
		{ "qwen2", { "<|fim_prefix|>", "p", "<|fim_suffix|>", "s", "<|fim_middle|>", "b", NULL } },
		{ "starcoder", { "<fim_prefix>", "p", "<fim_suffix>", "s", "<fim_middle>", "b", NULL } },
		{ "deepseek-coder",
		  { "<\xEF\xBD\x9C"
		    "fim\xE2\x96\x81"
		    "begin\xEF\xBD\x9C>",
		    "p",
		    "<\xEF\xBD\x9C"
		    "fim\xE2\x96\x81hole\xEF\xBD\x9C>",
		    "s",
		    "<\xEF\xBD\x9C"
		    "fim\xE2\x96\x81"
		    "end\xEF\xBD\x9C>",
		    "b", NULL } },
	};
	size_t tried = 0;
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		char name[64], path[64] = "";
		snprintf(name, sizeof name, "tokenizers/%s.gguf", families[i].name);
		const char *file = testdata(name);
		if (!file) {
			snprintf(name, sizeof name, "tokenizers/%s.gguf.xz", families[i].name);
			const char *packed = testdata(name);
			if (packed && unpack(packed, path)) file = path;
		}
		if (file) {
			struct hearth *h = open_words(file);
			struct hearth_info info = { .size = sizeof info };
			hearth_info(h, &info);
			assert_true(info.fills);
			is_in_order(h, families[i].order);
			hearth_close(h);
			tried++;
		}
		if (*path) unlink(path);
	}
	if (tried == 0) skip();
}

static void a_model_without_marks_says_so(void **state)
{
	(void)state;
	static struct asked a;
	const char *file = testdata("tokenizers/gpt-2.gguf");
	if (!file) skip();
	struct hearth *h = open_words(file);
	struct hearth_info info = { .size = sizeof info };
	hearth_info(h, &info);
	assert_false(info.fills);
	struct hearth_request r = hearth_request_new(HEARTH_FILL);
	r.text = both;
	r.text_length = sizeof both - 1;
	r.want = HEARTH_WANT_PROMPT;
	asked_run(h, &r, &a);
	assert_int_equal(a.last.kind, HEARTH_FAILED);
	assert_int_equal(a.last.failure, HEARTH_FAIL_REQUEST);
	assert_string_equal(a.error, "this model has no tokens to fill in the middle with; open one that was trained for it");
	hearth_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_family_has_its_marks_and_order),
		cmocka_unit_test(a_model_without_marks_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
