#include "group_streams.h"

#include "i18n.h"
#include "mem.h"

void group_streams_init(struct group_streams *out, const struct group_plan *plan) {
    *out = (struct group_streams){.plan = plan};
    out->of_column = mem_calloc((size_t)plan->column_count + 1, sizeof *out->of_column);
    out->picked = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->picked);
}

void group_streams_fini(struct group_streams *s) {
    for (uint32_t i = 0; i < s->plan->column_count; i++) {
        mem_free(s->of_column[i].places);
    }
    mem_free(s->of_column);
    mem_free(s->picked);
}

void group_streams_block(struct group_streams *s, struct block *block) {
    s->block = block;
    for (uint32_t i = 0; i < s->plan->column_count; i++) {
        s->of_column[i].next = 0;
    }
}

/* --- windows --- */

/* Do the rows of all layouts in the window use the column just `times` times? */
static bool all_use(const uint16_t *uses, const struct group_rows *rows, uint16_t times) {
    for (uint32_t i = 0; i < rows->present_count; i++) {
        if (uses[rows->present[i]] != times) {
            return false;
        }
    }
    return true;
}

/* Notes where the values of each row begin. */
static void count_through(struct group_stream *s, const uint16_t *uses,
                          const struct group_rows *rows) {
    if (s->places == NULL) {
        s->places = mem_alloc(GROUP_WINDOW_ROWS * sizeof *s->places);
    }
    uint32_t at = s->first; /* at most 8192 x 65535 */
    uint32_t *places = s->places;
    const uint16_t *layouts = rows->layouts + rows->first;
    for (uint32_t i = 0, count = rows->count; i < count; i++) {
        places[i] = at;
        at += uses[layouts[i]];
    }
    s->next = at;
}

static enum status next_window(struct group_streams *streams, uint32_t place,
                               const struct group_rows *rows, struct err *err) {
    const struct group_column *column = &streams->plan->columns[place];
    struct group_stream *s = &streams->of_column[place];
    struct block *b = streams->block;
    s->first = s->next;
    if (all_use(column->uses, rows, 0)) {
        return STATUS_OK;
    }
    s->is_by_row = all_use(column->uses, rows, 1);
    if (s->is_by_row) {
        s->next = s->first + rows->count;
    } else {
        count_through(s, column->uses, rows);
    }
    if (s->next > b->info->column_counts[column->column]) {
        return segment_damaged(streams->plan->segment, err, _("a column has too few values"));
    }
    bool loaded =
        b->columns[column->column].codes != NULL || b->columns[column->column].numbers != NULL;
    return loaded ? STATUS_OK : block_column_codes(b, column->column, err);
}

enum status group_streams_window(struct group_streams *s, const struct group_rows *rows,
                                 struct err *err) {
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < s->plan->column_count && status == STATUS_OK; i++) {
        status = next_window(s, i, rows, err);
    }
    return status;
}

/* --- values of a chunk --- */

static const struct group_stream *stream_of(const struct group_streams *s, struct group_atom atom) {
    return &s->of_column[s->plan->place_of[atom.column] - 1];
}

/* Do the values of the chunk's rows stand in the block one behind the other? */
static bool is_run(const struct group_stream *s, const struct group_chunk *c) {
    return s->is_by_row && c->rows == NULL;
}

/* Where the values of the chunk's rows stand, none of a run. */
static void list_places(uint32_t *restrict out, const struct group_stream *s, uint32_t ordinal,
                        const struct group_chunk *c) {
    uint32_t count = c->count;
    const uint16_t *restrict rows = c->rows;
    const uint32_t *restrict places = s->places;
    if (s->is_by_row) {
        uint32_t first = s->first + ordinal;
        for (uint32_t i = 0; i < count; i++) {
            out[i] = first + rows[i];
        }
    } else if (rows != NULL) {
        for (uint32_t i = 0; i < count; i++) {
            out[i] = places[rows[i]] + ordinal;
        }
    } else {
        for (uint32_t i = 0; i < count; i++) {
            out[i] = places[i] + ordinal;
        }
    }
}

const uint32_t *group_streams_codes(struct group_streams *s, struct group_atom atom,
                                    const struct group_chunk *c) {
    const uint32_t *codes = s->block->columns[atom.column].codes;
    if (is_run(stream_of(s, atom), c)) {
        return codes + stream_of(s, atom)->first;
    }
    uint32_t *picked = s->picked;
    list_places(picked, stream_of(s, atom), atom.ordinal, c);
    for (uint32_t i = 0, count = c->count; i < count; i++) {
        picked[i] = codes[picked[i]];
    }
    return picked;
}

const int64_t *group_streams_numbers(int64_t *room, struct group_streams *s, struct group_atom atom,
                                     const struct group_chunk *c) {
    const int64_t *numbers = s->block->columns[atom.column].numbers;
    if (is_run(stream_of(s, atom), c)) {
        return numbers + stream_of(s, atom)->first;
    }
    uint32_t *picked = s->picked;
    list_places(picked, stream_of(s, atom), atom.ordinal, c);
    for (uint32_t i = 0, count = c->count; i < count; i++) {
        room[i] = numbers[picked[i]];
    }
    return room;
}
