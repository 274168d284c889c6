/*
 * The anchors of a store: DIR/anchors/NNNNNNNNNN.anchor is a line that `konseki anchor` made of the
 * checkpoint of that number, NNNNNNNNNN.tsr a time stamp of it. They are copies for convenience
 * (proofs are made for them, and a time stamp holds wherever it lies); what counts is the copy that
 * somebody else keeps.
 */
#ifndef KONSEKI_ANCHOR_H
#define KONSEKI_ANCHOR_H

#include "anchor_line.h"

struct stored_anchor {
    struct anchor anchor; /* texts borrowed from `line` */
    struct buf line;      /* its words */
    struct buf token;     /* time stamp, empty if there is none */
};

/* The checkpoints of which anchors are kept, in order; the caller frees the array. */
enum status anchors_list(uint64_t **numbers, size_t *count, const char *store_path,
                         struct err *err) MUST_CHECK;
/* One of them; NOT_FOUND if there is no such file, BAD_INPUT if it is no anchor. */
enum status anchor_load(struct stored_anchor *out, const char *store_path, uint64_t number,
                        struct err *err) MUST_CHECK;
void anchor_unload(struct stored_anchor *anchor);
/* The newest `limit` anchors, newest first; unreadable ones are left out. */
enum status anchors_load(struct stored_anchor **out, size_t *count, size_t limit,
                         const char *store_path, struct err *err) MUST_CHECK;
void anchors_free(struct stored_anchor *anchors, size_t count);

#endif
