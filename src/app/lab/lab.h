/* lab: the commands of hearth-lab. Each takes the arguments behind its name and returns the exit status. */
#ifndef HEARTH_APP_LAB_H
#define HEARTH_APP_LAB_H

#include "base/error.h"

#include <stddef.h>

enum { LAB_DONE = 0, LAB_FAILED = 1, LAB_WRONG_USE = 2 };

/* Prints `error: TEXT` on standard error and returns LAB_FAILED. */
int lab_fail(const struct error *e);

/* Prints what is wrong with the arguments, and where help is, on standard error and returns LAB_WRONG_USE. */
int lab_misuse(const char *format, ...) ERROR_FORMAT(1, 2);

/* Writes all of it to standard output; LAB_FAILED with a message when that fails. */
int lab_print(const char *text, size_t length);

/* The commands; their forms are printed by --help. */
int lab_logits(int argc, char **argv);
int lab_bench(int argc, char **argv);
int lab_tokenize(int argc, char **argv);
int lab_detokenize(int argc, char **argv);
int lab_plan(int argc, char **argv);
int lab_generate(int argc, char **argv);
int lab_template(int argc, char **argv);
int lab_jinja(int argc, char **argv);
int lab_prompt(int argc, char **argv);
int lab_perplexity(int argc, char **argv);
int lab_dequantize(int argc, char **argv);
int lab_quantize(int argc, char **argv);
int lab_embed(int argc, char **argv);
int lab_rerank(int argc, char **argv);
int lab_imatrix(int argc, char **argv);
int lab_convert(int argc, char **argv);

#endif
