/*
 * CRC-32 of many bytes by carry-less multiplication (PCLMULQDQ of x86): what was read so far is
 * kept as 128 bits that leave the same remainder. Gopal et al., "Fast CRC Computation for Generic
 * Polynomials Using PCLMULQDQ Instruction" (Intel, 2009), in the reflected order of bits. For
 * crc32.c; elsewhere crc32_fold_works says no and nothing else may be called. Threads: any.
 */
#ifndef KONSEKI_CRC32_FOLD_H
#define KONSEKI_CRC32_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CRC32_FOLD_BYTES = 64, CRC32_FOLDED_BYTES = 16 };

/* True if this processor has the instruction. */
bool crc32_fold_works(void);
/* Folds `size` bytes, a multiple of CRC32_FOLD_BYTES and not 0: with the register at 0, the bytes
 * in `out` leave it as these leave it when it is `reg` before. */
void crc32_fold(uint8_t out[CRC32_FOLDED_BYTES], uint32_t reg, const uint8_t *bytes, size_t size);

#endif
