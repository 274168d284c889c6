/*
 * The values of one column while a segment is written: collected in row order, then encoded as the
 * cheapest of dictionary, numbers in a fixed shape, or text (enum column_type).
 *
 * Shape: the value's form with every digit shown as '0' ("00:00:00"); its digits are one decimal
 * number. The empty shape means a plain decimal number without leading zeros. So the exact text
 * always comes back.
 *
 * Ownership: value texts are borrowed until column_writer_fini. Threads: one a writer.
 */
#ifndef KONSEKI_COLUMN_WRITER_H
#define KONSEKI_COLUMN_WRITER_H

#include "intern.h"
#include "layout.h"
#include "zstd_frame.h"

struct column_text {
    const char *ptr;
    uint32_t len;
    uint32_t row; /* in the segment */
};

struct column_writer {
    struct column_text *values;
    size_t count;
    size_t capacity;
    size_t block_start[SEGMENT_MAX_BLOCKS + 1];

    /* after column_writer_plan */
    enum column_type type;
    struct intern dictionary; /* DICTIONARY */
    uint32_t *codes;
    char shape[64]; /* NUMBER */
    size_t shape_len;
};

void column_writer_fini(struct column_writer *w);
/* The values added from here on belong to block `block` (0, 1, ...). */
void column_writer_begin_block(struct column_writer *w, size_t block);
void column_writer_add(struct column_writer *w, struct str text, uint32_t row);
/* All values are in: chooses the type. */
void column_writer_plan(struct column_writer *w, size_t block_count);
/* Appends the plain bytes of a block, to be compressed by the caller. */
void column_writer_encode_block(const struct column_writer *w, struct buf *out, size_t block);
/* The dictionary's plain bytes: packed lengths, then the texts. */
void column_writer_encode_dictionary(const struct column_writer *w, struct buf *out);

/* Bytes of a dictionary code: 0 for one entry, else 1 to 4. */
unsigned column_code_width(uint64_t dictionary_count);

#endif
