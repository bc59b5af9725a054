/* hearth: a private AI on its user's own machine. Everything is in the commands (commands.h, option_table.c). */
#include "app/hearth/commands.h"
#include "app/hearth/programs.h"

int main(int argc, char **argv)
{
	struct error e;
	if (!programs_begin(&e)) return commands_fail(&e);
	int status = commands_main(argc, argv);
	programs_end();
	return status;
}
