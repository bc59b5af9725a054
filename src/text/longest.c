/* longest: at each place the longest token, as RWKV's tokenizer (see cutters.h). Its tokens are bytes, not characters. */
#include "text/cutters.h"
#include "text/prefixes.h"

static uint32_t longest(const struct vocab *v, const char *text, size_t length, bool all, size_t *n)
{
	uint32_t found = TOKEN_NONE, id;
	size_t size;
	for (struct prefixes p = prefixes_start(v, v->texts, text, length); (id = prefixes_next(&p, &size)) != TOKEN_NONE;) {
		if (!all && !prefixes_harmless(v, id)) continue;
		found = id;
		*n = size;
	}
	return found;
}

bool longest_cut(const struct vocab *v, const char *text, size_t length, unsigned options, struct buffer *work,
                 struct token_list *out, struct error *e)
{
	(void)work;
	for (size_t at = 0; at < length;) {
		size_t n = 1;
		uint32_t id = longest(v, text + at, length - at, options & TOKENIZER_ALL_TOKENS, &n);
		if (id == TOKEN_NONE) id = v->special[VOCAB_UNK];
		if (id != TOKEN_NONE && !token_list_add(out, id)) return error_memory(e);
		at += n;
	}
	return true;
}
