/*
 * Compiled rule sets in files of a folder, one a set, named by the hash of all that went in. A
 * cache that cannot be read or written is as good as none: nothing here fails loudly. Threads: pure
 * but for the files; several processes may share a folder.
 */
#ifndef KONSEKI_SIGMA_CACHE_H
#define KONSEKI_SIGMA_CACHE_H

#include "sigma_image.h"
#include "sigma_source.h"

enum { SIGMA_CACHE_KEPT = 8 /* files of a folder */ };

/* False if no cache is wanted, or this program has no build id. */
bool sigma_cache_key(struct sigma_cache_key *out, const struct sigma_sources *sources,
                     const struct sigma_mapping *mapping, const struct sigma_load_options *options);
bool sigma_cache_get(struct sigma_rules *set, const char *folder,
                     const struct sigma_cache_key *key);
void sigma_cache_put(struct sigma_rules *set, const char *folder,
                     const struct sigma_cache_key *key);

#endif
