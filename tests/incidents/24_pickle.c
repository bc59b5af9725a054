/*
 * Incident 24, nullifAI and CVE-2025-1716, -1889, -1944, -1945: model files that are programs (pickle), in archives that a scanner
 * reads otherwise than the loader does. hearth has one reader of one format; what is something else is refused by its first
 * bytes, whatever its name, also when a whole model follows.
 */
#include "../bad/made.h"

static void refuse(const char *name, const void *start, size_t size)
{
	struct buffer b = buffer_new(1 << 20);
	struct buffer valid = made_bytes(&(struct made_case){ "valid", NULL, NULL, "" });
	buffer_append(&b, start, size);
	buffer_append(&b, valid.data, valid.size);
	made_write("model.gguf", b.data, b.size);
	made_refused(name, made_path("model.gguf"), b.size, "GGUF");
	unlink(made_path("model.gguf"));
	buffer_free(&b);
	buffer_free(&valid);
}

static void what_is_not_gguf_is_refused(void **state)
{
	(void)state;
	refuse("pickle", "\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94", 30);
	refuse("zip", "PK\x03\x04\x14\0\0\0\0\0", 10);
	refuse("7z", "7z\xbc\xaf\x27\x1c", 6);
	refuse("safetensors", "\x08\0\0\0\0\0\0\0{}      ", 16);
	refuse("a space in front", " ", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_not_gguf_is_refused) };
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
