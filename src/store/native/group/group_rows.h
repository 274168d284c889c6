/*
 * A window on a block: up to 1,024 of its rows, and how they divide into the classes of their
 * templates (group_plan.h). Where enough rows of one layout follow each other, they are a window of
 * their own: then nothing has to be picked out, and that is most rows.
 *
 * Threads: one. Ownership: borrows the plan.
 */
#ifndef KONSEKI_GROUP_ROWS_H
#define KONSEKI_GROUP_ROWS_H

#include "group_plan.h"

enum {
    GROUP_WINDOW_ROWS = 1024,
    GROUP_WINDOW_CLASSES = 256 /* that are told apart */
};

/* Rows of one class in a window. */
struct group_chunk {
    uint32_t first;       /* the window's first row in its block */
    const uint16_t *rows; /* from `first` on; NULL: all */
    uint32_t count;
};

/* Row `i` of the chunk, from `first` on. */
static inline uint32_t group_chunk_row(const struct group_chunk *c, uint32_t i) {
    return c->rows == NULL ? i : c->rows[i];
}

struct group_rows {
    const struct group_plan *plan;
    uint16_t *layouts; /* of the block's rows */
    uint32_t row_count;
    uint32_t first; /* of the window, in the block */
    uint32_t count;
    uint32_t *present; /* layouts that its rows have */
    uint32_t present_count;
    uint8_t *is_present; /* by layout; 0 between windows */
    uint32_t *classes;   /* that they are of */
    uint32_t class_count;
    uint32_t *places; /* by class: of its next row in `sorted` */
    uint32_t *ends;   /* of classes[i] in `sorted` */
    uint16_t *sorted; /* those of classes[i] begin at i * GROUP_WINDOW_ROWS */
    size_t sorted_capacity;
};

void group_rows_init(struct group_rows *out, const struct group_plan *plan);
void group_rows_fini(struct group_rows *r);
/* Goes before the first row of a block; `templates` are those of its rows, all below
 * template_count. NULL: where no values are asked for all rows are alike. */
void group_rows_block(struct group_rows *r, const uint32_t *templates, uint32_t row_count);
/* Goes to the next window; false if there is none. */
bool group_rows_next(struct group_rows *r);
/* Are all rows of the window selected (bits of the block's rows)? */
bool group_rows_all_selected(const struct group_rows *r, const uint64_t *selected);
/* Unselects them. */
void group_rows_unselect(const struct group_rows *r, uint64_t *selected);
/* Sorts the selected rows by class; false if there are too many classes. */
bool group_rows_sort(struct group_rows *r, const uint64_t *selected);
/* The selected rows of classes[index], after group_rows_sort. */
struct group_chunk group_rows_chunk(const struct group_rows *r, uint32_t index);

#endif
