/*
 * What the commands share that act on a store (store, retention, archive, hold, expire): opening it
 * for writing, who acts, telling errors, and listings of plain texts and numbers.
 */
#ifndef KONSEKI_ACT_H
#define KONSEKI_ACT_H

#include "options.h"
#include "store.h"

/* Who acts: `by` if it is given, else the name of the account. */
struct str act_who(const char *by);
/* Opens for writing; false with a message. */
bool act_open(struct store **out, const char *path, struct err *err);
/* Writes the message; the exit code that fits the status. */
int act_fail(enum status status, const struct err *err);

/* A listing in the format that was asked for; cells of jsonl without text are left out. */
struct act_list {
    enum output_format format;
    const struct str *names;
    size_t count;
    uint64_t numbers; /* bit by column: a number */
    struct output *rows;
};
enum { ACT_COLUMNS = 24 };
void act_list_begin(struct act_list *list);
bool act_list_row(struct act_list *list, const struct str *cells);
/* The exit code: DONE, or STORE if it could not be written. */
int act_list_end(struct act_list *list);
/* A listing of what a store says: opened for reading, `rows` gives the rows (and stops when
 * act_list_row is false). The exit code. */
int act_list_store(struct act_list *list, const char *path,
                   void (*rows)(struct act_list *list, struct store *store));

/* "2026-11-21T10:00:00.123456789Z" in `out` (replaced); nothing for TIME_NONE and the ends of time.
 */
struct str act_time(struct buf *out, int64_t ns);
struct str act_number(struct buf *out, uint64_t value);
/* Names of datasets by their bits, separated by commas. */
struct str act_datasets(struct buf *out, uint64_t datasets);

#endif
