/* The chat over a scripted engine: what happens to the context, and what reaches the terminal. Started with `--play` and
 * arguments of hearth it is hearth itself, over the scripted engine: tests/end_to_end/terminal.sh talks to it. */
#include "app/hearth/chat.h"
#include "app/hearth/commands.h"

#include "tests/app/hearth/scripted_engine.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--play") == 0) {
		argv[1] = argv[0];
		return commands_main(argc - 1, argv + 1);
	}
	return 0;
}
