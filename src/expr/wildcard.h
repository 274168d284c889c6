/*
 * Wildcard patterns on folded text: '*' is any run of characters, '?' exactly one character (code
 * point); a backslash takes the meaning from the next character. Cost of a match: O(text) for
 * patterns without '?', O(text * pattern) at worst; never exponential.
 *
 * A wildcard_text pattern (a word of a search) is matched inside the search text: its wildcards
 * stay within a word (letters, digits, '_'), its ends stand at word borders unless they are
 * wildcards.
 */
#ifndef KONSEKI_WILDCARD_H
#define KONSEKI_WILDCARD_H

#include "arena.h"

/* In a compiled pattern; bytes that no UTF-8 text holds. */
enum { WILDCARD_STAR = 0xff, WILDCARD_ONE = 0xfe };

struct wildcard {
    struct str *segments; /* the parts between the stars; the first and last are anchored */
    size_t segment_count; /* at least one */
};

struct wildcard_piece {
    bool is_word;    /* else separators, compared literally */
    struct str text; /* folded, with marks */
    struct wildcard wildcard;
};

struct wildcard_text {
    struct wildcard_piece *pieces; /* words and separators in turn */
    size_t piece_count;
    struct str longest_literal; /* must be in every matching text; may be empty */
};

/* Folded pattern with WILDCARD_STAR and WILDCARD_ONE marks, in the arena. */
struct str wildcard_fold_pattern(struct arena *arena, struct str pattern);
/* Does the pattern hold an unescaped * or ? */
bool wildcard_has_wildcard(struct str pattern);
void wildcard_compile(struct wildcard *out, struct arena *arena, struct str marked);
bool wildcard_match(const struct wildcard *wildcard, struct str folded);

void wildcard_text_compile(struct wildcard_text *out, struct arena *arena, struct str marked);
bool wildcard_text_match(const struct wildcard_text *wildcard, struct str folded);

#endif
