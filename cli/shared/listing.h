/*
 * A listing of plain texts and numbers on stdout in the format that was asked for: rows of cells,
 * which are columns of a table or of CSV, or members of one JSON object a line. Commands whose
 * objects have more to them than columns use output.h. Threads: one.
 */
#ifndef KONSEKI_LISTING_H
#define KONSEKI_LISTING_H

#include "output.h"

enum { LISTING_COLUMNS = 24 };

struct listing {
    enum output_format format;
    const struct str *names; /* of columns and members */
    size_t count;            /* up to LISTING_COLUMNS */
    uint64_t numbers;        /* bit by column: a number */
    struct output *rows;     /* the listing's own */
};

void listing_begin(struct listing *list);
/* Empty cells are left out of JSON. False when nobody reads any more. */
bool listing_row(struct listing *list, const struct str *cells);
/* The exit code: DONE, or STORE if it could not be written. */
int listing_end(struct listing *list);

/* Texts of cells in `out` (replaced): "2026-11-21T10:00:00.123456789Z", nothing for TIME_NONE and
 * the ends of time; a number. */
struct str listing_time(struct buf *out, int64_t ns);
struct str listing_number(struct buf *out, uint64_t value);

#endif
