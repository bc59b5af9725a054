/*
 * paths: where hearth keeps things, and where the model that comes with it lies.
 *
 * Data is in $XDG_DATA_HOME/hearth, settings in $XDG_CONFIG_HOME/hearth; HEARTH_HOME overrides both. The built-in model lies
 * in share/hearth beside the bin folder of an installed hearth, or in models beside the build folder.
 */
#ifndef HEARTH_APP_HEARTH_PATHS_H
#define HEARTH_APP_HEARTH_PATHS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { PATHS_ROOM = 4096 };

struct paths {
	char data[PATHS_ROOM]; /* folders; empty where the environment names no home */
	char models[PATHS_ROOM];
	char settings[PATHS_ROOM];
	char builtin[PATHS_ROOM];  /* the built-in model's file; empty when it is missing */
	char expected[PATHS_ROOM]; /* where an installed one would be, for messages */
};

/* Reads the environment and looks where the program lies; creates nothing. */
void paths_find(struct paths *p);

/* Makes the folder and what is above it, for the user alone. */
bool paths_make_folder(const char *path, struct error *e);

/* Joins a folder and a name. False when that does not fit. */
bool paths_join(char out[PATHS_ROOM], const char *folder, const char *name);

/* An absolute form of an existing path; false when there is none. */
bool paths_absolute(char out[PATHS_ROOM], const char *path);

bool paths_is_folder(const char *path);
bool paths_is_file(const char *path); /* anything that exists and is no folder */

#endif
