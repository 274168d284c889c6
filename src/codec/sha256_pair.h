/*
 * The compression function of SHA-256 (FIPS 180-4, 6.2.2) for two messages at once, by the SHA
 * instructions of x86. For sha256_lanes.c; elsewhere sha256_pair_works says no and nothing else may
 * be called. Threads: any.
 */
#ifndef KONSEKI_SHA256_PAIR_H
#define KONSEKI_SHA256_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_WORDS = 8, SHA256_BLOCK_BYTES = 64 };

/* True if this processor has the instructions. */
bool sha256_pair_works(void);
/* The state before the first block. */
void sha256_pair_init(uint32_t state[SHA256_WORDS]);
/* Takes `blocks` blocks of each message; a and b may be the same bytes, the states may not. */
void sha256_pair_blocks(uint32_t state_a[SHA256_WORDS], const uint8_t *a,
                        uint32_t state_b[SHA256_WORDS], const uint8_t *b, size_t blocks);

#endif
