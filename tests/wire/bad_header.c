/* bad_header: the hostile headers of tests/bad/gguf_header.c, given to the jailed engine. */
#define main tests_main
#include "../bad/gguf_header.c"
#undef main

#include "bad_engine.h"

int main(void)
{
	return bad_main(tests_main, bad_look);
}
