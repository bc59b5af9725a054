/* observe: an observer sees every product's input once, and experts' inputs for the rows that chose them. */
#include "../testdata.h"
#include "opened.h"

#include <math.h>

enum { TOKENS = 40 };

struct seen {
	const struct gguf_tensor *query, *up, *down;
	uint64_t query_rows, up_rows, down_rows, up_experts;
	double query_squares;
};

static void see(void *data, const struct model_seen *seen)
{
	struct seen *s = data;
	if (seen->weights == s->query->data) {
		s->query_rows += seen->n_rows;
		for (uint32_t r = 0; r < seen->n_rows; r++) {
			const float *x = seen->x + (seen->pick ? seen->pick[r] : r) * seen->stride;
			for (size_t i = 0; i < seen->cols; i++) s->query_squares += (double)x[i] * (double)x[i];
		}
	}
	if (seen->weights >= s->up->data && seen->weights < s->up->data + s->up->size) {
		s->up_rows += seen->n_rows;
		s->up_experts++;
		assert_int_equal((size_t)(seen->weights - s->up->data) % (s->up->size / 4), 0);
	}
	if (seen->weights >= s->down->data && seen->weights < s->down->data + s->down->size) s->down_rows += seen->n_rows;
}

static void inputs_are_seen_once(void **state)
{
	(void)state;
	const char *path = testdata("golden/quant/moe-MXFP4.gguf");
	if (!path) skip();
	struct opened o = open_model(path, 2, (struct model_options){ .context = 128 });
	struct seen s = { .query = gguf_tensor(o.file, "blk.0.attn_q.weight"),
		          .up = gguf_tensor(o.file, "blk.0.ffn_up_exps.weight"),
		          .down = gguf_tensor(o.file, "blk.0.ffn_down_exps.weight") };
	int32_t ids[TOKENS];
	for (int i = 0; i < TOKENS; i++) ids[i] = 3 + i * 7 % 250;
	struct sequence *sequence = new_sequence(&o);
	model_observe(o.model, see, &s);
	run_ids(&o, sequence, ids, TOKENS, 16, ROW_PROMPT, NULL);
	model_observe(o.model, NULL, NULL);
	run_ids(&o, sequence, ids, TOKENS, 16, ROW_PROMPT, NULL);
	assert_int_equal(s.query_rows, TOKENS);
	assert_int_equal(s.up_rows, 2 * TOKENS);
	assert_int_equal(s.down_rows, 2 * TOKENS);
	assert_true(s.up_experts >= 2 && s.up_experts <= 3 * 4);
	/* the input is normalized: its mean square is that of the norm's weights, not far from 1 */
	double mean = s.query_squares / (TOKENS * 128);
	assert_true(mean > 0.1 && mean < 10);
	sequence_free(sequence);
	close_model(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(inputs_are_seen_once) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
