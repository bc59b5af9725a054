/* thinking: counting a thought's tokens and closing it (see thinking.h). */
#include "engine/thinking.h"

#include <math.h>
#include <string.h>

static void nothing(void *data, bool thought, const char *text, size_t length)
{
	(void)data;
	(void)thought;
	(void)text;
	(void)length;
}

void thinking_begin(struct thinking *t, const struct vocab *v, const char *prompt, size_t length, uint32_t limit)
{
	*t = (struct thinking){ .vocab = v, .place = thoughts_new(length ? prompt : "", length), .left = limit };
}

void thinking_clear(struct thinking *t)
{
	token_list_free(&t->closes);
	*t = (struct thinking){ .vocab = NULL };
}

void thinking_apply(const struct thinking *t, float *logits, uint32_t n)
{
	if (t->next == t->closes.count) return;
	for (uint32_t i = 0; i < n; i++) logits[i] = -INFINITY;
	logits[t->closes.ids[t->next]] = 0;
}

/* How many bytes the last character lacks behind this one. */
static uint32_t rest_behind(uint32_t rest, uint8_t byte)
{
	if (byte >= 0xF0) return 3;
	if (byte >= 0xE0) return 2;
	if (byte >= 0xC0) return 1;
	return byte >= 0x80 && rest ? rest - 1 : 0;
}

/* Without memory the thought goes on, and it is tried again behind the next token. */
static void close_thought(struct thinking *t)
{
	const char *mark = thoughts_pairs[t->place.pair].close;
	struct error ignored;
	uint32_t id = vocab_find_special(t->vocab, mark, strlen(mark));
	bool ok = id != TOKEN_NONE ? token_list_add(&t->closes, id)
	                           : tokenizer_encode(t->vocab, mark, strlen(mark), 0, &t->closes, &ignored);
	if (!ok) t->closes.count = 0;
}

void thinking_take(struct thinking *t, uint32_t token)
{
	size_t n;
	if (!t->vocab || t->place.place == THOUGHTS_ANSWER) return;
	if (t->next < t->closes.count) t->next++;
	if (token >= t->vocab->count) return; /* it stands for nothing */
	const char *bytes = vocab_bytes(t->vocab, token, &n);
	bool inside = t->place.place == THOUGHTS_INSIDE;
	thoughts_text(&t->place, bytes, n, nothing, NULL);
	for (size_t i = 0; i < n; i++) t->rest = rest_behind(t->rest, (uint8_t)bytes[i]);
	if (t->place.place != THOUGHTS_INSIDE || !inside) return;
	if (t->left) t->left--;
	if (t->left == 0 && t->rest == 0 && t->closes.count == 0) close_thought(t);
}
