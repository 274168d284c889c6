/*
 * Base64 in texts: runs of the standard or the URL-safe alphabet, also written in pieces
 * (base64_join.h), whose bytes are text (UTF-8 or UTF-16LE), a compressed text, or a Windows
 * program; and the same again inside what came out, one level deep. What decodes to noise is none:
 * paths, names, hashes and numbers look like base64 too.
 *
 * Ownership: texts of a finding are valid during the call. Limits: BASE64_OUT_BYTES of one run.
 */
#ifndef KONSEKI_BASE64_FIND_H
#define KONSEKI_BASE64_FIND_H

#include "base64_join.h"

enum { BASE64_OUT_BYTES = 1 << 18, BASE64_LEAST = 20, BASE64_LEVELS = 2 };

struct base64_finding {
    size_t offset; /* of the run in its text, bytes */
    size_t length;
    struct str form;   /* "utf-8", "utf-16le", "gzip", "zlib", "deflate", "pe" */
    struct str text;   /* what it says, UTF-8; empty for "pe" */
    size_t byte_count; /* decoded, before decompression */
    int level;         /* 1; 2: inside another one */
};

typedef void base64_find_fn(const struct base64_finding *finding, void *ctx);

struct base64_span {
    size_t from;
    size_t to;
};

/* Scratch memory of one level. */
struct base64_level {
    struct buf bytes;
    struct buf text;
    struct buf joined;
    struct base64_joints joints;
    struct base64_span *spans; /* found in pieces, in order */
    size_t span_count;
    size_t span_capacity;
};

/* All zero is ready; scratch memory. */
struct base64_finder {
    struct base64_level levels[BASE64_LEVELS];
};

void base64_finder_fini(struct base64_finder *finder);
/* Calls `found` for each run of at least `least` characters. */
void base64_find(struct base64_finder *finder, struct str text, size_t least, base64_find_fn *found,
                 void *ctx);

#endif
