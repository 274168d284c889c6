/*
 * Anchors: one line that names a checkpoint, kept where the store's administrator cannot change it
 * (docs/formats/checkpoint.md):
 *   konseki-anchor 2 checkpoint=N rows=N root=HEX hash=HEX key=HEX time=RFC3339 check=8HEX
 * `check` is the beginning of the SHA-256 of the line before it, so that a line that was typed in
 * from paper is not taken with a slip.
 */
#ifndef KONSEKI_ANCHOR_LINE_H
#define KONSEKI_ANCHOR_LINE_H

#include "checkpoint.h"
#include "err.h"

struct anchor {
    uint64_t checkpoint;
    uint64_t rows;
    uint8_t root[SHA256_BYTES];
    uint8_t hash[SHA256_BYTES];        /* of the checkpoint */
    uint8_t key[ED25519_PUBLIC_BYTES]; /* that signed it */
    struct str time; /* as the line says, "" if it does not; borrowed from the line */
};

/* Appends the line of a checkpoint, with a newline. */
void anchor_line_format(struct buf *out, const struct checkpoint *checkpoint,
                        const uint8_t hash[SHA256_BYTES]);

enum anchor_problem { ANCHOR_GOOD, ANCHOR_NO_LINE, ANCHOR_MISTYPED };

/* Blanks may be more, and the line may be broken into several, as on paper. */
enum anchor_problem anchor_line_parse(struct anchor *out, struct str text);
/* The words of a line, one blank between them: what a time stamp is asked for. */
void anchor_line_words(struct buf *out, struct str text);

/* The file's line; *text (owned by the caller's buffer) is its words. BAD_INPUT if it is none. */
enum status anchor_line_read(struct anchor *out, struct buf *text, const char *path,
                             struct err *err) MUST_CHECK;

#endif
