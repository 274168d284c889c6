/*
 * Texts that are kept as long as somebody refers to them: where events stand, and the values that
 * a correlation counted. The same text is kept once; a number stands for it. 0 stands for "none".
 *
 * Cost: finding a text O(length), the rest O(1). Ownership: texts are copies; sigma_names_text is
 * borrowed until the last reference is dropped. Not thread-safe.
 */
#ifndef KONSEKI_SIGMA_NAMES_H
#define KONSEKI_SIGMA_NAMES_H

#include "buf.h"
#include "sigma_pool.h"

struct sigma_name {
    uint64_t hash;
    char *text;
    uint32_t len;
    uint32_t references; /* 0: the place is free */
};

struct sigma_names {
    struct sigma_pool pool;
    uint32_t *table; /* open addressing, by hash */
    size_t table_size;
    size_t count;
    size_t bytes; /* of names, texts and table */
};

void sigma_names_init(struct sigma_names *names);
void sigma_names_fini(struct sigma_names *names);
/* The text's number, with one reference more. */
uint32_t sigma_names_take(struct sigma_names *names, struct str text);
/* One reference more or less; 0 is ignored. */
void sigma_names_hold(struct sigma_names *names, uint32_t name);
void sigma_names_drop(struct sigma_names *names, uint32_t name);
/* Empty for 0. */
struct str sigma_names_text(const struct sigma_names *names, uint32_t name);

/* Several texts as one, lengths first, so that ("a", "b") and ("ab", "") differ. */
void sigma_texts_add(struct buf *out, struct str text);
/* Takes the first one off. */
struct str sigma_texts_next(struct str *encoded);

enum { SIGMA_RECENT_PLACES = 16384 };

/* The texts of values that were seen lately, by the hash that windows keep of them: what is
 * overwritten by another value is not found any more. */
struct sigma_recent {
    struct sigma_recent_value {
        uint64_t hash;
        uint32_t name;
    } * places; /* NULL before the first */
};

/* Drops what it holds. */
void sigma_recent_fini(struct sigma_recent *recent, struct sigma_names *names);
/* True if the value is kept already. */
bool sigma_recent_has(const struct sigma_recent *recent, uint64_t hash);
void sigma_recent_put(struct sigma_recent *recent, struct sigma_names *names, uint64_t hash,
                      struct str text);
/* 0 if it is not kept; borrowed until the next put. */
uint32_t sigma_recent_name(const struct sigma_recent *recent, uint64_t hash);

#endif
