/*
 * A growable byte buffer; init with BUF_INIT, release with buf_fini. Pointers into it die when it
 * grows: keep offsets. Out of memory ends the program (mem.h).
 */
#ifndef KONSEKI_BUF_H
#define KONSEKI_BUF_H

#include <stdarg.h>

#include "str.h"

struct buf {
    char *ptr;
    size_t len;
    size_t capacity;
};

#define BUF_INIT ((struct buf){NULL, 0, 0})

void buf_fini(struct buf *b);
/* Room for `extra` more bytes; returns where they go. */
char *buf_reserve(struct buf *b, size_t extra);
void buf_append(struct buf *b, const void *bytes, size_t len);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args);

static inline void buf_clear(struct buf *b) {
    b->len = 0;
}

static inline void buf_add(struct buf *b, struct str s) {
    buf_append(b, s.ptr, s.len);
}

static inline void buf_putc(struct buf *b, char c) {
    if (b->len == b->capacity) {
        (void)buf_reserve(b, 1);
    }
    b->ptr[b->len++] = c;
}

static inline struct str buf_str(const struct buf *b) {
    return (struct str){b->len > 0 ? b->ptr : "", b->len};
}

#endif
