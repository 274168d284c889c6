/*
 * Cutting a row into a shape and variables. A shape (template) says how the raw bytes are put
 * together (literals, columns and formulas, in order) and which of these pieces make up the value
 * of which field; the variables go to the columns. Rows of one shape share it, so that a field's
 * name, a literal and the structure are stored once.
 *
 * A cutter learns. It belongs to one dataset and lives over many segments: a row is first tried
 * against the shapes used lately (compare literals, find the ends of the variables, test the
 * formulas); only what fits none is cut from scratch. How it learns is said in shape_table.h
 * (shapes), relation.h (formulas) and mine.h (text that no parser covers).
 *
 * Numbers of shapes stay as they are until cutter_begin_stripe, those of columns until
 * cutter_begin_segment, which may forget what was learned and number anew: nobody may hold old
 * numbers then.
 *
 * Where a dataset's JSON objects have their members in another order in each row, rows are cut in
 * their sorted form (json_order.h), and the first variables are the numbers of the order.
 *
 * Ownership: texts of variables are borrowed from the batch or the cutter, the array from the
 * cutter, until its next call. Threads: one a cutter. Every row can be cut, whatever its bytes.
 */
#ifndef KONSEKI_CUT_H
#define KONSEKI_CUT_H

#include "batch.h"
#include "layout.h"

struct cut_variable {
    const char *ptr;
    uint32_t len;
    uint32_t column;
};

/* What a column holds. */
enum column_kind {
    COLUMN_OF_FIELD = 0,  /* pieces of the raw bytes that belong to a field */
    COLUMN_OF_GAP = 1,    /* pieces between fields */
    COLUMN_OF_EXTRA = 2,  /* values of a field that are not in the raw bytes */
    COLUMN_OF_BINARY = 3, /* raw bytes that are no text: no words, not searched */
    COLUMN_KIND_COUNT
};

struct cut_column {
    uint64_t key;
    enum column_kind kind;
    uint32_t field; /* FIELD_NONE for gaps */
};

/* One row, cut. Variables stand in the order of the shape's pieces, then of its values. */
struct cut {
    const struct batch *batch; /* what was cut: the row, or its sorted form (the cutter's) */
    const struct row *row;
    uint32_t shape;
    uint32_t variable_count;
    const struct cut_variable *variables;
    uint32_t piece_count;   /* without order numbers, like starts */
    const uint32_t *starts; /* where the pieces begin in the raw bytes, and the end */
};

struct cutter;

/* There may be more columns than a segment can have: the stripe writer puts those with few values
 * together. */
struct cutter *cutter_create(void);
/* For merging: more memory (about 80 MB at most, else 50) is spent before rows are cut coarsely. */
void cutter_be_patient(struct cutter *c);
void cutter_destroy(struct cutter **c);
/* No numbers of before are used any more: keeps the memory in bounds. */
void cutter_begin_segment(struct cutter *c);
/* No numbers of shapes of before are used any more. */
void cutter_begin_stripe(struct cutter *c);
void cutter_row(struct cut *out, struct cutter *c, const struct batch *b, const struct row *row);

uint32_t cutter_shape_count(const struct cutter *c);
uint32_t cutter_column_count(const struct cutter *c);
const struct cut_column *cutter_column(const struct cutter *c, uint32_t column);
/* Appends the shape's stored form (docs/formats/segment.md), with columns numbered by
 * `column_map` and the names of fields added to `fields`. */
void cutter_put_shape(struct buf *out, const struct cutter *c, uint32_t shape,
                      const uint32_t *column_map, struct intern *fields);

#endif
