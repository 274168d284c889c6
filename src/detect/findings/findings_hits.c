/* Hits of Sigma rules as JSON objects and rows of the findings file. */
#include "findings_db_priv.h"

#include "json_out.h"

void rule_hit_format_rule(struct buf *out, const struct rule_hit *hit, struct str type) {
    buf_printf(out, "\"rule\":{\"id\":");
    json_out_string(out, hit->rule_id);
    buf_printf(out, ",\"title\":");
    json_out_string(out, hit->title);
    buf_printf(out, ",\"level\":");
    json_out_string(out, finding_level_name(hit->level));
    buf_printf(out, ",\"source\":\"sigma\",\"origin\":\"sigma\",\"path\":");
    json_out_string(out, hit->path);
    if (type.len > 0) {
        buf_printf(out, ",\"type\":\"%.*s\"", STR_ARG(type));
    }
    buf_printf(out, ",\"tags\":[");
    for (size_t i = 0; i < hit->tag_count; i++) {
        if (i > 0) {
            buf_putc(out, ',');
        }
        json_out_string(out, hit->tags[i]);
    }
    buf_printf(out, "]}");
}

static void format_place(struct buf *out, const struct batch *batch, const struct row *row) {
    bool packed = row->record_id > 0;
    if (row->origin != INTERN_NONE) {
        struct str origin = intern_text(&batch->names, row->origin);
        buf_printf(out, row->line > 0 || packed ? "\"file\":" : "\"peer\":");
        json_out_string(out, origin);
        buf_putc(out, ',');
    }
    if (row->line > 0) {
        buf_printf(out, "\"line\":%u,", row->line);
    }
    if (packed) {
        buf_printf(out, "\"record_id\":%llu,", (unsigned long long)row->record_id);
        buf_printf(out, "\"idx\":%u,", row->idx);
    }
}

static void format_event(struct buf *out, const struct batch *batch, const struct row *row) {
    struct str source = intern_text(&batch->names, row->source);
    buf_printf(out, "\"event\":{");
    format_place(out, batch, row);
    if (row->flags & ROW_IN_CONTAINER) {
        buf_printf(out, "\"offset\":%u,", row->container_off);
    }
    buf_printf(out, "\"source\":");
    json_out_string(out, source);
    if (row->sequence > 0) {
        buf_printf(out, ",\"id\":\"");
        json_out_escaped(out, source);
        buf_printf(out, "-%llu\"", (unsigned long long)row->sequence);
    }
    buf_putc(out, '}');
}

static void format_fields(struct buf *out, const struct rule_hit *hit, const struct batch *batch,
                          const struct row *row) {
    struct buf scratch = BUF_INIT;
    bool first = true;
    buf_printf(out, "\"fields\":{");
    for (size_t i = 0; i < hit->field_count; i++) {
        struct str value;
        buf_clear(&scratch);
        if (!batch_get(&value, batch, row, hit->fields[i], &scratch)) {
            continue;
        }
        if (!first) {
            buf_putc(out, ',');
        }
        first = false;
        json_out_string(out, schema_name(hit->fields[i]));
        buf_putc(out, ':');
        json_out_string(out, value);
    }
    buf_putc(out, '}');
    buf_fini(&scratch);
}

void rule_hit_format(struct buf *out, const struct rule_hit *hit, const struct batch *batch,
                     const struct row *row) {
    char time[CIVIL_RFC3339_BYTES];
    size_t len = civil_format_rfc3339(time, row->time_ns);
    buf_printf(out, "{\"@timestamp\":\"%.*s\",", (int)len, time);
    rule_hit_format_rule(out, hit, STR_EMPTY);
    buf_putc(out, ',');
    format_event(out, batch, row);
    buf_putc(out, ',');
    format_fields(out, hit, batch, row);
    if (hit->suppressed_by.len > 0) {
        buf_printf(out, ",\"suppressed\":true,\"suppressed_by\":");
        json_out_string(out, hit->suppressed_by);
    }
    buf_putc(out, '}');
}

enum status findings_put_hit(struct findings_db *db, const struct findings_hit *hit,
                             struct err *err) {
    sqlite3_stmt *statement = findings_statement(db, SQL_PUT_HIT, err);
    if (!statement) {
        return STATUS_ENVIRONMENT;
    }
    findings_bind_text(statement, 1, hit->rule_id);
    findings_bind_text(statement, 2, hit->event);
    (void)sqlite3_bind_int(statement, 3, (int)hit->level);
    (void)sqlite3_bind_int64(statement, 4, hit->time_ns);
    findings_bind_text(statement, 5, hit->json);
    return findings_run(db, statement, err);
}

enum status findings_db_add_rule_hit(struct findings_db *db, const struct rule_hit *hit,
                                     const struct batch *batch, const struct row *row,
                                     struct err *err) {
    struct buf json = BUF_INIT;
    struct buf event = BUF_INIT;
    rule_hit_format(&json, hit, batch, row);
    buf_add(&event, intern_text(&batch->names, row->source));
    buf_printf(&event, "-%llu", (unsigned long long)row->sequence);
    const struct findings_hit kept = {.rule_id = hit->rule_id,
                                      .event = buf_str(&event),
                                      .level = hit->level,
                                      .time_ns = row->time_ns,
                                      .json = buf_str(&json)};
    enum status status = findings_put_hit(db, &kept, err);
    buf_fini(&json);
    buf_fini(&event);
    return status;
}
