/*
 * hearth-front: the local page and the API. This version has the program's jail and nothing behind it, so that the rights that it
 * will have can be probed.
 */
#include "guard/findings.h"
#include "guard/spawner.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct error e;
	if (argc == 2 && strcmp(argv[1], GUARD_PROBE_WORD) == 0)
		return guard_findings_stand_in(SPAWNER_FIRST, GUARD_FRONT, &e) ? 0 : 1;
	fputs("hearth-front: serving is not in this version\n", stderr);
	return 1;
}
