/*
 * SHA-256 of many short texts, two at a time: one text leaves most of the processor's SHA unit
 * idle, since each round waits for the one before. Same hashes as sha256.h, in about half the time
 * where the processor has SHA instructions (else one after the other).
 *
 * A text comes in two parts, so that what is put before a record needs no copy of it.
 *
 * Threads: any. No failures. Source: FIPS 180-4; Intel, "SHA Extensions" (2013).
 */
#ifndef KONSEKI_SHA256_LANES_H
#define KONSEKI_SHA256_LANES_H

#include "sha256.h"

struct sha256_text {
    struct str head;
    struct str body;
};

/* The hash of head and body of each text. */
void sha256_many(uint8_t (*out)[SHA256_BYTES], const struct sha256_text *texts, size_t count);

#endif
