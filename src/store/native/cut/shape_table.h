/*
 * The shapes that a cutter has learned, and trying a row against them.
 *
 * A shape's key is its stored form with the cutter's column numbers and global field numbers; equal
 * keys are one shape. Shapes are found again by a signature of the row (which fields it has): the
 * ones used last are tried first, those with more formulas before others. Trying goes through the
 * pieces in order: a literal is compared, a variable ends where its rule says, formulas are printed
 * and compared; values must lie where the shape says. So what fits is exact.
 *
 * Ownership: the table owns its shapes until shape_table_clear. Threads: one a table.
 */
#ifndef KONSEKI_SHAPE_TABLE_H
#define KONSEKI_SHAPE_TABLE_H

#include "cut.h"
#include "cut_draft.h"
#include "intern.h"

enum { SHAPE_TRIES = 10 };

struct shape_formula {
    struct formula formula;
    struct time_cache cache;
};

struct shape_piece {
    enum piece_kind kind;
    enum piece_end end_rule;
    uint32_t end_arg;
    uint32_t column;
    struct str text; /* LITERAL; else what the literal behind it begins with (END_LITERAL) */
    struct shape_formula *formula;
    uint64_t mined; /* not 0: the miner notes its texts under this key */
    bool may_cross; /* a word may reach over its start */
};

struct shape_value {
    uint32_t field;
    uint8_t how; /* enum transform, or VALUE_FORMULA */
    uint32_t first;
    uint32_t count;
    uint32_t column;
    struct shape_formula *formula;
};

struct shape {
    uint32_t number;
    unsigned flags;
    uint32_t uses;
    uint32_t piece_count;
    uint32_t value_count;
    uint32_t formula_count;
    uint32_t order_count; /* order numbers, which stand before the pieces */
    struct shape_piece *pieces;
    struct shape_value *values;
};

struct shape_bucket {
    uint64_t signature;
    uint32_t count;
    struct shape *shapes[SHAPE_TRIES];
};

struct shape_table {
    struct arena arena;
    struct intern keys; /* id = number of the shape */
    struct shape **shapes;
    size_t capacity;
    size_t bytes; /* of keys and shapes, about */
    struct shape_bucket *buckets;
    uint32_t bucket_count; /* power of two */
    uint32_t used_buckets;
    struct buf key;
    struct buf printed;
    uint32_t order_count; /* of the row that is looked for: other shapes do not fit */
    uint32_t *starts;     /* of the row tried last: where its pieces begin, and the end */
    size_t start_capacity;
};

void shape_table_fini(struct shape_table *t);
void shape_table_clear(struct shape_table *t);

/* The draft's shape; NULL if it is new and `may_add` is false. A new one is copied. */
struct shape *shape_table_add(struct shape_table *t, const struct draft *d, bool may_add);
/* A shape that the row fits, and t->starts; NULL if none. Only shapes with at least `min_uses` are
 * tried. */
struct shape *shape_table_find(struct shape_table *t, uint64_t signature, const struct batch *b,
                               const struct row *row, uint32_t min_uses);
/* Remembers that the shape fits rows of this signature. */
void shape_table_note(struct shape_table *t, uint64_t signature, struct shape *shape);

#endif
