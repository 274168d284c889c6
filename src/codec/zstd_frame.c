#include "zstd_frame.h"

#include <zstd.h>

#include "byte_parts.h"
#include "check.h"
#include "mem.h"

struct zstd_frame {
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;
};

struct zstd_frame *zstd_frame_create(void) {
    return mem_calloc(1, sizeof(struct zstd_frame));
}

void zstd_frame_destroy(struct zstd_frame **z) {
    if (*z != NULL) {
        (void)ZSTD_freeCCtx((*z)->pack);
        (void)ZSTD_freeDCtx((*z)->unpack);
        mem_free(*z);
        *z = NULL;
    }
}

static ZSTD_CCtx *pack_context(struct zstd_frame *z) {
    if (z->pack == NULL) {
        z->pack = ZSTD_createCCtx();
        CHECK(z->pack != NULL);
    }
    return z->pack;
}

/* `len` bytes were packed to the end of `out`: they stay if they are fewer. */
static void keep_smaller(struct buf *out, size_t len, struct str plain) {
    CHECK(!ZSTD_isError(len)); /* room is enough: it cannot fail */
    if (len < plain.len) {
        out->len += len;
    } else {
        buf_add(out, plain);
    }
}

void zstd_frame_pack(struct zstd_frame *z, struct buf *out, struct str plain, int level) {
    size_t room = ZSTD_compressBound(plain.len);
    char *at = buf_reserve(out, room);
    size_t len = ZSTD_compressCCtx(pack_context(z), at, room, plain.ptr, plain.len, level);
    keep_smaller(out, len, plain);
}

void zstd_frame_pack_parts(struct zstd_frame *z, struct buf *out, struct str plain, int level) {
    ZSTD_CCtx *pack = pack_context(z);
    struct str all = plain;
    /* each part may take a block's head more */
    size_t room = ZSTD_compressBound(plain.len) + plain.len / 64;
    ZSTD_outBuffer packed = {buf_reserve(out, room), room, 0};
    CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(pack, ZSTD_c_compressionLevel, level)) &&
          !ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(pack, plain.len)));
    size_t left;
    do {
        size_t len = byte_part(plain);
        ZSTD_inBuffer part = {plain.ptr, len, 0};
        plain = str_skip(plain, len);
        left =
            ZSTD_compressStream2(pack, &packed, &part, plain.len == 0 ? ZSTD_e_end : ZSTD_e_flush);
        CHECK(left == 0); /* room is enough */
    } while (plain.len > 0);
    keep_smaller(out, packed.pos, all);
}

void zstd_frame_pack_beside(struct zstd_frame *z, struct buf *out, struct str plain, int level,
                            struct str base) {
    ZSTD_CCtx *pack = pack_context(z);
    size_t room = ZSTD_compressBound(plain.len);
    char *at = buf_reserve(out, room);
    CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(pack, ZSTD_c_compressionLevel, level)) &&
          !ZSTD_isError(ZSTD_CCtx_refPrefix(pack, base.ptr, base.len)));
    keep_smaller(out, ZSTD_compress2(pack, at, room, plain.ptr, plain.len), plain);
}

bool zstd_frame_unpack(struct zstd_frame *z, void *out, size_t plain_len, struct str stored) {
    return zstd_frame_unpack_beside(z, out, plain_len, stored, STR_EMPTY);
}

bool zstd_frame_unpack_beside(struct zstd_frame *z, void *out, size_t plain_len, struct str stored,
                              struct str base) {
    if (stored.len == plain_len) {
        if (plain_len > 0) {
            memcpy(out, stored.ptr, plain_len);
        }
        return true;
    }
    if (z->unpack == NULL) {
        z->unpack = ZSTD_createDCtx();
        CHECK(z->unpack != NULL);
    }
    if (base.len > 0) {
        CHECK(!ZSTD_isError(ZSTD_DCtx_refPrefix(z->unpack, base.ptr, base.len)));
    }
    size_t len = ZSTD_decompressDCtx(z->unpack, out, plain_len, stored.ptr, stored.len);
    return !ZSTD_isError(len) && len == plain_len;
}
