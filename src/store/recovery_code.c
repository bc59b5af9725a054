/* recovery_code: bytes to groups of characters and back (see recovery_code.h). */
#include "store/recovery_code.h"

#include "store/seal.h"

#include <string.h>

enum { CHARACTERS = 28, GROUP = 4 };

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* The code with its check behind: 140 bits, the first being the highest of the first byte. */
static void with_check(uint8_t all[RECOVERY_BYTES + 2], const uint8_t bytes[RECOVERY_BYTES])
{
	uint8_t hash[SEAL_HASH];
	seal_hash(hash, bytes, RECOVERY_BYTES, NULL);
	memcpy(all, bytes, RECOVERY_BYTES);
	all[RECOVERY_BYTES] = hash[0];
	all[RECOVERY_BYTES + 1] = hash[1] & 0xf0;
	seal_wipe(hash, sizeof hash);
}

void recovery_code_write(char text[RECOVERY_TEXT], const uint8_t bytes[RECOVERY_BYTES])
{
	uint8_t all[RECOVERY_BYTES + 2];
	size_t at = 0;
	with_check(all, bytes);
	for (int i = 0; i < CHARACTERS; i++) {
		unsigned value = 0;
		for (int bit = i * 5; bit < i * 5 + 5; bit++) value = value << 1 | (all[bit / 8] >> (7 - bit % 8) & 1);
		if (i && i % GROUP == 0) text[at++] = '-';
		text[at++] = alphabet[value];
	}
	text[at] = 0;
	seal_wipe(all, sizeof all);
}

/* 0 to 31; -1 for what may stand between the characters, -2 for anything else. */
static int value_of(char c)
{
	if (c == ' ' || c == '-' || c == '\n' || c == '\r' || c == '\t') return -1;
	if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
	if (c == 'O') c = '0';
	if (c == 'I' || c == 'L') c = '1';
	const char *found = c ? strchr(alphabet, c) : NULL;
	return found ? (int)(found - alphabet) : -2;
}

bool recovery_code_read(uint8_t bytes[RECOVERY_BYTES], const char *text, size_t size)
{
	uint8_t all[RECOVERY_BYTES + 2] = { 0 }, right[RECOVERY_BYTES + 2];
	int n = 0;
	for (size_t i = 0; i < size; i++) {
		int value = value_of(text[i]);
		if (value == -1) continue;
		if (value < 0 || n == CHARACTERS) return false;
		for (int k = 0; k < 5; k++) all[(n * 5 + k) / 8] |= (uint8_t)((value >> (4 - k) & 1) << (7 - (n * 5 + k) % 8));
		n++;
	}
	with_check(right, all);
	bool fits = n == CHARACTERS && seal_equal(all, right, sizeof all);
	if (fits) memcpy(bytes, all, RECOVERY_BYTES);
	seal_wipe(all, sizeof all);
	seal_wipe(right, sizeof right);
	return fits;
}
