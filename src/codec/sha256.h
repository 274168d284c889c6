/* SHA-256 (FIPS 180-4). No failures; a context lives on the caller's stack. */
#ifndef KONSEKI_SHA256_H
#define KONSEKI_SHA256_H

#include "str.h"

enum { SHA256_BYTES = 32, SHA256_HEX_BYTES = 64 };

struct sha256 {
    _Alignas(8) uint8_t state[128]; /* the library's context */
};

void sha256_init(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *bytes, size_t len);
void sha256_finish(struct sha256 *h, uint8_t out[SHA256_BYTES]);

/* Of one text. */
void sha256_of(uint8_t out[SHA256_BYTES], struct str bytes);
/* Lower-case hexadecimal digits, without NUL. */
void sha256_hex(char out[SHA256_HEX_BYTES], const uint8_t hash[SHA256_BYTES]);
/* False unless these are 64 hexadecimal digits, in either case. */
bool sha256_from_hex(uint8_t out[SHA256_BYTES], struct str hex);

#endif
