/*
 * What Timesketch imports, as CSV and as JSON lines: message, datetime, timestamp (microseconds),
 * timestamp_desc, tag, and attributes of our own. Source:
 * https://timesketch.org/guides/user/import-from-json-csv/
 */
#include "cell_text.h"
#include "json_member.h"
#include "json_out.h"
#include "report_form.h"
#include "report_json.h"
#include "report_text.h"

enum { TIME_US_BYTES = 26 }; /* 2026-11-21T10:00:00.123456 */

/* 2026-11-21T10:00:00.123456+00:00 */
static void add_datetime(struct buf *out, int64_t ns) {
    char text[CIVIL_RFC3339_BYTES];
    (void)civil_format_rfc3339(text, ns);
    buf_append(out, text, TIME_US_BYTES);
    buf_add(out, STR("+00:00"));
}

/* What the hit's time is the time of. */
static struct str meaning(const struct report_hit *hit) {
    return hit->is_time_received ? STR("Time of the scan (the event has none)") : STR("Event time");
}

static long long timestamp_us(const struct report_hit *hit) {
    return (long long)(hit->time_ns / 1000);
}

/* --- CSV --- */

static const enum report_column attributes[] = {COLUMN_LEVEL,     COLUMN_RULE_ID, COLUMN_RULE_TITLE,
                                                COLUMN_COMPUTER,  COLUMN_CHANNEL, COLUMN_EVENT_ID,
                                                COLUMN_USER,      COLUMN_FILE,    COLUMN_PLACE,
                                                COLUMN_RECORD_ID, COLUMN_FIELDS,  COLUMN_EVENTS};

static void begin_rows(struct buf *out, const struct report_form_view *view) {
    (void)view;
    buf_add(out, STR("message,datetime,timestamp,timestamp_desc,tag"));
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        buf_putc(out, ',');
        buf_add(out, report_column_name(attributes[i]));
    }
    buf_add(out, STR("\r\n"));
}

/* "level,tag,tag" as one cell */
static void add_tag_cell(struct buf *out, struct buf *cell, const struct report_hit *hit) {
    buf_clear(cell);
    buf_add(cell, sigma_level_name(hit->level));
    for (size_t i = 0; i < hit->rule->tag_count; i++) {
        buf_putc(cell, ',');
        buf_add(cell, hit->rule->tags[i]);
    }
    cell_text_csv(out, buf_str(cell));
}

static void add_row(struct buf *out, const struct report_form_view *view,
                    const struct report_hit *hit, bool is_first) {
    (void)view, (void)is_first;
    struct buf cell = BUF_INIT;
    report_text_message(&cell, hit);
    cell_text_csv(out, buf_str(&cell));
    buf_putc(out, ',');
    add_datetime(out, hit->time_ns);
    buf_printf(out, ",%lld,%.*s,", timestamp_us(hit), STR_ARG(meaning(hit)));
    add_tag_cell(out, &cell, hit);
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        buf_clear(&cell);
        buf_putc(out, ',');
        report_column_cell(&cell, attributes[i], hit, &report_style_plain);
        cell_text_csv(out, buf_str(&cell));
    }
    buf_add(out, STR("\r\n"));
    buf_fini(&cell);
}

const struct report_form_type report_timesketch = {
    .begin = begin_rows, .hit = add_row, .shows_details = true};

/* --- JSON lines --- */

static void add_tags(struct buf *out, const struct report_hit *hit) {
    json_member(out, STR("tag"));
    buf_putc(out, '[');
    json_out_string(out, sigma_level_name(hit->level));
    for (size_t i = 0; i < hit->rule->tag_count; i++) {
        buf_putc(out, ',');
        json_out_string(out, hit->rule->tags[i]);
    }
    buf_putc(out, ']');
}

static void add_line(struct buf *out, const struct report_form_view *view,
                     const struct report_hit *hit, bool is_first) {
    (void)view, (void)is_first;
    struct buf text = BUF_INIT;
    buf_putc(out, '{');
    report_text_message(&text, hit);
    json_member_text(out, STR("message"), buf_str(&text));
    buf_clear(&text);
    add_datetime(&text, hit->time_ns);
    json_member_text(out, STR("datetime"), buf_str(&text));
    json_member(out, STR("timestamp"));
    buf_printf(out, "%lld", timestamp_us(hit));
    json_member_text(out, STR("timestamp_desc"), meaning(hit));
    add_tags(out, hit);
    json_member_text(out, STR("rule_id"), hit->rule->id);
    json_member_text(out, STR("rule_title"), hit->rule->title);
    json_member_text(out, STR("level"), sigma_level_name(hit->level));
    json_member_some_text(out, STR("computer"), hit->computer);
    json_member_some_text(out, STR("channel"), hit->channel);
    json_member_some_text(out, STR("event_id"), hit->event_id);
    json_member_some_text(out, STR("user"), hit->user);
    report_json_place(out, &hit->place);
    buf_clear(&text);
    report_text_fields(&text, hit->fields, hit->field_count, REPORT_SEPARATOR);
    json_member_text(out, STR("fields"), buf_str(&text));
    buf_clear(&text);
    report_text_events(&text, hit->correlation);
    json_member_some_text(out, STR("events"), buf_str(&text));
    buf_add(out, STR("}\n"));
    buf_fini(&text);
}

const struct report_form_type report_timesketch_jsonl = {.hit = add_line, .shows_details = true};
