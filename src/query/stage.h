/*
 * Running stages: rows are pushed from one to the next. A stage that needs all rows (sort, tail,
 * stats) keeps them and pushes its result when it is finished.
 *
 * push returns OK to go on, CANCELLED when no more rows are wanted (head is full, the reader went
 * away), or an error. finish is called once on each stage, in order, also after CANCELLED.
 */
#ifndef KONSEKI_STAGE_H
#define KONSEKI_STAGE_H

#include "query_priv.h"

struct stage;

struct stage_impl {
    void *(*create)(struct stage *stage);
    void (*destroy)(void *state);
    enum status (*push)(struct stage *stage, const struct batch *batch, const struct row *row,
                        struct err *err);
    enum status (*finish)(struct stage *stage, struct err *err); /* NULL: nothing to do */
};

struct stage {
    const struct stage_impl *impl;
    const struct stage_spec *spec;
    struct stage *next; /* NULL: the rows go out */
    void *state;
    struct stage_run *run;
};

/* What the stages of one run share. */
struct stage_run {
    uint64_t memory_bytes;
    uint64_t limit; /* of rows out; 0: none */
    struct query_run_stats *stats;
    query_row_fn *row;
    void *row_ctx;
    bool want_raw;
};

/* Hands a row to the next stage or out. */
enum status stage_emit(struct stage *stage, const struct batch *batch, const struct row *row,
                       struct err *err);
/* BAD_INPUT with advice when `used_bytes` is over the limit. */
enum status stage_check_memory(const struct stage *stage, uint64_t used_bytes, struct err *err);
/* Rows that the stages behind this one will take at most; 0: all. */
uint64_t stage_rows_wanted(const struct stage *stage);

extern const struct stage_impl stage_where;
extern const struct stage_impl stage_fields;
extern const struct stage_impl stage_head;
extern const struct stage_impl stage_tail;
extern const struct stage_impl stage_dedup;
extern const struct stage_impl stage_sort;
extern const struct stage_impl stage_stats;

/* Rows kept in memory, with their bytes counted. */
struct kept_rows {
    struct batch batch;
};
void kept_add(struct kept_rows *kept, const struct batch *batch, const struct row *row,
              bool with_raw);
uint64_t kept_bytes(const struct kept_rows *kept);

/* --- value_order.c --- */

/* A value made ready for comparing: numbers first, then addresses, then text. At the end, in either
 * direction: what a damaged line left in a field of another type, then nothing. */
enum rank { RANK_NUMBER, RANK_IP, RANK_TEXT, RANK_STRAY, RANK_MISSING };
struct order_key {
    enum rank rank;
    bool is_integer;
    int64_t integer; /* also times, in ns */
    double number;
    struct ip ip;
    struct str text; /* borrowed */
};
void order_key_init(struct order_key *out, struct str text, enum field_type type);
/* <0, 0, >0 */
int order_compare(const struct order_key *a, const struct order_key *b);

#endif
