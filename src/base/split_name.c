/* split_name: five digits, -of-, five digits (see split_name.h). */
#include "base/split_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ending[] = "-NNNNN-of-NNNNN.gguf";

enum { ENDING = sizeof ending - 1, NUMBER = 1, COUNT = 10, DIGITS = 5 };

/* Number and count of a name with that ending. */
static bool read_name(const char *path, unsigned *number, unsigned *count)
{
	size_t length = strlen(path);
	if (length <= ENDING) return false;
	const char *end = path + length - ENDING;
	for (int i = 0; i < ENDING; i++) {
		if (ending[i] == 'N' ? end[i] < '0' || end[i] > '9' : end[i] != ending[i]) return false;
	}
	*number = (unsigned)strtoul(end + NUMBER, NULL, 10);
	*count = (unsigned)strtoul(end + COUNT, NULL, 10);
	return true;
}

unsigned split_name_parts(const char *path)
{
	unsigned number, count;
	return read_name(path, &number, &count) && number == 1 ? count : 0;
}

bool split_name_is_later(const char *path)
{
	unsigned number, count;
	return read_name(path, &number, &count) && number != 1;
}

bool split_name_part(char *out, size_t room, const char *first, unsigned number)
{
	unsigned count = split_name_parts(first);
	int stem = (int)(strlen(first) - ENDING);
	return count && snprintf(out, room, "%.*s-%05u-of-%05u.gguf", stem, first, number, count) < (int)room;
}
