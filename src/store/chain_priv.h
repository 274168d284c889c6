/*
 * Record: "KCHK", payload length (le32), low half of the XXH3-64 of these 8 bytes (le32), payload
 * (length-prefixed head, body), signature of the head, XXH3-64 of all before it (le64).
 */
#ifndef KONSEKI_CHAIN_PRIV_H
#define KONSEKI_CHAIN_PRIV_H

#include "ed25519.h"

enum {
    RECORD_HEAD_BYTES = 12,
    RECORD_TAIL_BYTES = ED25519_SIGNATURE_BYTES + 8,
    MAX_PAYLOAD_BYTES = 256 << 20
};

#endif
