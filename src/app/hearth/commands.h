/* commands: what the rows of the command table run. Each returns the exit status. */
#ifndef HEARTH_APP_HEARTH_COMMANDS_H
#define HEARTH_APP_HEARTH_COMMANDS_H

#include "app/hearth/options.h"

extern const struct word_row net_words[];

int chat_command(const struct options *o);
int run_command(const struct options *o);
int models_command(const struct options *o);
int chats_command(const struct options *o);
int vault_command(const struct options *o);
int models_scan_command(const struct options *o);
int models_suggest_command(const struct options *o);
int models_pull_command(const struct options *o);
int models_lock_command(const struct options *o);
int models_unlock_command(const struct options *o);
int serve_command(const struct options *o);
int open_command(const struct options *o);
int net_command(const struct options *o);
int doctor_command(const struct options *o);
int prove_command(const struct options *o);
int help_command(const struct options *o);

/* The whole program: reads the arguments (the program's name first) and runs the command. */
int commands_main(int argc, char **argv);

/* One line on standard error, `hearth: TEXT`, and the status to return. */
int commands_fail(const struct error *e);                        /* STATUS_FAILED */
int commands_misuse(const char *command, const struct error *e); /* STATUS_WRONG_USE; adds where help is */

/* A note for the person on standard error: `hearth: TEXT`. */
void commands_note(const char *format, ...) ERROR_FORMAT(1, 2);

/* Writes the buffer to standard output and frees it; STATUS_FAILED with a line when that fails. */
int commands_print(struct buffer *b);

#endif
