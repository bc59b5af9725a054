/* elf: this test's own program is read; what is cut or bent is refused or read within its bytes. */
#include "format/elf.h"

#include "base/file.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { LARGEST = 256 << 20, TRIES = 3000 };

static const char *program;
static char *own;
static size_t own_size;

static int read_own(void **state)
{
	(void)state;
	struct error e;
	own = file_read(program, LARGEST, &own_size, &e);
	return own ? 0 : -1;
}

static int drop_own(void **state)
{
	(void)state;
	memory_free(own);
	return 0;
}

/* How many imports and libraries there are, and whether these are among them. */
static void count(const struct elf *f, size_t *imports, size_t *libraries, const char *import, const char *library, bool *found)
{
	const char *text;
	*imports = *libraries = 0;
	bool has[2] = { false, false };
	for (uint64_t at = 0; (text = elf_next_import(f, &at)); ++*imports) has[0] |= strcmp(text, import) == 0;
	for (uint64_t at = 0; (text = elf_next_library(f, &at)); ++*libraries)
		has[1] |= strncmp(text, library, strlen(library)) == 0;
	*found = has[0] && has[1];
}

static void a_program_is_read(void **state)
{
	(void)state;
	struct elf f;
	struct error e;
	size_t imports, libraries;
	bool found;
	if (!elf_open(&f, (const uint8_t *)own, own_size, "own", &e)) fail_msg("%s", e.text);
	count(&f, &imports, &libraries, "_cmocka_run_group_tests", "libcmocka", &found);
	assert_true(found && imports > 10 && libraries >= 2);
	count(&f, &imports, &libraries, "elf_open", "libc", &found); /* its own functions are no imports */
	assert_false(found);
}

static void what_is_no_program_is_refused(void **state)
{
	(void)state;
	struct elf f;
	struct error e;
	assert_false(elf_open(&f, NULL, 0, "empty", &e));
	assert_non_null(strstr(e.text, "empty: is no 64-bit program"));
	own[0] = 'x';
	assert_false(elf_open(&f, (const uint8_t *)own, own_size, "bent", &e));
	own[0] = 0x7f;
	own[4] = 1;
	assert_false(elf_open(&f, (const uint8_t *)own, own_size, "of 32 bits", &e));
	own[4] = 2;
}

static void what_is_cut_is_refused(void **state)
{
	(void)state;
	struct elf f;
	struct error e;
	for (size_t i = 0; i < TRIES; i++) {
		size_t size = i < 128 ? i : own_size * i / (TRIES + 1);
		char *cut = memory_copy_text(own, size); /* a copy, so that a read behind its end is seen */
		assert_non_null(cut);
		assert_false(elf_open(&f, (const uint8_t *)cut, size, "cut", &e));
		memory_free(cut);
		if (own_size > (8 << 20) && i > 256) break; /* a build with sanitizers is large */
	}
}

/* Bytes of the section table and of the header, each set to what hurts. */
static void what_is_bent_stays_within_its_bytes(void **state)
{
	(void)state;
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	uint64_t table;
	memcpy(&table, own + 40, sizeof table);
	assert_true(table < own_size);
	for (size_t i = 0; i < 64 + (own_size - table); i++) {
		size_t place = i < 64 ? i : (size_t)table + i - 64;
		char before = own[place];
		for (size_t v = 0; v < sizeof values; v++) {
			struct elf f;
			struct error e;
			size_t imports, libraries;
			bool found;
			own[place] = (char)values[v];
			if (elf_open(&f, (const uint8_t *)own, own_size, "bent", &e))
				count(&f, &imports, &libraries, "", "", &found);
		}
		own[place] = before;
	}
}

int main(int argc, char **argv)
{
	program = argc > 0 ? argv[0] : "";
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_is_read),
		cmocka_unit_test(what_is_no_program_is_refused),
		cmocka_unit_test(what_is_cut_is_refused),
		cmocka_unit_test(what_is_bent_stays_within_its_bytes),
	};
	return cmocka_run_group_tests(tests, read_own, drop_own);
}
