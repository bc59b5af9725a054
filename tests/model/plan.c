/* plan: buffers that are alive at the same step never share memory, and every buffer has its place. */
#include "../testdata.h"
#include "model/model_internal.h"
#include "opened.h"

static void buffers_alive_together_do_not_overlap(void **state)
{
	(void)state;
	static const char *const models[] = { "golden/arch/llama.gguf",     "golden/arch/gemma3.gguf", "golden/arch/qwen3moe.gguf",
		                              "golden/arch/llama-moe.gguf", "golden/arch/phi3.gguf",   "golden/arch/gemma2.gguf" };
	for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
		const char *path = testdata(models[i]);
		if (!path) skip();
		struct opened o = open_model(path, 1, (struct model_options){ 0 });
		const struct plan *p = &o.model->plan;
		size_t sum = 0;
		for (size_t a = 0; a < p->n_buffers; a++) {
			const struct plan_buffer *x = &p->buffers[a];
			assert_true(x->width > 0 && x->last < p->n_steps && x->first <= x->last);
			assert_true(x->offset + x->width <= p->width);
			sum += x->width;
			for (size_t b = a + 1; b < p->n_buffers; b++) {
				const struct plan_buffer *y = &p->buffers[b];
				bool together = x->first <= y->last && y->first <= x->last;
				bool overlap = x->offset < y->offset + y->width && y->offset < x->offset + x->width;
				assert_false(together && overlap);
			}
		}
		assert_true(p->width < sum / model_config(o.model)->n_layer * 2); /* layers share */
		close_model(&o);
	}
}

static void the_memory_plan_adds_up(void **state)
{
	(void)state;
	const char *path = testdata("golden/arch/llama.gguf");
	if (!path) skip();
	struct opened o = open_model(path, 1, (struct model_options){ .context = 100 });
	struct model_memory m = model_memory(o.model);
	assert_int_equal(m.total, m.weights + m.kv + m.scratch);
	assert_int_equal(m.kv, 2 * o.model->pages.table[0].bytes);
	const struct config *c = model_config(o.model);
	size_t position = 0;
	for (uint32_t i = 0; i < c->n_layer; i++)
		position += (size_t)c->layer[i].n_head_kv * (c->layer[i].head_k + c->layer[i].head_v) * 2;
	assert_true(o.model->pages.table[0].bytes >= position * KV_PAGE);
	struct buffer text = buffer_new(1 << 20);
	struct error e = { "" };
	assert_true(model_describe(o.model, false, &text, &e));
	assert_non_null(strstr(buffer_text(&text), "attention    layer 1"));
	buffer_free(&text);
	close_model(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_alive_together_do_not_overlap),
		cmocka_unit_test(the_memory_plan_adds_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
