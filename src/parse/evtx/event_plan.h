/*
 * Plans: what a compiled piece of BinXML means for a row. An element or attribute of the ops that
 * ends in a field becomes one item: the field's id and the pieces (literals, substitutions) its
 * value is made of. Made once a template and chunk, then run for each record of it.
 *
 * Which element means what: windows_names.h. Names of EventData/Data elements that are themselves
 * substituted are resolved at run time (name_count > 0).
 */
#ifndef KONSEKI_EVENT_PLAN_H
#define KONSEKI_EVENT_PLAN_H

#include "binxml.h"
#include "windows_place.h"

enum plan_kind {
    PLAN_VALUE,    /* element content; empty is a value too */
    PLAN_OPTIONAL, /* attribute, System child: nothing if empty */
    PLAN_NESTED,   /* a value that is BinXML itself, read in `place` */
    PLAN_INSTANCE  /* a template instance in the content, read in `place` */
};

struct plan_piece {
    uint8_t type; /* declared; meaningless for literals */
    bool is_literal;
    bool optional;
    uint16_t id;       /* index of the value */
    uint32_t text_off; /* literal: in ops->text */
    uint32_t text_len;
};

struct plan_item {
    uint32_t field; /* FIELD_NONE: name pieces */
    uint32_t first_piece;
    uint32_t first_name_piece;
    uint32_t offset;         /* PLAN_INSTANCE: in the chunk */
    uint32_t constant_epoch; /* literal value: batch (by number) in whose text it lies */
    uint32_t constant_off;
    uint16_t piece_count;
    uint16_t name_count;
    uint16_t depends_on; /* the element is left out if this value is null */
    uint8_t kind;        /* enum plan_kind */
    uint8_t place;       /* enum windows_place of the content */
};

struct plans {
    struct plan_item *items;
    size_t item_count;
    size_t item_capacity;
    struct plan_piece *pieces;
    size_t piece_count;
    size_t piece_capacity;
};

struct plan_range {
    uint32_t first;
    uint32_t count;
};

void plans_fini(struct plans *plans);
void plans_clear(struct plans *plans);
/* The plan of ops[first_op .. first_op + op_count) read at `place`. */
struct plan_range plans_add(struct plans *plans, const struct binxml_ops *ops, size_t first_op,
                            size_t op_count, enum windows_place place);

#endif
