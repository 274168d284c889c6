/*
 * A sealed segment, mapped for reading. Opening reads the footer only; the directories of stripes,
 * dictionaries and templates are unpacked when first asked for and kept; a template is parsed, and
 * its chunk unpacked, when a row that has it is looked at. Every chunk's checksum is tested when it
 * is unpacked.
 *
 * Nothing read from the file is trusted: counts are limited and all references are tested, so that
 * a damaged or hostile file gives STATUS_DAMAGED and never more.
 *
 * Threads: one a struct segment (lazy parts). Ownership: texts are borrowed until segment_close.
 */
#ifndef KONSEKI_SEGMENT_H
#define KONSEKI_SEGMENT_H

#include "column_note.h"
#include "cut.h"
#include "file_io.h"
#include "formula.h"
#include "segment_info.h"
#include "triple_note.h"
#include "zstd_frame.h"

/* The entries of a dictionary that are new in one stripe. */
struct dictionary_part {
    uint32_t first;
    uint32_t count;
    bool is_loaded;    /* column->dictionary has them */
    struct buf bytes;  /* of all of them, one behind the other */
    uint32_t *offsets; /* count + 1 of them, into bytes; NULL until they are unpacked */
};

/* Values in a row of a template: of a column, and of its context (block_context.c). */
struct column_uses {
    uint16_t column;
    uint16_t context;
};

struct segment_column {
    enum column_kind kind;
    uint32_t field; /* global id; FIELD_NONE: several fields */
    enum column_type type;
    struct str shape;
    unsigned marks;   /* COLUMN_ZONED */
    uint32_t context; /* column that codes may be guessed from (stripe_context.h), + 1; 0 = none */
    uint32_t dictionary_count;
    struct dictionary_part *parts;     /* by stripe; NULL: no dictionary */
    struct str *dictionary;            /* NULL until a part is loaded; entries of parts that are not
                                          loaded have no ptr */
    const struct column_note *note;    /* NULL: nothing is known, or until segment_notes */
    const struct triple_note *triples; /* NULL: not known, or until segment_triples */
    struct column_uses *uses;          /* by template; NULL until codes are guessed */
};

/* Only `rows` and `stripe` are known before the stripe's directory is loaded. */
struct segment_block {
    uint32_t rows;
    uint32_t stripe;
    int64_t time_min;
    int64_t time_max;
    struct chunk_ref numbers[ROW_CHUNK_COUNT];
    uint32_t *column_counts;   /* values in this block, by column */
    struct chunk_ref *columns; /* of those with values */
    int64_t *smallest;         /* of number columns with values */
    int64_t *largest;
};

struct segment_stripe {
    uint32_t rows;
    uint32_t first_block;
    uint32_t block_count;
    int64_t time_min;
    int64_t time_max;
    uint64_t arrival_first;
    uint64_t arrival_last;
    uint64_t offset; /* the stripe's bytes in the file, and their hash */
    uint64_t len;
    uint8_t sha256[SHA256_BYTES];
    uint64_t filter_offset; /* in the file */
    uint32_t filter_lines;
    struct chunk_ref directory;
    bool is_loaded;
    char *directory_bytes;
    struct chunk_ref *dictionaries; /* by column: new entries */
};

/* A piece of the raw bytes. */
struct template_piece {
    uint32_t column; /* UINT32_MAX: literal or formula */
    struct str literal;
    const struct formula *formula; /* NULL: none */
};

/* A value: a run of pieces, or (TRANSFORM_NONE) a column of its own, or a formula. */
struct template_value {
    uint32_t field; /* global id */
    enum transform transform;
    uint32_t first;                /* piece, or column */
    uint32_t count;                /* pieces */
    const struct formula *formula; /* NULL: none; else TRANSFORM_NONE, first UINT32_MAX */
};

struct template {
    struct template_piece *pieces;
    struct template_value *values;
    uint32_t piece_count;
    uint32_t value_count;
    uint32_t order_count; /* pieces at the start that are order numbers, and no text */
    uint32_t flags;       /* TEMPLATE_CROSSING ... TEMPLATE_ORDERED */
    bool prints_zoned;    /* formulas print only words that are zoned (token_filter.h) or names of
                             months and days */
    bool is_parsed;       /* all of this is known */
};

/* Chunks that another one was packed beside; none of them has bases of its own. */
struct segment_bases {
    uint32_t count;
    struct chunk_ref chunks[CHUNK_BASES];
};

/* Templates that are neighbours, packed together. */
struct template_chunk {
    uint32_t first;
    uint32_t count;
    struct chunk_ref ref;
    char *bytes; /* NULL until one of them is looked at */
};

struct segment {
    struct file_map map;
    char *path;
    enum segment_effort effort;
    enum dataset dataset;   /* of most rows */
    enum dataset *datasets; /* of rows, by row number NUMBER_DATASET */
    size_t dataset_count;
    uint64_t row_count;
    struct segment_column *columns;
    size_t column_count;
    struct segment_stripe *stripes;
    size_t stripe_count;
    struct segment_block *blocks; /* of all stripes */
    size_t block_count;
    struct template *templates; /* NULL until segment_templates_find */
    uint32_t template_count;
    struct template_piece *pieces; /* scratch: of one template */
    size_t piece_capacity;
    bool all_parsed;            /* segment_templates was here */
    struct str *template_texts; /* as stored; ptr NULL until their chunk is unpacked */
    struct template_chunk *template_chunks;
    size_t template_chunk_count;
    struct chunk_ref notes_ref; /* plain_len 0: there are none */
    char *notes_bytes;
    bool has_notes;               /* they are loaded */
    struct chunk_ref triples_ref; /* likewise */
    char *triples_bytes;
    bool has_triples;
    struct segment_bases *bases; /* of the directories that are loaded */
    size_t base_count;
    size_t base_capacity;
    uint64_t shared_offset; /* templates and token filters */
    uint64_t shared_len;
    uint8_t shared_sha256[SHA256_BYTES];
    uint64_t filter_offset; /* of the first stripe's filter */
    uint32_t *fields;       /* global ids by the segment's numbers */
    size_t field_count;
    struct str *names;
    size_t name_count;
    struct arena arena;
    struct zstd_frame *zstd;
    bool reads_few;          /* few of its chunks will be unpacked (segment_chunk.c) */
    struct file_reader file; /* for these; fd -1: not opened yet */
    struct buf stored;       /* scratch: of one chunk */
    bool ignore_checksums;   /* fuzzing only: lets the decoders see changed chunks */
    uint64_t bytes_read;     /* stored bytes of unpacked chunks */
};

enum status segment_open(struct segment **out, const char *path, struct err *err) MUST_CHECK;
void segment_close(struct segment **s);
/* Has its footer this hash, and does its trailer say so? Opening tests a checksum of them only. */
bool segment_has_footer(const struct segment *s, const uint8_t sha256[SHA256_BYTES]);

/* Unpacks a chunk into memory of the caller (mem_free), followed by a zero byte. */
enum status segment_chunk(char **out, struct segment *s, const struct chunk_ref *ref,
                          struct err *err) MUST_CHECK;
/* Makes what is said of the stripe's blocks available. */
enum status segment_stripe_load(struct segment *s, size_t stripe, struct err *err) MUST_CHECK;
/* Makes all of column->dictionary available. */
enum status segment_dictionary(struct segment *s, struct segment_column *column,
                               struct err *err) MUST_CHECK;
/* Unpacks the entries that are new in one stripe: column->parts[stripe].bytes and offsets (NULL if
 * there are none), and nothing else. */
enum status segment_dictionary_bytes(struct segment *s, struct segment_column *column,
                                     size_t stripe, struct err *err) MUST_CHECK;
/* Makes the entries that are new in one stripe available. */
enum status segment_dictionary_part(struct segment *s, struct segment_column *column, size_t stripe,
                                    struct err *err) MUST_CHECK;
/* Makes one entry available. It must be below dictionary_count. */
enum status segment_dictionary_entry(struct segment *s, struct segment_column *column,
                                     uint32_t code, struct err *err) MUST_CHECK;
/* Makes column->note of all columns available. */
enum status segment_notes(struct segment *s, struct err *err) MUST_CHECK;
/* Likewise column->triples. */
enum status segment_triples(struct segment *s, struct err *err) MUST_CHECK;
/* Makes the array s->templates available, and no template in it. */
void segment_templates_find(struct segment *s);
/* Makes one template available: *out is &s->templates[number]. DAMAGED also if there are fewer. */
enum status segment_template(const struct template **out, struct segment *s, uint64_t number,
                             struct err *err) MUST_CHECK;
/* Makes all of s->templates available. */
enum status segment_templates(struct segment *s, struct err *err) MUST_CHECK;
/* STATUS_DAMAGED with the segment's path and what is wrong. */
enum status segment_damaged(const struct segment *s, struct err *err, const char *what);

#endif
