/*
 * Base64 that a text writes in pieces: strings put together ('SQBF' + "AFgA", "aa" & _ "bb"), lines
 * as mail and certificates wrap them, carets of cmd. Here the text without what stands between.
 *
 * Ownership: the joined text is the caller's. Cost: O(length), nothing is copied without a joint.
 */
#ifndef KONSEKI_BASE64_JOIN_H
#define KONSEKI_BASE64_JOIN_H

#include "buf.h"

/* Bytes that were left out before a place of the joined text. */
struct base64_joint {
    size_t at;      /* in the joined text: where the next piece begins */
    size_t removed; /* bytes before it, all joints together */
};

/* All zero is empty. */
struct base64_joints {
    struct base64_joint *items;
    size_t count;
    size_t capacity;
};

void base64_joints_fini(struct base64_joints *joints);
/* false: the text has no joint; `out` is empty then. */
bool base64_join(struct buf *out, struct base64_joints *joints, struct str text);
/* How many joints lie inside [from, to) of the joined text. */
size_t base64_joints_within(const struct base64_joints *joints, size_t from, size_t to);
/* Where a byte of the joined text stands in the text. */
size_t base64_joints_origin(const struct base64_joints *joints, size_t at);

#endif
