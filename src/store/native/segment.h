/*
 * A sealed segment, mapped for reading. Opening reads the footer only; dictionaries and templates
 * are unpacked when first asked for and kept. Every chunk's checksum is tested when it is unpacked.
 *
 * Nothing read from the file is trusted: counts are limited and all references are tested, so that
 * a damaged or hostile file gives STATUS_DAMAGED and never more.
 *
 * Threads: one a struct segment (lazy parts). Ownership: texts are borrowed until segment_close.
 */
#ifndef KONSEKI_SEGMENT_H
#define KONSEKI_SEGMENT_H

#include "cut.h"
#include "file_io.h"
#include "formula.h"
#include "segment_writer.h"
#include "zstd_frame.h"

struct segment_column {
    enum column_kind kind;
    uint32_t field; /* global id; FIELD_NONE: several fields */
    enum column_type type;
    struct str shape;
    uint32_t dictionary_count;
    struct chunk_ref dictionary_ref;
    struct str *dictionary; /* NULL until segment_dictionary */
    char *dictionary_bytes;
};

struct segment_block {
    uint32_t rows;
    int64_t time_min;
    int64_t time_max;
    struct chunk_ref numbers[ROW_NUMBER_COUNT];
    uint32_t *column_counts; /* values in this block, by column */
    struct chunk_ref *columns;
    uint64_t offset; /* the block's bytes in the file, and their hash */
    uint64_t len;
    uint8_t sha256[SHA256_BYTES];
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
    uint32_t flags; /* TEMPLATE_CROSSING, TEMPLATE_ENCODED */
};

struct segment {
    struct file_map map;
    char *path;
    enum dataset dataset;
    uint64_t row_count;
    struct segment_column *columns;
    size_t column_count;
    struct segment_block *blocks;
    size_t block_count;
    struct template *templates; /* NULL until segment_templates */
    uint32_t template_count;
    struct chunk_ref templates_ref;
    char *templates_bytes;
    uint64_t filter_offset;
    uint64_t filter_lines;
    uint64_t shared_offset;
    uint64_t shared_len;
    uint8_t shared_sha256[SHA256_BYTES];
    uint32_t *fields; /* global ids by the segment's numbers */
    size_t field_count;
    struct str *names;
    size_t name_count;
    struct arena arena;
    struct zstd_frame *zstd;
    bool ignore_checksums; /* fuzzing only: lets the decoders see changed chunks */
    uint64_t bytes_read;   /* stored bytes of unpacked chunks */
    uint8_t footer_sha256[SHA256_BYTES];
};

enum status segment_open(struct segment **out, const char *path, struct err *err) MUST_CHECK;
void segment_close(struct segment **s);

/* Unpacks a chunk into memory of the caller (mem_free), followed by a zero byte. */
enum status segment_chunk(char **out, struct segment *s, const struct chunk_ref *ref,
                          struct err *err) MUST_CHECK;
/* Makes column->dictionary available. */
enum status segment_dictionary(struct segment *s, struct segment_column *column,
                               struct err *err) MUST_CHECK;
/* Makes s->templates available. */
enum status segment_templates(struct segment *s, struct err *err) MUST_CHECK;
/* STATUS_DAMAGED with the segment's path and what is wrong. */
enum status segment_damaged(const struct segment *s, struct err *err, const char *what);

#endif
