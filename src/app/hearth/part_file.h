/*
 * part_file: a download that is not finished: NAME.part, and beside it NAME.part.from, which says what it is a part of.
 *
 * The file gets its name only when it is whole and right, and never in the place of another. One hearth at a time works on a part.
 */
#ifndef HEARTH_APP_HEARTH_PART_FILE_H
#define HEARTH_APP_HEARTH_PART_FILE_H

#include "app/hearth/paths.h"
#include "wire/fetch.h"

struct part_file {
	int fd; /* -1 when closed */
	char path[PATHS_ROOM], part[PATHS_ROOM], note[PATHS_ROOM];
	uint64_t size; /* bytes that are there */
	/* From the note; empty or FETCH_UNKNOWN where it says nothing. */
	char url[FETCH_URL], etag[FETCH_ETAG], hash[FETCH_HASH];
	uint64_t whole;
};

/* Opens or makes the part of `name` in `folder`, and takes the part for this process. What does not come from `url` is emptied.
 * False when the whole file is there already, or another hearth works on the part. */
bool part_file_open(struct part_file *p, const char *folder, const char *name, const char *url, struct error *e);

/* Writes the note from the fields, before any byte that it speaks of. */
bool part_file_note(const struct part_file *p, struct error *e);

/* Empties the part. */
bool part_file_restart(struct part_file *p, struct error *e);

/* Bytes that are free on the part's disk; FETCH_UNKNOWN when it cannot be told. */
uint64_t part_file_room(const struct part_file *p);

uint64_t part_file_size(const struct part_file *p); /* bytes that are there now; 0 when it is closed */

/* Gives the file its name, on the disk when this returns true. */
bool part_file_finish(struct part_file *p, struct error *e);

void part_file_discard(struct part_file *p); /* removes part and note */
void part_file_close(struct part_file *p);   /* keeps what there is, if it is anything */

#endif
