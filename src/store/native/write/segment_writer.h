/*
 * A segment being written: full stripes go in, the bytes of a file come out
 * (docs/formats/segment.md). Dictionaries, templates and words are those of the whole segment; each
 * stripe stores what is new in it.
 *
 * Used by segment_builder.c only. Threads: one at a time. Pure: no files, no clock.
 */
#ifndef KONSEKI_SEGMENT_WRITER_H
#define KONSEKI_SEGMENT_WRITER_H

#include "column_note.h"
#include "equal_chunks.h"
#include "segment_info.h"
#include "similar_chunks.h"
#include "stripe.h"
#include "zstd_frame.h"

/* How a chunk is packed: what the first chunk of a column has taught. All zero is nothing. */
struct chunk_habit {
    int level;     /* of zstd; 0: not known yet */
    bool in_parts; /* zstd_frame_pack_parts */
    bool as_it_is; /* not at all */
    bool apart;    /* repeats nothing: not packed beside others */
};

/* A column of the segment: values of one of the cutter's columns that have one type. */
struct written_column {
    uint32_t cut_column; /* WRITTEN_SHARED: small columns of one kind together */
    enum column_kind kind;
    uint32_t field; /* global id; FIELD_NONE: several */
    enum column_type type;
    struct number_shape shape;
    uint32_t context; /* number of the column that it is guessed from, + 1; 0 = none */
    bool is_context;  /* of another column */
    bool is_old;      /* an earlier stripe has it: its context stays */
    struct intern dictionary;
    uint32_t entries[SEGMENT_MAX_STRIPES]; /* new in each stripe */
    struct column_note_builder *note;      /* TEXT: of all values; NULL: none yet */
};

enum { WRITTEN_SHARED = UINT32_MAX };

struct written_stripe {
    uint64_t rows;
    int64_t time_min;
    int64_t time_max;
    uint64_t arrival_first;
    uint64_t arrival_last;
    uint64_t len;
    struct chunk_ref directory;
    uint32_t filter_lines;
    uint8_t sha256[SHA256_BYTES];
};

struct segment_writer {
    enum segment_effort effort;
    struct segment_info info;
    struct buf out;
    struct buf filters;
    struct buf plain; /* scratch of one chunk */
    struct buf packed;
    struct buf learned; /* `plain` packed by the habit that it taught; empty: it taught none */
    bool is_final;      /* `plain` is of bits, which nothing makes smaller */
    struct zstd_frame *zstd;
    struct equal_chunks equal;
    struct similar_chunks *similar;
    struct written_column *columns;
    size_t column_count;
    size_t column_capacity;
    struct written_stripe stripes[SEGMENT_MAX_STRIPES];
    size_t stripe_count;
    struct intern templates;          /* as stored */
    struct intern fields;             /* names */
    struct intern names;              /* sources and origins */
    uint16_t datasets[DATASET_COUNT]; /* of rows, in order of first use */
    size_t dataset_count;
    struct token_set tokens;        /* of dictionaries and literals, once a segment */
    struct token_set stripe_tokens; /* of the stripe: also of all its texts */
    struct number_index_writer number_index;
};

struct segment_writer *segment_writer_create(enum dataset dataset, enum segment_effort effort);
void segment_writer_destroy(struct segment_writer **w);
/* Adds a stripe of at least one row; not more than SEGMENT_MAX_STRIPES. What the stripe's columns
 * learned is left in it; its values are used up. */
void segment_writer_add(struct segment_writer *w, struct stripe *stripe);
/* True if another stripe should not be added. */
bool segment_writer_is_full(const struct segment_writer *w);
/* True if the next stripe should be the last one. */
bool segment_writer_is_nearly_full(const struct segment_writer *w);
/* Gives scratch memory back: the next stripe comes later. */
void segment_writer_rest(struct segment_writer *w);
size_t segment_writer_memory(const struct segment_writer *w);
/* Swaps the segment's bytes into `out` (cleared first). The writer can only be destroyed then. */
void segment_writer_end(struct buf *out, struct segment_info *info, struct segment_writer *w);

/* --- for stripe_writer.c --- */

/* Compresses `plain` (cleared then) to w->out; its reference goes to `directory`. */
void segment_writer_put_chunk(struct segment_writer *w, struct buf *directory, struct buf *plain,
                              struct chunk_habit habit);
uint32_t segment_writer_dataset(struct segment_writer *w, uint16_t dataset);

#endif
