/*
 * seal: the vault's cryptography, all of it from libsodium.
 *
 * A secret lies in memory of its own between guard pages, locked against swapping, left out of core dumps and wiped when it
 * is freed. Sealing is XChaCha20-Poly1305 (IETF) with a random nonce of 24 bytes; what is sealed is bound to the place where
 * it lies by its associated data, so that nothing can be moved or exchanged.
 */
#ifndef HEARTH_STORE_SEAL_H
#define HEARTH_STORE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEAL_KEY = 32, SEAL_NONCE = 24, SEAL_TAG = 16, SEAL_EXTRA = SEAL_NONCE + SEAL_TAG, SEAL_HASH = 32, VAULT_ID = 16 };

/* Prepares libsodium; false where it cannot get random numbers. May be called again and from any thread. */
bool seal_start(void);

/* `size` bytes of secret memory, not set; NULL when memory (or the limit of locked memory) is out. */
void *secret_new(size_t size);
void secret_free(void *secret); /* wipes; NULL is allowed */

void seal_random(void *bytes, size_t size);

/* The key for one purpose and number, from another key: BLAKE2b as in libsodium's crypto_kdf, `purpose` being 8 characters. */
void seal_derive(uint8_t key[SEAL_KEY], const uint8_t from[SEAL_KEY], const char purpose[9], uint64_t number);

/* Seals `size` bytes to as many at `sealed` (which may be `plain`), and writes nonce and tag (SEAL_EXTRA bytes) to `extra`. */
void seal_bytes(uint8_t *sealed, uint8_t *extra, const uint8_t *plain, size_t size, const void *place, size_t place_size,
                const uint8_t key[SEAL_KEY]);

/* The way back; false, and nothing of use at `plain`, when a bit is not as it was sealed. */
bool seal_open(uint8_t *plain, const uint8_t *sealed, const uint8_t *extra, size_t size, const void *place, size_t place_size,
               const uint8_t key[SEAL_KEY]);

/* BLAKE2b of 32 bytes; `key` may be NULL. */
void seal_hash(uint8_t hash[SEAL_HASH], const void *bytes, size_t size, const uint8_t *key);

/* The same over bytes that come in pieces. */
struct seal_hashing {
	_Alignas(64) unsigned char state[384];
};
void seal_hash_begin(struct seal_hashing *h);
void seal_hash_more(struct seal_hashing *h, const void *bytes, size_t size);
void seal_hash_end(struct seal_hashing *h, uint8_t hash[SEAL_HASH]);

/* Argon2id of a passphrase; false when memory is out. `memory` is bytes. */
bool seal_passphrase(uint8_t key[SEAL_KEY], const char *passphrase, size_t length, const uint8_t salt[16], uint32_t passes,
                     uint64_t memory);

/* SHA-256, the hash that hosts publish, of bytes that come piece by piece. */
struct seal_sha256 {
	_Alignas(16) unsigned char state[128];
};
void seal_sha256_begin(struct seal_sha256 *h);
void seal_sha256_add(struct seal_sha256 *h, const void *bytes, size_t size);
void seal_sha256_end(struct seal_sha256 *h, char text[65]); /* 64 small hexadecimal digits */

/* Sealing to a public key: whoever has it can write, and only the secret key can read (libsodium's crypto_box_seal). The pair is
 * made from a key of this module. `sealed` has SEAL_BOX_EXTRA bytes more than the text. */
enum { SEAL_PUBLIC = 32, SEAL_BOX_EXTRA = 48 };
void seal_box_pair(uint8_t public_key[SEAL_PUBLIC], uint8_t secret_key[SEAL_KEY], const uint8_t seed[SEAL_KEY]);
bool seal_box(uint8_t *sealed, const uint8_t *plain, size_t size, const uint8_t public_key[SEAL_PUBLIC]);
bool seal_box_open(uint8_t *plain, const uint8_t *sealed, size_t sealed_size, const uint8_t public_key[SEAL_PUBLIC],
                   const uint8_t secret_key[SEAL_KEY]);

/* Bytes as small hexadecimal digits with a zero byte behind; and back, false when `text` is not exactly so many. */
void seal_write_hex(char *text, const uint8_t *bytes, size_t size);
bool seal_read_hex(uint8_t *bytes, size_t size, const char *text, size_t length);

bool seal_equal(const void *a, const void *b, size_t size); /* in a time that tells nothing */
void seal_wipe(void *bytes, size_t size);

#endif
