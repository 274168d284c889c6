/*
 * The order of members in JSON objects. Some programs print objects from hash tables: each record
 * has the same members in another order. Sorted by their keys such records are alike; what the
 * order was is a number of few bytes.
 *
 * json_order_sort sorts the members of the object that a text begins with, and those of objects
 * that are members of it (8 deep; what is in arrays stays). A member is the bytes between the
 * separators, blanks and all, so nothing but places changes: the length stays, and what stood
 * behind the object stays there. json_order_restore is the inverse.
 *
 * Order numbers: each object, outer before inner, inner ones as they stand in the sorted text, has
 * the Lehmer code of its order: for each member but the last, how many of those behind it sort
 * before it (equal keys: as they stood). The digits, with n, n - 1 ... 2 possible values in an
 * object of n members, are the digits (low first, mixed radix) of a number; where the product of
 * the radices would not fit 63 bits the next number begins.
 *
 * Nothing is trusted: texts that are no such object, or of too many members, are refused; any
 * numbers are some order. Ownership: the struct owns its memory; results are borrowed until the
 * next call. Cost: about 1 ns a byte and 50 ns a member.
 */
#ifndef KONSEKI_JSON_ORDER_H
#define KONSEKI_JSON_ORDER_H

#include "buf.h"

enum { JSON_ORDER_NUMBERS = 8, JSON_ORDER_MEMBERS = 512, JSON_ORDER_DEPTH = 8 };

/* Bytes that stay together: at `from` in the text that was given, at `to` in `text`. */
struct json_order_run {
    uint32_t from;
    uint32_t to;
    uint32_t len;
};

struct json_order_object {
    uint32_t first; /* member */
    uint32_t count; /* of members; 0: it is no object */
    uint32_t list;  /* where its members stand in json_order.sequence */
};

struct json_order_member {
    uint32_t key; /* place and length of the key, in quotes */
    uint32_t key_len;
    uint32_t head; /* run: all of it, or what is before its object */
    uint32_t tail; /* run: what is behind its object */
    uint32_t next; /* member of the same object; UINT32_MAX: the last one */
    struct json_order_object object;
};

struct json_order {
    struct buf text;
    uint64_t numbers[JSON_ORDER_NUMBERS];
    uint32_t number_count;
    uint64_t keys_hash;                                 /* of the keys, sorted */
    uint64_t order_hash;                                /* of the keys and their order */
    struct json_order_run runs[2 * JSON_ORDER_MEMBERS]; /* ascending by `from` */
    uint32_t run_count;
    /* scratch */
    struct json_order_member members[JSON_ORDER_MEMBERS];
    uint32_t member_count;
    uint32_t sequence[JSON_ORDER_MEMBERS]; /* members of each object, in the order to be printed */
    uint32_t sequence_count;
    uint64_t radix; /* product of the radices in the number that is not full */
    uint32_t number_limit;
};

void json_order_fini(struct json_order *o);
/* Sets text, runs, numbers and hashes. False: the text is no object that can be sorted. */
bool json_order_sort(struct json_order *o, struct str text);
/* Sets text and runs, from a sorted text and its numbers. False: the text is no such object, or has
 * another number of numbers. */
bool json_order_restore(struct json_order *o, struct str sorted, const uint64_t *numbers,
                        uint32_t count);
/* Where the bytes [at, at + len) of the given text are in o->text; false: they were torn apart. */
bool json_order_place(uint32_t *out, const struct json_order *o, uint32_t at, uint32_t len);

#endif
