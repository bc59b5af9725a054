/* share: every test of requests that go on from others (tests/engine/share.c), over the socket to a jailed engine. */
#include "real_engine.h"

#define main in_process_main
#include "../engine/share.c"
#undef main

int main(void)
{
	if (!real_begin()) return 1;
	real_use(0);
	int status = in_process_main();
	spawner_stop(real_spawner);
	return status;
}
