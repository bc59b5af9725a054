/* client_files: the files of a model, found by their names alone, opened and given to the engine. */
#ifndef HEARTH_WIRE_CLIENT_FILES_H
#define HEARTH_WIRE_CLIENT_FILES_H

#include "wire/client_link.h"

/* See client.h. */
bool client_lend(const char *name, int fd);

/* Gives the file `path`; with the first part of a split model (-00001-of-NNNNN.gguf) the other parts that lie beside it, and of a
 * folder with a config.json the files that belong to a model. False: one that is there cannot be opened, or the link has failed. */
bool client_give_files(struct link *l, const char *path, struct error *e);

#endif
