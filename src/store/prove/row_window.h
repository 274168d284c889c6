/*
 * Sealed rows by their arrival numbers, a few at a time: what single proofs need. A scan opens
 * every segment anew and looks through whole stripes; a window keeps segments and the blocks it
 * used last, goes to the rows by bisection, and starts no thread.
 *
 * Cost of a read: one block of each segment that has rows in the range (two where it ends), of
 * which the columns of these rows are unpacked. Memory: up to ROW_WINDOW_SEGMENTS segments with
 * what was looked at in one of their blocks.
 *
 * Threads: one. Ownership: borrows the store.
 */
#ifndef KONSEKI_ROW_WINDOW_H
#define KONSEKI_ROW_WINDOW_H

#include "store_find.h"
#include "store_priv.h"

enum { ROW_WINDOW_SEGMENTS = 16 };

struct row_window;

struct row_window *row_window_create(const struct store *store);
void row_window_destroy(struct row_window **window);

/* Gives the rows [from, to) that are there in ascending order, with raw bytes and without values,
 * in one batch or several; rows in archives that are offline are not there. A status of `rows`
 * other than OK ends it with this status. DAMAGED: a segment fails its checks. */
enum status row_window_read(struct row_window *w, uint64_t from, uint64_t to, store_rows_fn *rows,
                            void *ctx, struct err *err) MUST_CHECK;

/* The arrival number of a row in the range. NOT_FOUND: it is not there. ENVIRONMENT: it may lie in
 * an archive that is offline. */
enum status row_window_find(uint64_t *arrival, struct row_window *w, const struct row_name *name,
                            const struct row_range *range, struct err *err) MUST_CHECK;

#endif
