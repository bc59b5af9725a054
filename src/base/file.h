/*
 * file: the operating system's files behind one small seam.
 *
 * Everything that opens, maps, reads or writes a file goes through here, so that a test can make the n-th call fail
 * (file_fail_at) and every failure becomes one line that names the file.
 */
#ifndef HEARTH_BASE_FILE_H
#define HEARTH_BASE_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A regular file, mapped for reading. The mapping is private and stays valid when the path is replaced. */
struct file_map {
	const uint8_t *data; /* NULL when the file is empty */
	size_t size;
	char *name;    /* for messages; owned */
	bool borrowed; /* the bytes are somebody else's and stay when this is unmapped */
	bool paged;    /* they come from a file as they are touched, and can be read ahead */
};

/* Opens a regular file for reading; directories, devices, FIFOs and sockets are refused without waiting. -1 on failure. */
int file_open(const char *path, struct error *e);

/* Whether something stands under that path; and whether it is a folder. A hint alone: what cannot be looked at is said by the
 * call that opens it, so these two are not among the calls that file_fail_at counts. */
bool file_exists(const char *path);
bool file_is_folder(const char *path);

/* Maps the whole file. file_map_fd takes a descriptor that stays the caller's, and the name to show in messages. */
bool file_map_path(struct file_map *m, const char *path, struct error *e);
bool file_map_fd(struct file_map *m, int fd, const char *name, struct error *e);
void file_unmap(struct file_map *m);

/* Bytes that lie in memory already, as a map; they stay the caller's and must outlive it. */
bool file_map_memory(struct file_map *m, const void *bytes, size_t size, const char *name, struct error *e);

/* Installs the handler that turns an access behind the end of a file that was cut while mapped into zero bytes and a mark,
 * for all maps of this module. Called once by a program at start. */
void file_guard_maps(void);

/* The same for a library: only where the program has no handler of its own, so that the signal would end it. */
void file_guard_maps_by_default(void);

/* False (with the line for it) when a part of the map had to be replaced by zero bytes since it was mapped. */
bool file_map_intact(const struct file_map *m, struct error *e);

/* Reads a whole file, or a descriptor to its end ("-" as path: standard input), at most `limit` bytes. The text has a zero
 * byte behind it; free with memory_free. NULL on failure. */
char *file_read(const char *path, size_t limit, size_t *size, struct error *e);
char *file_read_fd(int fd, const char *name, size_t limit, size_t *size, struct error *e);

/* A file that appears under its name only when it is whole: written as PATH.tmp, then synced and renamed. What stands under the
 * name is replaced when it is a regular file, and never otherwise. */
struct file_writer {
	int fd; /* -1 when closed */
	char *path, *temporary;
	size_t written;
};
bool file_create(struct file_writer *w, const char *path, struct error *e);
bool file_write(struct file_writer *w, const void *bytes, size_t size, struct error *e);
/* The same for a descriptor that stands open: all bytes, synced. */
bool file_write_whole(int fd, const char *name, const void *bytes, size_t size, struct error *e);

bool file_commit(struct file_writer *w, struct error *e); /* on failure the temporary file is gone */
void file_abandon(struct file_writer *w);                 /* no effect after file_commit */

/* For tests: the n-th call of the operating system from now on fails with EIO (1 = the next); 0 switches off. Returns what was left
 * of the n before: 0 when its call came and failed, or nothing was set. */
uint64_t file_fail_at(uint64_t n);

#endif
