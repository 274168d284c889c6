/*
 * Lines of text into one file, or into several: a new one whenever the one before is full, or one a
 * day. Each part begins with a head and ends with a tail that the caller makes, so that every part
 * can be read alone. Names of parts of "out/events.jsonl.zst": "out/events-0001.jsonl.zst",
 * "out/events-2026-11-21.jsonl.zst". A path that ends in ".zst" gives zstd frames.
 *
 * Nothing has its final name before export_parts_publish; export_parts_destroy removes what was not
 * published. Memory: at most 16 parts are awake (export_file.h).
 *
 * Threads: one. Failures: ENVIRONMENT.
 */
#ifndef KONSEKI_EXPORT_PARTS_H
#define KONSEKI_EXPORT_PARTS_H

#include "buf.h"
#include "err.h"
#include "sha256.h"

enum export_split { EXPORT_WHOLE, EXPORT_BY_SIZE, EXPORT_BY_DAY };

/* What a head or tail may speak of. */
struct export_part {
    uint32_t number; /* from 1, in order of beginning */
    uint64_t lines;
    uint64_t bytes;
    uint8_t sha256[SHA256_BYTES]; /* in the tail: of all bytes before it */
};
typedef void export_dress_fn(struct buf *out, const struct export_part *part, void *ctx);

struct export_parts_options {
    const char *path;
    enum export_split split;
    uint64_t part_bytes;   /* BY_SIZE: a part ends with the line that reaches this (plain bytes) */
    export_dress_fn *head; /* NULL: none */
    export_dress_fn *tail; /* NULL: none */
    void *ctx;
};

struct export_parts;

struct export_parts *export_parts_create(const struct export_parts_options *options);
/* `line` with its end; `local_ns`: BY_DAY, the time whose day chooses the part (as if UTC). */
enum status export_parts_write(struct export_parts *parts, struct str line, int64_t local_ns,
                               struct err *err) MUST_CHECK;
/* Ends all parts and gives them their names. An export without lines is one part. */
enum status export_parts_publish(struct export_parts *parts, struct err *err) MUST_CHECK;
size_t export_parts_count(const struct export_parts *parts);
uint64_t export_parts_bytes(const struct export_parts *parts);
void export_parts_destroy(struct export_parts **parts);

#endif
