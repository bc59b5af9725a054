/* gguf_verify: a weight or a scale that is no number is found, wherever it stands. */
#include "format/gguf_verify.h"

#include "format/gguf_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A file of one tensor of three blocks, zeros but for `value` at byte `at` of the second; whether it is found whole. */
static bool whole(enum tensor_type_id id, size_t at, const void *value, size_t size, struct error *e)
{
	const struct tensor_type *type = &tensor_types[id];
	uint8_t blocks[3 * 300] = { 0 };
	struct gguf_writer w = gguf_writer_new();
	struct buffer bytes = buffer_new(1 << 16);
	struct file_map map;
	uint64_t cols = 3 * (uint64_t)type->weights, seen;
	memcpy(blocks + type->bytes + at, value, size);
	gguf_put_tensor(&w, "t", id, 1, &cols, blocks, 3 * type->bytes);
	assert_true(gguf_writer_bytes(&w, &bytes, e));
	assert_true(file_map_memory(&map, bytes.data, bytes.size, "test.gguf", e));
	struct gguf *g = gguf_open_maps(&map, 1, e);
	assert_non_null(g);
	bool ok = gguf_verify(g, &seen, e);
	if (ok) assert_int_equal(seen, 3 * type->bytes);
	gguf_close(g);
	buffer_free(&bytes);
	gguf_writer_free(&w);
	return ok;
}

static void what_is_no_number_is_found(void **state)
{
	(void)state;
	static const struct {
		enum tensor_type_id type;
		size_t at;
		uint8_t bad[4], good[4];
		size_t size;
	} cases[] = {
		{ TYPE_F32, 0, { 0, 0, 0x80, 0x7f }, { 0xff, 0xff, 0x7f, 0x7f }, 4 },
		{ TYPE_F16, 0, { 0, 0x7c }, { 0xff, 0x7b }, 2 },
		{ TYPE_BF16, 0, { 0xc0, 0xff }, { 0x7f, 0x7f }, 2 },
		{ TYPE_Q4_K, 2, { 1, 0x7e }, { 0xff, 0xfb }, 2 },
		{ TYPE_Q6_K, 208, { 0, 0xfc }, { 0, 0x3c }, 2 },
		{ TYPE_MXFP4, 0, { 0xff }, { 0xfe }, 1 },
		{ TYPE_IQ1_M, 52, { 0, 0xc0, 0, 0x70 }, { 0, 0xc0, 0, 0x60 }, 4 },
		{ TYPE_TQ1_0, 52, { 0, 0x7c }, { 0, 0x78 }, 2 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct error e = { "" };
		assert_false(whole(cases[i].type, cases[i].at, cases[i].bad, cases[i].size, &e));
		assert_non_null(strstr(e.text, "tensor 't': block 1 of 3"));
		assert_true(whole(cases[i].type, cases[i].at, cases[i].good, cases[i].size, &e));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_no_number_is_found) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
