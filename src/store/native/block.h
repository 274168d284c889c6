/*
 * One block of a segment, being read: row numbers and columns are unpacked when first needed, rows
 * are put together in ascending order.
 *
 * A column holds its values in row order; which of them belong to a row follows from counting
 * through the templates of the rows before it. block_seek does this counting, so rows can be
 * skipped but not revisited (block_rewind starts again).
 *
 * Threads: one. Ownership: a block borrows its segment.
 */
#ifndef KONSEKI_BLOCK_H
#define KONSEKI_BLOCK_H

#include "segment.h"

struct block_column {
    bool loaded;
    uint32_t count;
    uint32_t *codes;   /* DICTIONARY */
    int64_t *numbers;  /* NUMBER */
    uint32_t *offsets; /* TEXT: count + 1 of them, into bytes */
    char *bytes;       /* TEXT: the unpacked chunk */
};

struct block {
    struct segment *segment;
    const struct segment_block *info;
    size_t index;
    int64_t *numbers[ROW_NUMBER_COUNT]; /* NULL until block_numbers */
    struct block_column *columns;       /* by column of the segment */
    uint32_t *cursors;                  /* by column: values of rows before `row` */
    uint32_t row;                       /* next row */
    uint32_t *piece_values;             /* scratch: value index by piece, then by value */
    size_t piece_capacity;
    struct buf spare; /* scratch: texts of a formula's operands */
};

enum status block_open(struct block *out, struct segment *s, size_t index,
                       struct err *err) MUST_CHECK;
void block_close(struct block *b);

/* The packed numbers of all rows: b->numbers[which]. */
enum status block_numbers(struct block *b, enum row_number which, struct err *err) MUST_CHECK;
/* Makes b->columns[column] available (and the dictionary). */
enum status block_column(struct block *b, uint32_t column, struct err *err) MUST_CHECK;
/* Appends the text of value `index` of a loaded column; false if the index is out of range (the
 * segment is damaged). */
bool block_value(struct buf *out, const struct block *b, uint32_t column, uint32_t index);

void block_rewind(struct block *b);
/* Goes to row `row` (not before the current one) and sets piece_values for it; *out is its
 * template. */
enum status block_seek(const struct template **out, struct block *b, uint32_t row,
                       struct err *err) MUST_CHECK;

/* Which values to put into rows. */
struct block_wants {
    bool raw;
    bool all_fields;
    const uint8_t *fields; /* by global id, up to field_count: 1 = wanted */
    size_t field_count;
};
/* Appends row `row` (not before the current one) to the batch. */
enum status block_take_row(struct batch *out, struct block *b, uint32_t row,
                           const struct block_wants *wants, struct err *err) MUST_CHECK;
/* Appends the raw bytes of the row that block_seek went to. */
enum status block_raw(struct buf *out, struct block *b, const struct template *t,
                      struct err *err) MUST_CHECK;

#endif
