/*
 * Chunks of the segment by what they hold, so that the same bytes are stored once: columns that say
 * one thing in two ways (a level and its number, a policy and its id) have the same codes, block by
 * block; a text that is in two fields is in two columns.
 *
 * What is found has the same hash and length: whoever uses it compares the bytes, since whoever
 * writes the logs can make hashes equal.
 *
 * Cost: one hash a chunk, 40 bytes a chunk that was added. Threads: one at a time. No failures.
 */
#ifndef KONSEKI_EQUAL_CHUNKS_H
#define KONSEKI_EQUAL_CHUNKS_H

#include "layout.h"

struct known_chunk {
    uint64_t hash; /* of the plain bytes */
    struct chunk_ref ref;
};

/* All zero is empty. */
struct equal_chunks {
    struct known_chunk *slots; /* hash table; stored_len 0: free */
    uint32_t slot_count;       /* power of two */
    uint32_t count;
};

void equal_chunks_fini(struct equal_chunks *c);
size_t equal_chunks_memory(const struct equal_chunks *c);
/* The chunk that was added last with this hash and this many plain bytes; NULL if there is none.
 * Borrowed until the next add. */
const struct chunk_ref *equal_chunks_find(const struct equal_chunks *c, uint64_t hash,
                                          size_t plain_len);
/* Makes a chunk known that has no bases. Takes the place of one with the same hash and length. */
void equal_chunks_add(struct equal_chunks *c, uint64_t hash, const struct chunk_ref *ref);

#endif
