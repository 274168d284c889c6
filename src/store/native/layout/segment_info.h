/*
 * What the store's chain remembers of a segment, so that scans skip it without opening it.
 *
 * The token filters of the stripes lie one after the other from filter_offset on: stripe i has
 * filter_lines[i] lines of FILTER_LINE_BYTES. A filter holds the words of the stripe's texts and of
 * what is new in its dictionaries and literals: a word can stand in stripe i only if one of the
 * filters 0..i has it (token_filter.h), and if i's has it not, only by an entry of before. Words of
 * digits are in none: what is left of index_bytes behind the filters is their index
 * (number_index.h).
 */
#ifndef KONSEKI_SEGMENT_INFO_H
#define KONSEKI_SEGMENT_INFO_H

#include "layout.h"
#include "schema.h"

struct segment_info {
    uint64_t number; /* file name */
    uint64_t place;  /* 0: DIR/segments, else the id of an archive (what the chain's fates say) */
    enum dataset dataset;
    enum segment_effort effort;
    uint64_t rows; /* derived ones included */
    uint64_t derived;
    uint64_t raw_bytes;
    uint64_t arrival_first;
    uint64_t arrival_last;
    int64_t time_min;
    int64_t time_max;
    int64_t receive_max; /* newest receive time; TIME_NONE: not known */
    uint64_t file_bytes;
    uint64_t index_bytes;
    uint64_t filter_offset;
    uint32_t stripe_count;
    uint32_t filter_lines[SEGMENT_MAX_STRIPES]; /* 0: no new word */
    uint8_t footer_sha256[SHA256_BYTES];
};

#endif
