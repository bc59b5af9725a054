/* client_start: what every engine process begins with: who may be started, what it is told, its jail. */
#ifndef HEARTH_WIRE_CLIENT_START_H
#define HEARTH_WIRE_CLIENT_START_H

#include "wire/client_link.h"

/* Starts a process that will compute with so many threads; nothing has been given to it yet. NULL with the reason. */
struct link *client_start(const struct link_watch *watch, uint32_t threads, struct error *e);

/* Lets it enter its jail, with all files given; l->answer is the report. */
bool client_jail(struct link *l, struct error *e);

/* Asks for what one text says. */
bool client_ask_text(struct link *l, uint32_t kind, const char *text, uint32_t wanted, bool patient, struct error *e);

/* The starter's line about an engine that was started again. */
void client_tell_restart(const char *line);

#endif
