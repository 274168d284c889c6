/*
 * Which folded tokens (token.h) a stripe of a segment holds: a blocked Bloom filter (Putze,
 * Sanders, Singler, "Cache-, hash- and space-efficient Bloom filters", 2007): each token sets some
 * bits of one line. "No" is certain; "yes" is wrong for about 1 % of the tokens that are not there.
 *
 * A line has 64 bytes: 60 bytes of bits and the low half of their XXH3-64 (le32). Lines follow each
 * other, so a test reads one cache line, and damage is seen where it would be believed.
 *
 * Words of digits only, or of digits with the T and Z of ISO 8601 times (token_is_zoned), are not
 * in it: number_index.h has the longer ones.
 */
#ifndef KONSEKI_TOKEN_FILTER_H
#define KONSEKI_TOKEN_FILTER_H

#include "number_words.h"

enum {
    TOKEN_TEXT_CACHE = 4096,
    TOKEN_PROBES = 6 /* bits that a word sets */
};

/* Distinct token hashes while a segment is written. All zero is empty. */
struct token_set {
    uint64_t *slots; /* 0: free */
    size_t slot_count;
    size_t count;
    uint64_t *fresh; /* tokens that are new since token_set_encode_fresh */
    size_t fresh_count;
    size_t fresh_capacity;
    uint64_t *texts;              /* hashes of texts that were added lately; NULL until needed */
    struct buf folded;            /* scratch */
    struct number_words *numbers; /* borrowed: takes zoned tokens that count; NULL: none does */
};

void token_set_fini(struct token_set *t);
/* Forgets the tokens, keeps memory. */
void token_set_clear(struct token_set *t);
/* Adds every token of UTF-8 text; zoned ones go to t->numbers. */
void token_set_add(struct token_set *t, struct str text);
/* The same for texts that are likely to return. */
void token_set_add_once(struct token_set *t, struct str text);
/* From now on zoned tokens go there. */
void token_set_numbers(struct token_set *t, struct number_words *numbers);
void token_set_add_all(struct token_set *t, const struct token_set *from);
/* Adds the fresh tokens of `from`, which are fresh no longer. */
void token_set_take_fresh(struct token_set *t, struct token_set *from);

/* Appends the filter of the fresh tokens, which keeps to `bytes` as well as it can (9 to 11 bits a
 * token); returns its number of lines. */
uint32_t token_set_encode_fresh(struct buf *out, struct token_set *t, uint64_t bytes);
/* Appends a filter of `count` hashes that set `probes` bits each; returns its number of lines. */
uint32_t token_filter_encode(struct buf *out, const uint64_t *hashes, size_t count,
                             unsigned bits_a_hash, unsigned probes);
uint64_t token_filter_bytes(uint64_t lines);

enum token_answer { TOKEN_ABSENT, TOKEN_MAYBE, TOKEN_DAMAGED };
/* Where in a filter of `lines` > 0 lines the line of a token begins. `hash` is token_hash of the
 * folded token, which must not be zoned. */
uint64_t token_filter_line(uint64_t lines, uint64_t hash);
/* Asks that line (FILTER_LINE_BYTES). */
enum token_answer token_line_has(const uint8_t *line, uint64_t hash, unsigned probes);
/* The same in two steps, for lines that are asked often. */
bool token_line_is_whole(const uint8_t *line);
bool token_line_may_have(const uint8_t *line, uint64_t hash, unsigned probes);

uint64_t token_hash(struct str token);
/* True for folded words that filters say nothing about: digits, 't' and 'z', with a digit. */
bool token_is_zoned(struct str token);

#endif
