/* vocab: tokens, types and scores into tables (see vocab.h). Merges and special tokens have files of their own. */
#include "text/vocab.h"

#include "base/log.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "text/vocab_internal.h"

#include <float.h>
#include <math.h>
#include <string.h>

bool vocab_decode_letters(const char *text, size_t length, char *out, size_t *size)
{
	size_t n = 0;
	for (size_t i = 0; i < length;) {
		uint8_t a = (uint8_t)text[i++];
		if (a > 0x20 && a < 0x7F) {
			out[n++] = (char)a;
			continue;
		}
		if (a < 0xC2 || a > 0xC5 || i == length) return false;
		unsigned point = (unsigned)(a & 0x1F) << 6 | ((uint8_t)text[i++] & 0x3F);
		/* Letters from U+0100 on stand for the bytes that are no printable Latin-1: 00-20, 7F-A0 and AD, in this order. */
		if (point >= 0xA1 && point <= 0xFF && point != 0xAD)
			out[n++] = (char)point;
		else if (point >= 0x100 && point <= 0x120)
			out[n++] = (char)(point - 0x100);
		else if (point >= 0x121 && point <= 0x142)
			out[n++] = (char)(point - 0x121 + 0x7F);
		else if (point == 0x143)
			out[n++] = (char)0xAD;
		else
			return false;
	}
	*size = n;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') return c - '0';
	if (c >= 'A' && c <= 'F') return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t vocab_decode_escapes(const char *text, size_t length, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		if (c != '\\' || i + 1 == length) {
			out[n++] = c;
			continue;
		}
		c = text[++i];
		int high = i + 1 < length ? hex_digit(text[i + 1]) : -1, low = i + 2 < length ? hex_digit(text[i + 2]) : -1;
		if (c == 'x' && high >= 0 && low >= 0) {
			out[n++] = (char)(high * 16 + low);
			i += 2;
		} else {
			out[n++] = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
		}
	}
	return n;
}

size_t vocab_decode_spaces(const char *text, size_t length, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < length;) {
		if (length - i >= 3 && memcmp(text + i, "\xE2\x96\x81", 3) == 0) {
			out[n++] = ' ';
			i += 3;
		} else {
			out[n++] = text[i++];
		}
	}
	return n;
}

enum { ID_BITS = 20, SLOT_ID = (1 << ID_BITS) - 1, INDEX_BATCH = 64 };

_Static_assert((int)VOCAB_MOST_TOKENS < (int)SLOT_ID, "an id fits into a slot");

static uint32_t token_hash(const char *bytes, size_t length)
{
	uint64_t hash = map_hash(bytes, length);
	return (uint32_t)(hash ^ hash >> 32);
}

/* The part of the hash that a slot keeps: not the bits that choose the slot in a table of up to a million. */
static uint32_t slot_tag(uint32_t hash)
{
	return hash & ~(uint32_t)SLOT_ID;
}

/* Whether the slot holds the token of these bytes. */
static bool slot_holds(const struct vocab *v, uint32_t slot, const char *bytes, size_t length, uint32_t hash)
{
	size_t n;
	if ((slot & ~(uint32_t)SLOT_ID) != slot_tag(hash)) return false;
	const char *other = vocab_bytes(v, (slot & SLOT_ID) - 1, &n);
	return n == length && vocab_same(other, bytes, n);
}

/* The slot of these bytes, or the free one where they would go. */
static uint32_t *find_slot(const struct vocab *v, const char *bytes, size_t length, uint32_t hash)
{
	for (uint32_t i = hash & v->slot_mask;; i = (i + 1) & v->slot_mask) {
		uint32_t *slot = &v->slots[i];
		if (*slot == 0 || slot_holds(v, *slot, bytes, length, hash)) return slot;
	}
}

static uint32_t slot_id(uint32_t slot)
{
	return slot ? (slot & SLOT_ID) - 1 : TOKEN_NONE;
}

uint32_t vocab_lookup(const struct vocab *v, const char *bytes, size_t length)
{
	return slot_id(*find_slot(v, bytes, length, token_hash(bytes, length)));
}

void vocab_lookup_many(const struct vocab *v, struct vocab_wanted *w, size_t n)
{
	for (size_t i = 0; i < n; i++) w[i].hash = token_hash(w[i].bytes, w[i].length);
	for (size_t i = 0; i < n; i++) w[i].id = slot_id(v->slots[w[i].hash & v->slot_mask]); /* the first guess */
	for (size_t i = 0; i < n; i++) {
		size_t length = 0;
		const char *other = w[i].id == TOKEN_NONE ? NULL : vocab_bytes(v, w[i].id, &length);
		if (!other || (length == w[i].length && vocab_same(other, w[i].bytes, length))) continue;
		w[i].id = slot_id(*find_slot(v, w[i].bytes, w[i].length, w[i].hash));
	}
}

/* Whether text may become the token by merging. */
static bool from_text(const struct vocab *v, uint32_t id)
{
	return v->type[id] == TOKEN_NORMAL || v->type[id] == TOKEN_UNUSED;
}

uint32_t vocab_find(const struct vocab *v, const char *bytes, size_t length)
{
	if (length == 0 || length > v->longest) return TOKEN_NONE;
	uint32_t id = vocab_lookup(v, bytes, length);
	return id == TOKEN_NONE || !from_text(v, id) || (v->flags[id] & TOKEN_ENDS) ? TOKEN_NONE : id;
}

static const struct gguf_value *read_array(struct vocab_load *l, const char *key, enum gguf_type item, bool *ok)
{
	const struct gguf_value *value = NULL;
	*ok = gguf_get_array(l->file, key, item, &value, l->error);
	if (!*ok || !value || l->vocab->count == 0 || value->count == l->vocab->count) return value;
	*ok = error_set(l->error, "%s: %s has %llu items for %u tokens", l->name, key, (unsigned long long)value->count,
	                (unsigned)l->vocab->count);
	return NULL;
}

static bool read_model(struct vocab_load *l)
{
	static const struct {
		const char *name;
		enum vocab_model model;
	} models[] = { { "llama", VOCAB_SPM },      { "gpt2", VOCAB_BPE },   { "gemma4", VOCAB_RAW },
		       { "bert", VOCAB_WORDPIECE }, { "t5", VOCAB_UNIGRAM }, { "rwkv", VOCAB_LONGEST } };
	struct gguf_text name = { 0 };
	if (!gguf_get_text(l->file, "tokenizer.ggml.model", &name, l->error)) return false;
	if (!name.data) return error_set(l->error, "%s: there is no tokenizer.ggml.model, so no vocabulary", l->name);
	for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
		if (strlen(models[i].name) != name.length || memcmp(models[i].name, name.data, name.length) != 0) continue;
		l->vocab->model = models[i].model;
		return true;
	}
	return error_set(l->error, "%s: tokenizer model '%.*s' is not in this version", l->name,
	                 (int)(name.length < 64 ? name.length : 64), name.data);
}

static bool read_pretokenizer(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	struct gguf_text name = { 0 };
	if (!vocab_merges(v)) return true;
	if (!gguf_get_text(l->file, "tokenizer.ggml.pre", &name, l->error)) return false;
	if (v->model == VOCAB_RAW) {
		name = (struct gguf_text){ "gemma4", 6 };
	} else if (!name.data || name.length == 0) {
		log_line("%s: there is no tokenizer.ggml.pre; 'default' is assumed, which may not be what the model was trained "
		         "with",
		         l->name);
		name = (struct gguf_text){ "default", 7 };
	}
	v->pretokenizer = pretokenizer_find(name.data, name.length);
	if (!v->pretokenizer) {
		return error_set(l->error, "%s: pre-tokenizer '%.*s' is not in this version", l->name,
		                 (int)(name.length < 64 ? name.length : 64), name.data);
	}
	if (v->pretokenizer == pretokenizer_find("gemma4", 6) ||
	    v->pretokenizer == pretokenizer_find("granite-embed-multi-311m", 24))
		v->model = VOCAB_RAW;
	return true;
}

static bool read_types(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	bool ok;
	const struct gguf_value *types = read_array(l, "tokenizer.ggml.token_type", GGUF_I64, &ok);
	if (!ok) return false;
	v->type = arena_alloc(v->arena, v->count, 1);
	v->flags = arena_alloc(v->arena, v->count, 1);
	if (!v->type || !v->flags) return error_memory(l->error);
	for (uint32_t i = 0; i < v->count; i++) {
		int64_t type = types ? gguf_item_int(types, i) : TOKEN_NORMAL;
		if (type < 0 || type > TOKEN_BYTE) {
			return error_set(l->error, "%s: tokenizer.ggml.token_type: token %u has type %lld", l->name, (unsigned)i,
			                 (long long)type);
		}
		v->type[i] = type == 0 ? TOKEN_NORMAL : (uint8_t)type;
	}
	return true;
}

/* The byte of a name like <0x0A>; -1: it is none. */
static int byte_of_name(const char *name, size_t length)
{
	if (length != 6 || memcmp(name, "<0x", 3) != 0 || name[5] != '>') return -1;
	int high = hex_digit(name[3]), low = hex_digit(name[4]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* The bytes of token `id` to `out`, as many as `text` has at most; returns how many, SIZE_MAX on an error. */
static size_t decode_token(struct vocab_load *l, uint32_t id, struct gguf_text text, char *out)
{
	struct vocab *v = l->vocab;
	size_t size;
	if (text.length > VOCAB_LONGEST_TOKEN) {
		error_set(l->error, "%s: token %u is %zu bytes long, more than %d", l->name, (unsigned)id, text.length,
		          VOCAB_LONGEST_TOKEN);
		return SIZE_MAX;
	}
	if (!utf8_valid(text.data, text.length)) {
		error_set(l->error, "%s: token %u is not UTF-8", l->name, (unsigned)id);
		return SIZE_MAX;
	}
	if (v->type[id] == TOKEN_BYTE) {
		int byte = byte_of_name(text.data, text.length);
		if (byte < 0 || v->model == VOCAB_BPE) {
			error_set(l->error, "%s: token %u is of type byte, but its name is '%.*s'", l->name, (unsigned)id,
			          (int)(text.length < 32 ? text.length : 32), text.data);
			return SIZE_MAX;
		}
		out[0] = (char)byte;
		return 1;
	}
	if (from_text(v, id)) {
		if (v->model == VOCAB_LONGEST) return vocab_decode_escapes(text.data, text.length, out);
		if (v->model != VOCAB_BPE) return vocab_decode_spaces(text.data, text.length, out);
		if (vocab_decode_letters(text.data, text.length, out, &size)) return size;
		v->flags[id] |= TOKEN_LITERAL;
	}
	if (text.length) memcpy(out, text.data, text.length);
	return text.length;
}

static bool read_tokens(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	bool ok;
	const struct gguf_value *tokens = read_array(l, "tokenizer.ggml.tokens", GGUF_TEXT, &ok);
	if (!ok) return false;
	if (!tokens || tokens->count == 0) return error_set(l->error, "%s: tokenizer.ggml.tokens is missing or empty", l->name);
	if (tokens->count > VOCAB_MOST_TOKENS) {
		return error_set(l->error, "%s: %llu tokens, more than %d", l->name, (unsigned long long)tokens->count,
		                 VOCAB_MOST_TOKENS);
	}
	v->count = (uint32_t)tokens->count;
	if (!read_types(l)) return false;
	uint64_t total = 0;
	for (uint32_t i = 0; i < v->count; i++) total += gguf_item_text(tokens, i).length;
	if (total >= UINT32_MAX) return error_set(l->error, "%s: the tokens are %llu bytes", l->name, (unsigned long long)total);
	char *bytes = arena_alloc(v->arena, (size_t)total + 1, 1);
	v->offset = arena_alloc(v->arena, (size_t)v->count + 1, sizeof *v->offset);
	if (!bytes || !v->offset) return error_memory(l->error);
	v->bytes = bytes;
	for (uint32_t i = 0; i < v->count; i++) {
		struct gguf_text text = gguf_item_text(tokens, i);
		if (text.length > total - v->offset[i]) return error_set(l->error, "%s: changed while it was read", l->name);
		size_t size = decode_token(l, i, text, bytes + v->offset[i]);
		if (size == SIZE_MAX) return false;
		v->offset[i + 1] = v->offset[i] + (uint32_t)size;
	}
	return true;
}

static bool index_batch(struct vocab_load *l, const uint32_t *ids, size_t n)
{
	struct vocab *v = l->vocab;
	struct vocab_wanted wanted[INDEX_BATCH];
	for (size_t i = 0; i < n; i++) wanted[i].bytes = vocab_bytes(v, ids[i], &wanted[i].length);
	vocab_lookup_many(v, wanted, n); /* for the hashes, and to have the slots at hand */
	for (size_t i = 0; i < n; i++) {
		struct vocab_wanted *w = &wanted[i];
		uint32_t *slot = find_slot(v, w->bytes, w->length, w->hash);
		if (*slot) {
			return error_set(l->error, "%s: token %u is the same as token %u", l->name, (unsigned)ids[i],
			                 (unsigned)slot_id(*slot));
		}
		*slot = slot_tag(w->hash) | (ids[i] + 1);
		if (w->length > v->longest) v->longest = (uint32_t)w->length;
	}
	return true;
}

/* Puts the tokens that text can become into the hash table; false when two are equal. */
static bool index_tokens(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	uint32_t slots = 16, ids[INDEX_BATCH];
	size_t n = 0;
	while (slots / 2 < v->count) slots *= 2;
	v->slots = arena_alloc(v->arena, slots, sizeof *v->slots);
	if (!v->slots) return error_memory(l->error);
	v->slot_mask = slots - 1;
	for (uint32_t i = 0; i < v->count; i++) {
		if (!from_text(v, i) || (v->flags[i] & TOKEN_LITERAL) || v->offset[i] == v->offset[i + 1]) continue;
		ids[n++] = i;
		if (n < INDEX_BATCH) continue;
		if (!index_batch(l, ids, n)) return false;
		n = 0;
	}
	return index_batch(l, ids, n);
}

/* Byte tokens, and for byte-level BPE the tokens of one byte. */
static bool find_byte_tokens(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	for (int b = 0; b < 256; b++) v->byte_token[b] = TOKEN_NONE;
	for (uint32_t i = 0; i < v->count; i++) {
		uint8_t byte = (uint8_t)v->bytes[v->offset[i]];
		if (v->type[i] != TOKEN_BYTE) continue;
		if (v->byte_token[byte] != TOKEN_NONE) {
			return error_set(l->error, "%s: token %u is the same byte as token %u", l->name, (unsigned)i,
			                 (unsigned)v->byte_token[byte]);
		}
		v->byte_token[byte] = i;
	}
	for (int b = 0; b < 256; b++) {
		char byte = (char)b;
		if (v->byte_token[b] == TOKEN_NONE) v->byte_token[b] = vocab_find(v, &byte, 1);
	}
	return true;
}

/* Which bytes stand next to each other in some token: between all others text can be cut, since nothing merges there. */
static bool note_pairs(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	if (v->model == VOCAB_BPE) return true;
	v->pairs = arena_alloc(v->arena, 256, sizeof *v->pairs);
	if (!v->pairs) return error_memory(l->error);
	for (uint32_t i = 0; i < v->count; i++) {
		if (!from_text(v, i)) continue;
		for (uint32_t k = v->offset[i] + 1; k < v->offset[i + 1]; k++) {
			uint8_t a = (uint8_t)v->bytes[k - 1], b = (uint8_t)v->bytes[k];
			v->pairs[a][b >> 3] |= (uint8_t)(1 << (b & 7));
		}
	}
	return true;
}

/* A float as an integer that is smaller when the score is higher. */
static uint32_t score_key(float score)
{
	uint32_t bits;
	score += 0.0f; /* -0 becomes 0 */
	memcpy(&bits, &score, sizeof bits);
	return bits & 0x80000000u ? bits : ~bits & 0x7FFFFFFFu;
}

/* Sorts by the upper 32 bits, equal ones in their order. `spare` has room for n. */
static void sort_by_key(uint64_t *items, uint64_t *spare, size_t n)
{
	enum { BITS = 11, BUCKETS = 1 << BITS };
	for (unsigned shift = 32; shift < 64; shift += BITS) {
		size_t place[BUCKETS + 1] = { 0 };
		for (size_t i = 0; i < n; i++) place[(items[i] >> shift & (BUCKETS - 1)) + 1]++;
		for (size_t k = 0; k < BUCKETS; k++) place[k + 1] += place[k];
		for (size_t i = 0; i < n; i++) spare[place[items[i] >> shift & (BUCKETS - 1)]++] = items[i];
		memcpy(items, spare, n * sizeof *items);
	}
}

static void rank_scores(struct vocab *v, uint64_t *keys)
{
	bool sorted = true;
	for (uint32_t i = 1; i < v->count; i++) sorted = sorted && keys[i - 1] < keys[i];
	if (!sorted) sort_by_key(keys, keys + v->count, v->count);
	uint32_t rank = 1;
	for (uint32_t i = 0; i < v->count; i++) {
		if (i > 0 && keys[i] >> 32 != keys[i - 1] >> 32) rank++;
		v->rank[(uint32_t)keys[i]] = rank;
	}
}

/* Unigram's scores as they are, and ten less than the worst for what no token stands for, as SentencePiece has it. */
static bool keep_scores(struct vocab_load *l, const struct gguf_value *scores, bool integers)
{
	struct vocab *v = l->vocab;
	float least = FLT_MAX;
	if (!scores) return error_set(l->error, "%s: tokenizer.ggml.scores is missing", l->name);
	v->score = arena_alloc(v->arena, v->count, sizeof *v->score);
	if (!v->score) return error_memory(l->error);
	for (uint32_t i = 0; i < v->count; i++) {
		v->score[i] = integers ? (float)gguf_item_int(scores, i) : (float)gguf_item_float(scores, i);
		if (!isfinite(v->score[i]))
			return error_set(l->error, "%s: the score of token %u is not a finite number", l->name, (unsigned)i);
		if (v->type[i] == TOKEN_NORMAL && v->score[i] < least) least = v->score[i];
	}
	v->unknown_score = (double)(least == FLT_MAX ? 0 : least) - 10;
	return true;
}

static bool read_scores(struct vocab_load *l)
{
	struct vocab *v = l->vocab;
	bool ok;
	const struct gguf_value *any = gguf_find(l->file, "tokenizer.ggml.scores");
	bool integers = any && any->type == GGUF_ARRAY && any->item == GGUF_I32;
	const struct gguf_value *scores = read_array(l, "tokenizer.ggml.scores", integers ? GGUF_I64 : GGUF_F64, &ok);
	if (!ok) return false;
	if (v->model == VOCAB_UNIGRAM) return keep_scores(l, scores, integers);
	if (v->model != VOCAB_SPM) return true;
	v->rank = arena_alloc(v->arena, v->count, sizeof *v->rank);
	uint64_t *keys = memory_new(v->count, 2 * sizeof *keys);
	if (!v->rank || !keys) {
		memory_free(keys);
		return error_memory(l->error);
	}
	for (uint32_t i = 0; ok && i < v->count; i++) {
		double score = !scores ? 0 : integers ? (double)gguf_item_int(scores, i) : gguf_item_float(scores, i);
		if (!isfinite(score))
			ok = error_set(l->error, "%s: the score of token %u is not a finite number", l->name, (unsigned)i);
		keys[i] = (uint64_t)score_key((float)score) << 32 | i;
	}
	if (ok) rank_scores(v, keys);
	memory_free(keys);
	return ok;
}

static bool load(struct vocab_load *l)
{
	return read_model(l) && read_pretokenizer(l) && read_tokens(l) && read_scores(l) && index_tokens(l) &&
	       vocab_list_specials(l) && vocab_read_merges(l) && vocab_read_specials(l) && find_byte_tokens(l) && note_pairs(l) &&
	       vocab_read_cutter(l);
}

struct vocab *vocab_load(const struct gguf *g, struct error *e)
{
	struct arena *arena = arena_new(SIZE_MAX / 2); /* bounded by the counts that read_tokens and vocab_read_merges allow */
	struct vocab *v = arena ? arena_alloc(arena, 1, sizeof *v) : NULL;
	if (!v) {
		arena_free(arena);
		error_memory(e);
		return NULL;
	}
	v->arena = arena;
	struct vocab_load l = { .file = g, .vocab = v, .name = gguf_name(g), .error = e };
	bool ok = load(&l);
	memory_free(l.made);
	if (ok && gguf_intact(g, e)) return v;
	vocab_free(v);
	return NULL;
}

void vocab_free(struct vocab *v)
{
	if (v) arena_free(v->arena);
}
