/*
 * The writing side of the findings file, for the runner: statements of one day (parts) go in,
 * findings come out of joining them.
 *
 * A part is what one analysis says about one key on one local day. Parts whose days are at most
 * the analysis' join_gap_days apart are one finding; explained and unexplained parts never join.
 * Order of use inside one transaction: parts_clear, parts_put ..., parts_join.
 */
#ifndef KONSEKI_FINDINGS_PARTS_H
#define KONSEKI_FINDINGS_PARTS_H

#include "analysis.h"
#include "findings_db.h"
#include "intern.h"

struct part {
    const struct analysis *analysis;
    int32_t day;
    const struct finding_draft *draft; /* events: the first and last 50; count: exact */
    const struct intern *names;        /* sources and origins of the evidence */
};

/* Drops the parts and coverage of the days [from_day, to_day] and notes their keys. */
enum status parts_clear(struct findings_db *db, const struct analysis *analysis, int32_t from_day,
                        int32_t to_day, struct err *err) MUST_CHECK;
/* Drops the parts only: coverage stays as it is. */
enum status parts_clear_said(struct findings_db *db, const struct analysis *analysis,
                             int32_t from_day, int32_t to_day, struct err *err) MUST_CHECK;
enum status parts_put(struct findings_db *db, const struct part *part, struct err *err) MUST_CHECK;

struct part_coverage {
    const struct analysis *analysis;
    const struct coverage_note *note;
    uint64_t rows;
    int32_t day;
    int64_t start_ns; /* of the day */
    int64_t end_ns;
};
/* Several notes about one source and day: the worst counts. */
enum status parts_put_coverage(struct findings_db *db, const struct part_coverage *coverage,
                               struct err *err) MUST_CHECK;

/* If no row was ever seen for the analysis: one coverage object without a source. */
enum status parts_cover_absent(struct findings_db *db, const struct analysis *analysis,
                               enum evaluable state, int32_t day, struct err *err) MUST_CHECK;

struct parts_join_result {
    uint64_t created;
    uint64_t updated;
};
/* Makes the findings of all noted keys anew. `found` (may be NULL) is called for findings that are
 * new or rose in level and are not explained. */
enum status parts_join(struct findings_db *db, struct parts_join_result *result,
                       void (*found)(struct str json, void *ctx), void *ctx,
                       struct err *err) MUST_CHECK;

/* Numbers and hashes the runner keeps between runs. 0 if never set. */
enum status parts_get_meta(struct findings_db *db, const char *name, uint64_t *out,
                           struct err *err) MUST_CHECK;
enum status parts_set_meta(struct findings_db *db, const char *name, uint64_t value,
                           struct err *err) MUST_CHECK;

/* Hashes (ioc_hash) of the indicators that the parts were made with, in any order; the caller
 * frees *out (mem_free). */
enum status parts_get_listed(struct findings_db *db, uint64_t **out, size_t *count,
                             struct err *err) MUST_CHECK;
enum status parts_set_listed(struct findings_db *db, const uint64_t *hashes, size_t count,
                             struct err *err) MUST_CHECK;

#endif
