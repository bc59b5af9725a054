/*
 * programs: what a person sees who gives a hostile model file to one of the programs.
 *
 * Each file goes through each program that opens models: status 1, nothing on standard output, one line on standard error that
 * names the file and the reason, within a minute. The release build, where there is one, must also stay within the size of the
 * file and 64 MiB of memory.
 */
#include "made_model.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { MOST_OUTPUT = 1 << 16, MOST_WORDS = 12 };

/* A program with its arguments; @ stands for the model file. */
static const struct {
	const char *name;
	const char *words[MOST_WORDS];
	bool tokens; /* looks at the vocabulary before the weights */
} programs[] = {
	{ "plan", { "hearth-lab", "plan", "@" }, false },
	{ "logits", { "hearth-lab", "logits", "@", "IDS", "OUT" }, false },
	{ "generate", { "hearth-lab", "generate", "@", "--ids", "1 2", "-n", "1" }, false },
	{ "perplexity", { "hearth-lab", "perplexity", "@", "IDS" }, false },
	{ "tokenize", { "hearth-lab", "tokenize", "@", "LINES" }, true },
	{ "detokenize", { "hearth-lab", "detokenize", "@", "NUMBERS" }, true },
	{ "prompt", { "hearth-lab", "prompt", "@", "CASE" }, true },
	{ "run", { "hearth", "run", "-m", "@", "--raw", "-n", "1", "hello" }, false },
	{ "inspect", { "hearth", "models", "inspect", "@" }, true },
};

struct result {
	int status; /* of the program; -N: ended by signal N */
	char out[MOST_OUTPUT], err[MOST_OUTPUT];
	size_t memory; /* most bytes that were resident at once */
};

static char build[512]; /* the folder of the programs that belong to this test */

static void read_back(const char *name, char text[MOST_OUTPUT])
{
	FILE *f = fopen(made_path(name), "rb");
	size_t n = f ? fread(text, 1, MOST_OUTPUT - 1, f) : 0;
	text[n] = 0;
	if (f) fclose(f);
}

static const char *word_for(const char *word, const char *file)
{
	if (strcmp(word, "@") == 0) return file;
	if (strcmp(word, "IDS") == 0) return made_path("ids.txt");
	if (strcmp(word, "OUT") == 0) return made_path("out.bin");
	if (strcmp(word, "LINES") == 0) return made_path("lines.json");
	if (strcmp(word, "CASE") == 0) return made_path("case.json");
	if (strcmp(word, "NUMBERS") == 0) return made_path("numbers.json");
	return word;
}

static void be_program(const char *folder, size_t program, const char *file)
{
	char path[600], kept[MOST_WORDS][600], *words[MOST_WORDS + 1] = { 0 };
	snprintf(path, sizeof path, "%s/%s", folder, programs[program].words[0]);
	for (size_t i = 0; i < MOST_WORDS && programs[program].words[i]; i++) {
		snprintf(kept[i], sizeof kept[i], "%s", word_for(programs[program].words[i], file));
		words[i] = kept[i];
	}
	setenv("HEARTH_HOME", made_path("home"), 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	int in = open("/dev/null", O_RDONLY), out = open(made_path("out.txt"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int err = open(made_path("err.txt"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(126);
	alarm(HANG);
	execv(path, words);
	_exit(127);
}

static struct result run_program(const char *folder, size_t program, const char *file)
{
	static struct result r;
	struct rusage used;
	int status;
	pid_t child = fork();
	if (child == 0) be_program(folder, program, file);
	while (wait4(child, &status, 0, &used) < 0 && errno == EINTR) {}
	r.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	r.memory = (size_t)used.ru_maxrss * 1024;
	read_back("out.txt", r.out);
	read_back("err.txt", r.err);
	return r;
}

/* The verdict of every program on `file`; `expected` NULL: any reason. */
static void judged(const char *name, const char *path, size_t size, const char *expected, bool also_tokens)
{
	char file[512];
	snprintf(file, sizeof file, "%s", path);
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		if (programs[i].tokens && !also_tokens) continue;
		struct result r = run_program(build, i, file);
		const char *end = strchr(r.err, '\n');
		if (r.status != 1) fail_msg("%s, %s: status %d\n%s", name, programs[i].name, r.status, r.err);
		if (r.out[0]) fail_msg("%s, %s: standard output has '%.80s'", name, programs[i].name, r.out);
		if (!end || end[1]) fail_msg("%s, %s: not one line: '%s'", name, programs[i].name, r.err);
		if (!strstr(r.err, file)) fail_msg("%s, %s: '%s' does not name the file", name, programs[i].name, r.err);
		if (expected && !strstr(r.err, expected))
			fail_msg("%s, %s: '%s' lacks '%s'", name, programs[i].name, r.err, expected);
		if (access(made_path("out.bin"), F_OK) == 0 || access(made_path("out.bin.tmp"), F_OK) == 0)
			fail_msg("%s, %s: an output file was left", name, programs[i].name);
		if (access("build/hearth-lab", X_OK) != 0 || access("build/hearth", X_OK) != 0) continue;
		r = run_program("build", i, file);
		if (r.status != 1 || r.memory > size + ALLOWED)
			fail_msg("%s, %s: status %d with %zu bytes for a file of %zu", name, programs[i].name, r.status, r.memory,
			         size);
	}
}

static void judge_bytes(const char *name, const void *bytes, size_t size, const char *expected, bool also_tokens)
{
	made_write("bad.gguf", bytes, size);
	judged(name, made_path("bad.gguf"), size, expected, also_tokens);
	unlink(made_path("bad.gguf"));
}

static void special_files(void **state)
{
	(void)state;
	mkdir(made_path("folder.gguf"), 0700);
	assert_int_equal(mkfifo(made_path("fifo.gguf"), 0600), 0);
	assert_int_equal(symlink("loop.gguf", made_path("loop.gguf")), 0);
	judged("directory", made_path("folder.gguf"), 0, "directory", true);
	judged("FIFO", made_path("fifo.gguf"), 0, "not a regular file", true);
	judged("loop of links", made_path("loop.gguf"), 0, NULL, true);
	judged("device", "/dev/zero", 0, "not a regular file", true);
	judged("nothing", "/nowhere/model.gguf", 0, NULL, true);
	rmdir(made_path("folder.gguf"));
	unlink(made_path("fifo.gguf"));
	unlink(made_path("loop.gguf"));
}

static void files_that_are_no_gguf(void **state)
{
	(void)state;
	static const char large_count[] = "GGUF\3\0\0\0\0\0\0\0\0\0\0\200\0\0\0\0\0\0\0\200";
	judge_bytes("empty", "", 0, "the file is empty", true);
	judge_bytes("text", "hello, I am a model", 19, "not a GGUF file", true);
	judge_bytes("version 1", "GGUF\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, "version 1", true);
	judge_bytes("big-endian", "GGUF\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, "big-endian", true);
	judge_bytes("counts of 2^63", large_count, 24, "claims more", true);
	judge_bytes("nothing inside", "GGUF\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, NULL, true);
}

static void a_sparse_tebibyte(void **state)
{
	(void)state;
	struct buffer b = made_model(&(struct made_change){ .key = ".block_count", .value = { .type = GGUF_U32, .number = 1000 } });
	made_write("bad.gguf", b.data, b.size);
	bool possible = truncate(made_path("bad.gguf"), (off_t)1 << 40) == 0;
	if (possible) judged("sparse", made_path("bad.gguf"), b.size, NULL, false);
	unlink(made_path("bad.gguf"));
	buffer_free(&b);
	if (!possible) skip();
}

static void a_file_cut_short(void **state)
{
	(void)state;
	struct buffer b = made_model(&(struct made_change){ .experts = false });
	judge_bytes("cut in the middle", b.data, b.size / 2, "lie behind the end of the file", true);
	judge_bytes("cut in the vocabulary", b.data, 700, NULL, true);
	buffer_free(&b);
}

static void forged_hyperparameters(void **state)
{
	(void)state;
	static const struct {
		struct made_change change;
		const char *expected;
	} cases[] = {
		{ { .key = ".block_count", .value = { .type = GGUF_U32, .number = 1e9 } }, "block_count" },
		{ { .key = ".attention.head_count_kv", .value = { .type = GGUF_U32, .number = 3 } }, "head_count_kv" },
		{ { .key = ".rope.freq_base", .value = { .type = GGUF_F32, .number = (double)NAN } }, "rope.freq_base" },
		{ { .key = "general.architecture", .value = { .type = GGUF_TEXT, .text = "\xf0\x9f\x94\xa5" } }, "not supported" },
		{ { .tensor = "output_norm.weight" }, "output_norm.weight" },
		{ { .tensor = "output.weight", .type = TYPE_F32, .n_dims = 2, .dims = { 32, 9 } }, "output.weight" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer b = made_model(&cases[i].change);
		judge_bytes(cases[i].expected, b.data, b.size, cases[i].expected, false);
		buffer_free(&b);
	}
}

static int begin(void **state)
{
	if (made_begin(state) != 0) return -1;
	made_write("ids.txt", "1 2", 3);
	made_write("lines.json", "[\"a\"]", 5);
	made_write("numbers.json", "[[1]]", 5);
	made_write("case.json", "{\"messages\": []}", 16);
	return 0;
}

static int end(void **state)
{
	static const char *const names[] = { "ids.txt", "lines.json", "numbers.json", "case.json", "out.txt", "err.txt" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(made_path(names[i]));
	rmdir(made_path("home"));
	return made_end(state);
}

int main(int argc, char **argv)
{
	(void)argc;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_files),     cmocka_unit_test(files_that_are_no_gguf), cmocka_unit_test(a_file_cut_short),
		cmocka_unit_test(a_sparse_tebibyte), cmocka_unit_test(forged_hyperparameters),
	};
	/* this program is BUILD/tests/bad/programs */
	const char *place = strstr(argv[0], "/tests/bad/");
	snprintf(build, sizeof build, "%.*s", (int)(place ? place - argv[0] : 0), argv[0]);
	return cmocka_run_group_tests(tests, begin, end);
}
