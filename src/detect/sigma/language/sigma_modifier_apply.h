/*
 * What the files of modifiers share: the state of applying one, and the encodings
 * (sigma_modifier_encode.c). Not for others.
 */
#ifndef KONSEKI_SIGMA_MODIFIER_APPLY_H
#define KONSEKI_SIGMA_MODIFIER_APPLY_H

#include "sigma_modifier.h"

struct sigma_apply {
    const struct sigma_key *key;
    struct str written; /* the value as it stands in the rule */
    size_t at;          /* index of the modifier being applied */
    bool is_expanded;
    struct err *err;
};

/* BAD_INPUT: "line 7: modifier 'cidr' on 'x' needs ...". */
enum status sigma_apply_refuse(const struct sigma_apply *a, const char *why) MUST_CHECK;
/* Numbers and truths become their text: `contains: 4104` is written without quotes often. False for
 * kinds that are none. */
bool sigma_value_to_text(struct sigma_value *v);
/* A value behind `v` that is its copy but for the text. */
struct sigma_value *sigma_value_add_variant(struct sigma_value *v);

bool sigma_modifier_is_encoding(enum sigma_modifier_id id);
/* An encoding needs the bytes: a value with windash tokens becomes one value a combination. */
enum status sigma_apply_dashes(const struct sigma_apply *a, struct sigma_value *v) MUST_CHECK;
/* utf16 ..., base64, base64offset. */
enum status sigma_apply_encoding(const struct sigma_apply *a, struct sigma_value *v) MUST_CHECK;
/* Bytes that no encoding of text followed can be compared only if they are text themselves. */
enum status sigma_apply_finish_bytes(struct sigma_apply *a, struct sigma_value *v) MUST_CHECK;

#endif
