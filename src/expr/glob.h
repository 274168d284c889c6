/*
 * Wildcard patterns on folded text: '*' is any run of characters, '?' exactly one character (code
 * point); a backslash takes the meaning from the next character. Cost of a match: O(text) for
 * patterns without '?', O(text * pattern) at worst; never exponential.
 *
 * A glob_text pattern (a word of a search) is matched inside the search text: its wildcards stay
 * within a word (letters, digits, '_'), its ends stand at word borders unless they are wildcards.
 */
#ifndef KONSEKI_GLOB_H
#define KONSEKI_GLOB_H

#include "arena.h"

/* In a compiled pattern; bytes that no UTF-8 text holds. */
enum { GLOB_STAR = 0xff, GLOB_ONE = 0xfe };

struct glob {
    struct str *segments; /* the parts between the stars; the first and last are anchored */
    size_t segment_count; /* at least one */
};

struct glob_piece {
    bool is_word;    /* else separators, compared literally */
    struct str text; /* folded, with marks */
    struct glob glob;
};

struct glob_text {
    struct glob_piece *pieces; /* words and separators in turn */
    size_t piece_count;
    struct str longest_literal; /* must be in every matching text; may be empty */
};

/* Folded pattern with GLOB_STAR and GLOB_ONE marks, in the arena. */
struct str glob_fold_pattern(struct arena *arena, struct str pattern);
/* Does the pattern hold an unescaped * or ? */
bool glob_has_wildcard(struct str pattern);
void glob_compile(struct glob *out, struct arena *arena, struct str marked);
bool glob_match(const struct glob *glob, struct str folded);

void glob_text_compile(struct glob_text *out, struct arena *arena, struct str marked);
bool glob_text_match(const struct glob_text *glob, struct str folded);

#endif
