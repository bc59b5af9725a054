/* hearth: a private AI on its user's own machine. Everything is in the commands (commands.h, option_table.c). */
#include "app/hearth/commands.h"

int main(int argc, char **argv)
{
	return commands_main(argc, argv);
}
