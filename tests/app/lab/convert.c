/*
 * convert: a Hugging Face folder as one GGUF file gives the logits of the folder, with the tokenizer and the chat template; in
 * another type it is that type; and what is no folder is one line.
 */
#include "../../hf_folder.h"
#include "../../model/opened.h"
#include "../../testdata.h"
#include "app/lab/lab.h"
#include "base/file.h"
#include "format/gguf.h"

#include <math.h>

enum { IDS = 40, VOCAB = 400 };

static char out[] = "/tmp/hearth-converted-XXXXXX", made[] = "/tmp/hearth-made-XXXXXX";

static void logits_of(const char *path, float *logits)
{
	struct opened o = open_model(path, 2, (struct model_options){ .context = 64, .exact = true });
	int32_t ids[IDS];
	for (int i = 0; i < IDS; i++) ids[i] = 3 + i * 7 % 300;
	struct sequence *s = new_sequence(&o);
	assert_true(o.n_vocab <= VOCAB);
	memset(logits, 0, (size_t)IDS * VOCAB * sizeof *logits);
	run_ids(&o, s, ids, IDS, IDS, ROW_PROMPT, logits);
	sequence_free(s);
	close_model(&o);
}

static void convert(const char *type)
{
	char folder_path[64], out_path[64], option[] = "--type", name[16];
	char *argv[4] = { folder_path, out_path, option, name };
	snprintf(folder_path, sizeof folder_path, "%s", folder);
	snprintf(out_path, sizeof out_path, "%s", out);
	if (type) snprintf(name, sizeof name, "%s", type);
	assert_int_equal(lab_convert(type ? 4 : 2, argv), 0);
}

static void every_family_gives_the_logits_of_its_folder(void **state)
{
	(void)state;
	static float a[IDS * VOCAB], b[IDS * VOCAB];
	for (size_t i = 0; i < HF_CASES; i++) {
		if (!write_case(i, made)) skip();
		convert(NULL);
		logits_of(made, a);
		logits_of(out, b);
		double error = 0, size = 0;
		for (size_t k = 0; k < IDS * VOCAB; k++) {
			error += (double)(a[k] - b[k]) * (double)(a[k] - b[k]);
			size += (double)(a[k] * a[k]);
		}
		if (!(error <= 1e-10 * size)) fail_msg("%s: error %g", hf_cases[i].golden, error / size);
		logits_of(folder, a);
		assert_memory_equal(a, b, sizeof a); /* the same weights, the same bits */
	}
}

static void a_type_is_what_the_matrices_get(void **state)
{
	(void)state;
	struct error e = { "" };
	if (!write_case(0, made)) skip();
	convert("Q8_0");
	struct gguf *g = gguf_open(out, &e);
	if (!g) fail_msg("%s", e.text);
	assert_string_equal(gguf_tensor(g, "blk.0.ffn_down.weight")->type->name, "Q8_0");
	assert_string_equal(gguf_tensor(g, "blk.0.attn_norm.weight")->type->name, "F32");
	gguf_close(g);
}

static void expect_template(const char *wanted)
{
	struct error e = { "" };
	struct gguf_text text = { "", 0 };
	convert(NULL);
	struct gguf *g = gguf_open(out, &e);
	if (!g) fail_msg("%s", e.text);
	assert_true(gguf_get_text(g, "tokenizer.chat_template", &text, &e));
	assert_int_equal(text.length, strlen(wanted));
	assert_memory_equal(text.data, wanted, text.length);
	gguf_close(g);
}

static void the_chat_template_comes_from_where_it_stands(void **state)
{
	(void)state;
	if (!write_case(0, made)) skip();
	static const char in_settings[] = "{\"chat_template\": \"{{ messages }}\"}",
	                  named[] = "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"x\"}, "
	                            "{\"name\": \"default\", \"template\": \"{{ bos_token }}\"}]}",
	                  file[] = "{% for m in messages %}{{ m.content }}{% endfor %}\n";
	write_file("tokenizer_config.json", in_settings, sizeof in_settings - 1);
	expect_template("{{ messages }}");
	write_file("tokenizer_config.json", named, sizeof named - 1);
	expect_template("{{ bos_token }}");
	write_file("chat_template.jinja", file, sizeof file - 1);
	expect_template(file);
	remove_file("chat_template.jinja");
	remove_file("tokenizer_config.json");
}

static void what_is_no_folder_is_one_line(void **state)
{
	(void)state;
	char nowhere[] = "/tmp/hearth-no-such-folder", option[] = "--type", type[] = "Q9", path[] = "/tmp/hearth-x.gguf";
	char *missing[] = { nowhere, path }, *wrong[] = { nowhere, path, option, type };
	assert_int_equal(lab_convert(2, missing), 1);
	assert_int_equal(lab_convert(4, wrong), 2);
	assert_int_equal(lab_convert(1, missing), 2);
	assert_int_not_equal(access(path, F_OK), 0);
}

static int make(void **state)
{
	close(mkstemp(out));
	close(mkstemp(made));
	return make_folder(state);
}

static int clean(void **state)
{
	unlink(out);
	unlink(made);
	return remove_folder(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_family_gives_the_logits_of_its_folder),
		cmocka_unit_test(a_type_is_what_the_matrices_get),
		cmocka_unit_test(the_chat_template_comes_from_where_it_stands),
		cmocka_unit_test(what_is_no_folder_is_one_line),
	};
	return cmocka_run_group_tests(tests, make, clean);
}
