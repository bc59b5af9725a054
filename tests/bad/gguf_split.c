/* gguf_split: models in several files of which one is missing, repeated, foreign or wrong. */
#include "made.h"

#include <fcntl.h>
#include <sys/stat.h>

/* What a part says of itself; `no`, `count` and `tensors` as they are written. */
struct part {
	uint16_t no, count;
	int32_t tensors;
	const char *first_tensor; /* its second has the name of the first and "2" */
};

static void write_part(const char *name, struct part p)
{
	struct error e = { "" };
	struct gguf_writer w = gguf_writer_new();
	char second[32];
	snprintf(second, sizeof second, "%s2", p.first_tensor);
	gguf_put_u16(&w, "split.no", p.no);
	gguf_put_u16(&w, "split.count", p.count);
	gguf_put_i32(&w, "split.tensors.count", p.tensors);
	gguf_put_tensor(&w, p.first_tensor, TYPE_F32, 1, (uint64_t[]){ 1 }, "four", 4);
	gguf_put_tensor(&w, second, TYPE_F32, 1, (uint64_t[]){ 1 }, "four", 4);
	if (!gguf_writer_save(&w, made_path(name), &e)) fail_msg("%s", e.text);
	gguf_writer_free(&w);
}

static const char one[] = "m-00001-of-00003.gguf", two[] = "m-00002-of-00003.gguf", three[] = "m-00003-of-00003.gguf";

static void write_three(void)
{
	write_part(one, (struct part){ 0, 3, 6, "a" });
	write_part(two, (struct part){ 1, 3, 6, "b" });
	write_part(three, (struct part){ 2, 3, 6, "c" });
}

static int remove_three(void **state)
{
	(void)state;
	unlink(made_path(one));
	unlink(made_path(two));
	unlink(made_path(three));
	unlink(made_path("model.gguf"));
	return 0;
}

/* Opening the first part fails with words that name `file` and contain `expected`. */
static void refused(const char *name, const char *file, const char *expected)
{
	struct error e = { "" };
	size_t before = memory_in_use();
	alarm(HANG);
	struct gguf *g = gguf_open(made_path(one), &e);
	alarm(0);
	if (g) fail_msg("%s: was opened", name);
	if (!strstr(e.text, made_path(file)) || !strstr(e.text, expected))
		fail_msg("%s: '%s' lacks '%s' or '%s'", name, e.text, file, expected);
	assert_int_equal(memory_in_use(), before);
	if (made_also) made_also(name, made_path(one), e.text);
}

static void the_valid_parts_are_opened(void **state)
{
	(void)state;
	struct error e = { "" };
	write_three();
	struct gguf *g = gguf_open(made_path(one), &e);
	if (!g) fail_msg("%s", e.text);
	assert_int_equal(gguf_tensor_count(g), 6);
	gguf_close(g);
}

static void a_missing_part(void **state)
{
	(void)state;
	write_three();
	unlink(made_path(three));
	refused("missing", three, "part 3 of 3 is missing");
	unlink(made_path(two));
	refused("missing", two, "part 2 of 3 is missing");
	mkdir(made_path(two), 0700);
	refused("a folder", two, "is a directory");
	rmdir(made_path(two));
	assert_int_equal(mkfifo(made_path(two), 0600), 0);
	refused("a FIFO", two, "not a regular file");
	unlink(made_path(two));
	assert_int_equal(symlink(two, made_path(two)), 0);
	refused("a loop", two, "symbolic links");
}

static void a_part_that_is_no_part(void **state)
{
	(void)state;
	write_three();
	made_write(two, "", 0);
	refused("empty", two, "the file is empty");
	made_write(two, "GGUF\3\0\0\0", 8);
	refused("cut", two, "header is cut short");
	struct buffer b = made_bytes(&(struct made_case){ "whole", NULL, NULL, "" });
	made_write(two, b.data, b.size);
	refused("a whole model", two, "part 2 of 3 was expected, but the file says 1 of 0");
	buffer_free(&b);
}

static void a_repeated_part(void **state)
{
	(void)state;
	write_three();
	write_part(two, (struct part){ 0, 3, 6, "a" });
	refused("the first again", two, "part 2 of 3 was expected, but the file says 1 of 3");
	write_part(two, (struct part){ 2, 3, 6, "c" });
	refused("the third twice", two, "part 2 of 3 was expected, but the file says 3 of 3");
	write_part(two, (struct part){ 1, 3, 6, "a" });
	refused("tensors of the first again", two, "tensor 'a': this name stands twice");
}

static void parts_that_contradict_each_other(void **state)
{
	(void)state;
	write_three();
	write_part(two, (struct part){ 1, 4, 6, "b" });
	refused("another count", two, "part 2 of 3 was expected, but the file says 2 of 4");
	write_part(two, (struct part){ 1, 3, 7, "b" });
	refused("another number of tensors", two, "'split.tensors.count': 7 here and 6 in the first part");
	write_part(one, (struct part){ 0, 3, 7, "a" });
	write_part(three, (struct part){ 2, 3, 7, "c" });
	refused("too few tensors", one, "the parts hold 6 tensors, not 7");
	write_part(two, (struct part){ 7, 3, 6, "b" });
	refused("a number above the count", two, "part 8 of 3 makes no sense");
}

static void a_first_part_that_is_none(void **state)
{
	(void)state;
	write_three();
	write_part(one, (struct part){ 1, 3, 6, "a" });
	refused("the second under the first's name", one, "this is part 2 of 3 of a split model; open the first part");
	write_part(one, (struct part){ 0, 65535, 6, "a" });
	refused("65535 parts", one, "part 1 of 65535 makes no sense");
	write_part(one, (struct part){ 0, 1025, 6, "a" });
	refused("1025 parts", one, "part 1 of 1025 makes no sense");
	write_part(one, (struct part){ 3, 3, 6, "a" });
	refused("part 4 of 3", one, "part 4 of 3 makes no sense");
	write_part(one, (struct part){ 5, 0, 6, "a" });
	refused("part 6 of none", one, "part 6 of 0 makes no sense");
	write_part(one, (struct part){ 0, 4, 8, "a" });
	refused("another count than in the name", one, "its name must end in -00001-of-00004.gguf");
}

static void another_part_is_opened(void **state)
{
	(void)state;
	struct error e = { "" };
	write_three();
	assert_null(gguf_open(made_path(two), &e));
	assert_non_null(strstr(e.text, "this is part 2 of 3 of a split model; open the first part"));
	rename(made_path(one), made_path("model.gguf"));
	assert_null(gguf_open(made_path("model.gguf"), &e));
	assert_non_null(strstr(e.text, "its name must end in -00001-of-00003.gguf"));
}

static void split_keys_of_the_wrong_type(void **state)
{
	(void)state;
	static const char *const keys[] = { "split.no", "split.count", "split.tensors.count" };
	for (size_t i = 0; i < 3; i++) {
		for (int kind = 0; kind < 4; kind++) {
			struct error e = { "" };
			struct gguf_writer w = made_valid();
			if (kind == 0) gguf_put_text(&w, keys[i], "3", 1);
			if (kind == 1) gguf_put_f32(&w, keys[i], 3);
			if (kind == 2) gguf_put_array(&w, keys[i], GGUF_U16, (uint16_t[]){ 3 }, 1);
			if (kind == 3) gguf_put_bool(&w, keys[i], true);
			assert_true(gguf_writer_save(&w, made_path(one), &e));
			gguf_writer_free(&w);
			char words[64];
			snprintf(words, sizeof words, "'%s': must be an integer", keys[i]);
			refused("wrong type", one, words);
		}
	}
	struct error e = { "" };
	struct gguf_writer w = made_valid();
	gguf_put_i32(&w, "split.count", -1);
	assert_true(gguf_writer_save(&w, made_path(one), &e));
	gguf_writer_free(&w);
	refused("a negative count", one, "part 1 of -1 makes no sense");
}

/* Parts that are each as large as is allowed are together too large. */
static void limits_hold_for_all_parts_together(void **state)
{
	(void)state;
	struct error e = { "" };
	write_three();
	for (int i = 0; i < 2; i++) {
		struct gguf_writer w = gguf_writer_new();
		char name[32];
		gguf_put_u16(&w, "split.no", (uint16_t)i);
		gguf_put_u16(&w, "split.count", 3);
		gguf_put_i32(&w, "split.tensors.count", 6);
		for (int k = 0; k < 40000; k++) {
			snprintf(name, sizeof name, "key%d", k);
			gguf_put_u32(&w, name, 0);
		}
		assert_true(gguf_writer_save(&w, made_path(i ? two : one), &e));
		gguf_writer_free(&w);
	}
	refused("too many values together", two, "claims more metadata values");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_valid_parts_are_opened, remove_three),
		cmocka_unit_test_teardown(a_missing_part, remove_three),
		cmocka_unit_test_teardown(a_part_that_is_no_part, remove_three),
		cmocka_unit_test_teardown(a_repeated_part, remove_three),
		cmocka_unit_test_teardown(parts_that_contradict_each_other, remove_three),
		cmocka_unit_test_teardown(a_first_part_that_is_none, remove_three),
		cmocka_unit_test_teardown(another_part_is_opened, remove_three),
		cmocka_unit_test_teardown(split_keys_of_the_wrong_type, remove_three),
		cmocka_unit_test_teardown(limits_hold_for_all_parts_together, remove_three),
	};
	return cmocka_run_group_tests(tests, made_begin, made_end);
}
