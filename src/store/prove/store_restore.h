/*
 * Rows that bring their numbers: an exported store that comes back (docs/formats/export.md). Each
 * row keeps source, sequence number and receive time, so its leaf of the tree is the same as in the
 * store it came from; its arrival number is this store's.
 *
 * Within a source numbers only rise: a row whose number is not above the last one of its source is
 * refused, so no event id is ever used twice. Threads: the writer's.
 */
#ifndef KONSEKI_STORE_RESTORE_H
#define KONSEKI_STORE_RESTORE_H

#include "store.h"

/* What was imported and committed, in that order; borrowed until the next commit. */
const struct store_input *store_get_inputs(const struct store *store, size_t *count);

/* The last number given to a row of the source, committed or not; 0 if it has none. */
uint64_t store_last_sequence(const struct store *store, struct str source);

/* As store_append, but row->sequence is kept. BAD_INPUT: a number does not rise (nothing was
 * taken then). Rows whose numbers have no gaps are taken at the cost of store_append; each gap
 * costs a copy of the rows since the gap before. */
enum status store_restore(struct store *store, struct batch *batch, struct err *err) MUST_CHECK;

#endif
