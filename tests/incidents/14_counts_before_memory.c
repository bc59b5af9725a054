/*
 * Incident 14, CVE-2024-32878 and CVE-2024-21802, llama.cpp: counts from the header were multiplied into allocations before
 * anything compared them with the file, and a failure half-way freed what had never been set. Counts are checked before room
 * is made, and a file that ends anywhere leaves nothing behind.
 */
#include "../bad/made.h"

static void values_2_to_60(struct buffer *b)
{
	made_set_u64(b, 16, (uint64_t)1 << 60);
}

static void tensors_2_to_60(struct buffer *b)
{
	made_set_u64(b, 8, (uint64_t)1 << 60);
}

static void array_2_to_62(struct gguf_writer *w)
{
	made_put_array(w, "array", GGUF_U64, (uint64_t)1 << 62, "", 0);
}

static void texts_2_to_40(struct gguf_writer *w)
{
	made_put_array(w, "texts2", GGUF_TEXT, (uint64_t)1 << 40, "", 0);
}

static void text_all_but_one(struct gguf_writer *w)
{
	uint64_t length = UINT64_MAX;
	made_put(w, "text", GGUF_TEXT, &length, sizeof length);
}

static void counts_are_compared_with_the_file(void **state)
{
	(void)state;
	const struct made_case cases[] = {
		{ "2^60 values", NULL, values_2_to_60, "values" },        { "2^60 tensors", NULL, tensors_2_to_60, "tensors" },
		{ "array of 2^62", array_2_to_62, NULL, "'array'" },      { "2^40 texts", texts_2_to_40, NULL, "'texts2'" },
		{ "text of 2^64 - 1", text_all_but_one, NULL, "'text'" },
	};
	made_run(cases, sizeof cases / sizeof *cases);
}

/* made_refused finds what is left behind and what was never set is found by the sanitizers. */
static void a_failure_half_way_leaves_nothing(void **state)
{
	(void)state;
	struct buffer b = made_bytes(&(struct made_case){ "valid", NULL, NULL, "" });
	for (size_t cut = 0; cut + 64 < b.size; cut += 7) {
		made_write("bad.gguf", b.data, cut);
		made_refused("cut", made_path("bad.gguf"), cut, "");
	}
	unlink(made_path("bad.gguf"));
	buffer_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(counts_are_compared_with_the_file),
		                            cmocka_unit_test(a_failure_half_way_leaves_nothing) };
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
