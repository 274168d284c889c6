/* CRC-32 of IEEE 802.3 (reflected, polynomial 0xedb88320), as zlib computes it. */
#ifndef KONSEKI_CRC32_H
#define KONSEKI_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* `crc` is 0 to start, or the result so far. Threads: any. */
uint32_t crc32_update(uint32_t crc, const uint8_t *bytes, size_t size);

#endif
