/*
 * File-name style patterns: '*' any run without '/', '**' any run, '?' one byte. Whole text.
 * Linear in practice (iterative with one backtrack point each for * and **). No failures.
 */
#ifndef KONSEKI_PATH_GLOB_H
#define KONSEKI_PATH_GLOB_H

#include "str.h"

enum { PATH_GLOB_CAPTURES = 9 };

struct path_glob_match {
    struct str captures[PATH_GLOB_CAPTURES]; /* what the stars matched, in order */
    size_t count;
};

/* ASCII letters compare without case. `match` may be NULL. */
bool path_glob_match(struct path_glob_match *match, struct str pattern, struct str text);
/* The same for the text or any tail of it that begins after a '/'. */
bool path_glob_match_tail(struct path_glob_match *match, struct str pattern, struct str path);

#endif
