/* paths: folders by the rules of XDG and HEARTH_HOME, and settings that come back as they were. */
#include "app/hearth/paths.h"

#include "app/hearth/settings.h"
#include "base/file.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct paths p;
static char folder[64];

static void set(const char *home, const char *data, const char *config, const char *hearth)
{
	const char *const names[] = { "HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HEARTH_HOME" };
	const char *const values[] = { home, data, config, hearth };
	for (size_t i = 0; i < 4; i++) {
		if (values[i])
			setenv(names[i], values[i], 1);
		else
			unsetenv(names[i]);
	}
	paths_find(&p);
}

static void folders_follow_the_environment(void **state)
{
	(void)state;
	set("/home/a", NULL, NULL, NULL);
	assert_string_equal(p.data, "/home/a/.local/share/hearth");
	assert_string_equal(p.models, "/home/a/.local/share/hearth/models");
	assert_string_equal(p.settings, "/home/a/.config/hearth");
	set("/home/a", "/d", "/c", NULL);
	assert_string_equal(p.data, "/d/hearth");
	assert_string_equal(p.settings, "/c/hearth");
	set("/home/a", "relative", "", NULL); /* the rules say: ignored */
	assert_string_equal(p.data, "/home/a/.local/share/hearth");
	assert_string_equal(p.settings, "/home/a/.config/hearth");
	set("/home/a", "/d", "/c", "/h");
	assert_string_equal(p.data, "/h");
	assert_string_equal(p.settings, "/h");
	assert_string_equal(p.models, "/h/models");
	set(NULL, NULL, NULL, NULL);
	assert_string_equal(p.data, "");
	assert_string_equal(p.models, "");
}

static void a_path_that_is_too_long_becomes_none(void **state)
{
	(void)state;
	static char longest[2 * PATHS_ROOM];
	memset(longest, 'a', sizeof longest - 1);
	longest[0] = '/';
	set(longest, NULL, NULL, NULL);
	assert_string_equal(p.data, "");
}

static void folders_are_made_for_the_user_alone(void **state)
{
	(void)state;
	char path[PATHS_ROOM];
	struct error e;
	struct stat st;
	snprintf(path, sizeof path, "%s/a/b", folder);
	assert_true(paths_make_folder(path, &e));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_true(paths_make_folder(path, &e));
	assert_false(paths_make_folder("", &e));
	assert_false(paths_make_folder("/dev/null/x", &e));
	rmdir(path);
	snprintf(path, sizeof path, "%s/a", folder);
	rmdir(path);
}

static void settings_come_back(void **state)
{
	(void)state;
	struct settings s = { .colour = false, .threads = 3 }, read;
	struct error e;
	struct stat st;
	char path[PATHS_ROOM];
	set(NULL, NULL, NULL, folder);
	assert_true(settings_read(&read, &p, &e));
	assert_true(read.colour && read.threads == 0 && !read.model[0]);
	snprintf(s.model, sizeof s.model, "/models/a = b.gguf");
	assert_true(settings_write(&s, &p, &e));
	assert_true(settings_read(&read, &p, &e));
	assert_true(!read.colour && read.threads == 3);
	assert_string_equal(read.model, "/models/a = b.gguf");
	assert_true(paths_join(path, folder, "settings"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(s.model, sizeof s.model, "/line\nend");
	assert_false(settings_write(&s, &p, &e));
	for (uint64_t n = 1; n < 8; n++) { /* a write that fails leaves the old file */
		s.model[0] = 0;
		file_fail_at(n);
		bool written = settings_write(&s, &p, &e);
		file_fail_at(0);
		assert_true(settings_read(&read, &p, &e));
		assert_string_equal(read.model, written ? "" : "/models/a = b.gguf");
		if (written) break;
	}
	unlink(path);
}

static void strange_settings_are_no_harm(void **state)
{
	(void)state;
	struct settings s;
	struct error e;
	struct file_writer w;
	char path[PATHS_ROOM];
	static const char text[] = "=\n = \nthreads = -5\nthreads\n#model = /x\ncolour\nunknown = 1\nmodel =   /y";
	set(NULL, NULL, NULL, folder);
	assert_true(paths_join(path, folder, "settings"));
	assert_true(file_create(&w, path, &e) && file_write(&w, text, sizeof text - 1, &e) && file_commit(&w, &e));
	assert_true(settings_read(&s, &p, &e));
	assert_true(s.colour && s.threads == 0);
	assert_string_equal(s.model, "/y");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(settings_read(&s, &p, &e));
	rmdir(path);
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/hearth-paths-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_follow_the_environment),      cmocka_unit_test(a_path_that_is_too_long_becomes_none),
		cmocka_unit_test(folders_are_made_for_the_user_alone), cmocka_unit_test(settings_come_back),
		cmocka_unit_test(strange_settings_are_no_harm),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
