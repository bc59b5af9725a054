/*
 * Incident 17, CVE-2025-53630 and CVE-2026-27940, llama.cpp: the first fix checked each size but not their padded sum, which
 * wrapped to a small number. Products, padding and sums are all checked, and each way to wrap stays here.
 */
#include "../bad/made.h"

static void product_wraps_to_little(struct gguf_writer *w)
{
	made_put_info(w, "wrap", 4, 2, (uint64_t[]){ (uint64_t)1 << 33, (uint64_t)1 << 31 }, 2, TYPE_F32, 128);
}

static void product_wraps_to_eight(struct gguf_writer *w)
{
	/* 3 x 0x5555555555555558 = 2^64 + 8 */
	made_put_info(w, "wrap", 4, 2, (uint64_t[]){ 3, 0x5555555555555558u }, 2, TYPE_F32, 128);
}

static void bytes_wrap_though_elements_do_not(struct gguf_writer *w)
{
	made_put_info(w, "wrap", 4, 1, (uint64_t[]){ ((uint64_t)1 << 62) + 8 }, 1, TYPE_F32, 128);
}

static void padding_wraps(struct gguf_writer *w)
{
	made_put_info(w, "wrap", 4, 1, (uint64_t[]){ UINT64_MAX - 30 }, 1, TYPE_I8, 128);
}

static void offset_and_size_wrap(struct gguf_writer *w)
{
	made_put_info(w, "wrap", 4, 1, (uint64_t[]){ 64 }, 1, TYPE_I8, UINT64_MAX - 31);
}

static void two_halves_wrap_together(struct gguf_writer *w)
{
	made_put_info(w, "wrap", 4, 1, (uint64_t[]){ ((uint64_t)1 << 63) - 32 }, 1, TYPE_I8, 128);
	made_put_info(w, "wrap2", 5, 1, (uint64_t[]){ ((uint64_t)1 << 63) }, 1, TYPE_I8, 128 + ((uint64_t)1 << 63) - 32);
}

static void no_way_to_wrap_is_open(void **state)
{
	(void)state;
	const struct made_case cases[] = {
		{ "2^33 x 2^31", product_wraps_to_little, NULL, "tensor 'wrap'" },
		{ "2^64 + 8", product_wraps_to_eight, NULL, "tensor 'wrap'" },
		{ "bytes", bytes_wrap_though_elements_do_not, NULL, "tensor 'wrap'" },
		{ "padding", padding_wraps, NULL, "tensor 'wrap'" },
		{ "offset + size", offset_and_size_wrap, NULL, "tensor 'wrap'" },
		{ "two halves", two_halves_wrap_together, NULL, "tensor 'wrap" },
	};
	made_run(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(no_way_to_wrap_is_open) };
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
