/* format: every implemented type's golden blocks, value for value, and the table itself. */
#include "nn/format.h"

#include "../testdata.h"
#include "nn/float16.h"
#include "nn/kernel_types.h"
#include "nn/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The bytes that a run of hex digits stands for, up to `most`; moves *text behind it. */
static size_t read_hex(const char **text, uint8_t *bytes, size_t most)
{
	size_t n = 0;
	unsigned value;
	while (n < most && sscanf(*text, "%2x", &value) == 1 && **text != '\t' && **text != '\n') {
		bytes[n++] = (uint8_t)value;
		*text += 2;
	}
	return n;
}

/* Both are the same number, infinity or "not a number"; 0 and -0 are the same. */
static bool same_value(float a, float b)
{
	return a == b || (a != a && b != b);
}

/* One line of blocks.tsv with one level's unpack. */
static void check_line(const char *line, const struct kernels *kernels)
{
	char name[32], what[32];
	int length;
	assert_int_equal(sscanf(line, "%31s %31s %n", name, what, &length), 2);
	const struct tensor_type *type = tensor_type_named(name);
	const struct format *format = type ? format_find(type->id) : NULL;
	if (!format) fail_msg("%s: no such format", name);
	static uint8_t block[2048], expected[2048];
	static float values[512];
	const char *at = line + length;
	size_t bytes = read_hex(&at, block, sizeof block);
	at++;
	size_t n = read_hex(&at, expected, sizeof expected) / sizeof(float);
	assert_int_equal(bytes % type->bytes, 0);
	assert_int_equal(n, bytes / type->bytes * type->weights);
	kernels->unpack[format->index](block, bytes / type->bytes, values);
	for (size_t i = 0; i < n; i++) {
		float v;
		memcpy(&v, expected + 4 * i, sizeof v);
		if (!same_value(values[i], v))
			fail_msg("%s %s at %s: value %zu is %.9g, not %.9g", name, what, kernels->name, i, (double)values[i],
			         (double)v);
	}
}

static void golden_blocks_have_their_values(void **state)
{
	(void)state;
	const char *path = testdata("golden/quant/blocks.tsv");
	FILE *f = path ? fopen(path, "r") : NULL;
	if (!f) {
		skip();
		return;
	}
	static char line[16384];
	size_t checked = 0;
	while (fgets(line, sizeof line, f)) {
		if (strncmp(line, "type\t", 5) == 0) continue;
		for (size_t i = 0; kernels_level(i); i++) check_line(line, kernels_find(kernels_level(i)));
		checked++;
	}
	fclose(f);
	assert_true(checked >= 126);
}

static void formats_are_found_by_their_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		const struct format *f = format_at(i);
		assert_int_equal(f->index, i);
		assert_ptr_equal(format_find(f->type->id), f);
	}
	assert_null(format_at(FORMAT_COUNT));
	assert_null(format_find(TYPE_I32));
	assert_null(format_find(TYPE_COUNT));
	assert_null(format_find(UINT32_MAX));
}

static void blocks_of_zeros_are_zeros(void **state)
{
	(void)state;
	static const uint8_t block[512];
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		float values[256];
		format_at(i)->unpack(block, 1, values);
		for (size_t j = 0; j < format_at(i)->type->weights; j++) assert_true(values[j] == 0);
	}
}

static void halves_convert_both_ways(void **state)
{
	(void)state;
	for (uint32_t h = 0; h < 65536; h++) {
		if ((h >> 10 & 31) == 31) continue;
		assert_int_equal(half_from_float(half_to_float((uint16_t)h)), h);
	}
	assert_true(half_to_float(0x0001) == 0x1p-24f);
	assert_true(half_to_float(0x3c00) == 1);
	assert_int_equal(half_from_float(1e30f), 0x7bff);
	assert_int_equal(half_from_float(-1e30f), 0xfbff);
	assert_int_equal(half_from_float(65519.0f), 0x7bff);
	assert_int_equal(half_from_float(1.0f + 0x1p-11f), 0x3c00); /* ties to even */
	assert_int_equal(half_from_float(1.0f + 0x3p-11f), 0x3c02);
	assert_int_equal(half_from_float(0x1p-25f), 0);
	assert_int_equal(half_from_float(0x1.8p-25f), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_blocks_have_their_values),
		cmocka_unit_test(formats_are_found_by_their_number),
		cmocka_unit_test(blocks_of_zeros_are_zeros),
		cmocka_unit_test(halves_convert_both_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
