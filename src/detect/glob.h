/*
 * File-name style patterns: '*' any run without '/', '**' any run, '?' one byte. Whole text.
 * Linear in practice (iterative with one backtrack point each for * and **). No failures.
 */
#ifndef KONSEKI_GLOB_H
#define KONSEKI_GLOB_H

#include "str.h"

enum { GLOB_CAPTURES = 9 };

struct glob_match {
    struct str captures[GLOB_CAPTURES]; /* what the stars matched, in order */
    size_t count;
};

/* ASCII letters compare without case. `match` may be NULL. */
bool glob_match(struct glob_match *match, struct str pattern, struct str text);
/* The same for the text or any tail of it that begins after a '/'. */
bool glob_match_path(struct glob_match *match, struct str pattern, struct str path);

#endif
