/* hearth-lab: the workshop. It reads its files directly and never sees private data. */
#include "app/lab/lab.h"

#include "base/file.h"
#include "hearth.h"
#include "nn/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct command {
	const char *name;
	int (*run)(int argc, char **argv); /* without the program's and the command's name */
	const char *arguments;
	const char *purpose;
};

static const struct command commands[] = {
	{ "logits", lab_logits, "MODEL TOKENS OUT [--batch N]", "logits of every position as raw float32" },
	{ "tokenize", lab_tokenize, "MODEL LINES.json [--special] [--bos]", "arrays of ids of an array of texts" },
	{ "detokenize", lab_detokenize, "MODEL IDS.json [--hex]", "the texts of arrays of ids, pieces joined" },
	{ "generate", lab_generate,
	  "MODEL (--ids \"1 2 3\" | --prompt TEXT) -n N [--temp T --seed S] [--ignore-eos] [--no-guess] [--draft FILE] [--json]",
	  "ids that the model goes on with" },
	{ "template", lab_template, "FILE.jinja CASE.json [--pieces]", "what a chat template makes of a conversation" },
	{ "jinja", lab_jinja, "UNIT.json", "what snippets of templates give" },
	{ "prompt", lab_prompt, "MODEL CASE.json", "ids and pieces of a conversation by the model's own template" },
	{ "perplexity", lab_perplexity, "MODEL TEXT.txt", "how surprised the model is by a text" },
	{ "plan", lab_plan, "MODEL [--json]", "the list of steps and the memory plan" },
	{ "dequantize", lab_dequantize, "TYPE < RAW > FLOATS", "whole blocks of a weight type as float32" },
	{ "bench", lab_bench, "MODEL -p 512 -n 64 -d 0,4096 -t 2 -r 5 [--copied] [--csv] [--clients 1,4,16 | --schema FILE]",
	  "speeds, load time, first token, peak memory" },
	{ "embed", lab_embed, "MODEL (TEXTS.json | --ids IDS.json) [--pooling mean|cls|last] [--raw]",
	  "vectors of texts, of length 1 unless --raw" },
	{ "rerank", lab_rerank, "MODEL QUERY DOCS.json", "how well each document answers the question, by a reranker" },
	{ "imatrix", lab_imatrix, "MODEL TEXT.txt OUT.gguf",
	  "which inputs of each matrix matter, measured over a text, for quantize" },
	{ "quantize", lab_quantize, "IN.gguf TYPE OUT.gguf [--imatrix FILE] [--threads N]",
	  "a model in another weight type, or a mix by its usual name (Q4_K_M)" },
	{ "convert", lab_convert, "DIR OUT.gguf [--type TYPE]", "a Hugging Face folder as one GGUF file" },
	{ NULL, NULL, NULL, NULL },
};

static int print_help(void)
{
	puts("hearth-lab: the workshop of hearth. Usage: hearth-lab COMMAND ...\n");
	for (const struct command *c = commands; c->name; c++)
		printf("  %-11s %s\n              %s\n", c->name, c->arguments, c->purpose);
	return LAB_DONE;
}

/* The version and the kernels that this CPU gets. */
static int print_version(void)
{
	char text[4096];
	kernels_describe(text, sizeof text);
	printf("hearth-lab %s\nCPU level %s\n%s", HEARTH_VERSION, kernels_name(), text);
	return LAB_DONE;
}

int main(int argc, char **argv)
{
	file_guard_maps();
	struct error e;
	if (!kernels_choose(getenv("HEARTH_CPU"), &e)) return lab_fail(&e);
	if (argc < 2) return lab_misuse("a command is missing");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) return print_help();
	for (const struct command *c = commands; c->name; c++) {
		if (strcmp(argv[1], c->name) != 0) continue;
		return c->run(argc - 2, argv + 2);
	}
	if (strcmp(argv[1], "--version") == 0) return print_version();
	return lab_misuse("there is no command '%s'", argv[1]);
}
