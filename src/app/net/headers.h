/* headers: the few lines of an HTTP answer that hearth looks at. */
#ifndef HEARTH_APP_NET_HEADERS_H
#define HEARTH_APP_NET_HEADERS_H

#include "wire/fetch.h"

/* Nothing is known yet. */
void headers_begin(struct fetch_head *h);

/* Takes one line as it came, its end included; a status line begins anew. False with the reason when what it says rules the answer
 * out. */
bool headers_take(struct fetch_head *h, const char *line, size_t size, struct error *e);

/* A text that is whole, printable and fits; else false and "". */
bool headers_text(char *out, size_t room, const char *text, size_t size);

#endif
