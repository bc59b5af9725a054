/* bad_values: the hostile values of tests/bad/gguf_values.c, given to the jailed engine. */
#define main tests_main
#include "../bad/gguf_values.c"
#undef main

#include "bad_engine.h"

int main(void)
{
	return bad_main(tests_main, bad_look);
}
