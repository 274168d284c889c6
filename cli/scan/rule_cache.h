/* Where commands keep compiled rules: what --rule-cache and --no-rule-cache say. */
#ifndef KONSEKI_RULE_CACHE_H
#define KONSEKI_RULE_CACHE_H

#include "buf.h"

struct rule_cache_options {
    const char *folder; /* NULL: the user's */
    bool none;
};

/* NULL if nothing is to be kept. Lives as long as `scratch`. */
const char *rule_cache_folder(struct buf *scratch, const struct rule_cache_options *options);

#endif
