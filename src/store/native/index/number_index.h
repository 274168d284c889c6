/*
 * Which words of digits the search texts of a segment's stripes hold (docs/formats/segment.md,
 * "Words of digits"). They are as many as all other words together, but most come from counters:
 * stretches of numbers that are (nearly) all there are kept as their ends, the others go to a
 * filter like that of other words (token_filter.h), one for all stripes: a read of one line answers
 * for all blocks. Times that follow from the event time are not
 * listed: their patterns are, and a reader asks what these can print (time_word.h).
 *
 * Unlike the token filter, this tells of all words of each block, whether or not one before has
 * them. Only words that count (number_word_counts) are in it. "Absent" is certain.
 *
 * Threads: one an index. Cost of reading: one read, and one more a word.
 */
#ifndef KONSEKI_NUMBER_INDEX_H
#define KONSEKI_NUMBER_INDEX_H

#include "file_io.h"
#include "intern.h"
#include "number_words.h"
#include "segment_info.h"

/* --- writing --- */

/* All zero is empty. */
struct number_index_writer {
    struct buf stripes;         /* what the directory says of them */
    struct number_words hashes; /* of what is in no stretch, for the filter */
    uint64_t bytes;             /* that they may take */
    uint32_t stripe_count;
    struct intern patterns; /* as number_index_pattern makes them */
    uint32_t *masks;        /* by pattern: the stripes that print it */
    size_t mask_capacity;
    uint32_t unlisted; /* stripes with more patterns than are listed */
};

/* What formulas of a stripe print of time, and the event times of its blocks. */
struct number_times {
    const struct intern *patterns;
    const struct intern *more; /* NULL: none */
    uint32_t block_count;
    int64_t smallest[SEGMENT_STRIPE_BLOCKS];
    int64_t largest[SEGMENT_STRIPE_BLOCKS];
};

void number_index_writer_fini(struct number_index_writer *w);
/* Adds the next stripe; sorts and clears its words (of each of SEGMENT_STRIPE_BLOCKS blocks). All
 * stripes together may take about so many bytes as are said of each: where words are many for the
 * data they get fewer bits each. */
void number_index_writer_add(struct number_index_writer *w, struct number_words *words,
                             const struct number_times *times, uint64_t bytes);
/* Appends the index; its length is a multiple of FILTER_LINE_BYTES. */
void number_index_writer_end(struct buf *out, struct number_index_writer *w);

/* Adds a time pattern of search texts to `patterns` if it can print a word that counts.
 * `is_before`: it prints some instant not after the row's event time, else that. */
void number_index_pattern(struct intern *patterns, struct str pattern, int32_t zone_seconds,
                          bool is_before);

/* --- reading --- */

/* Where the bytes are: in a file, or in all of its bytes. */
struct index_source {
    const struct file_reader *file; /* NULL: mapped */
    const uint8_t *mapped;
    size_t mapped_bytes;
};

/* False if not all of them are there. */
bool index_source_read(const struct index_source *source, void *out, size_t len, uint64_t offset);

/* A bit for each block of a stripe. */
struct index_blocks {
    uint8_t of_stripe[SEGMENT_MAX_STRIPES]; /* blocks that may have the word */
    uint8_t listed[SEGMENT_MAX_STRIPES];    /* ... otherwise than in a time that a formula prints */
};

struct number_index {
    struct index_source source;
    struct buf directory;
    uint64_t lines_offset; /* in the file */
    uint64_t end;
    uint32_t stripe_count;
    uint32_t block_count; /* no stripe has more */
};

/* Reads the directory. NOT_FOUND: the segment has no index (any stripe may have any word). DAMAGED
 * if it cannot be read or fails its checksum. */
enum status number_index_open(struct number_index *out, const struct segment_info *info,
                              const struct index_source *source) MUST_CHECK;
void number_index_close(struct number_index *index);
/* *out: the blocks that may have the word, which must count. DAMAGED: as above, of what was looked
 * at. */
enum status number_index_ask(struct index_blocks *out, const struct number_index *index,
                             struct str word) MUST_CHECK;

#endif
