/*
 * Which folded tokens (token.h) a segment holds: a blocked Bloom filter (Putze, Sanders, Singler,
 * "Cache-, hash- and space-efficient Bloom filters", 2007): each token sets 6 bits of one 64-byte
 * line. "No" is certain; "yes" is wrong for about 3 % of the tokens that are not there.
 *
 * Bytes: pages of 63 lines, each page followed by the XXH3-64 of its lines (le64) and zeros up to
 * 4,096 bytes; the last page may have fewer lines and no zeros. A page is tested when it is used.
 */
#ifndef KONSEKI_TOKEN_FILTER_H
#define KONSEKI_TOKEN_FILTER_H

#include "buf.h"

/* Distinct token hashes while a segment is written. All zero is empty. */
struct token_set {
    uint64_t *slots; /* 0: free */
    size_t slot_count;
    size_t count;
    struct buf folded; /* scratch */
};

void token_set_fini(struct token_set *t);
/* Adds every token of UTF-8 text. */
void token_set_add(struct token_set *t, struct str text);

/* Appends the filter; returns its number of lines. */
uint64_t token_filter_encode(struct buf *out, const struct token_set *t);
uint64_t token_filter_bytes(uint64_t lines);

enum token_answer { TOKEN_ABSENT, TOKEN_MAYBE, TOKEN_DAMAGED };
/* `bytes` holds token_filter_bytes(lines) bytes; `hash` is token_hash of the folded token. */
enum token_answer token_filter_has(const uint8_t *bytes, uint64_t lines, uint64_t hash);
uint64_t token_hash(struct str token);

#endif
