/*
 * The head of a checkpoint (docs/formats/checkpoint.md): what is signed. It names the head before,
 * the key that signs it and the key that will sign the next one, the size and root of the Merkle
 * tree, and the hash of the body (what the checkpoint adds to the store). The hash of a checkpoint
 * is the SHA-256 of its head; anchors and the next head carry it.
 *
 * Everything here is pure and needs no store: konseki-verify uses it too.
 * Source of the signature: Ed25519, RFC 8032.
 */
#ifndef KONSEKI_CHECKPOINT_H
#define KONSEKI_CHECKPOINT_H

#include "buf.h"
#include "ed25519.h"
#include "merkle.h"

struct checkpoint {
    uint64_t number; /* from 1 */
    uint8_t previous[SHA256_BYTES];
    int64_t time_ns; /* wall time */
    struct str writer;
    uint8_t public_key[ED25519_PUBLIC_BYTES]; /* signs this one */
    uint8_t next_key[ED25519_PUBLIC_BYTES];   /* will sign the next one */
    struct merkle tree; /* of all rows below arrival number tree.size; a head alone has the size */
    uint8_t root[SHA256_BYTES];
    uint64_t log_number; /* write-ahead logs below this one are in segments */
    uint8_t body[SHA256_BYTES];
};

void checkpoint_encode(struct buf *out, const struct checkpoint *c);
/* False if `head` is malformed. The writer's name is borrowed from `head`; the tree has its size
 * only. */
bool checkpoint_decode(struct checkpoint *out, struct str head);
void checkpoint_hash(uint8_t out[SHA256_BYTES], struct str head);

void checkpoint_sign(uint8_t out[ED25519_SIGNATURE_BYTES], const uint8_t hash[SHA256_BYTES],
                     const struct ed25519_key *key);
/* Cost: about 0.1 ms. */
bool checkpoint_is_signed(const uint8_t signature[ED25519_SIGNATURE_BYTES],
                          const uint8_t hash[SHA256_BYTES],
                          const uint8_t public_key[ED25519_PUBLIC_BYTES]);

#endif
