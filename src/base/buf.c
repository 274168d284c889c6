#include "buf.h"

#include <stdio.h>

#include "check.h"
#include "mem.h"

void buf_fini(struct buf *b) {
    mem_free(b->ptr);
    *b = BUF_INIT;
}

char *buf_reserve(struct buf *b, size_t extra) {
    CHECK(extra <= SIZE_MAX - b->len);
    MEM_GROW(b->ptr, b->capacity, b->len + extra);
    return b->ptr + b->len;
}

void buf_append(struct buf *b, const void *bytes, size_t len) {
    if (len == 0) {
        return;
    }
    memcpy(buf_reserve(b, len), bytes, len);
    b->len += len;
}

void buf_printf(struct buf *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

void buf_vprintf(struct buf *b, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    size_t room = 256;
    char *at = buf_reserve(b, room);
    int wanted = vsnprintf(at, room, format, args);
    CHECK(wanted >= 0);
    if ((size_t)wanted >= room) {
        at = buf_reserve(b, (size_t)wanted + 1);
        (void)vsnprintf(at, (size_t)wanted + 1, format, again);
    }
    b->len += (size_t)wanted;
    va_end(again);
}
