/* Slicing by eight (Kounavis and Berry, 2005): eight bytes a step from eight tables; much at once
 * by carry-less multiplication where the processor can (crc32_fold.h). */
#include "crc32.h"

#include <pthread.h>

#include "bytes.h"
#include "crc32_fold.h"

enum { FOLD_FROM_BYTES = 4 * CRC32_FOLD_BYTES };

static uint32_t tables[8][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void fill_tables(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++) {
            c = c >> 1 ^ (0xedb88320u & (0u - (c & 1)));
        }
        tables[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; i++) {
        for (int k = 1; k < 8; k++) {
            tables[k][i] = tables[k - 1][i] >> 8 ^ tables[0][tables[k - 1][i] & 255];
        }
    }
}

/* Moves the register on by the bytes. */
static uint32_t slice(uint32_t crc, const uint8_t *bytes, size_t size) {
    for (; size >= 8; size -= 8, bytes += 8) {
        uint32_t low = bytes_le32(bytes) ^ crc;
        uint32_t high = bytes_le32(bytes + 4);
        crc = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^
              tables[4][low >> 24] ^ tables[3][high & 255] ^ tables[2][high >> 8 & 255] ^
              tables[1][high >> 16 & 255] ^ tables[0][high >> 24];
    }
    for (; size > 0; size--, bytes++) {
        crc = crc >> 8 ^ tables[0][(crc ^ *bytes) & 255];
    }
    return crc;
}

uint32_t crc32_update(uint32_t crc, const uint8_t *bytes, size_t size) {
    pthread_once(&tables_once, fill_tables);
    crc = ~crc;
    if (size >= FOLD_FROM_BYTES && crc32_fold_works()) {
        uint8_t folded[CRC32_FOLDED_BYTES];
        size_t much = size - size % CRC32_FOLD_BYTES;
        crc32_fold(folded, crc, bytes, much);
        crc = slice(0, folded, sizeof folded);
        bytes += much;
        size -= much;
    }
    return ~slice(crc, bytes, size);
}
