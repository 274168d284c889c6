/*
 * Joins the parts of a key into findings: following parts whose days lie at most join_gap_days
 * apart, explained and unexplained ones apart from each other. Of a chain: the highest level, the
 * reason of the latest part of that level, all entities, exact count, first 50 and last 50 events.
 */
#include <stdio.h>
#include <stdlib.h>

#include "findings_db_priv.h"
#include "findings_parts.h"
#include "hash.h"
#include "json_out.h"
#include "mem.h"
#include "num.h"

enum { ENTITY_VALUES_MAX = 100 };

struct event_line {
    int64_t time_ns;
    struct str json;
};

struct chain {
    struct arena arena; /* texts of the parts */
    const struct analysis *analysis;
    struct str key;
    bool open;
    bool explained;
    int32_t first_day;
    int32_t last_day;
    int level;
    int64_t first_ns;
    int64_t last_ns;
    int evaluable;
    struct text2 reason;
    struct text2 missing;
    struct str explained_by;
    struct str *entities[ENTITY_KEY_COUNT]; /* escaped values */
    size_t entity_count[ENTITY_KEY_COUNT];
    size_t entity_capacity[ENTITY_KEY_COUNT];
    struct day_count *days;
    size_t day_count;
    size_t day_capacity;
    struct event_line *events;
    size_t event_count;
    size_t event_capacity;
};

struct join {
    struct findings_db *db;
    struct parts_join_result *result;
    void (*found)(struct str json, void *ctx);
    void *ctx;
    struct err *err;
    struct chain chain;
};

static void chain_clear(struct chain *c) {
    arena_reset(&c->arena);
    memset(c->entity_count, 0, sizeof c->entity_count);
    c->day_count = 0;
    c->event_count = 0;
    c->open = false;
}

static void chain_fini(struct chain *c) {
    arena_fini(&c->arena);
    for (size_t k = 0; k < ENTITY_KEY_COUNT; k++) {
        mem_free(c->entities[k]);
    }
    mem_free(c->days);
    mem_free(c->events);
}

/* --- taking a part in --- */

static void add_entity(struct chain *c, enum entity_key key, struct str value) {
    for (size_t i = 0; i < c->entity_count[key]; i++) {
        if (str_eq(c->entities[key][i], value)) {
            return;
        }
    }
    if (c->entity_count[key] < ENTITY_VALUES_MAX) {
        MEM_GROW(c->entities[key], c->entity_capacity[key], c->entity_count[key] + 1);
        c->entities[key][c->entity_count[key]++] = arena_str(&c->arena, value);
    }
}

static void add_entities(struct chain *c, struct str text) {
    struct str line;
    while (str_split_next(&line, &text, '\n')) {
        size_t tab = str_find_char(line, '\t');
        enum entity_key key = entity_key_find(str_head(line, tab));
        if (tab != STR_NONE && key != ENTITY_KEY_COUNT) {
            add_entity(c, key, str_skip(line, tab + 1));
        }
    }
}

static void add_day(struct chain *c, int32_t day, uint64_t count) {
    for (size_t i = 0; i < c->day_count; i++) {
        if (c->days[i].day == day) {
            c->days[i].count = count > c->days[i].count ? count : c->days[i].count;
            return;
        }
    }
    MEM_GROW(c->days, c->day_capacity, c->day_count + 1);
    c->days[c->day_count++] = (struct day_count){day, count};
}

static void add_days(struct chain *c, struct str text) {
    struct str word;
    while (str_word_next(&word, &text)) {
        size_t colon = str_find_char(word, ':');
        int64_t day;
        uint64_t count;
        if (colon != STR_NONE && num_parse_i64(&day, str_head(word, colon)) &&
            num_parse_u64(&count, str_skip(word, colon + 1))) {
            add_day(c, (int32_t)day, count);
        }
    }
}

static void add_events(struct chain *c, struct str text) {
    struct str line;
    while (str_split_next(&line, &text, '\n')) {
        size_t tab = str_find_char(line, '\t');
        int64_t time_ns;
        if (tab == STR_NONE || !num_parse_i64(&time_ns, str_head(line, tab))) {
            continue;
        }
        MEM_GROW(c->events, c->event_capacity, c->event_count + 1);
        c->events[c->event_count++] =
            (struct event_line){time_ns, arena_str(&c->arena, str_skip(line, tab + 1))};
    }
}

static void chain_begin(struct chain *c, sqlite3_stmt *s) {
    chain_clear(c);
    c->open = true;
    c->first_day = sqlite3_column_int(s, 0);
    c->level = -1;
    c->explained = sqlite3_column_int(s, 2) != 0;
    c->first_ns = sqlite3_column_int64(s, 3);
    c->last_ns = sqlite3_column_int64(s, 4);
    c->evaluable = EVALUABLE_FULL;
    c->missing = (struct text2){STR_EMPTY, STR_EMPTY};
}

static struct str column_copy(struct chain *c, sqlite3_stmt *s, int column) {
    return arena_str(&c->arena, findings_column_text(s, column));
}

static void chain_add(struct chain *c, sqlite3_stmt *s) {
    int level = sqlite3_column_int(s, 1);
    int64_t first_ns = sqlite3_column_int64(s, 3);
    int64_t last_ns = sqlite3_column_int64(s, 4);
    c->last_day = sqlite3_column_int(s, 0);
    c->first_ns = first_ns < c->first_ns ? first_ns : c->first_ns;
    c->last_ns = last_ns > c->last_ns ? last_ns : c->last_ns;
    if (level >= c->level) {
        c->level = level;
        c->reason = (struct text2){column_copy(c, s, 8), column_copy(c, s, 9)};
        c->evaluable = sqlite3_column_int(s, 10);
        c->missing = (struct text2){column_copy(c, s, 11), column_copy(c, s, 12)};
        c->explained_by = column_copy(c, s, 13);
    }
    add_days(c, findings_column_text(s, 6));
    add_entities(c, findings_column_text(s, 7));
    add_events(c, findings_column_text(s, 14));
}

/* --- the finding --- */

static int compare_events(const void *a, const void *b) {
    const struct event_line *x = a;
    const struct event_line *y = b;
    return x->time_ns != y->time_ns ? (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns)
                                    : str_compare(x->json, y->json);
}

/* Sorts, drops what is there twice, keeps the first 50 and the last 50. */
static void settle_events(struct chain *c) {
    size_t kept = 0;
    qsort(c->events, c->event_count, sizeof *c->events, compare_events);
    for (size_t i = 0; i < c->event_count; i++) {
        if (kept == 0 || compare_events(&c->events[kept - 1], &c->events[i]) != 0) {
            c->events[kept++] = c->events[i];
        }
    }
    if (kept > EVIDENCE_HEAD + EVIDENCE_TAIL) {
        memmove(c->events + EVIDENCE_HEAD, c->events + kept - EVIDENCE_TAIL,
                EVIDENCE_TAIL * sizeof *c->events);
        kept = EVIDENCE_HEAD + EVIDENCE_TAIL;
    }
    c->event_count = kept;
}

static void format_text2(struct buf *out, struct text2 text) {
    buf_printf(out, "{\"en\":");
    json_out_string(out, text.en);
    buf_printf(out, ",\"ja\":");
    json_out_string(out, text.ja);
    buf_putc(out, '}');
}

static void format_advice(struct buf *out, const char *name, const struct analysis_advice *list) {
    buf_printf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < ANALYSIS_ADVICE_MAX && list[i].en; i++) {
        if (i > 0) {
            buf_putc(out, ',');
        }
        format_text2(out, (struct text2){str_from_c(list[i].en), str_from_c(list[i].ja)});
    }
    buf_putc(out, ']');
}

static int compare_strs(const void *a, const void *b) {
    const struct str *x = a;
    const struct str *y = b;
    return str_compare(*x, *y);
}

static void format_entities(struct buf *out, struct chain *c) {
    bool first = true;
    buf_printf(out, ",\"entities\":{");
    for (size_t k = 0; k < ENTITY_KEY_COUNT; k++) {
        if (c->entity_count[k] == 0) {
            continue;
        }
        qsort(c->entities[k], c->entity_count[k], sizeof(struct str), compare_strs);
        struct str name = entity_key_name((enum entity_key)k);
        buf_printf(out, "%s\"%.*s\":[", first ? "" : ",", STR_ARG(name));
        first = false;
        for (size_t i = 0; i < c->entity_count[k]; i++) {
            buf_printf(out, "%s\"", i > 0 ? "," : "");
            buf_add(out, c->entities[k][i]);
            buf_putc(out, '"');
        }
        buf_putc(out, ']');
    }
    buf_putc(out, '}');
}

static void format_time(struct buf *out, const char *name, int64_t time_ns) {
    char text[CIVIL_RFC3339_BYTES];
    size_t len = civil_format_rfc3339(text, time_ns);
    buf_printf(out, ",\"%s\":\"%.*s\"", name, (int)len, text);
}

static uint64_t chain_count(const struct chain *c) {
    uint64_t total = 0;
    for (size_t i = 0; i < c->day_count; i++) {
        total += c->days[i].count;
    }
    return total;
}

/* All of the object but its opening with id and version. */
static void format_body(struct buf *out, struct chain *c) {
    const struct analysis *a = c->analysis;
    buf_printf(out, ",\"analysis\":\"%s\",\"name\":", a->id);
    format_text2(out, (struct text2){str_from_c(a->name_en), str_from_c(a->name_ja)});
    struct str level = finding_level_name((enum finding_level)c->level);
    buf_printf(out, ",\"attack\":\"%s\",\"level\":\"%.*s\"", a->attack, STR_ARG(level));
    format_entities(out, c);
    format_time(out, "first", c->first_ns);
    format_time(out, "last", c->last_ns);
    buf_printf(out, ",\"count\":%llu,\"reason\":", (unsigned long long)chain_count(c));
    format_text2(out, c->reason);
    buf_printf(out, ",\"events\":[");
    for (size_t i = 0; i < c->event_count; i++) {
        if (i > 0) {
            buf_putc(out, ',');
        }
        buf_add(out, c->events[i].json);
    }
    buf_putc(out, ']');
    format_advice(out, "next", a->next);
    format_advice(out, "do_not", a->do_not);
    struct str evaluable = evaluable_name((enum evaluable)c->evaluable);
    buf_printf(out, ",\"evaluable\":\"%.*s\",\"missing\":[", STR_ARG(evaluable));
    if (c->missing.en.len > 0) {
        format_text2(out, c->missing);
    }
    buf_putc(out, ']');
    if (c->explained) {
        buf_printf(out, ",\"suppressed\":true,\"suppressed_by\":");
        json_out_string(out, c->explained_by);
    }
    buf_putc(out, '}');
}

static uint64_t finding_hash(const struct chain *c) {
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s\n%.*s\n%d%s", c->analysis->id, STR_ARG(c->key), c->first_day,
               c->explained ? "\nexplained" : "");
    uint64_t hash = hash_str(buf_str(&text));
    buf_fini(&text);
    return hash;
}

static enum status keep_finding(struct join *j, struct str id) {
    sqlite3_stmt *s = findings_statement(j->db, SQL_FINDING_KEEP, j->err);
    if (!s) {
        return STATUS_ENVIRONMENT;
    }
    findings_bind_text(s, 1, id);
    return findings_run(j->db, s, j->err);
}

static enum status put_finding(struct join *j, struct str id, int version, uint64_t content,
                               struct str json) {
    const struct chain *c = &j->chain;
    sqlite3_stmt *s = findings_statement(j->db, SQL_FINDING_PUT, j->err);
    if (!s) {
        return STATUS_ENVIRONMENT;
    }
    findings_bind_text(s, 1, id);
    findings_bind_text(s, 2, str_from_c(c->analysis->id));
    findings_bind_text(s, 3, c->key);
    (void)sqlite3_bind_int(s, 4, version);
    (void)sqlite3_bind_int(s, 5, c->level);
    (void)sqlite3_bind_int(s, 6, c->explained);
    (void)sqlite3_bind_int64(s, 7, c->first_ns);
    (void)sqlite3_bind_int64(s, 8, c->last_ns);
    (void)sqlite3_bind_int64(s, 9, (int64_t)content);
    findings_bind_text(s, 10, json);
    return findings_run(j->db, s, j->err);
}

struct stored_finding {
    bool there;
    int version;
    int level;
    uint64_t content;
};

static enum status get_stored(struct join *j, struct str id, struct stored_finding *out) {
    sqlite3_stmt *s = findings_statement(j->db, SQL_FINDING_GET, j->err);
    if (!s) {
        return STATUS_ENVIRONMENT;
    }
    findings_bind_text(s, 1, id);
    out->there = sqlite3_step(s) == SQLITE_ROW;
    out->version = out->there ? sqlite3_column_int(s, 0) : 0;
    out->level = out->there ? sqlite3_column_int(s, 1) : -1;
    out->content = out->there ? (uint64_t)sqlite3_column_int64(s, 2) : 0;
    (void)sqlite3_reset(s);
    return STATUS_OK;
}

static void announce(struct join *j, const struct stored_finding *before, struct str json) {
    if (before->there) {
        j->result->updated++;
    } else {
        j->result->created++;
    }
    if (j->found && !j->chain.explained && j->chain.level > before->level) {
        j->found(json, j->ctx);
    }
}

/* Writes the chain's finding if it differs from the stored one. */
static enum status chain_end(struct join *j) {
    struct chain *c = &j->chain;
    char id[17];
    struct stored_finding before;
    struct buf body = BUF_INIT;
    struct buf json = BUF_INIT;
    if (!c->open) {
        return STATUS_OK;
    }
    settle_events(c);
    (void)snprintf(id, sizeof id, "%016llx", (unsigned long long)finding_hash(c));
    format_body(&body, c);
    uint64_t content = hash_str(buf_str(&body));
    enum status status = get_stored(j, str_from_c(id), &before);
    if (status == STATUS_OK && before.there && before.content == content) {
        status = keep_finding(j, str_from_c(id));
    } else if (status == STATUS_OK) {
        buf_printf(&json, "{\"id\":\"%s\",\"version\":%d", id, before.version + 1);
        buf_add(&json, buf_str(&body));
        status = put_finding(j, str_from_c(id), before.version + 1, content, buf_str(&json));
        announce(j, &before, buf_str(&json));
    }
    chain_clear(c);
    buf_fini(&body);
    buf_fini(&json);
    return status;
}

static enum status join_parts(struct join *j, sqlite3_stmt *s) {
    struct chain *c = &j->chain;
    int code;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
        int32_t day = sqlite3_column_int(s, 0);
        bool explained = sqlite3_column_int(s, 2) != 0;
        if (!c->open || explained != c->explained ||
            day - c->last_day > c->analysis->join_gap_days) {
            status = chain_end(j);
            chain_begin(c, s);
        }
        chain_add(c, s);
    }
    return status == STATUS_OK ? chain_end(j) : status;
}

static enum status drop_old(struct join *j, struct str analysis, struct str key) {
    sqlite3_stmt *s = findings_statement(j->db, SQL_FINDING_DROP, j->err);
    if (!s) {
        return STATUS_ENVIRONMENT;
    }
    findings_bind_text(s, 1, analysis);
    findings_bind_text(s, 2, key);
    return findings_run(j->db, s, j->err);
}

static enum status join_key(struct join *j, struct str analysis, struct str key) {
    j->chain.analysis = analysis_find(analysis);
    j->chain.key = key;
    if (!j->chain.analysis) {
        return STATUS_OK; /* of another version of the program: left as it is */
    }
    sqlite3_stmt *s = findings_statement(j->db, SQL_PARTS_OF_KEY, j->err);
    if (!s) {
        return STATUS_ENVIRONMENT;
    }
    findings_bind_text(s, 1, analysis);
    findings_bind_text(s, 2, key);
    enum status status = join_parts(j, s);
    (void)sqlite3_reset(s);
    return status == STATUS_OK ? drop_old(j, analysis, key) : status;
}

static enum status run_plain(struct findings_db *db, const char *sql, struct err *err) {
    return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? STATUS_OK
                                                                        : findings_fault(db, err);
}

enum status parts_join(struct findings_db *db, struct parts_join_result *result,
                       void (*found)(struct str json, void *ctx), void *ctx, struct err *err) {
    struct join j = {.db = db, .result = result, .found = found, .ctx = ctx, .err = err};
    struct buf analysis = BUF_INIT;
    struct buf key = BUF_INIT;
    *result = (struct parts_join_result){0, 0};
    enum status status =
        run_plain(db,
                  "UPDATE finding SET kept = 0 WHERE kept = 1 AND EXISTS (SELECT 1 FROM touched t"
                  " WHERE t.analysis = finding.analysis AND t.key = finding.key)",
                  err);
    sqlite3_stmt *touched = findings_statement(db, SQL_TOUCHED, err);
    if (!touched) {
        status = STATUS_ENVIRONMENT;
    }
    while (status == STATUS_OK && sqlite3_step(touched) == SQLITE_ROW) {
        buf_clear(&analysis);
        buf_clear(&key);
        buf_add(&analysis, findings_column_text(touched, 0));
        buf_add(&key, findings_column_text(touched, 1));
        status = join_key(&j, buf_str(&analysis), buf_str(&key));
    }
    if (touched) {
        (void)sqlite3_reset(touched);
    }
    if (status == STATUS_OK) {
        status = run_plain(db, "DELETE FROM touched", err);
    }
    chain_fini(&j.chain);
    buf_fini(&analysis);
    buf_fini(&key);
    return status;
}
