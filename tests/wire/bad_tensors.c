/* bad_tensors: the hostile tensors of tests/bad/gguf_tensors.c, given to the jailed engine. */
#define main tests_main
#include "../bad/gguf_tensors.c"
#undef main

#include "bad_engine.h"

int main(void)
{
	return bad_main(tests_main, bad_look);
}
