/* recovery_code: what is written is read, as people write it, and slips are noticed. */
#include "store/recovery_code.h"
#include "store/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void what_is_written_is_read(void **state)
{
	uint8_t bytes[RECOVERY_BYTES], back[RECOVERY_BYTES];
	char text[RECOVERY_TEXT], sloppy[80];
	(void)state;
	for (int round = 0; round < 1000; round++) {
		seal_random(bytes, sizeof bytes);
		recovery_code_write(text, bytes);
		assert_int_equal(strlen(text), 34);
		assert_true(recovery_code_read(back, text, strlen(text)));
		assert_memory_equal(back, bytes, sizeof bytes);
		size_t at = 0;
		for (size_t i = 0; text[i]; i++) {
			char c = text[i];
			if (c == '-') c = ' ';
			if (c == '0') c = 'o';
			if (c == '1') c = round % 2 ? 'l' : 'I';
			if (c >= 'A' && c <= 'Z' && round % 3) c = (char)(c - 'A' + 'a');
			sloppy[at++] = c;
			if (c == ' ') sloppy[at++] = ' ';
		}
		sloppy[at++] = '\n';
		assert_true(recovery_code_read(back, sloppy, at));
		assert_memory_equal(back, bytes, sizeof bytes);
	}
}

static void slips_are_noticed(void **state)
{
	uint8_t bytes[RECOVERY_BYTES], back[RECOVERY_BYTES];
	char text[RECOVERY_TEXT];
	int taken = 0;
	(void)state;
	for (int round = 0; round < 2000; round++) {
		seal_random(bytes, sizeof bytes);
		recovery_code_write(text, bytes);
		size_t at = (size_t)round % 34;
		if (text[at] == '-') continue;
		text[at] = text[at] == '7' ? '8' : '7';
		taken += recovery_code_read(back, text, 34);
	}
	assert_true(taken < 8); /* one in 4,096 is to be expected */
	recovery_code_write(text, bytes);
	assert_false(recovery_code_read(back, text, 33));
	assert_false(recovery_code_read(back, "", 0));
	assert_false(recovery_code_read(back, "0000-0000-0000-0000-0000-0000-00*0", 34));
	assert_false(recovery_code_read(back, "0000-0000-0000-0000-0000-0000-0000-0", 36));
}

static void a_known_code(void **state)
{
	static const uint8_t zeros[RECOVERY_BYTES];
	char text[RECOVERY_TEXT];
	(void)state;
	recovery_code_write(text, zeros);
	assert_memory_equal(text, "0000-0000-0000-0000-0000-0000-0", 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(slips_are_noticed),
		cmocka_unit_test(a_known_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
