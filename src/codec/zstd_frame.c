#include "zstd_frame.h"

#include <zstd.h>

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

void zstd_frame_pack(struct zstd_frame *z, struct buf *out, struct str plain, int level) {
    if (z->pack == NULL) {
        z->pack = ZSTD_createCCtx();
        CHECK(z->pack != NULL);
    }
    size_t room = ZSTD_compressBound(plain.len);
    char *at = buf_reserve(out, room);
    size_t len = ZSTD_compressCCtx(z->pack, at, room, plain.ptr, plain.len, level);
    CHECK(!ZSTD_isError(len)); /* room is enough: it cannot fail */
    if (len < plain.len) {
        out->len += len;
    } else {
        buf_add(out, plain);
    }
}

bool zstd_frame_unpack(struct zstd_frame *z, void *out, size_t plain_len, struct str stored) {
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
    size_t len = ZSTD_decompressDCtx(z->unpack, out, plain_len, stored.ptr, stored.len);
    return !ZSTD_isError(len) && len == plain_len;
}
