/*
 * Incident 1, CVE-2026-7482 ("Bleeding Llama"), Ollama: a tensor's size was taken from the header and never compared with the
 * file, so that quantizing it read the heap behind the mapping. Every tensor is compared with its file before it is used.
 */
#include "../bad/made.h"

static void one_element_more_than_the_file(struct gguf_writer *w)
{
	made_put_info(w, "leak", 4, 1, (uint64_t[]){ 25 }, 1, TYPE_F32, 192);
	buffer_append(&w->data, (uint8_t[32 + 96]){ 0 }, 32 + 96);
}

static void far_more_than_the_file(struct gguf_writer *w)
{
	made_put_info(w, "leak_model_0", 12, 2, (uint64_t[]){ 1 << 20, 1 << 20 }, 2, TYPE_F16, 128);
}

static void in_the_file_but_behind_its_part_of_the_data(struct gguf_writer *w)
{
	made_put_info(w, "leak", 4, 1, (uint64_t[]){ 8 }, 1, TYPE_F32, 4096);
}

static void a_tensor_is_never_larger_than_its_file(void **state)
{
	(void)state;
	const struct made_case cases[] = {
		{ "a little more", one_element_more_than_the_file, NULL, "tensor 'leak'" },
		{ "far more", far_more_than_the_file, NULL, "tensor 'leak_model_0'" },
		{ "behind the end", in_the_file_but_behind_its_part_of_the_data, NULL, "tensor 'leak'" },
	};
	made_run(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_tensor_is_never_larger_than_its_file) };
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
