/* Mail addresses in display names, and whether two domains are one organisation's. ML-01. */
#ifndef KONSEKI_ML_ADDRESS_H
#define KONSEKI_ML_ADDRESS_H

#include "str.h"

struct ml_address {
    struct str whole; /* local@domain */
    struct str local;
    struct str domain;
};

/* Takes the next token that looks like an address out of *rest (folded text: lower case, ASCII
 * forms). The domain needs a dot and a top-level label of letters: "sales @ Osaka" is none. */
bool ml_address_next(struct ml_address *out, struct str *rest);
/* The address as a whole ("<a@b>" and quotes are stripped). */
bool ml_address_parse(struct ml_address *out, struct str text);
/* Equal but for a sub-address ("taro+news@x" is "taro@x"). */
bool ml_address_same(const struct ml_address *a, const struct ml_address *b);
/* Equal registrable domains (public suffix list). */
bool ml_same_organisation(struct str domain_a, struct str domain_b);

#endif
