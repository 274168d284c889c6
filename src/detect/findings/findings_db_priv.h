/* The SQLite handle and its statements, for findings_db.c, findings_parts.c, findings_hits.c. */
#ifndef KONSEKI_FINDINGS_DB_PRIV_H
#define KONSEKI_FINDINGS_DB_PRIV_H

#include <sqlite3.h>

#include "findings_db.h"

enum findings_statement {
    SQL_CLEAR_NOTE,
    SQL_CLEAR_PARTS,
    SQL_CLEAR_COVERAGE,
    SQL_PUT_PART,
    SQL_PUT_COVERAGE,
    SQL_NOTE_KEY,
    SQL_TOUCHED,
    SQL_PARTS_OF_KEY,
    SQL_FINDING_GET,
    SQL_FINDING_PUT,
    SQL_FINDING_KEEP,
    SQL_FINDING_DROP,
    SQL_GET_META,
    SQL_SET_META,
    SQL_PUT_HIT,
    SQL_DROP_ABSENT,
    SQL_PUT_ABSENT,
    SQL_GET_LISTED,
    SQL_CLEAR_LISTED,
    SQL_PUT_LISTED,
    SQL_STATEMENT_COUNT
};

struct findings_db {
    sqlite3 *sqlite;
    sqlite3_stmt *statements[SQL_STATEMENT_COUNT];
    char *path;
    bool in_transaction;
};

/* The statement, reset and without bindings; NULL (and err set) if it cannot be prepared. */
sqlite3_stmt *findings_statement(struct findings_db *db, enum findings_statement which,
                                 struct err *err);
/* Runs a statement that returns no rows. */
enum status findings_run(struct findings_db *db, sqlite3_stmt *statement,
                         struct err *err) MUST_CHECK;
enum status findings_fault(struct findings_db *db, struct err *err) MUST_CHECK;
void findings_bind_text(sqlite3_stmt *statement, int index, struct str text);
/* Valid until the statement steps. */
struct str findings_column_text(sqlite3_stmt *statement, int index);

/* A hit as it is kept: one row for each rule and event, written again when it comes again. */
struct findings_hit {
    struct str rule_id;
    struct str event; /* the event's id, or that of a correlation's stretch */
    enum finding_level level;
    int64_t time_ns;
    struct str json;
};
enum status findings_put_hit(struct findings_db *db, const struct findings_hit *hit,
                             struct err *err) MUST_CHECK;

/* "rule":{...}; `type` is left out if it is empty. */
void rule_hit_format_rule(struct buf *out, const struct rule_hit *hit, struct str type);

#endif
