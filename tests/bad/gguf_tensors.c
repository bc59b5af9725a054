/* gguf_tensors: tensor infos whose names, dimensions, types or offsets are wrong, and data that are not there. */
#include "made.h"

/* One more tensor without data of its own, at offset 0x60, where the data of the valid file end. */
static void put_dims(struct gguf_writer *w, uint32_t n_dims, const uint64_t *dims, size_t given, uint32_t type)
{
	made_put_info(w, "liar", 4, n_dims, dims, given, type, w->data_size);
}

static void put_name(struct gguf_writer *w, const char *name, size_t length)
{
	uint64_t dims[] = { 8 };
	made_put_info(w, name, length, 1, dims, 1, TYPE_F32, w->data_size);
}

static void put_offset(struct gguf_writer *w, uint64_t offset)
{
	uint64_t dims[] = { 8 };
	made_put_info(w, "liar", 4, 1, dims, 1, TYPE_F32, offset);
}

static void dims_0(struct gguf_writer *w)
{
	put_dims(w, 0, NULL, 0, TYPE_F32);
}

static void dims_5(struct gguf_writer *w)
{
	put_dims(w, 5, (uint64_t[]){ 1, 1, 1, 1, 1 }, 5, TYPE_F32);
}

static void dims_2_31(struct gguf_writer *w)
{
	put_dims(w, 1u << 31, (uint64_t[]){ 1, 1, 1, 1 }, 4, TYPE_F32);
}

static void dims_most(struct gguf_writer *w)
{
	put_dims(w, UINT32_MAX, (uint64_t[]){ 1, 1, 1, 1 }, 4, TYPE_F32);
}

static void dimension_0(struct gguf_writer *w)
{
	put_dims(w, 2, (uint64_t[]){ 32, 0 }, 2, TYPE_F32);
}

static void first_dimension_0(struct gguf_writer *w)
{
	put_dims(w, 1, (uint64_t[]){ 0 }, 1, TYPE_Q4_0);
}

static void dimension_2_63(struct gguf_writer *w)
{
	put_dims(w, 1, (uint64_t[]){ (uint64_t)1 << 63 }, 1, TYPE_F32);
}

static void dimension_2_63_of_bytes(struct gguf_writer *w)
{
	put_dims(w, 1, (uint64_t[]){ (uint64_t)1 << 63 }, 1, TYPE_I8);
}

static void dimension_most(struct gguf_writer *w)
{
	put_dims(w, 1, (uint64_t[]){ UINT64_MAX }, 1, TYPE_I8);
}

static void product_wraps_to_0(struct gguf_writer *w)
{
	put_dims(w, 2, (uint64_t[]){ (uint64_t)1 << 32, (uint64_t)1 << 32 }, 2, TYPE_I8);
}

static void product_of_four_wraps(struct gguf_writer *w)
{
	put_dims(w, 4, (uint64_t[]){ 65536, 65536, 65536, 65537 }, 4, TYPE_F32);
}

/* The product fits, times four bytes it wraps to 32: the size that the file has. */
static void bytes_wrap(struct gguf_writer *w)
{
	put_dims(w, 1, (uint64_t[]){ ((uint64_t)1 << 62) + 8 }, 1, TYPE_F32);
}

static void bytes_of_blocks_wrap(struct gguf_writer *w)
{
	put_dims(w, 2, (uint64_t[]){ 256, ((uint64_t)1 << 56) - 1 }, 2, TYPE_Q8_K);
}

static void type_removed(struct gguf_writer *w)
{
	put_dims(w, 1, (uint64_t[]){ 32 }, 1, 4);
}

static void type_43(struct gguf_writer *w)
{
	put_dims(w, 1, (uint64_t[]){ 32 }, 1, 43);
}

static void type_most(struct gguf_writer *w)
{
	put_dims(w, 1, (uint64_t[]){ 32 }, 1, UINT32_MAX);
}

static void row_no_block(struct gguf_writer *w)
{
	put_dims(w, 2, (uint64_t[]){ 31, 32 }, 2, TYPE_Q4_0);
}

static void row_no_super_block(struct gguf_writer *w)
{
	put_dims(w, 2, (uint64_t[]){ 128, 2 }, 2, TYPE_Q4_K);
}

static void offset_unaligned(struct gguf_writer *w)
{
	put_offset(w, 1);
}

static void offset_past_end(struct gguf_writer *w)
{
	put_offset(w, 1 << 20);
}

static void offset_at_end(struct gguf_writer *w)
{
	put_offset(w, w->data_size);
}

static void offset_most(struct gguf_writer *w)
{
	put_offset(w, UINT64_MAX - 31);
}

static void offset_2_63(struct gguf_writer *w)
{
	put_offset(w, (uint64_t)1 << 63);
}

/* Offsets count from the data's start, so one into the metadata can only be tried by wrapping around. */
static void offset_into_the_metadata(struct gguf_writer *w)
{
	put_offset(w, (uint64_t)0 - 64);
}

static void overlap_whole(struct gguf_writer *w)
{
	put_offset(w, 0);
}

static void overlap_inside(struct gguf_writer *w)
{
	put_offset(w, 64);
}

/* A tensor over all data, given first or last. */
static void overlap_all(struct gguf_writer *w)
{
	made_put_info(w, "liar", 4, 1, (uint64_t[]){ 96 }, 1, TYPE_I8, 0);
}

static void size_past_end(struct gguf_writer *w)
{
	put_dims(w, 1, (uint64_t[]){ 1 << 20 }, 1, TYPE_F32);
}

static void name_empty(struct gguf_writer *w)
{
	put_name(w, "", 0);
}

static void name_256(struct gguf_writer *w)
{
	char name[256];
	memset(name, 'n', sizeof name);
	put_name(w, name, sizeof name);
}

static void name_with_nul(struct gguf_writer *w)
{
	put_name(w, "norm\0x", 6);
}

static void name_with_newline(struct gguf_writer *w)
{
	put_name(w, "norm\nx", 6);
}

static void name_not_utf8(struct gguf_writer *w)
{
	put_name(w, "\xfe", 1);
}

static void name_most(struct gguf_writer *w)
{
	uint64_t most = UINT64_MAX;
	buffer_append(&w->infos, &most, sizeof most);
	w->n_tensors++;
}

static void name_twice(struct gguf_writer *w)
{
	float bytes[8] = { 0 };
	gguf_put_tensor(w, "norm", TYPE_F32, 1, (uint64_t[]){ 8 }, bytes, sizeof bytes);
}

static void cut_in_the_data(struct buffer *b)
{
	b->size -= 25; /* 24 bytes of padding and one that counts */
}

static void cut_before_the_data(struct buffer *b)
{
	b->size -= 128;
}

static void cut_in_the_padding_before_the_data(struct buffer *b)
{
	b->size -= 129;
}

static const struct made_case cases[] = {
	{ "0 dimensions", dims_0, NULL, "tensor 'liar': 0 dimensions" },
	{ "5 dimensions", dims_5, NULL, "tensor 'liar': 5 dimensions" },
	{ "2^31 dimensions", dims_2_31, NULL, "tensor 'liar': 2147483648 dimensions" },
	{ "2^32-1 dimensions", dims_most, NULL, "tensor 'liar': 4294967295 dimensions" },
	{ "a dimension of 0", dimension_0, NULL, "tensor 'liar': dimension 1 is 0" },
	{ "a first dimension of 0", first_dimension_0, NULL, "tensor 'liar': dimension 0 is 0" },
	{ "a dimension of 2^63", dimension_2_63, NULL, "tensor 'liar': its dimensions are too large" },
	{ "2^63 bytes", dimension_2_63_of_bytes, NULL, "tensor 'liar': its data" },
	{ "2^64-1 bytes", dimension_most, NULL, "tensor 'liar': its data" },
	{ "a product that wraps to 0", product_wraps_to_0, NULL, "tensor 'liar': its dimensions are too large" },
	{ "a product of four that wraps", product_of_four_wraps, NULL, "tensor 'liar': its dimensions are too large" },
	{ "bytes that wrap to what is there", bytes_wrap, NULL, "tensor 'liar': its dimensions are too large" },
	{ "bytes of blocks that wrap", bytes_of_blocks_wrap, NULL, "tensor 'liar': its dimensions are too large" },
	{ "type 4, which was removed", type_removed, NULL, "tensor 'liar': weight type 4 is unknown" },
	{ "type 43", type_43, NULL, "tensor 'liar': weight type 43 is unknown" },
	{ "type 2^32-1", type_most, NULL, "tensor 'liar': weight type 4294967295 is unknown" },
	{ "rows that are no whole blocks", row_no_block, NULL, "tensor 'liar': rows of 31 weights are no whole blocks of Q4_0" },
	{ "rows of half a block", row_no_super_block, NULL, "tensor 'liar': rows of 128 weights are no whole blocks of Q4_K" },
	{ "offset unaligned", offset_unaligned, NULL, "tensor 'liar': offset 0x1 is not a multiple of 32" },
	{ "offset past the end", offset_past_end, NULL, "tensor 'liar': its data (offset 0x100000, 32 bytes) lie behind the end" },
	{ "offset at the end", offset_at_end, NULL, "tensor 'liar': its data (offset 0x80, 32 bytes) lie behind the end" },
	{ "offset 2^64-32", offset_most, NULL, "tensor 'liar': its data (offset 0xffffffffffffffe0, 32 bytes) lie behind" },
	{ "offset 2^63", offset_2_63, NULL, "tensor 'liar': its data (offset 0x8000000000000000, 32 bytes) lie behind" },
	{ "offset into the metadata", offset_into_the_metadata, NULL, "tensor 'liar': its data (offset 0xffffffffffffffc0" },
	{ "data of another tensor", overlap_whole, NULL, "overlap those of" },
	{ "data that begin inside another tensor", overlap_inside, NULL, "'liar': its data overlap those of 'weights'" },
	{ "data over all others", overlap_all, NULL, "overlap those of" },
	{ "size past the end", size_past_end, NULL, "tensor 'liar': its data (offset 0x80, 4194304 bytes) lie behind the end" },
	{ "name empty", name_empty, NULL, "tensor's name is empty" },
	{ "name of 256 bytes", name_256, NULL, "tensor's name is empty, too long" },
	{ "name with NUL", name_with_nul, NULL, "not plain UTF-8" },
	{ "name with a line end", name_with_newline, NULL, "not plain UTF-8" },
	{ "name not UTF-8", name_not_utf8, NULL, "not plain UTF-8" },
	{ "name of 2^64-1 bytes", name_most, NULL, "name lies behind the end" },
	{ "name twice", name_twice, NULL, "tensor 'norm': this name stands twice" },
	{ "cut in the data", NULL, cut_in_the_data, "tensor 'weights': its data (offset 0x20, 72 bytes) lie behind the end" },
	{ "cut where the data begin", NULL, cut_before_the_data, "tensor 'norm': its data (offset 0x0, 32 bytes) lie behind" },
	{ "cut in front of the data", NULL, cut_in_the_padding_before_the_data, "tensor 'norm': its data" },
};

static void tensors_that_lie_are_refused(void **state)
{
	(void)state;
	made_run(cases, sizeof cases / sizeof *cases);
}

/* The most tensors that are allowed, with the longest names: the memory stays in its bounds. */
static void as_many_tensors_as_are_allowed(void **state)
{
	(void)state;
	struct error e = { "" };
	struct gguf_writer w = gguf_writer_new();
	char name[GGUF_MAX_NAME + 1];
	for (uint64_t i = 0; i < GGUF_MAX_TENSORS; i++) {
		uint64_t dims[] = { 1 };
		snprintf(name, sizeof name, "t%llu", (unsigned long long)i);
		gguf_put_tensor(&w, name, TYPE_I8, 1, dims, "b", 1);
	}
	assert_true(gguf_writer_save(&w, made_path("good.gguf"), &e));
	gguf_writer_free(&w);
	size_t before = memory_in_use();
	memory_peak_reset();
	struct gguf *g = gguf_open(made_path("good.gguf"), &e);
	assert_non_null(g);
	assert_int_equal(gguf_tensor_count(g), GGUF_MAX_TENSORS);
	assert_true(memory_peak() - before < gguf_file_size(g) + ALLOWED);
	gguf_close(g);
	unlink(made_path("good.gguf"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tensors_that_lie_are_refused),
		cmocka_unit_test(as_many_tensors_as_are_allowed),
	};
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
