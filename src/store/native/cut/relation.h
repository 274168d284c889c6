/*
 * Relations between the columns of a dataset that hold for most rows: "transport has the same text
 * as srcport", "event.duration is duration x 10^9", "event.start is the event time minus duration".
 * They are found by trying the texts of a row against each other, and used once they have held
 * often enough on texts that differ. There is no list of known ones.
 *
 * A relation is between columns, so that what was learned from one shape serves all others.
 *
 * Bounded: RELATION_MAX in all, RELATIONS_A_COLUMN for one target; a useless one makes room.
 * Threads: one a table.
 */
#ifndef KONSEKI_RELATION_H
#define KONSEKI_RELATION_H

#include "arena.h"
#include "cut_draft.h"

enum {
    RELATION_MAX = 4096,
    RELATIONS_A_COLUMN = 6,
    RELATION_OPERANDS = FORMULA_MAX_OPERANDS,
    RELATION_FORMS = 24
};

struct relation {
    uint32_t target; /* column */
    uint32_t columns[RELATION_OPERANDS];
    struct formula formula; /* operands unset */
    char pattern[FORMULA_MAX_PATTERN];
    uint32_t tries;
    uint32_t hits;
    uint32_t changes; /* hits whose text was another than the one before */
    uint64_t last;    /* hash of the last text */
};

struct relation_list {
    struct relation *items[RELATIONS_A_COLUMN];
    uint32_t count;
};

/* A form in which the event time has been seen. */
struct relation_form {
    char pattern[TIME_PATTERN_BYTES];
    int32_t zone_seconds;
    struct time_cache cache;
};

struct relation_table {
    struct arena arena;
    struct relation_list *lists; /* by target column */
    size_t list_capacity;
    uint32_t count;
    int32_t zone_hint; /* of the last time that was recognised */
    uint32_t *places;  /* scratch: by column, operand + 1 where it stands in the row */
    size_t place_capacity;
    struct relation_index *index; /* scratch: texts of the row by hash */
    struct buf printed;
    struct relation_form forms[RELATION_FORMS];
    uint32_t form_count;
};

void relation_table_init(struct relation_table *t);
void relation_table_fini(struct relation_table *t);

/* Sets formulas in the draft where relations are known to hold and do hold; with `learn`, looks for
 * new ones and counts. Cost: about 50 ns a piece; learning some microseconds a row. */
void relations_apply(struct relation_table *t, struct draft *d, bool learn);

/* True, with a formula in *out, if the text is the row's event time (pattern kept in the table, at
 * most RELATION_FORMS of them). */
bool relation_time(struct formula *out, struct relation_table *t, struct str text, int64_t time_ns);

#endif
