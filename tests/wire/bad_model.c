/* bad_model: the hostile models of tests/bad/model.c, given to the jailed engine. */
#define main tests_main
#include "../bad/model.c"
#undef main

#include "bad_engine.h"

int main(void)
{
	if (!mkdtemp(made_folder)) return 1;
	int status = bad_main(tests_main, bad_open);
	return rmdir(made_folder) == 0 ? status : 1;
}
