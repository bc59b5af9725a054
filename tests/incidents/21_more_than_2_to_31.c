/*
 * Incident 21, CVE-2026-53923, vLLM: a GGUF kernel kept places in 32 bits, and the fix was lost when the code moved. A tensor of
 * 4.5 GiB (a file of holes) is measured exactly, and its last row is found where it lies.
 */
#include "../bad/made.h"

#include "nn/format.h"

#include <fcntl.h>

enum { COLS = 65536, ROWS = 131072, BLOCK = 18 };

static void the_last_row_lies_at_its_place(void **state)
{
	(void)state;
	struct error e = { "" };
	const uint64_t row = COLS / 32 * BLOCK, size = row * ROWS;
	struct gguf_writer w = gguf_writer_new();
	struct buffer head = buffer_new(1 << 20);
	gguf_put_tensor(&w, "large", TYPE_Q4_0, 2, (uint64_t[]){ COLS, ROWS }, NULL, size);
	assert_true(gguf_writer_begin(&w, &head, &e));
	made_write("large.gguf", head.data, head.size);
	int fd = open(made_path("large.gguf"), O_RDWR);
	assert_true(fd >= 0);
	if (ftruncate(fd, (off_t)(head.size + size)) != 0) skip();
	/* The last block: scale 2, all weights 15, which stands for 7. */
	uint8_t block[BLOCK] = { 0x00, 0x40 };
	memset(block + 2, 0xFF, 16);
	assert_int_equal(pwrite(fd, block, BLOCK, (off_t)(head.size + size - BLOCK)), BLOCK);
	close(fd);

	struct gguf *g = gguf_open(made_path("large.gguf"), &e);
	unlink(made_path("large.gguf"));
	if (!g) fail_msg("%s", e.text);
	const struct gguf_tensor *t = gguf_tensor(g, "large");
	assert_true(size > UINT32_MAX && t->size == size);
	float values[32];
	format_find(TYPE_Q4_0)->unpack(t->data + row * (ROWS - 1) + row - BLOCK, 1, values);
	for (int i = 0; i < 32; i++) assert_float_equal(values[i], 14, 0);
	gguf_close(g);
	buffer_free(&head);
	gguf_writer_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_last_row_lies_at_its_place) };
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
