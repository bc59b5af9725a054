/*
 * golden: ids, pieces and special tokens of 24 published vocabularies and 28 pre-tokenizers, against the shared golden sets.
 *
 * A line may have the ids of llama.cpp or, where that differs from the model's own tokenizer, those of the latter. Packed
 * vocabularies are unpacked with xz into a folder that goes at the end; without xz, or without the data, cases are skipped.
 */
#include "../testdata.h"
#include "base/file.h"
#include "base/memory.h"
#include "format/json.h"
#include "text/tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/hearth-golden-XXXXXX";
static json_t *lines;

static json_t *read_json(const char *format, const char *name)
{
	char path[512];
	struct error e = { "" };
	size_t size;
	snprintf(path, sizeof path, format, name);
	const char *full = testdata(path);
	char *text = full ? file_read(full, 64 << 20, &size, &e) : NULL;
	json_t *value = text ? json_parse(text, size, path, &e) : NULL;
	memory_free(text);
	return value;
}

static int begin(void **state)
{
	(void)state;
	lines = read_json("tokenizers/%s.json", "lines");
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	json_decref(lines);
	return rmdir(folder);
}

/* Unpacks PACKED to PLAIN; false when there is no xz. */
static bool unpack(const char *packed, const char *plain)
{
	pid_t child = fork();
	if (child == 0) {
		if (!freopen(plain, "wb", stdout)) _exit(1);
		execlp("xz", "xz", "-dc", packed, (char *)NULL);
		_exit(1);
	}
	int status = 1;
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static struct vocab *open_vocab(const char *name)
{
	char path[512], plain[512] = "";
	struct error e = { "" };
	snprintf(path, sizeof path, "tokenizers/%s.gguf", name);
	const char *found = testdata(path);
	if (!found) {
		snprintf(path, sizeof path, "tokenizers/%s.gguf.xz", name);
		snprintf(plain, sizeof plain, "%s/vocab.gguf", folder);
		found = testdata(path);
		if (found && unpack(found, plain))
			found = plain;
		else
			found = NULL;
	}
	struct gguf *file = found ? gguf_open(found, &e) : NULL;
	struct vocab *v = file ? vocab_load(file, &e) : NULL;
	gguf_close(file);
	if (*plain) unlink(plain);
	if (!found) skip();
	if (!v) fail_msg("%s: %s", name, e.text);
	return v;
}

static bool same_ids(const struct token_list *got, const json_t *wanted)
{
	if (json_array_size(wanted) != got->count) return false;
	for (size_t i = 0; i < got->count; i++) {
		if (json_integer_value(json_array_get(wanted, i)) != got->ids[i]) return false;
	}
	return true;
}

/* The other ids that are right for a line, and why. */
static const json_t *other_ids(const json_t *either, size_t line, bool special, const char **why)
{
	size_t i;
	json_t *row;
	json_array_foreach(either, i, row)
	{
		if ((size_t)json_integer_value(json_object_get(row, "line")) != line) continue;
		if (json_is_true(json_object_get(row, "special")) != special) continue;
		*why = json_string_value(json_object_get(row, "why"));
		return json_object_get(row, "ids");
	}
	return NULL;
}

/* Differences of a line that the model's own tokenizer decides: its ids are the only right ones. */
static bool own_decides(const char *why)
{
	static const char *const reasons[] = { "nfc", "marks", "case", "harmony", "regex-class", "space-in-range", "eog-name" };
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		if (strcmp(reasons[i], why) == 0) return true;
	}
	return false;
}

static void check_line(const struct vocab *v, const char *name, size_t line, bool special, const json_t *wanted,
                       const json_t *either)
{
	struct token_list got = { 0 };
	struct error e = { "" };
	const json_t *text = json_array_get(lines, line);
	const char *why = "";
	const json_t *other = other_ids(either, line, special, &why);
	unsigned options = TOKENIZER_ALL_TOKENS | (special ? TOKENIZER_SPECIAL : 0);
	if (!tokenizer_encode(v, json_string_value(text), json_string_length(text), options, &got, &e))
		fail_msg("%s: line %zu: %s", name, line, e.text);
	bool good = (other && same_ids(&got, other)) || (!(other && own_decides(why)) && same_ids(&got, wanted));
	if (!good) fail_msg("%s: line %zu%s: other ids (%s)", name, line, special ? " with special tokens" : "", why);
	token_list_free(&got);
}

static void check_lines(const struct vocab *v, const char *name)
{
	json_t *plain = read_json("tokenizers/%s.ids.json", name), *special = read_json("tokenizers/%s.special.json", name);
	json_t *either = read_json("tokenizers/%s.either.json", name), *row;
	size_t i;
	assert_int_equal(json_array_size(plain), json_array_size(lines));
	assert_true(json_array_size(special) > 50);
	json_array_foreach(plain, i, row) check_line(v, name, i, false, row, either);
	json_array_foreach(special, i, row)
	{
		size_t line = (size_t)json_integer_value(json_object_get(row, "line"));
		check_line(v, name, line, true, json_object_get(row, "ids"), either);
	}
	json_decref(plain);
	json_decref(special);
	json_decref(either);
}

/* What the pieces of a line's ids give, where that is not the line itself. */
static const json_t *expected_pieces(const json_t *detok, size_t line)
{
	size_t i;
	json_t *row;
	json_array_foreach(detok, i, row)
	{
		if ((size_t)json_integer_value(json_object_get(row, "line")) == line) return json_object_get(row, "pieces");
	}
	return NULL;
}

static void check_pieces(const struct vocab *v, const char *name)
{
	json_t *plain = read_json("tokenizers/%s.ids.json", name), *detok = read_json("tokenizers/%s.detok.json", name), *row, *id;
	struct buffer bytes = buffer_new(1 << 20);
	size_t line, i, length;
	json_array_foreach(plain, line, row)
	{
		const json_t *wanted = expected_pieces(detok, line);
		if (json_is_object(wanted)) continue; /* not UTF-8 */
		if (!wanted) wanted = json_array_get(lines, line);
		buffer_clear(&bytes);
		json_array_foreach(row, i, id)
		{
			const char *piece = vocab_bytes(v, (uint32_t)json_integer_value(id), &length);
			buffer_append(&bytes, piece, length);
		}
		if (bytes.size != json_string_length(wanted) ||
		    memcmp(buffer_text(&bytes), json_string_value(wanted), bytes.size) != 0)
			fail_msg("%s: line %zu comes back as '%s'", name, line, buffer_text(&bytes));
	}
	buffer_free(&bytes);
	json_decref(plain);
	json_decref(detok);
}

static void check_special(const struct vocab *v, const char *name, const json_t *row)
{
	static const struct {
		const char *key;
		enum vocab_special special;
	} ids[] = {
		{ "bos", VOCAB_BOS },         { "eos", VOCAB_EOS },         { "fim_pre", VOCAB_FIM_PRE },
		{ "fim_suf", VOCAB_FIM_SUF }, { "fim_mid", VOCAB_FIM_MID }, { "fim_rep", VOCAB_FIM_REP },
	};
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		json_int_t wanted = json_integer_value(json_object_get(row, ids[i].key));
		uint32_t got = v->special[ids[i].special];
		if (got != (wanted < 0 ? TOKEN_NONE : (uint32_t)wanted)) fail_msg("%s: %s is %u", name, ids[i].key, (unsigned)got);
	}
	assert_int_equal(v->count, json_integer_value(json_object_get(row, "n_tokens")));
	assert_int_equal(v->add_bos, json_is_true(json_object_get(row, "add_bos")));
	assert_int_equal(v->add_eos, json_is_true(json_object_get(row, "add_eos")));
	const json_t *ends = json_object_get(row, "eog");
	for (uint32_t id = 0; id < v->count; id++) {
		bool wanted = false;
		for (size_t i = 0; i < json_array_size(ends); i++)
			wanted = wanted || json_integer_value(json_array_get(ends, i)) == id;
		size_t length;
		const char *bytes = vocab_bytes(v, id, &length);
		if (strcmp(name, "qwen2") == 0 && length == 4 && memcmp(bytes, "</s>", 4) == 0) wanted = false; /* ordinary text */
		if (vocab_ends(v, id) != wanted) fail_msg("%s: token %u ends generation: %d", name, (unsigned)id, !wanted);
	}
	const char *text;
	json_t *wanted;
	json_object_foreach(json_object_get(row, "with_special"), text, wanted)
	{
		struct token_list got = { 0 };
		struct error e = { "" };
		assert_true(tokenizer_encode(v, text, strlen(text), TOKENIZER_ADD, &got, &e));
		if (!same_ids(&got, wanted)) fail_msg("%s: '%s' with BOS and EOS", name, text);
		token_list_free(&got);
	}
}

static void agrees(void **state)
{
	const char *name = *state;
	if (!lines) skip();
	struct vocab *v = open_vocab(name);
	check_lines(v, name);
	check_pieces(v, name);
	json_t *specials = read_json("tokenizers/%s.json", "specials"), *row;
	size_t i;
	json_array_foreach(specials, i, row)
	{
		if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0) check_special(v, name, row);
	}
	json_decref(specials);
	vocab_free(v);
}

#define AGREES(name)                                                                                                               \
	{                                                                                                                          \
		"ids, pieces and special tokens of " name, agrees, NULL, NULL, (void *)(uintptr_t)name                             \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AGREES("llama-spm"),
		AGREES("phi-3"),
		AGREES("gpt-2"),
		AGREES("deepseek-coder"),
		AGREES("llama-3"),
		AGREES("qwen2"),
		AGREES("gemma"),
		AGREES("gemma4-64k"),
		AGREES("tekken"),
		AGREES("gpt-4o"),
		AGREES("deepseek-v3"),
		AGREES("deepseek-llm"),
		AGREES("command-r"),
		AGREES("smollm"),
		AGREES("starcoder"),
		AGREES("refact"),
		AGREES("falcon"),
		AGREES("gpt-neox"),
		AGREES("mpt"),
		AGREES("baichuan"),
		AGREES("bert-bge"),
		AGREES("t5"),
		AGREES("unigram-ja"),
		AGREES("rwkv"),
		AGREES("probe/afmoe"),
		AGREES("probe/bloom"),
		AGREES("probe/chameleon"),
		AGREES("probe/deepseek-coder"),
		AGREES("probe/deepseek-llm"),
		AGREES("probe/deepseek-v3"),
		AGREES("probe/default"),
		AGREES("probe/exaone-moe"),
		AGREES("probe/falcon"),
		AGREES("probe/gpt-2"),
		AGREES("probe/gpt-4o"),
		AGREES("probe/granite-embed-multi-97m"),
		AGREES("probe/jais-2"),
		AGREES("probe/kimi-k2"),
		AGREES("probe/laguna"),
		AGREES("probe/llama-bpe"),
		AGREES("probe/minicpm5"),
		AGREES("probe/qwen2"),
		AGREES("probe/qwen35"),
		AGREES("probe/seed-coder"),
		AGREES("probe/smollm"),
		AGREES("probe/spark2_5"),
		AGREES("probe/superbpe"),
		AGREES("probe/tekken"),
		AGREES("probe/tiny_aya"),
		AGREES("probe/ufakzeka"),
		AGREES("probe/viking"),
		AGREES("probe/youtu"),
	};
	return cmocka_run_group_tests_name("golden", tests, begin, end);
}
