/* tar: heads to bytes and back (see tar.h). */
#include "store/tar.h"

#include <stdio.h>
#include <string.h>

/* Places of a head's fields. */
enum { MODE = 100, OWNER = 108, GROUP = 116, SIZE = 124, TIME = 136, CHECK = 148, KIND = 156, MAGIC = 257 };

static unsigned sum_of(const uint8_t head[TAR_BLOCK])
{
	unsigned sum = 0;
	for (int i = 0; i < TAR_BLOCK; i++) sum += i >= CHECK && i < CHECK + 8 ? ' ' : head[i];
	return sum;
}

/* Octal digits and a zero byte, `room` in all. */
static void put_octal(uint8_t *at, int room, uint64_t value)
{
	at[room - 1] = 0;
	for (int i = room - 2; i >= 0; i--, value >>= 3) at[i] = (uint8_t)('0' + (value & 7));
}

void tar_head(uint8_t head[TAR_BLOCK], const char *name, uint64_t size, uint64_t made)
{
	memset(head, 0, TAR_BLOCK);
	memcpy(head, name, strnlen(name, TAR_NAME));
	put_octal(head + MODE, 8, 0600);
	put_octal(head + OWNER, 8, 0);
	put_octal(head + GROUP, 8, 0);
	if (size < (uint64_t)1 << 33) {
		put_octal(head + SIZE, 12, size);
	} else {
		head[SIZE] = 0x80;
		for (int i = 0; i < 8; i++) head[SIZE + 4 + i] = (uint8_t)(size >> (56 - 8 * i));
	}
	put_octal(head + TIME, 12, made);
	head[KIND] = '0';
	memcpy(head + MAGIC, "ustar\00000", 8);
	put_octal(head + CHECK, 7, sum_of(head));
	head[CHECK + 7] = ' ';
}

static bool read_octal(const uint8_t *at, int room, uint64_t *value)
{
	int i = 0;
	*value = 0;
	while (i < room && at[i] == ' ') i++;
	for (; i < room && at[i] >= '0' && at[i] <= '7'; i++) *value = *value << 3 | (uint64_t)(at[i] - '0');
	return i == room || at[i] == 0 || at[i] == ' ';
}

static bool read_size(const uint8_t *at, uint64_t *size)
{
	if (at[0] != 0x80) return read_octal(at, 12, size);
	*size = 0;
	for (int i = 0; i < 8; i++) *size = *size << 8 | at[4 + i];
	return at[1] == 0 && at[2] == 0 && at[3] == 0;
}

enum tar_result tar_read(const uint8_t head[TAR_BLOCK], char name[TAR_NAME + 1], uint64_t *size)
{
	uint64_t sum = 0;
	bool empty = true;
	for (int i = 0; empty && i < TAR_BLOCK; i++) empty = head[i] == 0;
	if (empty) return TAR_END;
	if (memcmp(head + MAGIC, "ustar", 5) != 0 || !read_octal(head + CHECK, 8, &sum) || sum != sum_of(head)) return TAR_BROKEN;
	if ((head[KIND] != '0' && head[KIND] != 0) || !read_size(head + SIZE, size)) return TAR_BROKEN;
	memcpy(name, head, TAR_NAME);
	name[TAR_NAME] = 0;
	return TAR_FILE;
}

size_t tar_padding(uint64_t size)
{
	return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}
