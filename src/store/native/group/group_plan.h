/*
 * Where the rows of a segment have the values that are grouped by or summed up, said once for all
 * rows of a template.
 *
 * A *slot* is one field of the query: keys first, then sums, then sets. A *recipe* says how a
 * slot's value is made in the rows of some templates: from which columns (its atoms), and how the
 * text is put together. Values of one recipe with equal atoms are equal, so that codes and numbers
 * stand for texts. Templates with the same recipes in all slots form a *class*: their rows are
 * treated alike. Templates of a class that use each column equally often have one *layout*: in rows
 * of one layout that follow each other, the values of each column follow each other too.
 *
 * Threads: one. Ownership: borrows the segment (templates loaded) and the spec.
 */
#ifndef KONSEKI_GROUP_PLAN_H
#define KONSEKI_GROUP_PLAN_H

#include "intern.h"
#include "segment.h"
#include "store.h"

enum {
    GROUP_SLOTS = STORE_GROUP_KEYS + STORE_GROUP_SUMS + STORE_GROUP_SETS,
    GROUP_ATOMS = 16 /* columns that one value is made of; more: the row is left */
};

#define GROUP_NO_COLUMN UINT32_MAX

/* Value `ordinal` of those that a row has in the column. */
struct group_atom {
    uint32_t column;
    uint32_t ordinal;
};

struct group_piece {
    struct group_atom atom; /* column GROUP_NO_COLUMN: literal, or formula */
    uint32_t atom_index;    /* of `atom` in the recipe's */
    struct str literal;
    const struct formula *formula; /* NULL: none */
};

struct group_recipe {
    uint32_t slot;
    bool is_dataset;   /* the row's dataset; no pieces */
    uint32_t template; /* one of those that have it */
    enum transform transform;
    struct group_piece *pieces;
    uint32_t piece_count;
    struct group_atom *atoms;
    uint32_t atom_count;
};

enum group_action {
    GROUP_TAKE,
    GROUP_LEAVE,      /* only whole rows tell a value */
    GROUP_WITHOUT_KEY /* its rows have no value for a key */
};

struct group_class {
    enum group_action action;
    uint32_t recipes[GROUP_SLOTS]; /* + 1; 0: no value */
};

/* A column that some recipe reads. */
struct group_column {
    uint32_t column;
    uint16_t *uses; /* by layout: values in a row */
};

struct group_plan {
    const struct store_group_spec *spec;
    struct segment *segment;
    struct arena arena;
    uint32_t slot_count;
    struct group_recipe *recipes;
    size_t recipe_count;
    size_t recipe_capacity;
    struct group_class *classes;
    size_t class_count;
    size_t class_capacity;
    uint32_t *class_of;  /* by layout */
    uint16_t *layout_of; /* by template */
    uint32_t layout_count;
    struct group_column *columns;
    uint32_t column_count;
    uint32_t *place_of; /* by column of the segment: in `columns`, + 1; 0: not read */
    bool reads_dataset;
};

void group_plan_init(struct group_plan *out, const struct store_group_spec *spec,
                     struct segment *segment);
void group_plan_fini(struct group_plan *plan);
/* The field of a slot. */
const struct store_group_field *group_plan_field(const struct group_plan *plan, uint32_t slot);

/* The place of the atom among the recipe's; atom_count if it is none of them. */
uint32_t group_recipe_atom(const struct group_recipe *recipe, struct group_atom atom);

/* Values of `column` in a row of the template before piece `piece` and value `value`. */
uint32_t group_uses_before(const struct template *t, uint32_t column, uint32_t piece,
                           uint32_t value);

#endif
