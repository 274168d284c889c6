/* Names of the files in a store's folder. */
#ifndef KONSEKI_STORE_PATH_H
#define KONSEKI_STORE_PATH_H

#include "buf.h"

/* "DIR/<formatted>" in `out` (replaced), NUL-terminated; returns out->ptr. */
const char *store_path(struct buf *out, const char *dir, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* DIR/segments/<number>.seg */
const char *store_path_segment(struct buf *out, const char *dir, uint64_t number);
/* DIR/wal/<number>.wal */
const char *store_path_log(struct buf *out, const char *dir, uint64_t number);

#endif
