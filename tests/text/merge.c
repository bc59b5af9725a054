/* merge: the queue's order, and merging of short and long words against the plain algorithm. */
#include "text/merge.h"
#include "../made_vocab.h"

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void the_queue_gives_best_ranks_first_and_leftmost_first(void **state)
{
	struct merge_queue q = { 0 };
	uint32_t seed = 3, rank, place;
	(void)state;
	assert_true(merge_queue_start(&q, 9));
	for (int round = 0; round < 50; round++) {
		uint64_t before = 0;
		for (int i = 0; i < 400; i++)
			assert_true(merge_queue_add(&q, 1 + next_random(&seed) % 9, next_random(&seed) % 1000));
		for (int i = 0; i < 400; i++) {
			assert_true(merge_queue_take(&q, &rank, &place));
			uint64_t now = (uint64_t)rank << 32 | place;
			assert_true(now >= before);
			before = now;
		}
		assert_false(merge_queue_take(&q, &rank, &place));
	}
	merge_queue_free(&q);
}

/* A vocabulary over a and b with all words of up to `longest` letters that chance picks; SPM or BPE. */
static struct vocab *random_vocab(uint32_t *seed, const char *model, unsigned scores)
{
	static struct made m;
	static char words[2048][12], merges[4096][16], names[256][8];
	size_t n_words = 0, n_merges = 0;
	m = (struct made){ .model = model, .pre = "llama-bpe" };
	if (strcmp(model, "gpt2") == 0) {
		m.pre = "qwen2";
		made_bytes(&m);
	} else {
		for (int b = 0; b < 256; b++) {
			snprintf(names[b], sizeof names[b], "<0x%02X>", (unsigned)b);
			made_token(&m, names[b], TOKEN_BYTE);
		}
		made_token_bytes(&m, "a", 1, TOKEN_NORMAL, 0);
		made_token_bytes(&m, "b", 1, TOKEN_NORMAL, 0);
	}
	for (unsigned length = 2; length <= 7; length++) {
		for (unsigned bits = 0; bits < 1u << length; bits++) {
			if (next_random(seed) % 3 == 0) continue;
			char *word = words[n_words++];
			for (unsigned i = 0; i < length; i++) word[i] = bits >> i & 1 ? 'b' : 'a';
			word[length] = 0;
			made_token_bytes(&m, word, length, TOKEN_NORMAL, -(float)(next_random(seed) % scores));
		}
	}
	/* Any two tokens that join to a third, in random order. */
	for (int tries = 0; tries < 4000 && n_merges < 600; tries++) {
		const char *word = words[next_random(seed) % n_words];
		size_t length = strlen(word), split = 1 + next_random(seed) % (length - 1);
		snprintf(merges[n_merges], sizeof merges[0], "%.*s %s", (int)split, word, word + split);
		bool left = split == 1, right = length - split == 1;
		for (size_t i = 0; i < n_words; i++) {
			left = left || (strlen(words[i]) == split && memcmp(words[i], word, split) == 0);
			right = right || strcmp(words[i], word + split) == 0;
		}
		if (left && right && strcmp(model, "gpt2") == 0) made_merge(&m, merges[n_merges++]);
	}
	struct vocab *v = made_vocab(&m);
	v->add_space_prefix = false;
	return v;
}

struct plain {
	uint32_t id, begin, end;
};

/* The algorithm as it is defined: look at all neighbours, merge the best, begin again. */
static void merge_plainly(const struct vocab *v, const char *text, size_t length, struct token_list *out)
{
	static struct plain s[4096];
	size_t n = length;
	for (uint32_t i = 0; i < length; i++) s[i] = (struct plain){ vocab_find(v, text + i, 1), i, i + 1 };
	for (;;) {
		uint32_t best_rank = UINT32_MAX, best_into = 0, into = 0;
		size_t best = 0;
		for (size_t i = 0; i + 1 < n; i++) {
			uint32_t rank;
			if (v->model == VOCAB_SPM) {
				into = vocab_find(v, text + s[i].begin, s[i + 1].end - s[i].begin);
				rank = into == TOKEN_NONE ? 0 : v->rank[into];
			} else {
				rank = vocab_merge(v, s[i].id, s[i + 1].id, &into);
			}
			if (rank == 0 || rank >= best_rank) continue;
			best_rank = rank;
			best_into = into;
			best = i;
		}
		if (best_rank == UINT32_MAX) break;
		s[best] = (struct plain){ best_into, s[best].begin, s[best + 1].end };
		memmove(&s[best + 1], &s[best + 2], (n - best - 2) * sizeof *s);
		n--;
	}
	for (size_t i = 0; i < n; i++) assert_true(token_list_add(out, s[i].id));
}

static void compare(const struct vocab *v, uint32_t *seed, size_t length)
{
	static char text[4096];
	unsigned run = 1 + next_random(seed) % 20;
	for (size_t i = 0; i < length; i++) text[i] = i % run == 0 && next_random(seed) % 2 ? 'b' : 'a';
	struct token_list wanted = { 0 }, got = { 0 };
	struct error e = { "" };
	merge_plainly(v, text, length, &wanted);
	if (!tokenizer_encode(v, text, length, 0, &got, &e)) fail_msg("%s", e.text);
	bool same = got.count == wanted.count && memcmp(got.ids, wanted.ids, got.count * sizeof *got.ids) == 0;
	if (!same) fail_msg("%.*s", (int)length, text);
	token_list_free(&wanted);
	token_list_free(&got);
}

static void merging_is_what_its_definition_says(void **state)
{
	uint32_t seed = 11;
	(void)state;
	for (int round = 0; round < 24; round++) {
		/* Few different scores make many ties, which go from left to right. */
		struct vocab *v = random_vocab(&seed, round % 2 ? "llama" : "gpt2", round % 3 ? 1000 : 3);
		for (int k = 0; k < 40; k++) compare(v, &seed, 1 + next_random(&seed) % 48);
		for (int k = 0; k < 12; k++) compare(v, &seed, 40 + next_random(&seed) % 400);
		vocab_free(v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_queue_gives_best_ranks_first_and_leftmost_first),
		cmocka_unit_test(merging_is_what_its_definition_says),
	};
	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
