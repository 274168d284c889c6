/*
 * Where the archives of a store are (docs/formats/retention.md): what the chain's notes say, and
 * whether the folder is there now. Scans ask it for the paths of archived segments.
 *
 * Threads: read-only after archives_load, then any. Ownership: owns its texts.
 */
#ifndef KONSEKI_ARCHIVE_LIST_H
#define KONSEKI_ARCHIVE_LIST_H

#include "arena.h"
#include "buf.h"
#include "err.h"
#include "schema.h"

struct chain;

#define ARCHIVE_DESCRIPTION "konseki-archive.json"

struct archive {
    uint64_t id;
    struct str label; /* NUL-terminated, as is path */
    struct str path;  /* where it was seen last */
    bool is_online;   /* a description with its id lies there */
    uint64_t segments;
    uint64_t rows;
    uint64_t bytes;   /* of segment files */
    int64_t time_min; /* event times; TIME_NONE without rows */
    int64_t time_max;
    uint64_t datasets; /* bit by enum dataset */
};

struct archives {
    struct arena arena;
    struct archive *items;
    size_t count;
    size_t capacity;
};

/* What was there before is dropped; {0} is fine. Looks at the folders of archives in use. */
void archives_load(struct archives *out, const struct chain *chain);
void archives_fini(struct archives *a);
/* NULL: no note names it. */
const struct archive *archives_find(const struct archives *a, uint64_t id);

/* The description in the folder: its id and label (NUL-terminated, in `label`). NOT_FOUND: there is
 * none; BAD_INPUT: it is malformed. */
enum status archive_identify(uint64_t *id, struct buf *label, struct buf *store_key,
                             const char *folder, struct err *err) MUST_CHECK;

/* FOLDER/segments/<number>.seg */
const char *archive_segment_path(struct buf *out, const char *folder, uint64_t number);

#endif
