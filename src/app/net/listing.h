/* listing: a hub's list of files, from JSON to entries. */
#ifndef HEARTH_APP_NET_LISTING_H
#define HEARTH_APP_NET_LISTING_H

#include "base/error.h"

#include <stddef.h>

/* Sends one FETCH_ENTRY for each file of the list that is a model file by its name (.gguf); names that no entry can hold are left
 * out. False when it is no such list, or nobody takes the entries. */
bool listing_send(int socket, const char *json, size_t size, struct error *e);

#endif
