/*
 * Text as Sigma compares it: letters fold by Unicode simple case folding (one code point to one
 * code point), nothing else is normalised; and patterns with wildcards.
 *
 * A pattern is UTF-8 with three bytes that UTF-8 never has as tokens:
 *   SIGMA_STAR  any number of code points, newlines too
 *   SIGMA_ANY   exactly one code point
 *   SIGMA_DASH  one of the five dashes of `windash`: - / U+2013 U+2014 U+2015
 * Matching is anchored to the whole text. Threads: all functions are pure.
 */
#ifndef KONSEKI_SIGMA_TEXT_H
#define KONSEKI_SIGMA_TEXT_H

#include "buf.h"

enum { SIGMA_DASH = 0xFD, SIGMA_ANY = 0xFE, SIGMA_STAR = 0xFF };

static inline bool sigma_is_token(char c) {
    return (unsigned char)c >= SIGMA_DASH;
}

/* Appends the folded form; bytes that are no UTF-8 are copied. The tokens stay. */
void sigma_fold(struct buf *out, struct str text);
/* Appends the pattern that a rule's string means: '*' and '?' become tokens, a backslash before
 * '*', '?' or a backslash is taken away (specification, "Escape Character"). */
void sigma_pattern_parse(struct buf *out, struct str text);
bool sigma_pattern_has_wildcard(struct str pattern);
/* The longest run without tokens, at most 64 bytes; empty if there is none. */
struct str sigma_pattern_literal(struct str pattern);
/* Pattern and text must both be folded (or both not). Linear but for patterns with SIGMA_ANY. */
bool sigma_pattern_match(struct str pattern, struct str text);
/* Replaces every dash that stands before a word, and not inside one, by SIGMA_DASH. */
void sigma_pattern_windash(struct buf *pattern);
bool sigma_is_ascii(struct str text);
/* Bytes of the code point at `at` (1 for an invalid byte). at < text.len. */
size_t sigma_code_point_bytes(struct str text, size_t at);

#endif
