/*
 * key=value text: blanks between pairs, values bare or in double quotes (\" and \\ inside). And
 * the fields of such keys: "<prefix>.<key>" interned once, with what the key means to its parser.
 */
#ifndef KONSEKI_KV_H
#define KONSEKI_KV_H

#include "batch.h"

struct kv {
    struct str key;
    struct str value; /* without quotes; escapes as they stand. Empty if there is no '=' */
    bool has_value;   /* false: a word without '=' */
    bool quoted;
    bool unclosed; /* the closing quote is missing: the line was cut */
    bool escaped;  /* a backslash stands in a quoted value */
};

/* Takes the next pair (or bare word) out of *rest; false at the end. */
bool kv_next(struct kv *out, struct str *rest);
/* The same for pairs with `separator` (',') between them instead of blanks. */
bool kv_next_separated(struct kv *out, struct str *rest, char separator);

enum { KV_NO_ROLE = 255 };

/* What a parser makes of a key; `role` is the parser's own number below KV_NO_ROLE. */
struct kv_role {
    struct str key;
    uint8_t role;
};

struct kv_name {
    uint32_t
        field;    /* of "<prefix>.<key>"; FIELD_NONE for a key that is no name or over the limit */
    uint8_t role; /* KV_NO_ROLE if the parser does not know the key */
};

/* Keys seen so far by one parser of one input. At most 2,048 different ones get a field. */
struct kv_names {
    struct str prefix;
    const struct kv_role *roles;
    size_t role_count;
    struct intern keys;
    struct kv_name *names; /* by id in keys */
    size_t capacity;
    /* Keys come in the same order record after record: followers[place] is the id of the key that
     * stood behind it last; a place is 0 at the beginning of a record, then the key's id + 1. */
    uint32_t *followers;
    size_t follower_capacity;
    uint32_t place;
};

/* `prefix` and `roles` are borrowed. */
void kv_names_init(struct kv_names *names, struct str prefix, const struct kv_role *roles,
                   size_t role_count);
void kv_names_fini(struct kv_names *names);
struct kv_name kv_names_get(struct kv_names *names, struct str key);
/* Before the first pair of a record. */
void kv_names_begin(struct kv_names *names);
/* kv_next_separated and kv_names_get in one; fast where keys keep their order. A word without '='
 * has no name. */
bool kv_names_next(struct kv_names *names, struct kv *out, struct kv_name *name, struct str *rest,
                   char separator);

#endif
