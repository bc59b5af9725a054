/*
 * settings: what hearth remembers between two starts: colour, threads and the path of the last chosen model.
 *
 * A small text file in the settings folder, `name = value` a line, readable by its owner alone. Nothing in it tells what was
 * said or read.
 */
#ifndef HEARTH_APP_HEARTH_SETTINGS_H
#define HEARTH_APP_HEARTH_SETTINGS_H

#include "app/hearth/paths.h"

#include <stdint.h>

struct settings {
	bool colour;            /* colour = on | off; on when absent */
	uint32_t threads;       /* threads = N; 0 when absent; HEARTH_THREADS_LOW for auto-low */
	char model[PATHS_ROOM]; /* model = PATH; empty: the built-in one */
};

/* A missing file is no error, lines that are not understood are kept out; *e tells of a file that cannot be read. */
bool settings_read(struct settings *s, const struct paths *p, struct error *e);

/* Replaces the file as a whole. */
bool settings_write(const struct settings *s, const struct paths *p, struct error *e);

#endif
