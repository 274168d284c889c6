/*
 * Small numbers in one byte each; 255 stands for a larger one, which comes from planes behind the
 * bytes. For codes of dictionaries whose frequent entries have small codes.
 *
 * Body: count bytes, then planes of the larger numbers (less 255).
 */
#include "buf.h"
#include "intpack_priv.h"
#include "mem.h"

enum { ESCAPED = 255 };

bool intpack_escape_encode(struct buf *out, const uint64_t *coded, size_t count, unsigned width) {
    size_t large = 0;
    for (size_t i = 0; i < count; i++) {
        large += coded[i] >= ESCAPED;
    }
    if (width < 2 || large > count / 2) {
        return false;
    }
    uint64_t *rest = mem_alloc((large + 1) * sizeof *rest);
    uint8_t *bytes = (uint8_t *)buf_reserve(out, count);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        bytes[i] = coded[i] >= ESCAPED ? ESCAPED : (uint8_t)coded[i];
        if (coded[i] >= ESCAPED) {
            rest[at++] = coded[i] - ESCAPED;
        }
    }
    out->len += count;
    intpack_put_planes(out, rest, large, width);
    mem_free(rest);
    return true;
}

bool intpack_escape_decode(uint64_t *coded, size_t count, unsigned width, struct str body) {
    if (body.len < count) {
        return false;
    }
    const uint8_t *bytes = (const uint8_t *)body.ptr;
    size_t large = 0;
    for (size_t i = 0; i < count; i++) {
        large += bytes[i] == ESCAPED;
    }
    if (body.len - count != large * width) {
        return false;
    }
    uint64_t *rest = mem_alloc((large + 1) * sizeof *rest);
    intpack_get_planes(rest, large, bytes + count, width);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        coded[i] = bytes[i] == ESCAPED ? rest[at++] + ESCAPED : bytes[i];
    }
    mem_free(rest);
    return true;
}
