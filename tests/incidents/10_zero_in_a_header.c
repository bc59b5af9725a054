/*
 * Incident 10, CVE-2024-12055 and CVE-2025-0317, Ollama: gguf.go divided by an alignment of zero, and read past the end where a
 * count was wrong. Zero is refused wherever something is divided by it or multiplied with it.
 */
#include "../bad/made.h"

static void alignment_zero(struct gguf_writer *w)
{
	gguf_put_u32(w, "general.alignment", 0);
}

static void alignment_not_a_power_of_two(struct gguf_writer *w)
{
	gguf_put_u32(w, "general.alignment", 24);
}

static void dimension_zero(struct gguf_writer *w)
{
	made_put_info(w, "nothing", 7, 2, (uint64_t[]){ 32, 0 }, 2, TYPE_Q4_0, 128);
}

static void no_dimension(struct gguf_writer *w)
{
	made_put_info(w, "nothing", 7, 0, (uint64_t[]){ 0 }, 0, TYPE_F32, 128);
}

static void zero_is_refused(void **state)
{
	(void)state;
	const struct made_case cases[] = {
		{ "alignment 0", alignment_zero, NULL, "general.alignment" },
		{ "alignment 24", alignment_not_a_power_of_two, NULL, "general.alignment" },
		{ "dimension 0", dimension_zero, NULL, "tensor 'nothing'" },
		{ "no dimension", no_dimension, NULL, "tensor 'nothing'" },
	};
	made_run(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(zero_is_refused) };
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
