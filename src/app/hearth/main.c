/* hearth: a private AI on its user's own machine. Everything is in the commands (commands.h, option_table.c). */
#include "app/hearth/commands.h"
#include "app/hearth/programs.h"
#include "app/hearth/prove.h"
#include "guard/findings.h"

#include <string.h>

int main(int argc, char **argv)
{
	struct error e;
	if (!programs_begin(&e)) return commands_fail(&e);
	bool probes = argc == 2 && strcmp(argv[1], GUARD_PROBE_WORD) == 0;
	bool proves = argc == 2 && strcmp(argv[1], SPAWNER_PROVES) == 0;
	int status;
	if (probes || proves)
		status = (probes ? programs_probe(&e) : prove_send(&e)) ? STATUS_DONE : commands_fail(&e);
	else
		status = commands_main(argc, argv);
	programs_end();
	return status;
}
