/*
 * The findings file: DIR/findings.db (SQLite, WAL mode). Holds the drafts day by day (`part`),
 * the findings joined from them (`finding`), hits of Sigma rules (`rule_hit`), what was covered
 * (`coverage`) and how far the runner came (`meta`).
 *
 * Everything in it can be made again from the store; it is no evidence. One writer: the runner's
 * transaction (begin .. commit). Readers see the last commit.
 * Format: docs/formats/findings.md.
 */
#ifndef KONSEKI_FINDINGS_DB_H
#define KONSEKI_FINDINGS_DB_H

#include "batch.h"
#include "buf.h"
#include "err.h"
#include "finding.h"
#include "sigma_correlator.h"

struct findings_db;

/* `store_dir` is the folder of the store. Readers need no place to write: a store on a read-only
 * medium or a full disk has its findings, too. */
enum status findings_db_open(struct findings_db **out, const char *store_dir, bool writable,
                             struct err *err) MUST_CHECK;
void findings_db_close(struct findings_db **db);
enum status findings_db_begin(struct findings_db *db, struct err *err) MUST_CHECK;
enum status findings_db_commit(struct findings_db *db, struct err *err) MUST_CHECK;
void findings_db_rollback(struct findings_db *db);

/* --- Sigma --- */

struct rule_hit {
    struct str rule_id;
    struct str title;
    struct str path; /* of the rule file */
    enum finding_level level;
    const struct str *tags;
    size_t tag_count;
    const uint32_t *fields; /* whose values made the rule match */
    size_t field_count;
    struct str suppressed_by; /* "owner: reason" of the site file; empty: it counts */
};
/* Keeps one (rule, event) pair, as one jsonl line of `findings`. Call inside begin/commit, after
 * store_append numbered the row. A pair that is there already is replaced if it says otherwise now
 * (level, suppression). */
enum status findings_db_add_rule_hit(struct findings_db *db, const struct rule_hit *hit,
                                     const struct batch *batch, const struct row *row,
                                     struct err *err) MUST_CHECK;
/* The JSON object of such a hit (no newline), as `scan` prints it too; appended to out. */
void rule_hit_format(struct buf *out, const struct rule_hit *hit, const struct batch *batch,
                     const struct row *row);

/* A hit of a correlation, whose places are "source NUL file" and the sequence of the source. It
 * replaces what was kept under the same id. */
enum status findings_db_add_correlation_hit(struct findings_db *db, const struct rule_hit *rule,
                                            const struct sigma_correlation_hit *hit,
                                            struct err *err) MUST_CHECK;
void correlation_hit_format(struct buf *out, const struct rule_hit *rule,
                            const struct sigma_correlation_hit *hit);

/* --- reading --- */

enum findings_coverage {
    COVERAGE_NONE,
    COVERAGE_GAPS, /* what could not, or not fully, be evaluated */
    COVERAGE_ALL
};

struct findings_query {
    struct str id;            /* one finding, or hit of a correlation: the beginning of its id;
                                 empty: all */
    struct str analysis;      /* id of an analysis or a rule; empty: all */
    enum finding_level level; /* at least */
    bool suppressed;          /* the explained ones (only these) */
    enum findings_coverage coverage;
};

/* One object in the form of DESIGN "jsonl contracts" (no newline). `kind` is "finding", "rule" or
 * "coverage". Return false to stop. */
typedef bool findings_visit_fn(struct str kind, struct str json, void *ctx);
/* Findings by first time, then rule hits by time, then coverage. */
enum status findings_db_visit(struct findings_db *db, const struct findings_query *query,
                              findings_visit_fn *visit, void *ctx, struct err *err) MUST_CHECK;

struct findings_totals {
    uint64_t by_level[LEVEL_CRITICAL + 1]; /* of analyses, without the suppressed */
    uint64_t suppressed;
    uint64_t rule_hits;
    uint64_t not_evaluable; /* pairs of analysis and source */
};
enum status findings_db_totals(struct findings_db *db, struct findings_totals *out,
                               struct err *err) MUST_CHECK;

#endif
