/*
 * What the commands share that act on a store (store, retention, archive, hold, expire): opening it
 * for writing, who acts, telling errors, and listings of what it says.
 */
#ifndef KONSEKI_ACT_H
#define KONSEKI_ACT_H

#include "listing.h"
#include "options.h"
#include "store.h"

/* Who acts: `by` if it is given, else the name of the account. */
struct str act_who(const char *by);
/* Opens for writing; false with a message. */
bool act_open(struct store **out, const char *path, struct err *err);
/* Writes the message; the exit code that fits the status. */
int act_fail(enum status status, const struct err *err);
/* A listing of what a store says: opened for reading, `rows` gives the rows (and stops when
 * listing_row is false). The exit code. */
int act_list_store(struct listing *list, const char *path,
                   void (*rows)(struct listing *list, struct store *store));
/* Names of datasets by their bits, separated by commas, in `out` (replaced). */
struct str act_datasets(struct buf *out, uint64_t datasets);

#endif
