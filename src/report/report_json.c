#include "report_json.h"

#include "attack_tag.h"
#include "json_out.h"
#include "report_text.h"

static void add_name(struct buf *out, struct str name) {
    if (out->len > 0 && out->ptr[out->len - 1] != '{') {
        buf_putc(out, ',');
    }
    json_out_string(out, name);
    buf_putc(out, ':');
}

static void add_text(struct buf *out, struct str name, struct str text) {
    add_name(out, name);
    json_out_string(out, text);
}

/* Left out when empty. */
static void add_some_text(struct buf *out, struct str name, struct str text) {
    if (text.len > 0) {
        add_text(out, name, text);
    }
}

static void add_number(struct buf *out, struct str name, uint64_t number) {
    add_name(out, name);
    buf_printf(out, "%llu", (unsigned long long)number);
}

static void add_time(struct buf *out, struct str name, int64_t ns) {
    add_name(out, name);
    buf_putc(out, '"');
    report_text_time(out, ns, NULL);
    buf_putc(out, '"');
}

static void add_texts(struct buf *out, struct str name, const struct str *items, size_t count) {
    if (count == 0) {
        return;
    }
    add_name(out, name);
    for (size_t i = 0; i < count; i++) {
        buf_putc(out, i == 0 ? '[' : ',');
        json_out_string(out, items[i]);
    }
    buf_putc(out, ']');
}

/* How many fields from the first on have its name. */
static size_t same_names(const struct report_field *fields, size_t count) {
    size_t n = 1;
    while (n < count && str_eq(fields[n].name, fields[0].name)) {
        n++;
    }
    return n;
}

void report_json_fields(struct buf *out, const struct report_field *fields, size_t count) {
    buf_putc(out, '{');
    for (size_t i = 0; i < count;) {
        size_t n = same_names(fields + i, count - i);
        add_name(out, fields[i].name);
        if (n > 1) {
            buf_putc(out, '[');
        }
        for (size_t k = 0; k < n; k++) {
            if (k > 0) {
                buf_putc(out, ',');
            }
            json_out_string(out, fields[i + k].value);
        }
        if (n > 1) {
            buf_putc(out, ']');
        }
        i += n;
    }
    buf_putc(out, '}');
}

static void add_place(struct buf *out, const struct report_place *place) {
    add_text(out, STR("file"), place->file);
    if (place->line == 0) {
        add_number(out, STR("idx"), place->idx);
    } else {
        add_number(out, STR("line"), place->line);
    }
    if (place->record_id != 0) {
        add_number(out, STR("record_id"), place->record_id);
    }
}

static void add_rule(struct buf *out, const struct report_hit *hit) {
    const struct sigma_rule_info *rule = hit->rule;
    add_name(out, STR("rule"));
    buf_putc(out, '{');
    add_text(out, STR("id"), rule->id);
    add_text(out, STR("title"), rule->title);
    add_text(out, STR("level"), sigma_level_name(hit->level));
    buf_add(out, STR(",\"source\":\"sigma\",\"origin\":\"sigma\""));
    add_some_text(out, STR("status"), rule->status);
    if (hit->correlation != NULL) {
        add_text(out, STR("type"), STR("correlation"));
    }
    add_texts(out, STR("tags"), rule->tags, rule->tag_count);
    buf_putc(out, '}');
}

static void add_event(struct buf *out, const struct report_hit *hit) {
    add_name(out, STR("event"));
    buf_putc(out, '{');
    add_place(out, &hit->place);
    add_some_text(out, STR("dataset"), hit->dataset);
    add_some_text(out, STR("computer"), hit->computer);
    add_some_text(out, STR("channel"), hit->channel);
    add_some_text(out, STR("provider"), hit->provider);
    add_some_text(out, STR("event_id"), hit->event_id);
    if (hit->is_recovered) {
        add_name(out, STR("recovered"));
        buf_add(out, STR("true"));
    }
    if (hit->is_time_received) {
        add_name(out, STR("time_received"));
        buf_add(out, STR("true"));
    }
    buf_putc(out, '}');
}

static void add_correlation(struct buf *out, const struct report_correlation *c) {
    add_name(out, STR("correlation"));
    buf_putc(out, '{');
    add_text(out, STR("type"), c->type);
    add_name(out, STR("group"));
    report_json_fields(out, c->groups, c->group_count);
    add_time(out, STR("first"), c->first_ns);
    add_time(out, STR("last"), c->last_ns);
    add_number(out, STR("count"), c->count);
    add_some_text(out, STR("value"), c->value);
    add_name(out, STR("timespan_s"));
    buf_printf(out, "%lld", (long long)(c->timespan_ns / NS_PER_SECOND));
    buf_add(out, STR("},\"events\":["));
    for (size_t i = 0; i < c->event_count; i++) {
        buf_add(out, i > 0 ? STR(",{") : STR("{"));
        add_time(out, STR("@timestamp"), c->events[i].time_ns);
        add_place(out, &c->events[i]);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}

void report_json_hit(struct buf *out, const struct report_hit *hit) {
    buf_putc(out, '{');
    add_time(out, STR("@timestamp"), hit->time_ns);
    add_rule(out, hit);
    if (hit->correlation != NULL) {
        add_correlation(out, hit->correlation);
    } else {
        add_event(out, hit);
        add_name(out, STR("fields"));
        report_json_fields(out, hit->fields, hit->field_count);
    }
    if (hit->suppressed_by.len > 0) {
        buf_add(out, STR(",\"suppressed\":true"));
        add_text(out, STR("suppressed_by"), hit->suppressed_by);
    }
    buf_putc(out, '}');
}

void report_json_columns(struct buf *out, const struct report_columns *columns,
                         const struct report_hit *hit) {
    struct buf cell = BUF_INIT;
    buf_putc(out, '{');
    for (size_t i = 0; i < columns->count; i++) {
        enum report_column column = columns->ids[i];
        add_name(out, report_column_name(column));
        if (column == COLUMN_FIELDS) {
            report_json_fields(out, hit->fields, hit->field_count);
        } else if (column == COLUMN_ALL_FIELDS) {
            report_json_fields(out, hit->all, hit->all_count);
        } else {
            buf_clear(&cell);
            report_column_cell(&cell, column, hit, NULL);
            json_out_string(out, buf_str(&cell));
        }
    }
    buf_putc(out, '}');
    buf_fini(&cell);
}

/* --- Timesketch --- */

void report_timesketch_message(struct buf *out, const struct report_hit *hit) {
    buf_add(out, hit->rule->title);
    buf_add(out, STR(": "));
    report_text_details(out, hit);
}

void report_timesketch_time(struct buf *out, int64_t ns) {
    char text[CIVIL_RFC3339_BYTES];
    (void)civil_format_rfc3339(text, ns);
    buf_append(out, text, 26);
    buf_add(out, STR("+00:00"));
}

struct str report_timesketch_meaning(const struct report_hit *hit) {
    return hit->is_time_received ? STR("Time of the scan (the event has none)") : STR("Event time");
}

static void add_timesketch_tags(struct buf *out, const struct report_hit *hit) {
    add_name(out, STR("tag"));
    buf_putc(out, '[');
    json_out_string(out, sigma_level_name(hit->level));
    for (size_t i = 0; i < hit->rule->tag_count; i++) {
        buf_putc(out, ',');
        json_out_string(out, hit->rule->tags[i]);
    }
    buf_putc(out, ']');
}

void report_json_timesketch(struct buf *out, const struct report_hit *hit) {
    struct buf text = BUF_INIT;
    buf_putc(out, '{');
    report_timesketch_message(&text, hit);
    add_text(out, STR("message"), buf_str(&text));
    buf_clear(&text);
    report_timesketch_time(&text, hit->time_ns);
    add_text(out, STR("datetime"), buf_str(&text));
    add_name(out, STR("timestamp"));
    buf_printf(out, "%lld", (long long)(hit->time_ns / 1000));
    add_text(out, STR("timestamp_desc"), report_timesketch_meaning(hit));
    add_timesketch_tags(out, hit);
    add_text(out, STR("rule_id"), hit->rule->id);
    add_text(out, STR("rule_title"), hit->rule->title);
    add_text(out, STR("level"), sigma_level_name(hit->level));
    add_some_text(out, STR("computer"), hit->computer);
    add_some_text(out, STR("channel"), hit->channel);
    add_some_text(out, STR("event_id"), hit->event_id);
    add_some_text(out, STR("user"), hit->user);
    add_place(out, &hit->place);
    add_name(out, STR("fields"));
    buf_clear(&text);
    report_text_fields(&text, hit->fields, hit->field_count);
    json_out_string(out, buf_str(&text));
    buf_putc(out, '}');
    buf_fini(&text);
}
