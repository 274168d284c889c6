/*
 * A compiled rule set as bytes (docs/formats/sigma-cache.md): a header with magic, version, the key
 * it was made for, length and checksum, then the set, member by member.
 *
 * Reading checks every length and number; the databases of vectorscan carry its own checksum. What
 * does not fit is refused, and the caller builds the set anew.
 */
#ifndef KONSEKI_SIGMA_IMAGE_H
#define KONSEKI_SIGMA_IMAGE_H

#include "sha256.h"
#include "sigma_set.h"

struct sigma_cache_key {
    uint8_t hash[SHA256_BYTES];
};

/* Parts that are described in files of their own. */
struct sigma_codec;
void sigma_image_info(struct sigma_codec *c, struct sigma_rule_info *info);
void sigma_image_correlations(struct sigma_codec *c, struct sigma_rules *set);

/* Appends the image; false if the set cannot be kept (its trees are too deep). */
bool sigma_image_write(struct buf *out, struct sigma_rules *set,
                       const struct sigma_cache_key *key) MUST_CHECK;
/* Fills a set that was only initialised; on false it is as sigma_set_init leaves it. The mapping is
 * not of the image: it stays as the caller set it. */
bool sigma_image_read(struct sigma_rules *set, struct str image,
                      const struct sigma_cache_key *key) MUST_CHECK;

#endif
