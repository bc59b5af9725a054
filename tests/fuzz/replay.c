/*
 * replay: feeds a fuzz target the files of its corpus, one case each, so that `make check` runs them without a fuzzer.
 *
 * The corpus of the program .../NAME is the folder tests/fuzz/corpus/NAME.
 */
#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_LIMIT = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay_file(const char *path)
{
	size_t size;
	struct error e;
	char *text = file_read(path, INPUT_LIMIT, &size, &e);
	if (!text) {
		printf("# %s\n", e.text);
		return false;
	}
	/* A copy of the exact size, so that the sanitizer sees a read behind its end. */
	uint8_t *bytes = malloc(size ? size : 1);
	if (bytes) {
		memcpy(bytes, text, size);
		LLVMFuzzerTestOneInput(bytes, size);
	}
	free(bytes);
	memory_free(text);
	return bytes != NULL;
}

int main(int argc, char **argv)
{
	(void)argc;
	const char *name = strrchr(argv[0], '/');
	name = name ? name + 1 : argv[0];
	struct buffer path = buffer_new(1 << 16);
	buffer_format(&path, "tests/fuzz/corpus/%s", name);
	struct dirent **entries;
	int count = scandir(buffer_text(&path), &entries, NULL, alphasort);
	if (count < 0) {
		printf("not ok 1 - fuzz corpus of %s: cannot list %s\n", name, buffer_text(&path));
		return 1;
	}
	int cases = 0, failures = 0;
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			buffer_clear(&path);
			buffer_format(&path, "tests/fuzz/corpus/%s/%s", name, entries[i]->d_name);
			bool good = replay_file(buffer_text(&path));
			failures += !good;
			printf("%sok %d - fuzz %s replays %s\n", good ? "" : "not ", ++cases, name, entries[i]->d_name);
			fflush(stdout);
		}
		free(entries[i]);
	}
	free(entries);
	buffer_free(&path);
	printf("1..%d\n", cases);
	return failures > 0;
}
