/*
 * Modifiers: what a value becomes on its way through `|contains|windash ...`. A value starts as
 * the scalar of the rule; each modifier changes its form or its kind or refuses it.
 */
#ifndef KONSEKI_SIGMA_MODIFIER_H
#define KONSEKI_SIGMA_MODIFIER_H

#include "buf.h"
#include "sigma_ast.h"
#include "sigma_placeholders.h"
#include "sigma_yaml.h"

enum sigma_modifier_id {
#define MODIFIER(id, name) SIGMA_MOD_##id,
#include "sigma_modifiers.def"
    SIGMA_MOD_COUNT
};

enum { SIGMA_MODIFIER_LIMIT = 8 };

/* The parsed key: field and modifiers. */
struct sigma_key {
    struct str field;
    enum sigma_modifier_id modifiers[SIGMA_MODIFIER_LIMIT];
    size_t count;
    size_t line;
    const struct sigma_placeholders *placeholders; /* NULL: none */
    bool takes_any_placeholder;                    /* as in struct sigma_yaml */
};

enum sigma_value_kind {
    SIGMA_VALUE_PATTERN, /* pattern with tokens (sigma_text.h), not folded */
    SIGMA_VALUE_BYTES,   /* after utf16/wide: bytes that may be no UTF-8 */
    SIGMA_VALUE_NUMBER,
    SIGMA_VALUE_TRUTH,
    SIGMA_VALUE_NULL,
    SIGMA_VALUE_REGEX,
    SIGMA_VALUE_CIDR,
    SIGMA_VALUE_FIELDREF,
    SIGMA_VALUE_EXISTS,
    SIGMA_VALUE_COMPARE,
    SIGMA_VALUE_TIME
};

/* A value may stand for several that are ORed (base64offset): `next` links them. */
struct sigma_value {
    enum sigma_value_kind kind;
    struct buf text; /* PATTERN, BYTES, REGEX, FIELDREF, and the text of NUMBER and TRUTH */
    double number;
    bool truth;
    bool cased;
    bool bom;        /* utf16: text begins with a byte order mark */
    bool has_tokens; /* BYTES: wildcards stand in it */
    enum sigma_anchor anchor;
    enum sigma_compare compare;
    enum sigma_time_part part;
    uint8_t regex_flags;
    struct ip_network network;
    bool is_v6;
    struct sigma_value *next;
};

enum status sigma_key_parse(struct sigma_key *out, struct str key, size_t line,
                            struct err *err) MUST_CHECK;
bool sigma_key_has(const struct sigma_key *key, enum sigma_modifier_id id);
/* Reads the scalar and applies the modifiers. The values are destroyed with
 * sigma_value_destroy. */
enum status sigma_value_make(struct sigma_value **out, const struct sigma_key *key,
                             const sigma_yaml_node *scalar, struct err *err) MUST_CHECK;
void sigma_value_destroy(struct sigma_value **value);

#endif
