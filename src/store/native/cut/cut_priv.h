/*
 * What the files of the cutter share: its state, and the parts of cutting a row from scratch.
 * cut.c: rows and stored forms; cut_columns.c: numbers of columns; cut_scratch.c: a row that fits
 * no known shape; cut_order.c: objects whose members come in any order.
 */
#ifndef KONSEKI_CUT_PRIV_H
#define KONSEKI_CUT_PRIV_H

#include "cut.h"
#include "json_order.h"
#include "mine.h"
#include "relation.h"
#include "shape_table.h"

enum {
    GAP_SHARED_COLUMNS = 16,
    PROSE_BITS = 2048 /* distinct texts of a field, counted roughly */
};

/* A slice of the row's raw bytes and the value it is of. */
struct cut_owner {
    uint32_t start; /* in the row's raw bytes */
    uint32_t end;
    uint32_t value;       /* index in the row's values */
    uint32_t first_bound; /* set by collect_bounds: indices in cutter.bounds */
    uint32_t end_bound;
};

/* Where the raw bytes are cut, and the stretch from there to the next cut. */
struct cut_bound {
    uint32_t at;
    uint32_t owner; /* the narrowest slice over the stretch, + 1; 0: none */
    uint32_t first_piece;
    enum piece_end rule; /* how the place is found in another row of the shape */
    uint32_t arg;
};

/* Whether the texts of a field are cut. */
enum prose_state {
    PROSE_OPEN, /* still counted: what cut_is_mined_field says may change */
    PROSE_PLAIN,
    PROSE_MINED
};

/* How many different long texts a field has: mined only if they are many. */
struct cut_prose {
    uint32_t seen;
    uint32_t distinct;
    uint32_t delimited; /* long enough and of several words */
    uint64_t bits[PROSE_BITS / 64];
};

struct cutter {
    struct cut_column *columns;
    size_t column_count;
    size_t column_capacity;
    uint32_t *slots; /* hash table over columns: index + 1 */
    uint32_t slot_count;
    uint32_t *field_columns[2]; /* by field id: column + 1 of COLUMN_OF_FIELD, COLUMN_OF_EXTRA */
    size_t field_capacity[2];
    struct cut_prose **prose; /* by field id */
    size_t prose_capacity;
    uint8_t *prose_states; /* by field id: enum prose_state */
    size_t prose_state_capacity;

    struct shape_table shapes;
    uint32_t max_shapes; /* beyond which rows are cut coarsely; */
    size_t max_shape_bytes;
    uint32_t max_gap_columns; /* beyond which gap variables share a few columns */
    struct relation_table relations;
    struct miner miner;
    struct mine_copies copies;
    struct draft draft;
    struct cut_order *order; /* NULL: no row was an object */
    uint64_t rows;
    uint64_t scratch_rows;

    struct cut_variable *variables; /* of the row cut last */
    size_t variable_capacity;

    struct cut_bound *bounds; /* scratch */
    size_t bound_count;
    size_t bound_capacity;
    uint64_t *marks; /* a bit a byte of the row: a slice begins or ends there; zero between rows */
    uint32_t *bound_at;    /* by byte of the row: index in bounds, where a mark is */
    size_t mark_capacity;  /* words of 64 */
    size_t place_capacity; /* of bound_at */
    struct cut_owner *owners;
    size_t owner_count;
    size_t owner_capacity;
    struct buf decoded;
};

/* The column's number; a new one if need be. `detail` tells columns of one kind and field apart. */
uint32_t cut_find_column(struct cutter *c, enum column_kind kind, uint32_t field, uint64_t detail);
/* The column of a field's values, without hashing after the first time. */
uint32_t cut_field_column(struct cutter *c, enum column_kind kind, uint32_t field);
/* Forgets all columns. */
void cut_forget_columns(struct cutter *c);

/* Makes the draft of the row: bounds of its slices, text between them mined, values. In coarse mode
 * text between slices is one variable a stretch. */
void cut_make_draft(struct cutter *c, const struct batch *b, const struct row *row, bool coarse);
/* Puts the row's sorted form in its place if the dataset's objects come in many orders: *b and *row
 * are then the cutter's until its next row. Returns how many order numbers it has (0: as it is). */
uint32_t cut_order_apply(struct cutter *c, const struct batch **b, const struct row **row);
/* The order numbers of that row. */
const struct cut_variable *cut_order_variables(const struct cutter *c);
void cut_order_begin_segment(struct cutter *c);
void cut_order_destroy(struct cutter *c);
/* True for records of keys and values (JSON, XML). */
bool cut_is_structured(const struct batch *b, const struct row *row);
/* True if the raw bytes are no text that can be cut at ASCII bytes. */
bool cut_is_wide(const struct row *row);
/* True if the row's values are searched instead of its raw bytes, which it has (expr_search_text).
 */
bool cut_is_made(const struct row *row);
static inline enum prose_state cut_prose_state(const struct cutter *c, uint32_t field) {
    return field < c->prose_state_capacity ? (enum prose_state)c->prose_states[field] : PROSE_OPEN;
}
/* Counts a text of the field, roughly. */
void cut_count_prose(struct cutter *c, uint32_t field, struct str text, bool structured);
/* True if the field's texts are of several words and differ so much that they are cut. */
bool cut_is_mined_field(const struct cutter *c, uint32_t field);

#endif
