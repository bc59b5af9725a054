/*
 * settings: what hearth remembers between two starts: colour, threads, whether conversations are kept, when the vault locks, how
 * fast the last download was, and the path of the last chosen model.
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
	bool keep;              /* keep = off: the person wants no conversation kept; on when absent */
	double lock;            /* lock = MINUTES without a key after which the vault locks; 15 when absent, 0 for off */
	double rate;            /* rate = BYTES a second of the last large download; 0 when absent */
	char model[PATHS_ROOM]; /* model = PATH; empty: the built-in one */
};

/* A missing file is no error, lines that are not understood are kept out; *e tells of a file that cannot be read. */
bool settings_read(struct settings *s, const struct paths *p, struct error *e);

/* Replaces the file as a whole. */
bool settings_write(const struct settings *s, const struct paths *p, struct error *e);

#endif
