/*
 * disk: the operating system's files, as the vault uses them, behind one small seam.
 *
 * Everything that the vault reads, writes, syncs or removes goes through a `struct disk`, so that a test can put a simulated
 * disk in its place that forgets, tears and reorders what was not synced, or fails at the n-th call. Each function returns 0
 * or an errno value; offsets and sizes are bytes.
 */
#ifndef HEARTH_STORE_DISK_H
#define HEARTH_STORE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disk_open {
	DISK_READ,    /* the file is there and is only read */
	DISK_WRITE,   /* the file is there */
	DISK_CREATE,  /* the file is made where it is not there */
	DISK_UNNAMED, /* a file without a name that goes with its descriptor; `path` is a folder */
};

struct disk_file; /* each disk has its own */

struct disk {
	int (*open)(struct disk *d, const char *path, enum disk_open how, struct disk_file **f);
	int (*read)(struct disk_file *f, void *bytes, size_t size, uint64_t at,
	            size_t *got); /* fewer only at the end of the file */
	int (*write)(struct disk_file *f, const void *bytes, size_t size, uint64_t at);
	int (*resize)(struct disk_file *f, uint64_t size);
	int (*sync)(struct disk_file *f);
	int (*size)(struct disk_file *f, uint64_t *size);
	void (*close)(struct disk_file *f);
	int (*remove)(struct disk *d, const char *path);                 /* ENOENT when it is not there */
	int (*rename)(struct disk *d, const char *from, const char *to); /* both in one folder */
	int (*sync_folder)(struct disk *d, const char *path);            /* `path` names a file in the folder */
	int (*make_folder)(struct disk *d, const char *path);            /* for this user alone; none when it is there */
	int (*exists)(struct disk *d, const char *path, bool *there);
	/* Makes the file where it is not there and holds it until it is closed; EWOULDBLOCK while another process does. It ends
	 * with its process, however that ends. */
	int (*lock)(struct disk *d, const char *path, struct disk_file **f);
};

/* The real one; it lives as long as the program. */
struct disk *disk_real(void);

/* Replaces what stands under `path`, in whole or not at all: written as PATH.tmp, synced, renamed, the folder synced. */
int disk_replace(struct disk *d, const char *path, const void *bytes, size_t size);

/* Reads a whole file of at most `limit` bytes (EFBIG when it is longer) into memory that the caller frees with memory_free. */
int disk_load(struct disk *d, const char *path, size_t limit, uint8_t **bytes, size_t *size);

#endif
