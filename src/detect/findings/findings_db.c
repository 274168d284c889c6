#include "findings_db_priv.h"

#include "file_io.h"
#include "mem.h"
#include "num.h"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS part(analysis TEXT, key TEXT, day INTEGER, level INTEGER,"
    " explained INTEGER, first INTEGER, last INTEGER, count INTEGER, days TEXT, entities BLOB,"
    " reason_en TEXT, reason_ja TEXT, evaluable INTEGER, missing_en TEXT, missing_ja TEXT,"
    " explained_by TEXT, events BLOB, PRIMARY KEY(analysis, key, day, explained)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS part_day ON part(analysis, day);"
    "CREATE TABLE IF NOT EXISTS touched(analysis TEXT, key TEXT, PRIMARY KEY(analysis, key))"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS finding(id TEXT PRIMARY KEY, analysis TEXT, key TEXT,"
    " version INTEGER, level INTEGER, explained INTEGER, first INTEGER, last INTEGER,"
    " content INTEGER, kept INTEGER, json TEXT) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS finding_key ON finding(analysis, key);"
    "CREATE TABLE IF NOT EXISTS rule_hit(rule TEXT, event TEXT, level INTEGER, time INTEGER,"
    " json TEXT, PRIMARY KEY(rule, event)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS coverage(analysis TEXT, source TEXT, day INTEGER, state INTEGER,"
    " rows INTEGER, missing_en TEXT, missing_ja TEXT, setting_en TEXT, setting_ja TEXT,"
    " start INTEGER, end INTEGER, PRIMARY KEY(analysis, source, day)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS coverage_day ON coverage(analysis, day);"
    "CREATE TABLE IF NOT EXISTS listed(hash INTEGER PRIMARY KEY);";

static const char *const statements[SQL_STATEMENT_COUNT] = {
    [SQL_CLEAR_NOTE] = "INSERT OR IGNORE INTO touched SELECT DISTINCT analysis, key FROM part"
                       " WHERE analysis = ?1 AND day BETWEEN ?2 AND ?3",
    [SQL_CLEAR_PARTS] = "DELETE FROM part WHERE analysis = ?1 AND day BETWEEN ?2 AND ?3",
    [SQL_CLEAR_COVERAGE] = "DELETE FROM coverage WHERE analysis = ?1 AND day BETWEEN ?2 AND ?3",
    [SQL_PUT_PART] = "INSERT OR REPLACE INTO part VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,"
                     "?13,?14,?15,?16,?17)",
    [SQL_PUT_COVERAGE] = "INSERT INTO coverage VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
                         " ON CONFLICT DO UPDATE SET state = max(state, ?4),"
                         " rows = rows + ?5,"
                         " missing_en = CASE WHEN ?4 > state THEN ?6 ELSE missing_en END,"
                         " missing_ja = CASE WHEN ?4 > state THEN ?7 ELSE missing_ja END,"
                         " setting_en = CASE WHEN ?4 > state THEN ?8 ELSE setting_en END,"
                         " setting_ja = CASE WHEN ?4 > state THEN ?9 ELSE setting_ja END",
    [SQL_NOTE_KEY] = "INSERT OR IGNORE INTO touched VALUES(?1, ?2)",
    [SQL_TOUCHED] = "SELECT analysis, key FROM touched ORDER BY analysis, key",
    [SQL_PARTS_OF_KEY] = "SELECT day, level, explained, first, last, count, days, entities,"
                         " reason_en, reason_ja, evaluable, missing_en, missing_ja, explained_by,"
                         " events FROM part WHERE analysis = ?1 AND key = ?2"
                         " ORDER BY explained, day",
    [SQL_FINDING_GET] = "SELECT version, level, content FROM finding WHERE id = ?1",
    [SQL_FINDING_PUT] = "INSERT OR REPLACE INTO finding VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,1,?10)",
    [SQL_FINDING_KEEP] = "UPDATE finding SET kept = 1 WHERE id = ?1",
    [SQL_FINDING_DROP] = "DELETE FROM finding WHERE kept = 0 AND analysis = ?1 AND key = ?2",
    [SQL_GET_META] = "SELECT value FROM meta WHERE name = ?1",
    [SQL_SET_META] = "INSERT OR REPLACE INTO meta VALUES(?1, ?2)",
    [SQL_DROP_ABSENT] = "DELETE FROM coverage WHERE analysis = ?1 AND source = ''",
    [SQL_PUT_ABSENT] = "INSERT INTO coverage SELECT ?1, '', ?2, ?3, 0, ?4, ?5, '', '',"
                       " ?2 * 86400, (?2 + 1) * 86400"
                       " WHERE NOT EXISTS (SELECT 1 FROM coverage WHERE analysis = ?1)",
    [SQL_GET_LISTED] = "SELECT hash FROM listed",
    [SQL_CLEAR_LISTED] = "DELETE FROM listed",
    [SQL_PUT_LISTED] = "INSERT OR IGNORE INTO listed VALUES(?1)",
    [SQL_PUT_HIT] = "INSERT INTO rule_hit VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET"
                    " level = excluded.level, json = excluded.json WHERE json <> excluded.json",
};

enum status findings_fault(struct findings_db *db, struct err *err) {
    int code = sqlite3_errcode(db->sqlite);
    if (code == SQLITE_FULL || code == SQLITE_IOERR) {
        return err_set(err, STATUS_ENVIRONMENT,
                       "%s: %s; free space on this disk, or look for its faults", db->path,
                       sqlite3_errmsg(db->sqlite));
    }
    return err_set(err, STATUS_ENVIRONMENT,
                   "%s: %s; it holds results only: with the store closed it may be removed and is "
                   "made again by the next import",
                   db->path, sqlite3_errmsg(db->sqlite));
}

sqlite3_stmt *findings_statement(struct findings_db *db, enum findings_statement which,
                                 struct err *err) {
    sqlite3_stmt **statement = &db->statements[which];
    if (!*statement &&
        sqlite3_prepare_v2(db->sqlite, statements[which], -1, statement, NULL) != SQLITE_OK) {
        (void)!findings_fault(db, err);
        return NULL;
    }
    (void)sqlite3_reset(*statement);
    (void)sqlite3_clear_bindings(*statement);
    return *statement;
}

enum status findings_run(struct findings_db *db, sqlite3_stmt *statement, struct err *err) {
    int code = sqlite3_step(statement);
    (void)sqlite3_reset(statement);
    return code == SQLITE_DONE || code == SQLITE_ROW ? STATUS_OK : findings_fault(db, err);
}

void findings_bind_text(sqlite3_stmt *statement, int index, struct str text) {
    (void)sqlite3_bind_text(statement, index, text.len > 0 ? text.ptr : "", (int)text.len,
                            SQLITE_TRANSIENT);
}

struct str findings_column_text(sqlite3_stmt *statement, int index) {
    const void *bytes = sqlite3_column_blob(statement, index);
    int len = sqlite3_column_bytes(statement, index);
    return bytes && len > 0 ? str_make(bytes, (size_t)len) : STR_EMPTY;
}

static enum status execute(struct findings_db *db, const char *sql, struct err *err) {
    return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? STATUS_OK
                                                                        : findings_fault(db, err);
}

static enum status prepare_writing(struct findings_db *db, struct err *err) {
    (void)sqlite3_busy_timeout(db->sqlite, 10000);
    enum status status = execute(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL", err);
    return status == STATUS_OK ? execute(db, schema, err) : status;
}

/* "file:PATH?immutable=1", with what has a meaning in a URI escaped. */
static struct buf immutable_uri(const char *path) {
    struct buf uri = BUF_INIT;
    buf_add(&uri, STR("file:"));
    for (const char *c = path; *c != '\0'; c++) {
        if (*c == '%' || *c == '?' || *c == '#') {
            buf_printf(&uri, "%%%02X", (unsigned)*c);
        } else {
            buf_putc(&uri, *c);
        }
    }
    buf_add(&uri, STR("?immutable=1"));
    buf_putc(&uri, '\0');
    return uri;
}

/* Readers of a file in WAL mode make a file of shared memory beside it. Where nobody can (a
 * read-only medium, a full disk), nobody writes either: the file is read as one that stays as it
 * is, if no log is left that would have to be replayed first. */
static enum status read_as_immutable(struct findings_db *db, struct err *err) {
    struct buf log = BUF_INIT;
    struct file_map map = {0};
    buf_printf(&log, "%s-wal", db->path);
    enum status status = file_copy_from(&map, log.ptr, 0, err);
    size_t log_bytes = map.size_bytes;
    file_unmap(&map);
    buf_fini(&log);
    if (status != STATUS_NOT_FOUND && (status != STATUS_OK || log_bytes > 0)) {
        return findings_fault(db, err);
    }
    struct buf uri = immutable_uri(db->path);
    (void)sqlite3_close(db->sqlite);
    int code = sqlite3_open_v2(uri.ptr, &db->sqlite,
                               SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    buf_fini(&uri);
    return code == SQLITE_OK ? STATUS_OK : findings_fault(db, err);
}

static enum status prepare_reading(struct findings_db *db, struct err *err) {
    (void)sqlite3_busy_timeout(db->sqlite, 10000);
    int code = sqlite3_exec(db->sqlite, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
    bool no_room = code == SQLITE_CANTOPEN || code == SQLITE_IOERR || code == SQLITE_READONLY;
    return no_room ? read_as_immutable(db, err) : STATUS_OK;
}

enum status findings_db_open(struct findings_db **out, const char *store_dir, bool writable,
                             struct err *err) {
    struct findings_db *db = mem_calloc(1, sizeof *db);
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/findings.db", store_dir);
    db->path = mem_strdup(path.ptr, path.len);
    buf_fini(&path);
    int flags = writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    enum status status = STATUS_OK;
    int code = sqlite3_open_v2(db->path, &db->sqlite, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_CANTOPEN && !writable) {
        status = err_set(err, STATUS_NOT_FOUND,
                         "%s: not found: nothing was imported into this store yet", db->path);
    } else if (code != SQLITE_OK) {
        status = findings_fault(db, err);
    } else {
        status = writable ? prepare_writing(db, err) : prepare_reading(db, err);
    }
    if (status != STATUS_OK) {
        findings_db_close(&db);
        return status;
    }
    *out = db;
    return STATUS_OK;
}

void findings_db_close(struct findings_db **out) {
    struct findings_db *db = *out;
    *out = NULL;
    if (!db) {
        return;
    }
    for (size_t i = 0; i < SQL_STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(db->statements[i]);
    }
    (void)sqlite3_close(db->sqlite);
    mem_free(db->path);
    mem_free(db);
}

enum status findings_db_begin(struct findings_db *db, struct err *err) {
    enum status status = execute(db, "BEGIN IMMEDIATE", err);
    db->in_transaction = status == STATUS_OK;
    return status;
}

enum status findings_db_commit(struct findings_db *db, struct err *err) {
    db->in_transaction = false;
    enum status status = execute(db, "COMMIT", err);
    if (status != STATUS_OK) {
        (void)sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
    }
    return status;
}

void findings_db_rollback(struct findings_db *db) {
    if (db->in_transaction) {
        (void)sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
        db->in_transaction = false;
    }
}

/* --- reading --- */

struct visit_context {
    struct findings_db *db;
    const struct findings_query *query;
    findings_visit_fn *visit;
    void *ctx;
    bool stopped;
};

static enum status visit_rows(struct visit_context *v, struct str kind, const char *sql,
                              struct err *err) {
    const struct findings_query *query = v->query;
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(v->db->sqlite, sql, -1, &statement, NULL) != SQLITE_OK) {
        return findings_fault(v->db, err);
    }
    findings_bind_text(statement, 1, query->id);
    findings_bind_text(statement, 2, query->analysis);
    (void)sqlite3_bind_int(statement, 3, (int)query->level);
    (void)sqlite3_bind_int(statement, 4, query->suppressed);
    (void)sqlite3_bind_int(statement, 5, (int)query->coverage);
    int code;
    while (!v->stopped && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        v->stopped = !v->visit(kind, findings_column_text(statement, 0), v->ctx);
    }
    bool failed = !v->stopped && code != SQLITE_DONE;
    (void)sqlite3_finalize(statement);
    return failed ? findings_fault(v->db, err) : STATUS_OK;
}

/* As rule_hit_format writes it; a text inside a JSON string has its quotes escaped. */
#define HIT_SUPPRESSED "',\"suppressed\":true,'"

static const char visit_findings[] =
    "SELECT json FROM finding WHERE (?1 = '' OR substr(id, 1, length(?1)) = ?1)"
    " AND (?2 = '' OR analysis = ?2 COLLATE NOCASE) AND level >= ?3 AND explained = ?4"
    " ORDER BY first, analysis, id";
static const char visit_hits[] = "SELECT json FROM rule_hit WHERE (?1 = '' OR substr(event, 1, 12 "
                                 "+ length(?1)) = 'correlation ' || ?1)"
                                 " AND (?2 = '' OR rule = ?2) AND level >= ?3"
                                 " AND (instr(json, " HIT_SUPPRESSED ") > 0) = ?4"
                                 " ORDER BY time, rule, event";
/* Days of one state are drawn together; gaps stay gaps. */
static const char visit_coverage[] =
    "SELECT json_object('coverage', json_object('analysis', analysis, 'source', source, 'state',"
    " CASE state WHEN 0 THEN 'full' WHEN 1 THEN 'degraded' WHEN 2 THEN 'no' ELSE 'not_applicable'"
    " END, 'from', strftime('%Y-%m-%dT%H:%M:%S.000000000Z', min(start), 'unixepoch'),"
    " 'to', strftime('%Y-%m-%dT%H:%M:%S.000000000Z', max(end), 'unixepoch'),"
    " 'rows', sum(rows),"
    " 'missing', CASE WHEN missing_en = '' THEN json_array() ELSE"
    " json_array(json_object('en', missing_en, 'ja', missing_ja)) END,"
    " 'setting', json_object('en', setting_en, 'ja', setting_ja)))"
    " FROM (SELECT *, day - row_number() OVER (PARTITION BY analysis, source, state, missing_en"
    " ORDER BY day) AS run FROM coverage WHERE ?1 = ''"
    " AND (?2 = '' OR analysis = ?2 COLLATE NOCASE) AND ?3 >= 0 AND ?4 >= 0"
    " AND (?5 = 2 OR state > 0))"
    " GROUP BY analysis, source, state, missing_en, run ORDER BY analysis, source, min(day)";

enum status findings_db_visit(struct findings_db *db, const struct findings_query *query,
                              findings_visit_fn *visit, void *ctx, struct err *err) {
    struct visit_context v = {db, query, visit, ctx, false};
    enum status status = visit_rows(&v, STR("finding"), visit_findings, err);
    if (status == STATUS_OK) {
        status = visit_rows(&v, STR("rule"), visit_hits, err);
    }
    if (status == STATUS_OK && query->coverage != COVERAGE_NONE && !query->suppressed) {
        status = visit_rows(&v, STR("coverage"), visit_coverage, err);
    }
    return status;
}

static enum status count_rows(struct findings_db *db, const char *sql, uint64_t *out, size_t len,
                              struct err *err) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL) != SQLITE_OK) {
        return findings_fault(db, err);
    }
    while (sqlite3_step(statement) == SQLITE_ROW) {
        int64_t slot = sqlite3_column_int64(statement, 0);
        if (slot >= 0 && (uint64_t)slot < len) {
            out[slot] = (uint64_t)sqlite3_column_int64(statement, 1);
        }
    }
    (void)sqlite3_finalize(statement);
    return STATUS_OK;
}

enum status findings_db_totals(struct findings_db *db, struct findings_totals *out,
                               struct err *err) {
    memset(out, 0, sizeof *out);
    enum status status =
        count_rows(db, "SELECT level, count(*) FROM finding WHERE explained = 0 GROUP BY level",
                   out->by_level, LEVEL_CRITICAL + 1, err);
    if (status == STATUS_OK) {
        status = count_rows(db, "SELECT 0, count(*) FROM finding WHERE explained = 1",
                            &out->suppressed, 1, err);
    }
    if (status == STATUS_OK) {
        uint64_t hits[2] = {0, 0};
        status = count_rows(db,
                            "SELECT instr(json, " HIT_SUPPRESSED ") > 0, count(*)"
                            " FROM rule_hit GROUP BY 1",
                            hits, 2, err);
        out->rule_hits = hits[0];
        out->suppressed += hits[1];
    }
    return status == STATUS_OK
               ? count_rows(db,
                            "SELECT 0, count(*) FROM (SELECT analysis, source FROM coverage"
                            " GROUP BY analysis, source HAVING min(state) = 2)",
                            &out->not_evaluable, 1, err)
               : status;
}
