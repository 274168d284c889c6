/*
 * The modifier `expand`: %name% in a text becomes each value of the placeholder, \%name% stays as
 * it is without the backslash (specification, "Placeholders"). Several placeholders in one text
 * make every combination.
 */
#ifndef KONSEKI_SIGMA_EXPAND_H
#define KONSEKI_SIGMA_EXPAND_H

#include "sigma_placeholders.h"

struct sigma_texts {
    struct buf *items; /* at least one after sigma_expand */
    size_t count;
    size_t capacity;
};

/* `is_pattern`: the text is a parsed pattern and the values are parsed as such (sigma_text.h), else
 * both are taken as they are. BAD_INPUT without a line for a name that has no values, or for more
 * combinations than a rule may have. Release with sigma_texts_fini, also on failure. */
enum status sigma_expand(struct sigma_texts *out, struct str text, bool is_pattern,
                         const struct sigma_placeholders *placeholders, struct err *err) MUST_CHECK;
/* A placeholder of the text, not parsed, that has no values; empty if all have. */
struct str sigma_expand_lacks(struct str text, const struct sigma_placeholders *placeholders);
void sigma_texts_fini(struct sigma_texts *texts);

#endif
