/*
 * tar: the little of POSIX ustar archives that backups need: regular files, one behind another.
 *
 * A head of 512 bytes per file, its bytes padded to a multiple of 512, and two empty heads at the end. Sizes above 8 GiB are
 * written in the binary form that GNU tar and bsdtar read.
 */
#ifndef HEARTH_STORE_TAR_H
#define HEARTH_STORE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAR_BLOCK = 512, TAR_NAME = 100 };

void tar_head(uint8_t head[TAR_BLOCK], const char *name, uint64_t size, uint64_t made);

enum tar_result { TAR_FILE, TAR_END, TAR_BROKEN };

/* What a head says. TAR_BROKEN: not a head, or that of anything but a regular file. */
enum tar_result tar_read(const uint8_t head[TAR_BLOCK], char name[TAR_NAME + 1], uint64_t *size);

/* Bytes behind the content up to the next head. */
size_t tar_padding(uint64_t size);

#endif
