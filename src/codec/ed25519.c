#include "ed25519.h"

#include <sodium.h>

#include "check.h"

static void start(void) {
    CHECK(sodium_init() >= 0); /* cheap when it ran before; fails only without a random source */
}

void ed25519_random_seed(uint8_t out[ED25519_SEED_BYTES]) {
    start();
    randombytes_buf(out, ED25519_SEED_BYTES);
}

void ed25519_from_seed(struct ed25519_key *out, const uint8_t seed[ED25519_SEED_BYTES]) {
    start();
    (void)crypto_sign_seed_keypair(out->public_key, out->secret, seed);
}

void ed25519_sign(uint8_t out[ED25519_SIGNATURE_BYTES], struct str message,
                  const struct ed25519_key *key) {
    (void)crypto_sign_detached(out, NULL, (const unsigned char *)message.ptr, message.len,
                               key->secret);
}

bool ed25519_is_valid(const uint8_t signature[ED25519_SIGNATURE_BYTES], struct str message,
                      const uint8_t public_key[ED25519_PUBLIC_BYTES]) {
    start();
    return crypto_sign_verify_detached(signature, (const unsigned char *)message.ptr, message.len,
                                       public_key) == 0;
}

void ed25519_wipe(void *secret, size_t len) {
    sodium_memzero(secret, len);
}
