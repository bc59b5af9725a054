/*
 * huggingface: a folder as transformers writes it gives the logits of the GGUF file that it was made from. The folders are made by
 * tests/hf_folder.h, from the golden files.
 */
#include "../hf_folder.h"
#include "../testdata.h"
#include "base/file.h"
#include "opened.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void run(const char *path, float *logits, uint32_t *n_vocab)
{
	struct opened o = open_model(path, 2, (struct model_options){ .context = 64, .exact = true });
	int32_t ids[40];
	for (int i = 0; i < 40; i++) ids[i] = 3 + i * 7 % 300;
	struct sequence *s = new_sequence(&o);
	run_ids(&o, s, ids, 40, 40, ROW_PROMPT, logits);
	*n_vocab = o.n_vocab;
	sequence_free(s);
	close_model(&o);
}

static void folders_give_the_logits_of_their_files(void **state)
{
	(void)state;
	static float a[40 * 400], b[40 * 400];
	char made[] = "/tmp/hearth-hf-XXXX";
	close(mkstemp(made));
	for (size_t i = 0; i < HF_CASES; i++) {
		if (!write_case(i, made)) skip();
		uint32_t n_a, n_b;
		run(made, a, &n_a);
		run(folder, b, &n_b);
		assert_int_equal(n_a, n_b);
		double error = 0, size = 0;
		for (size_t k = 0; k < 40 * (size_t)n_a; k++) {
			error += (double)(a[k] - b[k]) * (double)(a[k] - b[k]);
			size += (double)(a[k] * a[k]);
		}
		if (!(error <= 1e-10 * size)) fail_msg("%s: error %g", hf_cases[i].golden, error / size);
	}
	unlink(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(folders_give_the_logits_of_their_files) };
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
