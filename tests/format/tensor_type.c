/* tensor_type: the table is found by number and by name, with the sizes of the format. */
#include "format/tensor_type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void every_row_is_found(void **state)
{
	(void)state;
	uint32_t n = 0, last = 0;
	for (const struct tensor_type *t; (t = tensor_type_at(n)) != NULL; n++) {
		assert_ptr_equal(tensor_type_find(t->id), t);
		assert_ptr_equal(tensor_type_named(t->name), t);
		assert_true(t->weights > 0 && t->bytes > 0);
		assert_true(n == 0 || t->id > last);
		last = t->id;
	}
	assert_int_equal(n, 35);
	assert_null(tensor_type_named("q4_0"));
	assert_null(tensor_type_named(""));
}

static void unknown_numbers_are_unknown(void **state)
{
	(void)state;
	static const uint32_t none[] = { 4, 5, 31, 32, 33, 36, 37, 38, TYPE_COUNT, 1000, UINT32_MAX };
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) assert_null(tensor_type_find(none[i]));
}

/* Bytes of a row of 256 weights, as ggml's own structures have them. */
static void sizes_are_those_of_the_format(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint32_t bytes;
	} rows[] = { { "F32", 1024 },   { "F16", 512 },  { "BF16", 512 },  { "Q4_0", 144 },   { "Q4_1", 160 },   { "Q5_0", 176 },
		     { "Q5_1", 192 },   { "Q8_0", 272 }, { "Q8_1", 288 },  { "Q2_K", 84 },    { "Q3_K", 110 },   { "Q4_K", 144 },
		     { "Q5_K", 176 },   { "Q6_K", 210 }, { "Q8_K", 292 },  { "IQ4_NL", 144 }, { "IQ4_XS", 136 }, { "IQ3_S", 110 },
		     { "IQ3_XXS", 98 }, { "IQ2_S", 82 }, { "IQ2_XS", 74 }, { "IQ2_XXS", 66 }, { "IQ1_S", 50 },   { "IQ1_M", 56 },
		     { "TQ1_0", 54 },   { "TQ2_0", 66 }, { "MXFP4", 136 }, { "NVFP4", 144 },  { "I8", 256 },     { "I16", 512 },
		     { "I32", 1024 },   { "I64", 2048 }, { "F64", 2048 } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct tensor_type *t = tensor_type_named(rows[i].name);
		assert_non_null(t);
		if (256 / t->weights * t->bytes != rows[i].bytes) fail_msg("%s", rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_found),
		cmocka_unit_test(unknown_numbers_are_unknown),
		cmocka_unit_test(sizes_are_those_of_the_format),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
