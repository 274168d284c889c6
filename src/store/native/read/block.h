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

#include "intpack.h"
#include "json_order.h"
#include "segment.h"

struct block_column {
    bool loaded;
    bool is_guessed; /* the packed numbers are what guessing from the context got wrong */
    uint32_t count;
    char *chunk;              /* what `view` looks into */
    struct intpack_view view; /* DICTIONARY, NUMBER: not unpacked yet */
    uint32_t *codes;          /* DICTIONARY: NULL until block_column_values */
    int64_t *numbers;         /* NUMBER: NULL until block_column_values */
    uint32_t *offsets;        /* TEXT: count + 1 of them, into bytes */
    const char *bytes;        /* TEXT */
    struct buf texts;
};

/* Some of the packed numbers of a block, unpacked: single rows need those of their neighbours
 * only. */
enum { BLOCK_WINDOW = 256, BLOCK_WINDOWS = 4 };
struct block_window {
    uint32_t first;
    uint32_t count;
    uint32_t moves; /* so many windows were unpacked; after BLOCK_WINDOWS all numbers are */
    int64_t numbers[BLOCK_WINDOW];
};

struct block {
    struct segment *segment;
    const struct segment_block *info;
    size_t index;
    int64_t *numbers[ROW_NUMBER_COUNT]; /* NULL until block_numbers */
    uint32_t *templates;                /* NULL until block_templates */
    uint32_t *present;                  /* each of these once; NULL until block_present */
    uint32_t present_count;
    struct intpack_view views[ROW_NUMBER_COUNT];    /* of the chunks that are loaded */
    struct block_window *windows[ROW_NUMBER_COUNT]; /* NULL until block_number_at */
    char *row_chunks[ROW_CHUNK_COUNT];
    struct block_column *columns; /* by column of the segment */
    uint32_t *cursors;            /* by column: values of rows before `row` */
    uint32_t row;                 /* next row */
    uint32_t *piece_values;       /* scratch: value index by piece, then by value */
    size_t piece_capacity;
    uint32_t *template_rows;  /* scratch: rows of each template that are skipped */
    struct buf spare;         /* scratch: texts of a formula's operands */
    struct buf order_text;    /* scratch: an order number */
    struct json_order *order; /* scratch: NULL until a row needs it */
    uint32_t *piece_starts;   /* scratch: where pieces begin in the raw bytes */
    size_t start_capacity;
};

/* Loads the stripe's directory if need be: out->info is complete. */
enum status block_open(struct block *out, struct segment *s, size_t index,
                       struct err *err) MUST_CHECK;
void block_close(struct block *b);

/* The numbers of all rows: b->numbers[which]. */
enum status block_numbers(struct block *b, enum row_number which, struct err *err) MUST_CHECK;
/* b->templates: the rows' templates, all below the segment's template_count. */
enum status block_templates(struct block *b, struct err *err) MUST_CHECK;
/* And b->present: each of them once. */
enum status block_present(struct block *b, struct err *err) MUST_CHECK;
/* The number of one row, without unpacking those of the others if that is possible. */
enum status block_number_at(int64_t *out, struct block *b, enum row_number which, uint32_t row,
                            struct err *err) MUST_CHECK;
/* The packed form of the numbers: a constant (INTPACK_CONSTANT, see intpack_peek) is seen without
 * unpacking. */
enum status block_number_view(const struct intpack_view **out, struct block *b,
                              enum row_number which, struct err *err) MUST_CHECK;

/* Makes all values of b->columns[column] available (and the column's dictionary). */
enum status block_column(struct block *b, uint32_t column, struct err *err) MUST_CHECK;
/* As block_column, but leaves the dictionary as it is: for users of codes and of block_value. */
enum status block_column_codes(struct block *b, uint32_t column, struct err *err) MUST_CHECK;
/* Appends the text of one value; loads what it needs. `index` comes from the file. */
enum status block_put_value(struct buf *out, struct block *b, uint32_t column, uint32_t index,
                            struct err *err) MUST_CHECK;
/* Appends the text of value `index` of a column loaded with block_column; false if the index is out
 * of range (the segment is damaged). */
bool block_value(struct buf *out, const struct block *b, uint32_t column, uint32_t index);

/* Appends the text of a piece of the row that block_seek went to. */
enum status block_piece(struct buf *out, struct block *b, const struct template *t, uint32_t piece,
                        struct err *err) MUST_CHECK;

/* Appends the text of value `i` of the row that block_seek went to (t: its template). */
enum status block_row_value(struct buf *out, struct block *b, const struct template *t, uint32_t i,
                            struct err *err) MUST_CHECK;

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
