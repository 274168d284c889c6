/* What text_match.c (made once a segment) and text_rows.c (blocks) share. */
#ifndef KONSEKI_TEXT_MATCH_PRIV_H
#define KONSEKI_TEXT_MATCH_PRIV_H

#include "text_match.h"
#include "text_told.h"

/* A time that was printed last, by pattern and zone. */
struct text_time {
    const struct formula *formula;
    struct time_cache cache;
    bool has_fraction;
    int64_t second; /* of the state behind, where no fraction is printed */
    uint32_t in;
    uint32_t out;
    bool is_known;
};

/* What a block knows of one of its templates. */
enum text_met_kind {
    TEXT_DEAD, /* no row matches */
    TEXT_ALL,  /* all rows do */
    TEXT_LIVE
};

struct text_met {
    uint32_t template;
    enum text_met_kind kind;
    bool verify;
    struct text_told *told; /* LIVE: its values tell; NULL: the plan does */
    uint32_t ordinals[TEXT_TOLD_VALUES];
};

/* Where the values of a column of a block are: which of them a row has follows from counting those
 * of the rows before, which are gone through once, as far as rows ask. */
struct text_cursor {
    uint64_t block_number; /* the block that this is about */
    uint32_t each;         /* all rows have so many values; UINT32_MAX: they differ */
    uint32_t row;
    uint32_t count; /* values of the rows before `row` */
    uint32_t *uses; /* by number of the template in the block: values of a row */
    size_t use_capacity;
};

struct text_match {
    struct segment *segment;
    struct text_walker walker;
    struct text_plan *plans; /* by template */
    struct text_columns columns;
    struct text_told *told; /* all of them */
    struct text_time *times;
    size_t time_count;
    size_t time_capacity;
    uint8_t *is_read; /* by column of the segment: spans read it */
    uint32_t read_count;
    uint32_t *possible; /* templates that rows can match with */
    uint32_t possible_count;
    struct buf text; /* scratch: a time */

    /* of the block */
    uint64_t block_number; /* 1 + blocks before */
    uint32_t *met_of;      /* by template: its number in the block, + 1; 0: not met */
    struct text_met *met;  /* the templates of the block */
    uint32_t met_count;
    uint16_t *numbers;           /* by row: its template's number in the block */
    struct text_cursor *cursors; /* by column of the segment */
    bool any_live;
    enum status status; /* of reading columns in the midst of rows */
    struct err *err;

    /* Templates whose pieces are not put together to the text that is searched are not planned by
     * the automaton but left to `apart`: what stands in each match must stand in their pieces, too.
     * NULL: nothing must. */
    bool splits; /* a match can hold what separates members of sorted objects */
    bool has_apart;
    bool has_sorted; /* ... of them sorted objects */
    struct text_match *apart;
    struct automaton literal; /* of `apart` */
};

/* True if the template's rows are left to `apart`. */
static inline bool text_is_apart(const struct text_match *m, const struct template *t) {
    return t->piece_count > 0 && ((t->flags & TEMPLATE_ENCODED) != 0 ||
                                  ((t->flags & TEMPLATE_ORDERED) != 0 && m->splits));
}

/* As text_match_block, by the plans alone. */
enum status text_rows_match(struct text_match *m, struct block *b, const uint64_t *care,
                            uint64_t *hits, uint64_t *maybe, struct err *err) MUST_CHECK;

#endif
