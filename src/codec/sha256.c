/* The one-call-per-step interface is deprecated in OpenSSL 3, but EVP allocates and looks up the
 * algorithm for each digest, which doubles the time of a 200-byte record. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "sha256.h"

#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256), "context fits");

static SHA256_CTX *context(struct sha256 *h) {
    return (SHA256_CTX *)(void *)h->state;
}

void sha256_init(struct sha256 *h) {
    (void)SHA256_Init(context(h));
}

void sha256_add(struct sha256 *h, const void *bytes, size_t len) {
    (void)SHA256_Update(context(h), bytes, len);
}

void sha256_finish(struct sha256 *h, uint8_t out[SHA256_BYTES]) {
    (void)SHA256_Final(out, context(h));
}

void sha256_of(uint8_t out[SHA256_BYTES], struct str bytes) {
    struct sha256 h;
    sha256_init(&h);
    sha256_add(&h, bytes.ptr, bytes.len);
    sha256_finish(&h, out);
}

void sha256_hex(char out[SHA256_HEX_BYTES], const uint8_t hash[SHA256_BYTES]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
}

bool sha256_from_hex(uint8_t out[SHA256_BYTES], struct str hex) {
    for (size_t i = 0; i < SHA256_BYTES && hex.len == SHA256_HEX_BYTES; i++) {
        int high = ascii_hex_value(hex.ptr[2 * i]);
        int low = ascii_hex_value(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return hex.len == SHA256_HEX_BYTES;
}
