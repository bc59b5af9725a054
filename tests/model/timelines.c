/*
 * timelines: every family of the golden models goes back to an earlier position and forward again, is cut in any way and is
 * forked, and gives the same bits. Long enough to cross pages, windows and the widest compressed blocks.
 */
#include "../testdata.h"
#include "nn/kernels.h"
#include "opened.h"

#include <stdio.h>

enum { MOST = 140, BACK = 70, MAX_NAME = 100 };

/* Runs ids[from ... n) in pieces of 1, 8, 15 ... positions. */
static void run_cut(const struct opened *o, struct sequence *s, const int32_t *ids, uint32_t from, uint32_t n, float *logits)
{
	for (uint32_t piece = 1; from < n; piece += 7) {
		uint32_t now = n - from < piece ? n - from : piece;
		run_ids(o, s, ids + from, now, now, ROW_PROMPT, logits + (size_t)from * o->n_vocab);
		from += now;
	}
}

static void expect_same(const struct opened *o, const char *name, const char *what, const float *a, const float *b, uint32_t from,
                        uint32_t n)
{
	for (uint32_t i = from; i < n; i++) {
		const float *x = a + (size_t)i * o->n_vocab, *y = b + (size_t)i * o->n_vocab;
		if (memcmp(x, y, o->n_vocab * sizeof *x) != 0) fail_msg("%s: %s: position %u differs", name, what, i);
	}
}

static void check(const char *name)
{
	char path[MAX_NAME + 32];
	struct error e = { "" };
	snprintf(path, sizeof path, "golden/arch/%s.gguf", name);
	struct opened o = open_model(testdata(path), 2, (struct model_options){ .context = 512 });
	uint32_t n = model_context(o.model) < MOST ? model_context(o.model) : MOST;
	int32_t ids[MOST], other[MOST];
	for (uint32_t i = 0; i < n; i++) {
		ids[i] = (int32_t)((i * 37 + 5) % o.n_vocab);
		other[i] = (int32_t)((i * 11 + 3) % o.n_vocab);
	}
	float *straight = memory_new((size_t)n * o.n_vocab, sizeof *straight),
	      *back = memory_new((size_t)n * o.n_vocab, sizeof *back);
	struct sequence *a = new_sequence(&o), *b = new_sequence(&o);
	run_ids(&o, a, ids, n, n, ROW_PROMPT, straight);
	sequence_mark(b, BACK);
	run_cut(&o, b, ids, 0, BACK, back);
	run_ids(&o, b, other, n - BACK, n - BACK, ROW_PROMPT, NULL);
	struct sequence *fork = sequence_fork(b, BACK, &e);
	assert_non_null(fork);
	assert_int_equal(sequence_truncate(b, BACK), BACK);
	run_cut(&o, b, ids, BACK, n, back);
	expect_same(&o, name, "back and forward", straight, back, 0, n);
	memset(back, 0, (size_t)n * o.n_vocab * sizeof *back);
	run_cut(&o, fork, ids, sequence_length(fork), n, back);
	expect_same(&o, name, "forked", straight, back, BACK, n);
	sequence_free(a);
	sequence_free(b);
	sequence_free(fork);
	assert_int_equal(sequence_bytes(o.model), 0);
	memory_free(straight);
	memory_free(back);
	close_model(&o);
}

static void going_back_and_forward_changes_no_bit(void **state)
{
	(void)state;
	const char *index = testdata("golden/arch/index.tsv");
	if (!index) skip();
	FILE *f = fopen(index, "r");
	assert_non_null(f);
	char line[4096], name[MAX_NAME], arch[MAX_NAME];
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%99[^\t]\t%99[^\t]", name, arch) == 2 && family_find(arch, strlen(arch))) check(name);
	}
	fclose(f);
}

int main(void)
{
	struct error e;
	if (!kernels_choose(getenv("HEARTH_CPU"), &e)) return 1;
	const struct CMUnitTest tests[] = { cmocka_unit_test(going_back_and_forward_changes_no_bit) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
