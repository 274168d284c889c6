/*
 * Evaluating a compiled predicate (expr.h) on a segment: first by the token filter, without
 * reading anything else; then per distinct value of the dictionaries; then per block as bitmaps of
 * rows. A test on a field sees each distinct value once. A test on the search text looks first for
 * its longest word in dictionaries and templates, and rebuilds only the rows that can hold it.
 *
 * struct filter_plan is made once a scan, is read-only then and shared by all segments; struct
 * segment_filter lives as long as its segment and belongs to one thread.
 */
#ifndef KONSEKI_SEGMENT_FILTER_H
#define KONSEKI_SEGMENT_FILTER_H

#include "block.h"
#include "expr.h"
#include "token_filter.h"

struct filter_plan;

/* `root` must outlive the plan. */
struct filter_plan *filter_plan_create(const struct expr *root);
void filter_plan_destroy(struct filter_plan **plan);
/* True if some leaf looks for words, so that asking the token filter can help. */
bool filter_plan_has_words(const struct filter_plan *plan);
/* Which stripes of the segment can hold a matching row (a bit each), by the index of its words
 * (segment_info.h, number_index.h). Reads a line a word and stripe from the segment's file. DAMAGED
 * if one that was asked cannot be read or fails its checksum. */
enum status filter_plan_stripes(uint32_t *out, const struct filter_plan *plan,
                                const struct segment_info *info,
                                const struct file_reader *file) MUST_CHECK;

struct segment_filter;

enum status segment_filter_create(struct segment_filter **out, const struct filter_plan *plan,
                                  struct segment *segment, struct err *err) MUST_CHECK;
void segment_filter_destroy(struct segment_filter **filter);
/* False if no row can match, by templates and dictionaries. */
bool segment_filter_may_match(const struct segment_filter *filter);
/* *out: false if no row of block `index` can match, by the index of words; dictionaries and
 * templates are asked where it leaves stripes to them. */
enum status segment_filter_ask_block(bool *out, struct segment_filter *filter, size_t index,
                                     struct err *err) MUST_CHECK;
/* Clears the bits of `rows` (one a row of the block) whose rows do not match. Leaves the block
 * rewound. */
enum status segment_filter_block(struct segment_filter *filter, struct block *block, uint64_t *rows,
                                 struct err *err) MUST_CHECK;

#endif
