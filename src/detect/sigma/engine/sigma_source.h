/*
 * The rule files of a load, read before anything is parsed: so that they can be hashed, and what is
 * hashed is what is parsed. Files in the order of the paths, folders walked bytewise by name.
 *
 * Ownership: the set owns the bytes; texts are borrowed until sigma_sources_fini.
 * Threads: one. Failures: ENVIRONMENT when a path cannot be read.
 */
#ifndef KONSEKI_SIGMA_SOURCE_H
#define KONSEKI_SIGMA_SOURCE_H

#include "buf.h"
#include "err.h"
#include "sigma_placeholders.h"

struct sigma_source_file {
    size_t path_off; /* NUL-terminated in `paths` */
    size_t path_len;
    size_t off; /* in `bytes` */
    size_t len;
    bool is_too_large; /* above the limit of 4 MiB: the bytes are not kept */
};

struct sigma_sources {
    struct sigma_source_file *files;
    size_t count;
    size_t capacity;
    struct buf paths;
    struct buf bytes;
    struct sigma_placeholders *placeholders; /* owned */
};

/* Fills an all-zero struct; what was read stays in it after a failure too. */
enum status sigma_sources_read(struct sigma_sources *sources, const char *const *paths,
                               size_t path_count, struct err *err) MUST_CHECK;
void sigma_sources_fini(struct sigma_sources *sources);

/* The bytes are not needed any more; names stay. */
void sigma_sources_release_bytes(struct sigma_sources *sources);

static inline struct str sigma_source_path(const struct sigma_sources *s, size_t i) {
    return str_make(s->paths.ptr + s->files[i].path_off, s->files[i].path_len);
}

static inline struct str sigma_source_bytes(const struct sigma_sources *s, size_t i) {
    return str_head(str_skip(buf_str(&s->bytes), s->files[i].off), s->files[i].len);
}

#endif
