/* fuzz target: the first byte chooses between a grammar and a schema; what is taken is walked with the input's own bytes. */
#include "grammar/automaton.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e;
	if (size < 1 || size > 20000) return 0;
	struct grammar *g = (data[0] & 1 ? grammar_from_schema : grammar_from_gbnf)((const char *)data + 1, size - 1, &e);
	struct automaton *a = g ? automaton_new(g, 1 << 20, &e) : NULL;
	uint32_t at = a ? automaton_start(a) : AUTOMATON_DEAD;
	for (size_t i = 0; a && i < size; i++) {
		uint32_t next = automaton_step(a, at, data[i]);
		if (next != AUTOMATON_DEAD) at = next;
		if (automaton_is_full(a) && !automaton_forget(a, &(uint32_t *){ &at }, 1, &e)) break;
	}
	automaton_free(a);
	grammar_free(g);
	return 0;
}
