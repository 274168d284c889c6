/*
 * The rules of retention: classes (days at hand, days in all) and which dataset has which. They are
 * kept as a note of the chain (docs/formats/retention.md); the last one is in force. Without one
 * nothing expires.
 *
 * Threads: one. Ownership: the rules own their names.
 */
#ifndef KONSEKI_RETENTION_H
#define KONSEKI_RETENTION_H

#include "arena.h"
#include "buf.h"
#include "err.h"
#include "schema.h"

struct chain;
struct store;

enum { RETENTION_MAX_DAYS = 36500, RETENTION_MAX_CLASSES = 64 };

struct retention_class {
    struct str name;
    uint32_t hot_days;
    uint32_t total_days; /* 0: for ever */
};

struct retention {
    struct arena arena;
    struct retention_class classes[RETENTION_MAX_CLASSES];
    size_t class_count;
    struct str standard;                  /* class of datasets without one; empty: keep */
    struct str by_dataset[DATASET_COUNT]; /* class names; empty: the standard one */
    uint64_t note;                        /* that they were read from; 0: none, nothing expires */
};

/* The rules in force; without a note the built-in classes and no datasets. What cannot be read
 * keeps its rows. */
void retention_load(struct retention *out, const struct chain *chain);
void retention_fini(struct retention *r);

/* "NAME=HOT/TOTAL" in days, or "NAME=keep". BAD_INPUT: says the value and what is allowed. */
enum status retention_set_class(struct retention *r, struct str text, struct err *err) MUST_CHECK;
/* "DATASET=CLASS", or "*=CLASS" for all others. BAD_INPUT: no such dataset or class. */
enum status retention_set_dataset(struct retention *r, struct str text, struct err *err) MUST_CHECK;
/* As the text of a note. */
void retention_encode(struct buf *out, const struct retention *r, struct str by);

/* The class of a dataset; NULL: its rows are kept for ever. */
const struct retention_class *retention_of(const struct retention *r, enum dataset dataset);
/* Writes a signed statement at once (a checkpoint). Its number, if `number` is not NULL. */
enum status store_write_note(struct store *s, struct str kind, struct str text, uint64_t *number,
                             struct err *err) MUST_CHECK;
/* What the open store knows of itself; until its next change. */
const struct chain *store_get_chain(const struct store *s);

/* What happened before this instant is older than `days`; INT64_MIN: nothing is (the subtraction
 * would leave the range of times, years 1677 to 2262). */
int64_t retention_limit(int64_t now_ns, uint32_t days);

#endif
