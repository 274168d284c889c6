/*
 * Parts as rows of the findings file. Lists are kept as text that needs no parser of its own:
 *   entities  "key TAB value" lines, the value escaped as in a JSON string
 *   days      "day:count" separated by blanks
 *   events    "time_ns TAB json" lines, in time order
 */
#include "findings_parts.h"

#include "findings_db_priv.h"
#include "json_out.h"
#include "mem.h"

static enum status run_range(struct findings_db *db, enum findings_statement which,
                             const struct analysis *analysis, int32_t from_day, int32_t to_day,
                             struct err *err) {
    sqlite3_stmt *statement = findings_statement(db, which, err);
    if (!statement) {
        return STATUS_ENVIRONMENT;
    }
    findings_bind_text(statement, 1, str_from_c(analysis->id));
    (void)sqlite3_bind_int(statement, 2, from_day);
    (void)sqlite3_bind_int(statement, 3, to_day);
    return findings_run(db, statement, err);
}

enum status parts_clear(struct findings_db *db, const struct analysis *analysis, int32_t from_day,
                        int32_t to_day, struct err *err) {
    static const enum findings_statement order[] = {SQL_CLEAR_NOTE, SQL_CLEAR_PARTS,
                                                    SQL_CLEAR_COVERAGE};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < 3 && status == STATUS_OK; i++) {
        status = run_range(db, order[i], analysis, from_day, to_day, err);
    }
    return status;
}

enum status parts_clear_said(struct findings_db *db, const struct analysis *analysis,
                             int32_t from_day, int32_t to_day, struct err *err) {
    enum status status = run_range(db, SQL_CLEAR_NOTE, analysis, from_day, to_day, err);
    return status == STATUS_OK ? run_range(db, SQL_CLEAR_PARTS, analysis, from_day, to_day, err)
                               : status;
}

static void format_entities(struct buf *out, const struct finding_draft *draft) {
    for (size_t i = 0; i < draft->entity_count; i++) {
        buf_add(out, entity_key_name(draft->entities[i].key));
        buf_putc(out, '\t');
        json_out_escaped(out, draft->entities[i].value);
        buf_putc(out, '\n');
    }
}

static void format_days(struct buf *out, const struct part *part) {
    const struct finding_draft *draft = part->draft;
    if (draft->day_count == 0) {
        uint64_t count = draft->count > draft->event_count ? draft->count : draft->event_count;
        buf_printf(out, "%d:%llu", part->day, (unsigned long long)count);
    }
    for (size_t i = 0; i < draft->day_count; i++) {
        buf_printf(out, "%s%d:%llu", i > 0 ? " " : "", draft->days[i].day,
                   (unsigned long long)draft->days[i].count);
    }
}

static void format_place(struct buf *out, const struct evidence *event,
                         const struct intern *names) {
    bool in_file = event->line > 0 || event->record_id > 0;
    if (event->origin != INTERN_NONE) {
        buf_printf(out, in_file ? "\"file\":" : "\"peer\":");
        json_out_string(out, intern_text(names, event->origin));
        buf_putc(out, ',');
    }
    if (event->line > 0) {
        buf_printf(out, "\"line\":%u,", event->line);
    }
    if (event->record_id > 0) {
        buf_printf(out, "\"record_id\":%llu,\"idx\":%u,", (unsigned long long)event->record_id,
                   event->idx);
    }
    if (!in_file) {
        buf_printf(out, "\"seq\":%llu,", (unsigned long long)event->sequence);
    }
}

static void format_event(struct buf *out, const struct evidence *event,
                         const struct intern *names) {
    char time[CIVIL_RFC3339_BYTES];
    struct str source = intern_text(names, event->source);
    size_t len = civil_format_rfc3339(time, event->time_ns);
    buf_printf(out, "%lld\t{", (long long)event->time_ns);
    format_place(out, event, names);
    buf_printf(out, "\"@timestamp\":\"%.*s\",\"source\":", (int)len, time);
    json_out_string(out, source);
    buf_printf(out, ",\"id\":\"");
    json_out_escaped(out, source);
    buf_printf(out, "-%llu\"}\n", (unsigned long long)event->sequence);
}

/* At most the first 50 and the last 50. */
static void format_events(struct buf *out, const struct part *part) {
    const struct finding_draft *draft = part->draft;
    size_t head = draft->event_count < EVIDENCE_HEAD ? draft->event_count : EVIDENCE_HEAD;
    size_t tail = draft->event_count - head;
    tail = tail < EVIDENCE_TAIL ? tail : EVIDENCE_TAIL;
    for (size_t i = 0; i < head; i++) {
        format_event(out, &draft->events[i], part->names);
    }
    for (size_t i = draft->event_count - tail; i < draft->event_count; i++) {
        format_event(out, &draft->events[i], part->names);
    }
}

static uint64_t total_count(const struct finding_draft *draft) {
    uint64_t total = 0;
    for (size_t i = 0; i < draft->day_count; i++) {
        total += draft->days[i].count;
    }
    if (draft->day_count == 0) {
        total = draft->count > draft->event_count ? draft->count : draft->event_count;
    }
    return total;
}

static void bind_part(sqlite3_stmt *s, const struct part *part) {
    const struct finding_draft *draft = part->draft;
    struct buf text = BUF_INIT;
    findings_bind_text(s, 1, str_from_c(part->analysis->id));
    findings_bind_text(s, 2, draft->key);
    (void)sqlite3_bind_int(s, 3, part->day);
    (void)sqlite3_bind_int(s, 4, (int)draft->level);
    (void)sqlite3_bind_int(s, 5, draft->suppress);
    (void)sqlite3_bind_int64(s, 6, draft->events[0].time_ns);
    (void)sqlite3_bind_int64(s, 7, draft->events[draft->event_count - 1].time_ns);
    (void)sqlite3_bind_int64(s, 8, (int64_t)total_count(draft));
    format_days(&text, part);
    findings_bind_text(s, 9, buf_str(&text));
    buf_clear(&text);
    format_entities(&text, draft);
    findings_bind_text(s, 10, buf_str(&text));
    findings_bind_text(s, 11, draft->reason.en);
    findings_bind_text(s, 12, draft->reason.ja);
    (void)sqlite3_bind_int(s, 13, (int)draft->evaluable);
    findings_bind_text(s, 14, draft->missing.en);
    findings_bind_text(s, 15, draft->missing.ja);
    findings_bind_text(s, 16, draft->suppressed_by);
    buf_clear(&text);
    format_events(&text, part);
    findings_bind_text(s, 17, buf_str(&text));
    buf_fini(&text);
}

enum status parts_put(struct findings_db *db, const struct part *part, struct err *err) {
    sqlite3_stmt *note = findings_statement(db, SQL_NOTE_KEY, err);
    sqlite3_stmt *put = note ? findings_statement(db, SQL_PUT_PART, err) : NULL;
    if (!put) {
        return STATUS_ENVIRONMENT;
    }
    findings_bind_text(note, 1, str_from_c(part->analysis->id));
    findings_bind_text(note, 2, part->draft->key);
    enum status status = findings_run(db, note, err);
    if (status != STATUS_OK) {
        return status;
    }
    bind_part(put, part);
    return findings_run(db, put, err);
}

enum status parts_put_coverage(struct findings_db *db, const struct part_coverage *coverage,
                               struct err *err) {
    sqlite3_stmt *s = findings_statement(db, SQL_PUT_COVERAGE, err);
    if (!s) {
        return STATUS_ENVIRONMENT;
    }
    const struct coverage_note *note = coverage->note;
    findings_bind_text(s, 1, str_from_c(coverage->analysis->id));
    findings_bind_text(s, 2, note->source);
    (void)sqlite3_bind_int(s, 3, coverage->day);
    (void)sqlite3_bind_int(s, 4, (int)note->state);
    (void)sqlite3_bind_int64(s, 5, (int64_t)coverage->rows);
    findings_bind_text(s, 6, note->missing.en);
    findings_bind_text(s, 7, note->missing.ja);
    findings_bind_text(s, 8, note->setting.en);
    findings_bind_text(s, 9, note->setting.ja);
    (void)sqlite3_bind_int64(s, 10, coverage->start_ns / NS_PER_SECOND);
    (void)sqlite3_bind_int64(s, 11, coverage->end_ns / NS_PER_SECOND);
    return findings_run(db, s, err);
}

enum status parts_cover_absent(struct findings_db *db, const struct analysis *analysis,
                               enum evaluable state, int32_t day, struct err *err) {
    sqlite3_stmt *drop = findings_statement(db, SQL_DROP_ABSENT, err);
    sqlite3_stmt *put = drop ? findings_statement(db, SQL_PUT_ABSENT, err) : NULL;
    if (!put) {
        return STATUS_ENVIRONMENT;
    }
    findings_bind_text(drop, 1, str_from_c(analysis->id));
    enum status status = findings_run(db, drop, err);
    if (status != STATUS_OK) {
        return status;
    }
    bool missing = state == EVALUABLE_NO;
    findings_bind_text(put, 1, str_from_c(analysis->id));
    (void)sqlite3_bind_int(put, 2, day);
    (void)sqlite3_bind_int(put, 3, (int)state);
    findings_bind_text(put, 4, missing ? STR("no log of these devices was received") : STR_EMPTY);
    findings_bind_text(put, 5, missing ? STR("該当する機器のログが届いていません") : STR_EMPTY);
    return findings_run(db, put, err);
}

enum status parts_get_meta(struct findings_db *db, const char *name, uint64_t *out,
                           struct err *err) {
    sqlite3_stmt *s = findings_statement(db, SQL_GET_META, err);
    if (!s) {
        return STATUS_ENVIRONMENT;
    }
    findings_bind_text(s, 1, str_from_c(name));
    int code = sqlite3_step(s);
    *out = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    (void)sqlite3_reset(s);
    return code == SQLITE_ROW || code == SQLITE_DONE ? STATUS_OK : findings_fault(db, err);
}

enum status parts_set_meta(struct findings_db *db, const char *name, uint64_t value,
                           struct err *err) {
    sqlite3_stmt *s = findings_statement(db, SQL_SET_META, err);
    if (!s) {
        return STATUS_ENVIRONMENT;
    }
    findings_bind_text(s, 1, str_from_c(name));
    (void)sqlite3_bind_int64(s, 2, (int64_t)value);
    return findings_run(db, s, err);
}

enum status parts_get_listed(struct findings_db *db, uint64_t **out, size_t *count,
                             struct err *err) {
    sqlite3_stmt *s = findings_statement(db, SQL_GET_LISTED, err);
    uint64_t *hashes = NULL;
    size_t capacity = 0;
    size_t used = 0;
    int code = SQLITE_DONE;
    if (!s) {
        return STATUS_ENVIRONMENT;
    }
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        MEM_GROW(hashes, capacity, used + 1);
        hashes[used++] = (uint64_t)sqlite3_column_int64(s, 0);
    }
    (void)sqlite3_reset(s);
    if (code != SQLITE_DONE) {
        mem_free(hashes);
        return findings_fault(db, err);
    }
    *out = hashes;
    *count = used;
    return STATUS_OK;
}

enum status parts_set_listed(struct findings_db *db, const uint64_t *hashes, size_t count,
                             struct err *err) {
    sqlite3_stmt *s = findings_statement(db, SQL_CLEAR_LISTED, err);
    enum status status = s ? findings_run(db, s, err) : STATUS_ENVIRONMENT;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        s = findings_statement(db, SQL_PUT_LISTED, err);
        if (!s) {
            return STATUS_ENVIRONMENT;
        }
        (void)sqlite3_bind_int64(s, 1, (int64_t)hashes[i]);
        status = findings_run(db, s, err);
    }
    return status;
}
