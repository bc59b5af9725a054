/* seal: libsodium, as the vault uses it (see seal.h). */
#include "store/seal.h"

#include <sodium.h>
#include <string.h>

_Static_assert(SEAL_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES && SEAL_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "the page's reserved bytes hold nonce and tag");

bool seal_start(void)
{
	return sodium_init() >= 0;
}

void *secret_new(size_t size)
{
	return sodium_malloc(size);
}

void secret_free(void *secret)
{
	sodium_free(secret);
}

void seal_random(void *bytes, size_t size)
{
	randombytes_buf(bytes, size);
}

void seal_derive(uint8_t key[SEAL_KEY], const uint8_t from[SEAL_KEY], const char purpose[9], uint64_t number)
{
	crypto_kdf_derive_from_key(key, SEAL_KEY, number, purpose, from);
}

void seal_bytes(uint8_t *sealed, uint8_t *extra, const uint8_t *plain, size_t size, const void *place, size_t place_size,
                const uint8_t key[SEAL_KEY])
{
	randombytes_buf(extra, SEAL_NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt_detached(sealed, extra + SEAL_NONCE, NULL, plain, size, place, place_size, NULL,
	                                                    extra, key);
}

bool seal_open(uint8_t *plain, const uint8_t *sealed, const uint8_t *extra, size_t size, const void *place, size_t place_size,
               const uint8_t key[SEAL_KEY])
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(plain, NULL, sealed, size, extra + SEAL_NONCE, place, place_size,
	                                                           extra, key) == 0;
}

void seal_hash(uint8_t hash[SEAL_HASH], const void *bytes, size_t size, const uint8_t *key)
{
	crypto_generichash(hash, SEAL_HASH, bytes, size, key, key ? SEAL_KEY : 0);
}

_Static_assert(sizeof(struct seal_hashing) >= sizeof(crypto_generichash_state), "libsodium's state has room");

void seal_hash_begin(struct seal_hashing *h)
{
	crypto_generichash_init((crypto_generichash_state *)(void *)h->state, NULL, 0, SEAL_HASH);
}

void seal_hash_more(struct seal_hashing *h, const void *bytes, size_t size)
{
	crypto_generichash_update((crypto_generichash_state *)(void *)h->state, bytes, size);
}

void seal_hash_end(struct seal_hashing *h, uint8_t hash[SEAL_HASH])
{
	crypto_generichash_final((crypto_generichash_state *)(void *)h->state, hash, SEAL_HASH);
}

bool seal_passphrase(uint8_t key[SEAL_KEY], const char *passphrase, size_t length, const uint8_t salt[16], uint32_t passes,
                     uint64_t memory)
{
	return crypto_pwhash(key, SEAL_KEY, passphrase, length, salt, passes, (size_t)memory, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct seal_sha256) && crypto_hash_sha256_BYTES == 32, "the state fits");

void seal_sha256_begin(struct seal_sha256 *h)
{
	crypto_hash_sha256_init((crypto_hash_sha256_state *)(void *)h->state);
}

void seal_sha256_add(struct seal_sha256 *h, const void *bytes, size_t size)
{
	crypto_hash_sha256_update((crypto_hash_sha256_state *)(void *)h->state, bytes, size);
}

void seal_sha256_end(struct seal_sha256 *h, char text[65])
{
	uint8_t hash[32];
	crypto_hash_sha256_final((crypto_hash_sha256_state *)(void *)h->state, hash);
	seal_write_hex(text, hash, sizeof hash);
}

_Static_assert(SEAL_BOX_EXTRA == crypto_box_SEALBYTES && SEAL_PUBLIC == crypto_box_PUBLICKEYBYTES &&
                       SEAL_KEY == crypto_box_SECRETKEYBYTES && SEAL_KEY == crypto_box_SEEDBYTES,
               "a sealed box is as long as it is said");

void seal_box_pair(uint8_t public_key[SEAL_PUBLIC], uint8_t secret_key[SEAL_KEY], const uint8_t seed[SEAL_KEY])
{
	crypto_box_seed_keypair(public_key, secret_key, seed);
}

bool seal_box(uint8_t *sealed, const uint8_t *plain, size_t size, const uint8_t public_key[SEAL_PUBLIC])
{
	return crypto_box_seal(sealed, plain, size, public_key) == 0;
}

bool seal_box_open(uint8_t *plain, const uint8_t *sealed, size_t sealed_size, const uint8_t public_key[SEAL_PUBLIC],
                   const uint8_t secret_key[SEAL_KEY])
{
	return sealed_size >= SEAL_BOX_EXTRA && crypto_box_seal_open(plain, sealed, sealed_size, public_key, secret_key) == 0;
}

void seal_write_hex(char *text, const uint8_t *bytes, size_t size)
{
	sodium_bin2hex(text, 2 * size + 1, bytes, size);
}

bool seal_read_hex(uint8_t *bytes, size_t size, const char *text, size_t length)
{
	size_t got = 0;
	return length == 2 * size && strspn(text, "0123456789abcdef") >= length &&
	       sodium_hex2bin(bytes, size, text, length, NULL, &got, NULL) == 0 && got == size;
}

bool seal_equal(const void *a, const void *b, size_t size)
{
	return sodium_memcmp(a, b, size) == 0;
}

void seal_wipe(void *bytes, size_t size)
{
	sodium_memzero(bytes, size);
}
