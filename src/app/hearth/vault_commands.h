/* vault_commands: the words of `hearth vault` (the table is in vault.c), each a function of its own that returns the exit status.
 */
#ifndef HEARTH_APP_HEARTH_VAULT_COMMANDS_H
#define HEARTH_APP_HEARTH_VAULT_COMMANDS_H

#include "app/hearth/options.h"

extern const struct word_row vault_words[]; /* ends with a row without name */

int vault_create_command(const struct options *o);
int vault_size_command(const struct options *o);
int vault_backup_command(const struct options *o);
int vault_restore_command(const struct options *o);
int vault_export_command(const struct options *o);
int vault_import_command(const struct options *o);
int vault_delete_command(const struct options *o);
int vault_passphrase_command(const struct options *o);
int vault_slots_command(const struct options *o);
int vault_recovery_command(const struct options *o);
int vault_lock_command(const struct options *o);

/* What `hearth vault` alone says. */
int vault_describe(const struct options *o);

#endif
