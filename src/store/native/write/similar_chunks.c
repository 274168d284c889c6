#include "similar_chunks.h"

#include <stdlib.h>

#include "bytes.h"
#include "mem.h"

enum {
    WINDOW = 16,            /* bytes */
    LEAST_BYTES = 192,      /* of a chunk */
    CANDIDATES = 1024,      /* hashes that are expected below the limit */
    MOST_CANDIDATES = 4096, /* ... and that are taken */
    ASKED = 64,             /* samples of a new chunk that are looked up */
    ALIKE = 4,              /* ... and that another one must have */
    FAST_CANDIDATES = 128,  /* the same where less effort is spent */
    SLOT_BITS = 19,
    FAST_SLOT_BITS = 14
};

/* A sample: the chunk that had it last. */
struct slot {
    uint32_t check; /* of the hash */
    uint32_t chunk; /* index + 1; 0 = free */
};

struct similar_chunks {
    enum segment_effort effort;
    unsigned slot_bits;
    struct slot *slots;
    struct chunk_ref *chunks;
    size_t count;
    size_t capacity;
};

struct similar_chunks *similar_chunks_create(enum segment_effort effort) {
    struct similar_chunks *c = mem_calloc(1, sizeof *c);
    c->effort = effort;
    c->slot_bits = effort == EFFORT_DEEP ? SLOT_BITS : FAST_SLOT_BITS;
    c->slots = mem_calloc((size_t)1 << c->slot_bits, sizeof *c->slots);
    return c;
}

size_t similar_chunks_memory(const struct similar_chunks *c) {
    return ((size_t)1 << c->slot_bits) * sizeof *c->slots + c->capacity * sizeof *c->chunks;
}

void similar_chunks_destroy(struct similar_chunks **c) {
    if (*c != NULL) {
        mem_free((*c)->slots);
        mem_free((*c)->chunks);
        mem_free(*c);
        *c = NULL;
    }
}

/* --- sketches --- */

/* Two 8-byte halves, multiplied and mixed by odd constants (as in MurmurHash3's finaliser). */
static uint64_t hash_window(uint64_t a, uint64_t b) {
    uint64_t h = a * UINT64_C(0x9e3779b97f4a7c15) + (b ^ (b >> 29)) * UINT64_C(0xc2b2ae3d27d4eb4f);
    h = (h ^ (h >> 32)) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ (h >> 29);
}

static int ascending(const void *a, const void *b) {
    const uint64_t *x = a;
    const uint64_t *y = b;
    return *x < *y ? -1 : *x > *y;
}

void similar_chunks_sketch(struct chunk_sketch *out, const struct similar_chunks *c,
                           struct str plain) {
    uint64_t found[MOST_CANDIDATES];
    size_t count = 0;
    out->count = 0;
    if (plain.len < LEAST_BYTES) {
        return;
    }
    size_t windows = plain.len - WINDOW + 1;
    uint64_t wanted = c->effort == EFFORT_DEEP ? CANDIDATES : FAST_CANDIDATES;
    uint64_t limit = windows <= wanted ? UINT64_MAX : UINT64_MAX / windows * wanted;
    for (size_t i = 0; i < windows && count < MOST_CANDIDATES; i++) {
        uint64_t a = bytes_le64(plain.ptr + i);
        uint64_t b = bytes_le64(plain.ptr + i + 8);
        uint64_t h = hash_window(a, b);
        if (h <= limit && a != b) { /* runs and short periods say nothing */
            found[count++] = h;
        }
    }
    qsort(found, count, sizeof *found, ascending);
    for (size_t i = 0; i < count && out->count < SKETCH_SAMPLES; i++) {
        if (i == 0 || found[i] != found[i - 1]) {
            out->samples[out->count++] = found[i];
        }
    }
}

/* --- the table --- */

/* Sketches hold small hashes: the low bits tell them apart. */
static struct slot *slot_of(const struct similar_chunks *c, uint64_t sample) {
    return &c->slots[sample & (((uint64_t)1 << c->slot_bits) - 1)];
}

static uint32_t check_of(const struct similar_chunks *c, uint64_t sample) {
    return (uint32_t)(sample >> c->slot_bits);
}

struct vote {
    uint32_t chunk;
    uint32_t count;
};

static void add_vote(struct vote *votes, size_t *count, uint32_t chunk) {
    size_t i = 0;
    while (i < *count && votes[i].chunk != chunk) {
        i++;
    }
    if (i == *count) {
        votes[(*count)++] = (struct vote){chunk, 0};
    }
    votes[i].count++;
}

/* The most votes first; of equals the later chunk. */
static int by_votes(const void *a, const void *b) {
    const struct vote *x = a;
    const struct vote *y = b;
    if (x->count != y->count) {
        return x->count > y->count ? -1 : 1;
    }
    return x->chunk > y->chunk ? -1 : x->chunk < y->chunk;
}

size_t similar_chunks_find(struct chunk_ref out[CHUNK_BASES], const struct similar_chunks *c,
                           const struct chunk_sketch *sketch) {
    struct vote votes[ASKED];
    size_t count = 0;
    for (size_t i = 0; i < sketch->count && i < ASKED; i++) {
        const struct slot *slot = slot_of(c, sketch->samples[i]);
        if (slot->chunk != 0 && slot->check == check_of(c, sketch->samples[i])) {
            add_vote(votes, &count, slot->chunk);
        }
    }
    qsort(votes, count, sizeof *votes, by_votes);
    size_t good = 0;
    while (good < count && good < CHUNK_BASES && votes[good].count >= ALIKE) {
        good++;
    }
    for (size_t i = 0; i < good; i++) {
        out[i] = c->chunks[votes[good - 1 - i].chunk - 1];
    }
    return good;
}

void similar_chunks_add(struct similar_chunks *c, const struct chunk_sketch *sketch,
                        const struct chunk_ref *ref) {
    if (sketch->count == 0 || ref->plain_len > CHUNK_BASE_BYTES) {
        return;
    }
    MEM_GROW(c->chunks, c->capacity, c->count + 1);
    c->chunks[c->count++] = *ref;
    for (size_t i = 0; i < sketch->count; i++) {
        *slot_of(c, sketch->samples[i]) =
            (struct slot){check_of(c, sketch->samples[i]), (uint32_t)c->count};
    }
}
