/* What text_match.c (made once a segment) and text_rows.c (blocks) share. */
#ifndef KONSEKI_TEXT_MATCH_PRIV_H
#define KONSEKI_TEXT_MATCH_PRIV_H

#include "text_match.h"

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
enum text_met {
    TEXT_NOT_MET,
    TEXT_DEAD,    /* no row matches */
    TEXT_COUNTED, /* the same, but rows have values of counted columns */
    TEXT_LIVE,
    TEXT_LIVE_ONE /* one value of a dictionary tells of each row */
};

struct text_met_template {
    uint32_t first; /* `steps` of a row */
    uint32_t end;
    struct text_column *only; /* LIVE_ONE: this dictionary's value alone tells */
    uint32_t column;
    uint32_t ordinal;
};

struct text_match {
    struct segment *segment;
    struct text_walker walker;
    struct text_plan *plans; /* by template */
    struct text_columns columns;
    struct text_time *times;
    size_t time_count;
    size_t time_capacity;
    uint8_t *is_read; /* by column of the segment: spans read it */
    uint32_t read_count;
    bool is_possible;
    bool reads_times;
    struct buf text; /* scratch: a time */

    /* of the block */
    uint64_t block_number; /* 1 + blocks before */
    uint32_t *cursors;     /* by column of the segment: values of the rows before */
    uint64_t *counted;     /* by column: block_number of the block that counted it last */
    uint8_t *met;          /* by template: enum text_met */
    struct text_met_template *met_templates; /* by template */
    uint32_t *met_list;                      /* templates that the block has */
    uint32_t met_count;
    struct text_use *steps; /* of counted columns, template after template */
    uint32_t step_count;
    size_t step_capacity;
    bool any_live;

    /* Templates whose pieces are not put together to the text that is searched are not planned by
     * the automaton but left to `apart`: what stands in each match must stand in their pieces, too.
     * NULL: nothing must. */
    bool splits; /* a match can hold what separates members of sorted objects */
    bool has_apart;
    bool has_sorted; /* ... of them sorted objects */
    struct text_match *apart;
    struct automaton literal; /* of `apart` */
};

static inline uint64_t text_row_bit(uint32_t row) {
    return UINT64_C(1) << (row % 64);
}

/* True if the template's rows are left to `apart`. */
static inline bool text_is_apart(const struct text_match *m, const struct template *t) {
    return t->piece_count > 0 && ((t->flags & TEMPLATE_ENCODED) != 0 ||
                                  ((t->flags & TEMPLATE_ORDERED) != 0 && m->splits));
}

/* As text_match_block, by the plans alone. */
enum status text_rows_match(struct text_match *m, struct block *b, const uint64_t *care,
                            uint64_t *hits, uint64_t *maybe, struct err *err) MUST_CHECK;

#endif
