/*
 * bad_engine: the files of a test in tests/bad, each given to the jailed engine too: the verdict is the same line, and this process
 * survives. Included behind that test, whose main is renamed.
 */
#ifndef HEARTH_TESTS_WIRE_BAD_ENGINE_H
#define HEARTH_TESTS_WIRE_BAD_ENGINE_H

#include "../bad/made.h"
#include "real_engine.h"

#include <stdlib.h>

enum { EVERY = 16 }; /* of the files that are one file, cut at each byte */

static unsigned bad_looked;

static inline void bad_compare(const char *name, bool opened, const char *said, const char *line)
{
	/* Files that lie in memory are called bad.gguf alone. */
	const char *folder = strstr(said, "bad.gguf: ") && strncmp(line, "bad.gguf: ", 10) == 0 ? strstr(said, "bad.gguf: ") : said;
	if (opened) fail_msg("%s: the engine opened it", name);
	/* What people save by mistake has a line of its own there. */
	bool mistake = strstr(line, "not a GGUF file") && strstr(said, "bad.gguf: is ");
	if (strcmp(folder, line) != 0 && !mistake) fail_msg("%s: the engine says '%s', not '%s'", name, said, line);
	bad_looked++;
}

/* What the format refuses. */
static inline void bad_look(const char *name, const char *path, const char *line)
{
	static unsigned cuts;
	struct hearth_file *file;
	struct hearth_error error = { "" };
	if (strncmp(name, "cut at", 6) == 0 && cuts++ % EVERY != 0) return;
	bool opened = client_file_open(path, &file, &error);
	if (opened) client_file_close(file);
	bad_compare(name, opened, error.text, line);
}

/* What only the model refuses. */
static inline void bad_open(const char *name, const char *path, const char *line)
{
	struct hearth_options o = { .size = sizeof o, .model = path, .threads = 1 };
	struct hearth *h;
	struct hearth_error error = { "" };
	bool opened = client_open(&o, &h, &error);
	if (opened) client_close(h);
	if (line) bad_compare(name, opened, error.text, line);
}

static inline int bad_main(int (*tests)(void), void (*also)(const char *name, const char *path, const char *line))
{
	if (!real_begin()) return 1;
	real_use(0);
	made_also = also;
	int status = tests();
	spawner_stop(real_spawner);
	if (bad_looked == 0) return 1;
	return status;
}

#endif
