/* commands: from the command line to a command's function, and how commands speak to standard output and error. */
#include "app/hearth/commands.h"

#include "app/hearth/open_page.h"
#include "app/hearth/programs.h"
#include "app/hearth/terminal.h"
#include "app/hearth/visible.h"
#include "base/file.h"
#include "base/memory.h"
#include "hearth.h"

#include <stdio.h>
#include <string.h>

enum { MAX_HELP = 65536, SHOWN = 1024 };

static void print_line(const char *before, const char *text, const char *after)
{
	char shown[SHOWN];
	visible_line(shown, sizeof shown, text, strlen(text), terminal_look(false).ascii);
	fprintf(stderr, "hearth: %s%s%s\n", before, shown, after);
}

int commands_fail(const struct error *e)
{
	print_line("", e->text, "");
	return STATUS_FAILED;
}

int commands_misuse(const char *command, const struct error *e)
{
	char after[64];
	snprintf(after, sizeof after, "; see hearth %s%s--help", command, *command ? " " : "");
	print_line("", e->text, after);
	return STATUS_WRONG_USE;
}

void commands_note(const char *format, ...)
{
	char text[SHOWN];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	print_line("", text, "");
}

int commands_print(struct buffer *b)
{
	struct error e;
	bool ok = !b->failed && fwrite(buffer_text(b), 1, b->size, stdout) == b->size && fflush(stdout) == 0;
	buffer_free(b);
	if (ok) return STATUS_DONE;
	error_set(&e, "standard output: cannot write; is the disk full?");
	return commands_fail(&e);
}

static int print_help(const struct command_row *command)
{
	struct buffer b = buffer_new(MAX_HELP);
	options_help(&b, command);
	return commands_print(&b);
}

static int print_version(void)
{
	struct buffer b = buffer_new(MAX_HELP);
	buffer_format(&b, "hearth %s\n%s", hearth_version(), hearth_kernels());
	if (b.size && b.data[b.size - 1] != '\n') buffer_append_byte(&b, '\n');
	return commands_print(&b);
}

int help_command(const struct options *o)
{
	if (o->n_words == 0) return print_help(NULL);
	for (const struct command_row *c = command_rows; c->name; c++) {
		if (strcmp(c->name, o->words[0]) == 0) return print_help(c);
	}
	struct error e;
	error_set(&e, "there is no command '%.80s'", o->words[0]);
	return commands_misuse("", &e);
}

int commands_main(int argc, char **argv)
{
	struct options o;
	struct error e;
	file_guard_maps();
	char **words = memory_new((size_t)argc + 1, sizeof *words);
	if (!words) {
		error_memory(&e);
		return commands_fail(&e);
	}
	int status;
	bool understood = options_read(&o, argc - 1, argv + 1, words, &e);
	if (argc > 0 && strchr(argv[0], '/')) o.program = argv[0];
	if (!understood)
		status = commands_misuse(o.named ? o.command->name : "", &e);
	else if (o.help)
		status = print_help(o.named ? o.command : NULL);
	else if (o.version)
		status = print_version();
	else {
		if (o.command->run == open_command) open_page_begin();
		status = programs_jail(&o, &e) ? o.command->run(&o) : commands_fail(&e);
	}
	memory_free(words);
	return status;
}
