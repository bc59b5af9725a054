/* bad_split: the hostile parts of tests/bad/gguf_split.c, given to the jailed engine. */
#define main tests_main
#include "../bad/gguf_split.c"
#undef main

#include "bad_engine.h"

int main(void)
{
	return bad_main(tests_main, bad_look);
}
