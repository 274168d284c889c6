#include "rule_cache.h"

#include "sigma.h"

const char *rule_cache_folder(struct buf *scratch, const struct rule_cache_options *options) {
    if (options->none) {
        return NULL;
    }
    if (options->folder != NULL) {
        return options->folder;
    }
    return sigma_cache_default_folder(scratch) ? scratch->ptr : NULL;
}
