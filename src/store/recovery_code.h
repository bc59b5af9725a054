/*
 * recovery_code: sixteen random bytes as a person writes them down.
 *
 * Seven groups of four characters of Crockford's base 32 (no I, L, O, U): 128 bits of the code and 12 of a hash over them, so that
 * a slip of the pen is told from a wrong code. Reading takes small letters, O for 0, I and L for 1, and any spaces or dashes.
 */
#ifndef HEARTH_STORE_RECOVERY_CODE_H
#define HEARTH_STORE_RECOVERY_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECOVERY_BYTES = 16, RECOVERY_TEXT = 35 /* with a zero byte behind */ };

void recovery_code_write(char text[RECOVERY_TEXT], const uint8_t bytes[RECOVERY_BYTES]);

/* False when it is no code: another length, another character, or the check does not fit. */
bool recovery_code_read(uint8_t bytes[RECOVERY_BYTES], const char *text, size_t size);

#endif
