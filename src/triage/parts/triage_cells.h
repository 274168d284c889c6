/*
 * One row of a listing, cell by cell; and the columns of a listing from one text.
 * Ownership: the cells own their text until the row is written.
 */
#ifndef KONSEKI_TRIAGE_CELLS_H
#define KONSEKI_TRIAGE_CELLS_H

#include "triage.h"

/* All zero is an empty row. */
struct triage_cells {
    struct buf text; /* the cells one behind the other */
    size_t ends[TRIAGE_COLUMNS];
    size_t count;
};

/* Columns of the listing: "event count# first": a name with '#' is a number. The text is borrowed
 * for ever. */
void triage_columns(struct triage_out *out, struct str names);
void triage_cell(struct triage_cells *cells, struct str text);
void triage_cell_number(struct triage_cells *cells, uint64_t number);
/* RFC 3339, UTC; absent for TIME_NONE. */
void triage_cell_time(struct triage_cells *cells, int64_t ns);
/* Seconds with three digits; negative too. */
void triage_cell_seconds(struct triage_cells *cells, int64_t ns);
/* Four cells: file, and idx or line, and record id. */
void triage_cell_place(struct triage_cells *cells, const struct triage_event *event);
/* Ends a cell whose text was added to `text` directly. */
void triage_cell_end(struct triage_cells *cells);
/* Writes the row, which has a cell for each column, and empties it. */
void triage_cells_write(struct triage_cells *cells, struct triage_out *out);
void triage_cells_fini(struct triage_cells *cells);

#endif
