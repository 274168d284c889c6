/*
 * For tests of retention, archives, holds and expiry: stores whose rows have chosen ages, acts at a
 * chosen time, and what verify, searches and proofs say. Include after cmocka.h.
 */
#ifndef KONSEKI_TIERS_FIXTURE_H
#define KONSEKI_TIERS_FIXTURE_H

#include "archive.h"
#include "expire.h"
#include "forecast.h"
#include "kept.h"
#include "note_text.h"
#include "prover.h"
#include "store_fixture.h"

/* Day 20,000 after 1970 is 2024-10-04: "today" of these tests. */
#define TIERS_TODAY (INT64_C(20000) * NS_PER_DAY)

struct tiers_part {
    enum dataset dataset;
    int event_day; /* days before today */
    int receive_day;
    int rows;
};

static inline void tiers_add_row(struct batch *b, const struct tiers_part *p, int i) {
    char line[96];
    int len = snprintf(line, sizeof line, "day %d dataset %d row %d says hello\n", p->event_day,
                       (int)p->dataset, i);
    size_t off = b->raw.len;
    buf_append(&b->raw, line, (size_t)len);
    struct row *row = batch_row_begin(b, off, (size_t)len);
    row->time_ns = TIERS_TODAY - p->event_day * NS_PER_DAY;
    row->receive_ns = TIERS_TODAY - p->receive_day * NS_PER_DAY;
    row->source = intern_add(&b->names, p->dataset == DATASET_SYSLOG ? STR("srv") : STR("fw"));
    row->origin = INTERN_NONE;
    row->dataset = (uint16_t)p->dataset;
    row->flags = ROW_UNPARSED;
}

/* One commit: the rows of all parts interleaved, so that arrival numbers of a dataset have gaps. */
static inline void tiers_write(const struct fixture *f, const struct tiers_part *parts,
                               size_t count) {
    struct err err = ERR_INIT;
    struct batch b;
    bool more = true;
    batch_init(&b);
    for (int i = 0; more; i++) {
        more = false;
        for (size_t p = 0; p < count; p++) {
            if (i < parts[p].rows) {
                tiers_add_row(&b, &parts[p], i);
                more = true;
            }
        }
    }
    struct store *s = fixture_open(f, STORE_BULK);
    if (store_append(s, &b, &err) != STATUS_OK || store_commit(s, &err) != STATUS_OK) {
        fail_msg("write: %s", err.message);
    }
    store_close(&s);
    batch_fini(&b);
}

static inline void tiers_rules(const struct fixture *f, const char *classes, const char *datasets) {
    struct err err = ERR_INIT;
    struct store *s = fixture_open(f, STORE_BULK);
    struct retention *r = mem_calloc(1, sizeof *r);
    struct buf text = BUF_INIT;
    struct str one;
    struct str rest = str_from_c(classes);
    retention_load(r, store_get_chain(s));
    while (str_split_next(&one, &rest, ' ')) {
        assert_int_equal(retention_set_class(r, one, &err), STATUS_OK);
    }
    rest = str_from_c(datasets);
    while (str_split_next(&one, &rest, ' ')) {
        assert_int_equal(retention_set_dataset(r, one, &err), STATUS_OK);
    }
    retention_encode(&text, r, STR("tester"));
    assert_int_equal(store_write_note(s, STR("retention"), buf_str(&text), NULL, &err), STATUS_OK);
    store_close(&s);
    buf_fini(&text);
    retention_fini(r);
    mem_free(r);
}

static inline void tiers_line(struct str line, void *ctx) {
    struct buf *lines = ctx;
    buf_add(lines, line);
    buf_putc(lines, '\n');
}

/* What verify says; with every row put together. */
static inline struct store_verify_result tiers_verify(const struct fixture *f, struct buf *lines) {
    struct store_verify_result result;
    struct err err = ERR_INIT;
    struct store_verify_options o = {.path = f->path, .rebuild = true};
    buf_clear(lines);
    if (store_verify(&o, &result, tiers_line, lines, &err) != STATUS_OK) {
        fail_msg("verify: %s", err.message);
    }
    return result;
}

static inline void tiers_expect(const struct fixture *f, bool damaged, const char *what,
                                const char *says) {
    struct buf lines = BUF_INIT;
    struct store_verify_result r = tiers_verify(f, &lines);
    if (r.damaged != damaged || str_find(buf_str(&lines), str_from_c(says)) == STR_NONE) {
        fail_msg("%s: damaged is %d: %.*s", what, r.damaged, STR_ARG(buf_str(&lines)));
    }
    buf_fini(&lines);
}

/* Rows that a scan gives; *missing: those that it says it could not look at. */
static inline uint64_t tiers_count(const struct fixture *f, uint64_t *missing) {
    struct err err = ERR_INIT;
    struct store *s = fixture_open(f, STORE_READ);
    struct store_scan_options o = STORE_SCAN_ALL;
    struct store_scan *scan = NULL;
    struct store_missing m;
    struct batch out;
    uint64_t rows = 0;
    bool more = true;
    o.want_raw = true;
    batch_init(&out);
    assert_int_equal(store_scan_open(&scan, s, &o, &err), STATUS_OK);
    while (more) {
        if (store_scan_next(scan, &out, &more, &err) != STATUS_OK) {
            fail_msg("scan: %s", err.message);
        }
        rows += out.row_count;
    }
    *missing = 0;
    for (size_t i = 0; store_get_missing(s, i, &m); i++) {
        *missing += m.rows;
    }
    store_scan_close(&scan);
    store_close(&s);
    batch_fini(&out);
    return rows;
}

static inline struct expire_result tiers_expire(const struct fixture *f, int64_t now_ns) {
    struct err err = ERR_INIT;
    struct expire_result r;
    struct expire_options o = {.by = STR("tester"), .now_ns = now_ns};
    struct store *s = fixture_open(f, STORE_BULK);
    if (store_expire(s, &o, &r, &err) != STATUS_OK) {
        fail_msg("expire: %s", err.message);
    }
    store_close(&s);
    return r;
}

static inline struct archive_result tiers_archive(const struct fixture *f, const char *folder,
                                                  uint32_t days) {
    struct err err = ERR_INIT;
    struct archive_result r;
    struct archive_options o = {.folder = folder,
                                .label = STR_EMPTY,
                                .by = STR("tester"),
                                .now_ns = TIERS_TODAY,
                                .has_days = true,
                                .days = days};
    struct store *s = fixture_open(f, STORE_BULK);
    if (store_archive(s, &o, &r, &err) != STATUS_OK) {
        fail_msg("archive: %s", err.message);
    }
    store_close(&s);
    return r;
}

#endif
