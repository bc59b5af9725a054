/* ledger_line: an entry of the ledger as one line of text, and back. Fields are parted by tabs, and what is no printable ASCII is
 * written as \xNN. */
#ifndef HEARTH_STORE_LEDGER_LINE_H
#define HEARTH_STORE_LEDGER_LINE_H

#include "base/buffer.h"
#include "store/ledger.h"

bool ledger_line_write(struct buffer *b, const struct ledger_entry *entry);

/* Reads (and changes) a text; false when it is no entry. */
bool ledger_line_read(struct ledger_entry *entry, char *text);

#endif
