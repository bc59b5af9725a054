/* vocab_cutter: what the tokenizers that do not merge read beside tokens (see cutters.h). */
#include "text/prefixes.h"
#include "text/vocab_internal.h"

static bool read_bool(struct vocab_load *l, const char *key, bool *value)
{
	return gguf_get_bool(l->file, key, value, l->error);
}

/* The map of characters, copied so that its units are aligned. */
static bool read_charsmap(struct vocab_load *l)
{
	static const char key[] = "tokenizer.ggml.precompiled_charsmap";
	const struct gguf_value *value = NULL;
	if (!gguf_get_array(l->file, key, GGUF_I64, &value, l->error)) return false;
	if (!value || value->count == 0) return true;
	if (value->item != GGUF_U8 && value->item != GGUF_I8)
		return error_set(l->error, "%s: %s: its items are no bytes", l->name, key);
	uint8_t *bytes = arena_alloc(l->vocab->arena, (size_t)value->count, 1);
	if (!bytes) return error_memory(l->error);
	memcpy(bytes, value->data, (size_t)value->count);
	return charsmap_open(&l->vocab->charsmap, bytes, (size_t)value->count, l->error) ||
	       error_at(l->error, "%s: %s", l->name, key);
}

bool vocab_read_cutter(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	bool ok = true;
	switch (v->model) {
	case VOCAB_SPM:
	case VOCAB_BPE:
	case VOCAB_RAW: return true;
	case VOCAB_WORDPIECE:
		v->small_letters = true;
		ok = read_bool(l, "tokenizer.ggml.normalizer.lowercase", &v->small_letters);
		v->strip_accents = v->small_letters;
		ok = ok && read_bool(l, "tokenizer.ggml.normalizer.strip_accents", &v->strip_accents);
		break;
	case VOCAB_UNIGRAM:
		ok = read_bool(l, "tokenizer.ggml.remove_extra_whitespaces", &v->merge_spaces) && read_charsmap(l);
		break;
	case VOCAB_LONGEST: break;
	}
	return ok && prefixes_list_texts(v, l->error);
}
