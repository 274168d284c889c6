/* Fixed-endian access to bytes in files and on the wire; callers check lengths first. */
#ifndef KONSEKI_BYTES_H
#define KONSEKI_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint16_t bytes_le16(const void *p) {
    const uint8_t *b = p;
    return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t bytes_le32(const void *p) {
    const uint8_t *b = p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t bytes_le64(const void *p) {
    const uint8_t *b = p;
    return (uint64_t)bytes_le32(b) | (uint64_t)bytes_le32(b + 4) << 32;
}

static inline void bytes_put_le16(void *p, uint16_t v) {
    uint8_t *b = p;
    b[0] = (uint8_t)v;
    b[1] = (uint8_t)(v >> 8);
}

static inline void bytes_put_le32(void *p, uint32_t v) {
    bytes_put_le16(p, (uint16_t)v);
    bytes_put_le16((uint8_t *)p + 2, (uint16_t)(v >> 16));
}

static inline void bytes_put_le64(void *p, uint64_t v) {
    bytes_put_le32(p, (uint32_t)v);
    bytes_put_le32((uint8_t *)p + 4, (uint32_t)(v >> 32));
}

#endif
