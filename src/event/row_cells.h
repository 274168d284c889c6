/*
 * Rows as columns hold them: the values of a row, known by number before they are text. Who looks
 * at rows so (a screen) can say of a distinct value once what it is worth, and then looks at
 * numbers only; the store puts together the rows that the screen wants.
 *
 * Rows of one kind have the same cells: the same fields in the same order. Values of one place with
 * the same code have the same text; places, codes and kinds are numbers of one part of the store
 * (a segment) and mean nothing in another.
 *
 * Threads: parts belong to different threads, a part to one at a time. Ownership: all is borrowed
 * for the call. Failures: a row that cannot be read is the store's to report; the screen then gets
 * an empty text or code 0 and may say what it likes.
 */
#ifndef KONSEKI_ROW_CELLS_H
#define KONSEKI_ROW_CELLS_H

#include "batch.h"

enum { CELL_BY_TEXT = UINT32_MAX };

/* A value of every row of a kind. */
struct row_cell {
    uint32_t field;
    uint32_t place;  /* CELL_BY_TEXT: there are no codes, only texts */
    uint32_t codes;  /* of the place: all are below; 1: every row has this value */
    bool is_slice;   /* a slice of the raw bytes (not TRANSFORM_NONE) */
    bool is_numeric; /* a number or a time: of the bytes that row_cell_is_numeric names */
};

static inline bool row_cell_is_numeric(char c) {
    return ascii_is_digit(c) || str_find_char(STR("-+:., /TtZz"), c) != STR_NONE;
}

struct row_kind {
    uint32_t number; /* dense */
    uint32_t cell_count;
    const struct row_cell *cells;
};

struct row_cells {
    const struct row_kind *kind;
    enum dataset dataset;
    enum charset charset;
    /* Of a cell with a place. */
    uint32_t (*code)(struct row_cells *row, uint32_t cell);
    /* Appends the text of any cell. */
    void (*text)(struct buf *out, struct row_cells *row, uint32_t cell);
    /* Appends the raw bytes. */
    void (*raw)(struct buf *out, struct row_cells *row);
};

struct row_screen {
    void *(*open)(void *ctx); /* a part; called from several threads */
    void (*close)(void *part);
    /* Before and after some rows of the part, which then belongs to the caller's thread. */
    void (*enter)(void *part);
    void (*leave)(void *part);
    /* Is the row to be put together? */
    bool (*wants)(void *part, struct row_cells *row);
    void *ctx;
};

#endif
