/* fuzz target: the first byte chooses between a grammar, a schema and a form; what is taken is walked with the input's own bytes.
 */
#include "grammar/automaton.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e;
	if (size < 1 || size > 20000) return 0;
	static struct grammar *(*const from[])(const char *, size_t, struct error *) = { grammar_from_gbnf, grammar_from_schema,
		                                                                         grammar_from_form, grammar_from_schema };
	struct grammar *g = from[data[0] & 3]((const char *)data + 1, size - 1, &e);
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
