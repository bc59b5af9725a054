/* gguf_header: files that are no GGUF, or whose header lies. */
#include "made.h"

static void no_bytes(struct buffer *b)
{
	b->size = 0;
}

static void three_bytes(struct buffer *b)
{
	b->size = 3;
}

static void magic_ggml(struct buffer *b)
{
	memcpy(b->data, "GGML", 4);
}

static void magic_turned(struct buffer *b)
{
	memcpy(b->data, "FUGG", 4);
}

static void magic_lower(struct buffer *b)
{
	memcpy(b->data, "gguf", 4);
}

static void magic_zip(struct buffer *b)
{
	memcpy(b->data, "PK\3\4", 4);
}

static void html(struct buffer *b)
{
	buffer_clear(b);
	buffer_append_text(b, "<!DOCTYPE html><html><head><title>404 Not Found</title></head></html>");
}

static void zeros(struct buffer *b)
{
	memset(b->data, 0, b->size);
}

static void version_0(struct buffer *b)
{
	made_set_u32(b, 4, 0);
}

static void version_1(struct buffer *b)
{
	made_set_u32(b, 4, 1);
}

static void version_4(struct buffer *b)
{
	made_set_u32(b, 4, 4);
}

static void version_most(struct buffer *b)
{
	made_set_u32(b, 4, UINT32_MAX);
}

static void version_2_turned(struct buffer *b)
{
	made_set_u32(b, 4, 0x02000000);
}

static void version_3_turned(struct buffer *b)
{
	made_set_u32(b, 4, 0x03000000);
}

static void tensors_2_63(struct buffer *b)
{
	made_set_u64(b, 8, (uint64_t)1 << 63);
}

static void tensors_2_32(struct buffer *b)
{
	made_set_u64(b, 8, (uint64_t)1 << 32);
}

static void tensors_most(struct buffer *b)
{
	made_set_u64(b, 8, UINT64_MAX);
}

/* A tensor info takes at least 33 bytes. */
static void tensors_too_many_for_the_file(struct buffer *b)
{
	made_set_u64(b, 8, b->size / 33 + 1);
}

static void tensors_above_the_limit(struct buffer *b)
{
	char *more = buffer_extend(b, 6000000);
	memset(more, 0, 6000000);
	made_set_u64(b, 8, GGUF_MAX_TENSORS + 1);
}

static void one_tensor_more(struct buffer *b)
{
	made_set_u64(b, 8, 3);
}

static void values_2_63(struct buffer *b)
{
	made_set_u64(b, 16, (uint64_t)1 << 63);
}

static void values_2_32(struct buffer *b)
{
	made_set_u64(b, 16, (uint64_t)1 << 32);
}

static void values_most(struct buffer *b)
{
	made_set_u64(b, 16, UINT64_MAX);
}

static void values_too_many_for_the_file(struct buffer *b)
{
	made_set_u64(b, 16, b->size / 14 + 1);
}

static void values_above_the_limit(struct buffer *b)
{
	char *more = buffer_extend(b, 2000000);
	memset(more, 0, 2000000);
	made_set_u64(b, 16, GGUF_MAX_VALUES + 1);
}

static void one_value_more(struct buffer *b)
{
	made_set_u64(b, 16, 6);
}

static const struct made_case cases[] = {
	{ "empty", NULL, no_bytes, "the file is empty" },
	{ "three bytes", NULL, three_bytes, "3 bytes are too few" },
	{ "GGML's old magic", NULL, magic_ggml, "not a GGUF file" },
	{ "magic byte-swapped", NULL, magic_turned, "not a GGUF file" },
	{ "magic in lower case", NULL, magic_lower, "not a GGUF file" },
	{ "a zip archive", NULL, magic_zip, "not a GGUF file" },
	{ "a web page", NULL, html, "not a GGUF file" },
	{ "zeros", NULL, zeros, "not a GGUF file" },
	{ "version 0", NULL, version_0, "GGUF version 0 is unknown" },
	{ "version 1", NULL, version_1, "GGUF version 1 is no longer in use" },
	{ "version 4", NULL, version_4, "GGUF version 4 is unknown" },
	{ "version 2^32-1", NULL, version_most, "GGUF version 4294967295 is unknown" },
	{ "version 2 byte-swapped", NULL, version_2_turned, "big-endian" },
	{ "version 3 byte-swapped", NULL, version_3_turned, "big-endian" },
	{ "2^63 tensors", NULL, tensors_2_63, "byte 24: it claims more tensors" },
	{ "2^32 tensors", NULL, tensors_2_32, "claims more tensors" },
	{ "2^64-1 tensors", NULL, tensors_most, "claims more tensors" },
	{ "more tensors than the file can hold", NULL, tensors_too_many_for_the_file, "claims more tensors" },
	{ "more tensors than any model has", NULL, tensors_above_the_limit, "claims more tensors" },
	{ "one tensor more than there are", NULL, one_tensor_more, ": byte " },
	{ "2^63 values", NULL, values_2_63, "byte 24: it claims more metadata values" },
	{ "2^32 values", NULL, values_2_32, "claims more metadata values" },
	{ "2^64-1 values", NULL, values_most, "claims more metadata values" },
	{ "more values than the file can hold", NULL, values_too_many_for_the_file, "claims more metadata values" },
	{ "more values than any model has", NULL, values_above_the_limit, "claims more metadata values" },
	{ "one value more than there are", NULL, one_value_more, ": byte " },
};

static void headers_that_lie_are_refused(void **state)
{
	(void)state;
	made_run(cases, sizeof cases / sizeof *cases);
}

static void the_file_that_the_cases_bend_is_valid(void **state)
{
	(void)state;
	struct error e = { "" };
	struct buffer b = made_bytes(&(struct made_case){ "valid", NULL, NULL, "" });
	made_write("good.gguf", b.data, b.size);
	struct gguf *g = gguf_open(made_path("good.gguf"), &e);
	if (!g) fail_msg("%s", e.text);
	assert_int_equal(gguf_tensor_count(g), 2);
	assert_int_equal(gguf_value_count(g), 5);
	gguf_close(g);
	unlink(made_path("good.gguf"));
	buffer_free(&b);
}

/* Every start of a valid file, the first 32 bytes among them. */
static void a_file_cut_at_any_byte_is_refused(void **state)
{
	(void)state;
	struct buffer b = made_bytes(&(struct made_case){ "cut", NULL, NULL, "" });
	size_t data_end = b.size - 24; /* the padding behind the last tensor's 72 bytes is not missed */
	for (size_t size = 0; size < data_end; size++) {
		char name[32];
		snprintf(name, sizeof name, "cut at %zu", size);
		made_write("bad.gguf", b.data, size);
		made_refused(name, made_path("bad.gguf"), size,
		             size == 0   ? "is empty"
		             : size < 4  ? "too few"
		             : size < 24 ? "header is cut short"
		             : size < 90 ? "claims more"
		                         : ": ");
	}
	unlink(made_path("bad.gguf"));
	buffer_free(&b);
}

/* Every byte of a valid file set to values that hurt: opened or refused, but never worse. */
static void any_byte_may_be_wrong(void **state)
{
	(void)state;
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct buffer b = made_bytes(&(struct made_case){ "bent", NULL, NULL, "" });
	size_t before = memory_in_use(), refused = 0;
	for (size_t at = 0; at < b.size; at++) {
		char kept = b.data[at];
		for (size_t k = 0; k < sizeof values; k++) {
			struct error e = { "" };
			b.data[at] = (char)values[k];
			made_write("bad.gguf", b.data, b.size);
			struct gguf *g = gguf_open(made_path("bad.gguf"), &e);
			refused += g == NULL;
			if (!g) assert_true(strncmp(e.text, made_path("bad.gguf"), 20) == 0);
			for (size_t i = 0; g && i < gguf_value_count(g); i++) {
				char words[300];
				gguf_describe(gguf_value_at(g, i), words, sizeof words);
			}
			gguf_close(g);
			assert_int_equal(memory_in_use(), before);
		}
		b.data[at] = kept;
	}
	assert_true(refused > 300);
	unlink(made_path("bad.gguf"));
	buffer_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_that_the_cases_bend_is_valid),
		cmocka_unit_test(headers_that_lie_are_refused),
		cmocka_unit_test(a_file_cut_at_any_byte_is_refused),
		cmocka_unit_test(any_byte_may_be_wrong),
	};
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
