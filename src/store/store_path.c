#include "store_path.h"

const char *store_path(struct buf *out, const char *dir, const char *format, ...) {
    buf_clear(out);
    buf_printf(out, "%s/", dir);
    va_list args;
    va_start(args, format);
    buf_vprintf(out, format, args);
    va_end(args);
    buf_putc(out, '\0');
    out->len--;
    return out->ptr;
}

const char *store_path_segment(struct buf *out, const char *dir, uint64_t number) {
    return store_path(out, dir, "segments/%010llu.seg", (unsigned long long)number);
}

const char *store_path_log(struct buf *out, const char *dir, uint64_t number) {
    return store_path(out, dir, "wal/%010llu.wal", (unsigned long long)number);
}
