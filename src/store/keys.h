/*
 * The store's signing key: keys/signing.seed (32 random bytes, readable by the owner only) and
 * keys/public.key (one line: "konseki-ed25519 <64 hex digits>"), which is to be kept elsewhere too:
 * `verify --pubkey` pins it.
 */
#ifndef KONSEKI_KEYS_H
#define KONSEKI_KEYS_H

#include "ed25519.h"
#include "err.h"

/* Makes a key pair in DIR/keys. */
enum status keys_create(struct ed25519_key *out, const char *store_path,
                        struct err *err) MUST_CHECK;
enum status keys_load(struct ed25519_key *out, const char *store_path, struct err *err) MUST_CHECK;
/* Reads a public key file as keys_create writes it. */
enum status keys_read_public(uint8_t out[ED25519_PUBLIC_BYTES], const char *path,
                             struct err *err) MUST_CHECK;

#endif
