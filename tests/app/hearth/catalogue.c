/* catalogue: the one that comes with hearth is whole, and a damaged one is refused by line. */
#include "app/hearth/catalogue.h"

#include "app/hearth/model_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct error e;
static struct catalogue c;

static void the_catalogue_has_ten_models_that_can_be_fetched(void **state)
{
	(void)state;
	struct paths p;
	struct model_name name;
	size_t talk = 0;
	paths_find(&p);
	if (!catalogue_read(&c, &p, &e)) fail_msg("%s", e.text);
	assert_int_equal(c.n, 10);
	for (size_t i = 0; i < c.n; i++) {
		const struct catalogue_row *r = &c.rows[i];
		assert_true(model_name_read(&name, r->pull, &e));
		assert_string_equal(name.file, r->file);
		assert_string_equal(r->file + strlen(r->file) - 5, ".gguf");
		assert_int_equal(strlen(r->sha256), 64);
		assert_true(strlen(r->good_at) < 100 && r->title[0] && r->licence[0]);
		/* A weight has between two and sixteen bits. */
		assert_true(r->bytes > r->parameters / 4 && r->bytes < 2 * r->parameters);
		if (i) assert_true(r->bytes > c.rows[i - 1].bytes);
		talk += !r->code;
	}
	assert_true(talk >= 8);
	catalogue_free(&c);
}

static void expect_refused(const char *text, const char *part)
{
	char path[] = "/tmp/hearth-catalogue-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	assert_false(catalogue_read_file(&c, path, &e));
	if (!strstr(e.text, part)) fail_msg("'%s' does not say '%s'", e.text, part);
	catalogue_free(&c);
	unlink(path);
}

#define TAIL  "\tgood\tfree\t1000\t1000\t1000\t8\t64\tno\tchat\t-"
#define WHOLE "a/b:c.gguf\tA" TAIL

static void a_damaged_line_is_named(void **state)
{
	(void)state;
	expect_refused("# one\n" WHOLE "\nnonsense\n", "line 3 has not 12 parts");
	expect_refused(WHOLE "\tmore", "line 1 has not 12 parts");
	expect_refused("nothing.gguf\tA" TAIL, "is no OWNER/REPO:FILE");
	expect_refused("a/b:../c.gguf\tA" TAIL, "is no OWNER/REPO:FILE");
	expect_refused("a/b:Q4_K_M\tA" TAIL, "is no OWNER/REPO:FILE");
	expect_refused("a/b:c.gguf\t" TAIL, "has an empty part");
	expect_refused("a/b:c.gguf\tA\tgood\tfree\t-1\t1000\t1000\t8\t64\tno\tchat\t-", "has a number");
	expect_refused("a/b:c.gguf\tA\tgood\tfree\t1000\t1000\t1001\t8\t64\tno\tchat\t-", "has a number");
	expect_refused("a/b:c.gguf\tA\tgood\tfree\t99999999999999999999\t1000\t1000\t8\t64\tno\tchat\t-", "has a number");
	expect_refused("a/b:c.gguf\tA\tgood\tfree\t1000\t1000\t1000\t8\t64\tmaybe\tchat\t-", "neither of its two words");
	expect_refused("a/b:c.gguf\tA\tgood\tfree\t1000\t1000\t1000\t8\t64\tno\tchat\tabc", "has no SHA-256");
	char many[(CATALOGUE_MOST + 1) * sizeof WHOLE + 1] = "";
	for (size_t i = 0, at = 0; i <= CATALOGUE_MOST; i++) at += (size_t)snprintf(many + at, sizeof many - at, "%s\n", WHOLE);
	expect_refused(many, "line 65 is one too many");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_catalogue_has_ten_models_that_can_be_fetched),
		cmocka_unit_test(a_damaged_line_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
