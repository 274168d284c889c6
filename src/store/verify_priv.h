/* Inside of verify: where findings go. */
#ifndef KONSEKI_VERIFY_PRIV_H
#define KONSEKI_VERIFY_PRIV_H

#include "chain.h"
#include "store.h"

struct verify {
    const struct store_verify_options *options;
    struct store_verify_result *result;
    void (*report)(struct str line, void *ctx);
    void *ctx;
    struct chain chain;
    struct verify_checkpoint *checkpoints; /* all that were read, in order */
    size_t checkpoint_count;
    size_t checkpoint_capacity;
};

struct verify_checkpoint {
    uint64_t number;
    uint64_t rows;
    uint8_t key[ED25519_PUBLIC_BYTES]; /* that signed it */
    uint8_t root[SHA256_BYTES];
    uint8_t hash[SHA256_BYTES];
};

/* A line that says what was found; damage sets the result. */
void verify_damage(struct verify *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
void verify_note(struct verify *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Every byte of one segment file against the footer and the chain. */
void verify_segment(struct verify *v, const char *path, const struct segment_info *info);

#endif
