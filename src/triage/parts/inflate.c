#include "inflate.h"

#include <zlib.h>

enum { WINDOW_BITS = 15, WINDOW_GZIP = 16, STEP_BYTES = 16384 };

static int window_bits(enum inflate_form form) {
    if (form == INFLATE_RAW) {
        return -WINDOW_BITS;
    }
    return form == INFLATE_GZIP ? WINDOW_BITS + WINDOW_GZIP : WINDOW_BITS;
}

bool inflate_bytes(struct buf *out, struct str bytes, enum inflate_form form, size_t limit) {
    z_stream stream = {0};
    size_t before = out->len;
    if (bytes.len > UINT32_MAX || inflateInit2(&stream, window_bits(form)) != Z_OK) {
        return false;
    }
    stream.next_in = (z_const Bytef *)(uintptr_t)bytes.ptr;
    stream.avail_in = (uInt)bytes.len;
    int result = Z_OK;
    while (result == Z_OK && out->len - before < limit) {
        size_t room = limit - (out->len - before);
        room = room < STEP_BYTES ? room : STEP_BYTES;
        stream.next_out = (Bytef *)buf_reserve(out, room);
        stream.avail_out = (uInt)room;
        result = inflate(&stream, Z_NO_FLUSH);
        out->len += room - stream.avail_out;
    }
    (void)inflateEnd(&stream);
    bool is_good = out->len > before && result != Z_DATA_ERROR && result != Z_NEED_DICT;
    out->len = is_good ? out->len : before;
    return is_good;
}
