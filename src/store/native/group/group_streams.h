/*
 * Where the values of the columns that are read (group_plan.h) stand in the rows of a window
 * (group_rows.h): counted through the layouts of the rows, unless each row has just one.
 *
 * Threads: one. Ownership: borrows the plan and the block.
 */
#ifndef KONSEKI_GROUP_STREAMS_H
#define KONSEKI_GROUP_STREAMS_H

#include "block.h"
#include "group_rows.h"

/* One column. */
struct group_stream {
    uint32_t first;   /* value of the window's first row */
    uint32_t next;    /* of the next window's */
    bool is_by_row;   /* each row of the window has just one */
    uint32_t *places; /* else: by row, where its values begin */
};

struct group_streams {
    const struct group_plan *plan;
    struct block *block;
    struct group_stream *of_column; /* by place in plan->columns */
    uint32_t *picked;               /* scratch: by row of the chunk */
};

void group_streams_init(struct group_streams *out, const struct group_plan *plan);
void group_streams_fini(struct group_streams *s);
/* Makes the block the one at hand. */
void group_streams_block(struct group_streams *s, struct block *block);
/* Goes to the next window of the block (the windows go over all its rows in their order) and
 * unpacks the columns that its rows use. */
enum status group_streams_window(struct group_streams *s, const struct group_rows *rows,
                                 struct err *err) MUST_CHECK;

/* Where in its column the atom of a row of the window stands. */
static inline uint32_t group_streams_index(const struct group_streams *s, struct group_atom atom,
                                           uint32_t row) {
    const struct group_stream *stream = &s->of_column[s->plan->place_of[atom.column] - 1];
    return (stream->is_by_row ? stream->first + row : stream->places[row]) + atom.ordinal;
}
/* The codes of the atom in the chunk: as they stand in the block, or picked out. Valid until the
 * next call. */
const uint32_t *group_streams_codes(struct group_streams *s, struct group_atom atom,
                                    const struct group_chunk *chunk);
/* The same for numbers; `room` is for those that are picked out. */
const int64_t *group_streams_numbers(int64_t *room, struct group_streams *s, struct group_atom atom,
                                     const struct group_chunk *chunk);

#endif
