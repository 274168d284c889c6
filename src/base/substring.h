/*
 * Finding one text in many: prepared once, then looked for at several GB/s. Two of its bytes, those
 * that are rarest in logs, are compared at sixteen places at a time; where both fit, the rest is.
 *
 * Threads: immutable once made. Ownership: borrows the text.
 */
#ifndef KONSEKI_SUBSTRING_H
#define KONSEKI_SUBSTRING_H

#include "str.h"

struct substring {
    struct str text; /* ignores_case: in lower case */
    bool ignores_case;
    size_t places[2]; /* of the bytes that are compared first; ascending */
};

/* `text` is not empty; with `ignores_case` (of ASCII letters) it is in lower case. */
struct substring substring_make(struct str text, bool ignores_case);
/* The first place in `in`; NULL: none. */
const char *substring_find(const struct substring *s, struct str in);
/* The same without vector instructions, to be tested against. */
const char *substring_find_scalar(const struct substring *s, struct str in);

#endif
