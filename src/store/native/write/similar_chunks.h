/*
 * Which chunks of the segment hold the same bytes as one that is to be packed. Programs write the
 * same things in several places (ids of connections in the logs of each protocol, a log that came
 * twice, names that each stripe meets again); zstd finds them if it is shown the chunk that has
 * them.
 *
 * Of each chunk the smallest hashes of its 16-byte windows are kept: two chunks that share a part
 * of their bytes share about that part of the hashes. What is found is a guess; the size after
 * packing decides.
 *
 * Cost: one hash a byte; 4 MiB a segment being merged, 128 KiB one being sealed. Threads: one at a
 * time. No failures.
 */
#ifndef KONSEKI_SIMILAR_CHUNKS_H
#define KONSEKI_SIMILAR_CHUNKS_H

#include "layout.h"

enum { SKETCH_SAMPLES = 192 };

/* The smallest hashes of a chunk, ascending, each once. */
struct chunk_sketch {
    uint64_t samples[SKETCH_SAMPLES];
    size_t count;
};

struct similar_chunks;

/* With effort FAST fewer hashes are kept. */
struct similar_chunks *similar_chunks_create(enum segment_effort effort);
void similar_chunks_destroy(struct similar_chunks **c);

size_t similar_chunks_memory(const struct similar_chunks *c);

/* A chunk too short for bases has an empty sketch. */
void similar_chunks_sketch(struct chunk_sketch *out, const struct similar_chunks *c,
                           struct str plain);
/* Up to CHUNK_BASES chunks that may share bytes with the one of the sketch, the likest last. */
size_t similar_chunks_find(struct chunk_ref out[CHUNK_BASES], const struct similar_chunks *c,
                           const struct chunk_sketch *sketch);
/* Makes a chunk known that has no bases itself. */
void similar_chunks_add(struct similar_chunks *c, const struct chunk_sketch *sketch,
                        const struct chunk_ref *ref);

#endif
