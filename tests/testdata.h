/* testdata: where the shared test data lie, for tests that skip without them. */
#ifndef HEARTH_TESTS_TESTDATA_H
#define HEARTH_TESTS_TESTDATA_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The path of `name` below the folder of shared test data (HEARTH_TESTDATA, or ../shared) in a buffer that the next calls reuse
 * after four more; NULL when it is not there. */
static inline const char *testdata(const char *name)
{
	static char paths[4][1024];
	static unsigned next;
	const char *root = getenv("HEARTH_TESTDATA");
	char *path = paths[next++ % 4];
	int length = snprintf(path, sizeof paths[0], "%s/%s", root && *root ? root : "../shared", name);
	if (length < 0 || (size_t)length >= sizeof paths[0]) return NULL;
	return access(path, R_OK) == 0 ? path : NULL;
}

#endif
