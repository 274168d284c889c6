/*
 * Ed25519 signatures (RFC 8032). Secret keys are 32-byte seeds; ed25519_wipe clears them.
 * No failures but a wrong signature. Constant time where it matters (libsodium).
 */
#ifndef KONSEKI_ED25519_H
#define KONSEKI_ED25519_H

#include "str.h"

enum { ED25519_SEED_BYTES = 32, ED25519_PUBLIC_BYTES = 32, ED25519_SIGNATURE_BYTES = 64 };

struct ed25519_key {
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    uint8_t secret[64]; /* seed and public key, as the library wants them */
};

/* Random bytes of the operating system. */
void ed25519_random_seed(uint8_t out[ED25519_SEED_BYTES]);
void ed25519_from_seed(struct ed25519_key *out, const uint8_t seed[ED25519_SEED_BYTES]);
void ed25519_sign(uint8_t out[ED25519_SIGNATURE_BYTES], struct str message,
                  const struct ed25519_key *key);
bool ed25519_is_valid(const uint8_t signature[ED25519_SIGNATURE_BYTES], struct str message,
                      const uint8_t public_key[ED25519_PUBLIC_BYTES]);
void ed25519_wipe(void *secret, size_t len);

#endif
