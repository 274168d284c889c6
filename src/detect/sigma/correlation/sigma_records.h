/*
 * Events on their way into the order of time: what correlations need of each, encoded, sorted by
 * (time, order given). Beyond a bound sorted runs go to a temporary file that has no name any more,
 * and are merged when they are read. Not thread-safe.
 *
 * An encoded event: struct sigma_record, then its hits: rule (4 bytes), number of values (4), and
 * for each value its length (4; UINT32_MAX: missing) and bytes. Texts longer than SIGMA_TEXT_MAX
 * are cut and end with a hash of the whole, so that different texts stay different.
 */
#ifndef KONSEKI_SIGMA_RECORDS_H
#define KONSEKI_SIGMA_RECORDS_H

#include "buf.h"
#include "file_io.h"

enum { SIGMA_TEXT_MAX = 1024 };

struct sigma_record {
    int64_t time_ns;
    uint64_t order;
    uint64_t record;
    uint64_t number;
    uint32_t line;
    uint32_t origin;
    uint32_t hit_count;
    uint32_t bytes; /* of this struct and the hits */
};

struct sigma_record_key {
    int64_t time_ns;
    uint64_t order;
    size_t offset;
};

struct sigma_run {
    uint64_t offset; /* of what is not read yet */
    uint64_t end;
    struct buf read; /* whole records and a part of one */
    size_t at;
};

struct sigma_records {
    struct buf bytes;
    struct sigma_record_key *keys;
    size_t count;
    size_t capacity;
    uint64_t next_order;
    size_t limit_bytes;
    bool is_open; /* an event is being written: the last of keys */
    struct file file;
    struct file_reader reader;
    struct sigma_run *runs;
    size_t run_count;
    size_t run_capacity;
};

typedef void sigma_record_fn(const struct sigma_record *record, const char *hits, void *ctx);

void sigma_records_init(struct sigma_records *r, size_t limit_bytes);
void sigma_records_fini(struct sigma_records *r);
/* Begins an event (`head`: order, hit_count and bytes are filled in here). An event without hits
 * leaves nothing. */
enum status sigma_records_begin(struct sigma_records *r, const struct sigma_record *head,
                                struct err *err) MUST_CHECK;
void sigma_records_hit(struct sigma_records *r, uint32_t rule, const struct str *values,
                       size_t count);
/* Gives the events up to `until_ns` in order and forgets them. After events went to the file
 * everything must be asked for (INT64_MAX). */
enum status sigma_records_drain(struct sigma_records *r, int64_t until_ns, sigma_record_fn *fn,
                                void *ctx, struct err *err) MUST_CHECK;
static inline size_t sigma_records_bytes(const struct sigma_records *r) {
    return r->bytes.len + r->count * sizeof *r->keys;
}

/* Reads the next value of a hit; ptr NULL: missing. */
struct str sigma_record_value(const char **at);
/* Reads the head of a hit. */
void sigma_record_hit_head(const char **at, uint32_t *rule, uint32_t *value_count);

#endif
