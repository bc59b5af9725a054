/*
 * elf: what a program of this machine's kind takes from libraries: their names, and the functions that it imports.
 *
 * Reads the section table of a 64-bit little-endian ELF file (System V ABI, chapter 4) as far as `hearth prove` needs it, to
 * compare hearth's own programs with what their roles may call. Every offset is checked against the bytes that are there.
 */
#ifndef HEARTH_FORMAT_ELF_H
#define HEARTH_FORMAT_ELF_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A part of the file: entries of a fixed size, and the texts that they name. */
struct elf_table {
	const uint8_t *entries;
	uint64_t count;
	const char *texts; /* ends with a zero byte; NULL: there is no such table */
	uint64_t texts_size;
};

struct elf {
	struct elf_table symbols, dynamic;
};

/* The bytes stay the caller's and must outlive *f. `name` is for messages. */
bool elf_open(struct elf *f, const uint8_t *bytes, size_t size, const char *name, struct error *e);

/* The next function or object that is imported, from *at (0 at first) on; NULL: no more. */
const char *elf_next_import(const struct elf *f, uint64_t *at);

/* The same for the libraries that the program names itself ("libc.so.6"). */
const char *elf_next_library(const struct elf *f, uint64_t *at);

#endif
