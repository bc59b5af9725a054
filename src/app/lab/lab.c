/* lab: what every command says and how (see lab.h). */
#include "app/lab/lab.h"

#include <stdarg.h>
#include <stdio.h>

int lab_fail(const struct error *e)
{
	fprintf(stderr, "error: %s\n", e->text);
	return LAB_FAILED;
}

int lab_misuse(const char *format, ...)
{
	va_list args;
	fputs("hearth-lab: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; see hearth-lab --help\n", stderr);
	return LAB_WRONG_USE;
}

int lab_print(const char *text, size_t length)
{
	if (fwrite(text, 1, length, stdout) == length && fflush(stdout) == 0) return LAB_DONE;
	struct error e;
	error_set(&e, "standard output: cannot write");
	return lab_fail(&e);
}
