/*
 * Inside of verify: where findings go.
 *
 * Segments are checked by several threads, each with a struct verify of its own whose lines go to a
 * buffer (verify_files.c); the rest is one thread.
 */
#ifndef KONSEKI_VERIFY_PRIV_H
#define KONSEKI_VERIFY_PRIV_H

#include "archive_list.h"
#include "chain.h"
#include "store.h"

struct anchor;

struct verify {
    const struct store_verify_options *options;
    struct store_verify_result *result;
    void (*report)(struct str line, void *ctx);
    void *ctx;
    int mark_fd; /* the readers' lock on the chain; -1: none */
    struct chain chain;
    struct archives archives;
    struct verify_checkpoint *checkpoints; /* all that were read, in order */
    size_t checkpoint_count;
    size_t checkpoint_capacity;
    size_t stamps; /* time stamps that were checked */
    /* Read before the chain, as a writer may go on: the anchors of which the store keeps copies,
     * and the public halves of keys/signing.seed. */
    uint64_t *copies;
    size_t copy_count;
    uint8_t keys[2][ED25519_PUBLIC_BYTES];
    size_t key_count;
    bool keys_seen;
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

/* verify_files.c: all segments, what else lies beside them, the file `tree`, the logs. */
void verify_files(struct verify *v);
/* verify_archives.c: what archives hold beside segments; which of them are offline. */
void verify_archives(struct verify *v);
/* verify_expiry.c: what expired was past its rule and under no hold. */
void verify_expiry(struct verify *v);
/* verify_rows.c: every row put together and hashed up to every signed root. */
void verify_rows(struct verify *v);
/* verify_outside.c: anchors, keys, time stamps. Not OK: a file that was given cannot be used. */
void verify_peek(struct verify *v);
/* Is it an anchor of a checkpoint that was read, with all that it says? */
bool verify_knows_anchor(const struct verify *v, const struct anchor *a);
enum status verify_outside(struct verify *v, struct err *err) MUST_CHECK;

#endif
