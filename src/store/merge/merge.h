/* Inside of a merge: see "merging" in store.h. */
#ifndef KONSEKI_MERGE_H
#define KONSEKI_MERGE_H

#include <stdatomic.h>

#include "buf.h"
#include "segment_info.h"
#include "store.h"

struct store_merge {
    struct store_merge *next; /* of those that the store has under way */
    char *dir;
    struct segment_info *inputs; /* neighbours, in the order of arrival */
    size_t input_count;
    struct segment_info *outputs;
    size_t output_count;
    size_t output_capacity;
    uint64_t id; /* in the names of its files, until the store takes them in */
    atomic_bool is_cancelled;
    enum status status; /* of the run; CANCELLED until it was OK */
};

struct store_merge *merge_create(const char *dir, size_t input_count, uint64_t id);
/* The file of output `i` as it was written: a name that no segment has. */
const char *merge_output_path(struct buf *out, const struct store_merge *m, size_t i);
/* Removes the outputs' files (they belong to no store). */
void merge_discard(struct store_merge *m);
void merge_destroy(struct store_merge **m);

#endif
