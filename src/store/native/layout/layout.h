/*
 * What the writer and the reader of segments share: numbers that stand in the files
 * (docs/formats/segment.md) and may not be renumbered, and the limits of one segment.
 */
#ifndef KONSEKI_LAYOUT_H
#define KONSEKI_LAYOUT_H

#include "sha256.h"
#include "str.h"

enum {
    SEGMENT_VERSION = 2,
    SEGMENT_HEADER_BYTES = 16,
    SEGMENT_TRAILER_BYTES = 64,
    SEGMENT_BLOCK_ROWS = 8192,
    SEGMENT_STRIPE_BLOCKS = 8,
    SEGMENT_STRIPE_ROWS = SEGMENT_BLOCK_ROWS * SEGMENT_STRIPE_BLOCKS,
    SEGMENT_STRIPE_BYTES = 32 << 20, /* raw bytes and values; a row may end beyond it */
    SEGMENT_MAX_STRIPES = 16,
    SEGMENT_MAX_ROWS = SEGMENT_STRIPE_ROWS * SEGMENT_MAX_STRIPES,
    SEGMENT_MAX_BLOCKS = SEGMENT_STRIPE_BLOCKS * SEGMENT_MAX_STRIPES,
    SEGMENT_MAX_COLUMNS = 4096,
    FILTER_LINE_BYTES = 64 /* token_filter.h */
};

/* How much work a segment has cost. Stored: never renumber. */
enum segment_effort { EFFORT_FAST = 0, EFFORT_DEEP = 1 };

/* The numbers that every row has, one packed array of each a block. */
enum row_number {
    NUMBER_TEMPLATE,
    NUMBER_ARRIVAL,
    NUMBER_SEQUENCE,
    NUMBER_TIME,
    NUMBER_RECEIVE,
    NUMBER_SOURCE, /* index in the segment's names */
    NUMBER_ORIGIN, /* index + 1; 0 = none */
    NUMBER_LINE,
    NUMBER_RECORD_ID,
    NUMBER_IDX,
    NUMBER_FLAGS,
    NUMBER_CHARSET,
    NUMBER_CONTAINER_BACK,
    NUMBER_CONTAINER_OFF,
    NUMBER_CONTAINER_LEN,
    NUMBER_DATASET, /* index in the segment's dataset names */
    ROW_NUMBER_COUNT
};

/* Chunks of row numbers in a block: the template's, the event time's, all others in sequence. */
enum { ROW_CHUNK_TEMPLATE, ROW_CHUNK_TIME, ROW_CHUNK_REST, ROW_CHUNK_COUNT };

enum column_type {
    COLUMN_DICTIONARY = 0, /* distinct texts once a segment; codes a block */
    COLUMN_NUMBER = 1,     /* decimal digits in a fixed shape; numbers a block */
    COLUMN_TEXT = 2,       /* lengths and bytes a block */
    COLUMN_TYPE_COUNT
};

/* Marks of a column. */
enum {
    COLUMN_ZONED = 1 /* its words (of digits only) are not in the token filter */
};

/* Operations of a template: literal bytes, a formula (formula.h), or TEMPLATE_COLUMN + the column's
 * index. */
enum { TEMPLATE_END = 0, TEMPLATE_LITERAL = 1, TEMPLATE_FORMULA = 2, TEMPLATE_COLUMN = 3 };

/* How a value is stored: an enum transform (batch.h), or by a formula. */
enum { VALUE_FORMULA = 4 };

/* Marks of a template. */
enum {
    TEMPLATE_CROSSING = 1, /* a word of the raw text may stand in two pieces */
    TEMPLATE_ENCODED = 2,  /* the search text is not the raw bytes (no UTF-8) */
    TEMPLATE_PRINTED = 4,  /* formulas print words that stand in no column or literal of the row */
    TEMPLATE_ORDERED = 8,  /* the pieces make a sorted text (json_order.h) */
    TEMPLATE_OTHER_TEXT = TEMPLATE_ENCODED | TEMPLATE_ORDERED, /* not what is searched */
    TEMPLATE_ORDER_SHIFT = 4 /* the bits above: how many of the first pieces are order numbers */
};

/* Where a piece of a segment lies and how to know that it is whole. */
struct chunk_ref {
    const char *inline_bytes; /* not NULL: the plain bytes are in the directory itself */
    uint64_t offset;
    uint32_t stored_len;
    uint32_t plain_len;
    uint32_t checksum; /* low half of the XXH3-64 of the stored bytes */
    uint32_t bases;    /* reading: which of segment.bases it was packed beside, + 1; 0 = none */
};

enum {
    CHUNK_BASES = 2,            /* a chunk may be packed beside so many others */
    CHUNK_BASE_BYTES = 4 << 20, /* plain bytes of each, at most */
    CHUNK_BASES_UNIT = 1 << 30, /* stands in the plain length of a reference for each of them */
    CHUNK_AGAIN = 3             /* instead of a number of bases: an earlier chunk, once more */
};

#endif
