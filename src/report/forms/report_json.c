#include "report_json.h"

#include "json_member.h"
#include "json_out.h"
#include "mem.h"
#include "report_form.h"
#include "report_text.h"

void report_json_time(struct buf *out, struct str name, int64_t ns) {
    json_member(out, name);
    buf_putc(out, '"');
    report_text_time(out, ns, NULL);
    buf_putc(out, '"');
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
        json_member(out, fields[i].name);
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

void report_json_place(struct buf *out, const struct report_place *place) {
    json_member_text(out, STR("file"), place->file);
    if (place->line == 0) {
        json_member_number(out, STR("idx"), place->idx);
    } else {
        json_member_number(out, STR("line"), place->line);
    }
    if (place->record_id != 0) {
        json_member_number(out, STR("record_id"), place->record_id);
    }
}

static void add_rule(struct buf *out, const struct report_hit *hit) {
    const struct sigma_rule_info *rule = hit->rule;
    json_member(out, STR("rule"));
    buf_putc(out, '{');
    json_member_text(out, STR("id"), rule->id);
    json_member_text(out, STR("title"), rule->title);
    json_member_text(out, STR("level"), sigma_level_name(hit->level));
    buf_add(out, STR(",\"source\":\"sigma\",\"origin\":\"sigma\""));
    json_member_some_text(out, STR("status"), rule->status);
    if (hit->correlation != NULL) {
        json_member_text(out, STR("type"), STR("correlation"));
    }
    if (rule->tag_count > 0) {
        json_member_texts(out, STR("tags"), rule->tags, rule->tag_count);
    }
    buf_putc(out, '}');
}

static void add_event(struct buf *out, const struct report_hit *hit) {
    json_member(out, STR("event"));
    buf_putc(out, '{');
    report_json_place(out, &hit->place);
    json_member_some_text(out, STR("dataset"), hit->dataset);
    json_member_some_text(out, STR("computer"), hit->computer);
    json_member_some_text(out, STR("channel"), hit->channel);
    json_member_some_text(out, STR("provider"), hit->provider);
    json_member_some_text(out, STR("event_id"), hit->event_id);
    if (hit->is_recovered) {
        json_member_bool(out, STR("recovered"), true);
    }
    if (hit->is_time_received) {
        json_member_bool(out, STR("time_received"), true);
    }
    buf_putc(out, '}');
}

/* --- correlations --- */

static void add_correlated_rules(struct buf *out, const struct report_correlation *c) {
    json_member(out, STR("rules"));
    buf_putc(out, '[');
    for (size_t i = 0; i < c->rule_count; i++) {
        buf_add(out, i > 0 ? STR(",{") : STR("{"));
        json_member_text(out, STR("id"), c->rules[i].info->id);
        json_member_text(out, STR("title"), c->rules[i].info->title);
        json_member_number(out, STR("events"), c->rules[i].events);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}

static void add_aliases(struct buf *out, const struct report_correlation *c) {
    const struct report_alias *a = c->aliases;
    for (size_t i = 0; i < c->alias_count; i++) {
        if (i == 0) {
            json_member(out, STR("aliases"));
            buf_putc(out, '{');
        }
        if (i == 0 || !str_eq(a[i].name, a[i - 1].name)) {
            buf_add(out, i > 0 ? STR("}") : STR_EMPTY);
            json_member(out, a[i].name);
            buf_putc(out, '{');
        }
        json_member_text(out, a[i].rule->id, a[i].field);
    }
    buf_add(out, c->alias_count > 0 ? STR("}}") : STR_EMPTY);
}

static void add_member(struct buf *out, const struct report_correlation *c,
                       const struct report_member *member) {
    struct str ids[REPORT_RULES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < c->rule_count && i < REPORT_RULES_MAX; i++) {
        if ((member->rules >> i & 1) != 0) {
            ids[count++] = c->rules[i].info->id;
        }
    }
    buf_putc(out, '{');
    report_json_time(out, STR("@timestamp"), member->place.time_ns);
    report_json_place(out, &member->place);
    json_member_texts(out, STR("rules"), ids, count);
    if (member->value_count > 0) {
        json_member_texts(out, STR("values"), member->values, member->value_count);
    }
    buf_putc(out, '}');
}

void report_json_correlation(struct buf *out, const struct report_correlation *c) {
    buf_putc(out, '{');
    json_member_text(out, STR("type"), c->type);
    json_member(out, STR("group"));
    report_json_fields(out, c->groups, c->group_count);
    add_aliases(out, c);
    if (c->field_count > 0) {
        json_member_texts(out, STR("fields"), c->fields, c->field_count);
    }
    add_correlated_rules(out, c);
    report_json_time(out, STR("first"), c->first_ns);
    report_json_time(out, STR("last"), c->last_ns);
    json_member_number(out, STR("count"), c->count);
    if (c->value.len > 0) { /* a number already */
        json_member(out, STR("value"));
        buf_add(out, c->value);
    }
    json_member(out, STR("timespan_s"));
    buf_printf(out, "%lld}", (long long)(c->timespan_ns / NS_PER_SECOND));
}

static void add_correlation(struct buf *out, const struct report_correlation *c) {
    json_member(out, STR("correlation"));
    report_json_correlation(out, c);
    buf_add(out, STR(",\"events\":["));
    for (size_t i = 0; i < c->event_count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        add_member(out, c, &c->events[i]);
    }
    buf_putc(out, ']');
}

/* --- a hit --- */

static void add_members(struct buf *out, const struct report_hit *hit) {
    buf_putc(out, '{');
    report_json_time(out, STR("@timestamp"), hit->time_ns);
    add_rule(out, hit);
    if (hit->correlation != NULL) {
        add_correlation(out, hit->correlation);
    } else {
        add_event(out, hit);
        json_member(out, STR("fields"));
        report_json_fields(out, hit->fields, hit->field_count);
    }
    if (hit->suppressed_by.len > 0) {
        json_member_bool(out, STR("suppressed"), true);
        json_member_text(out, STR("suppressed_by"), hit->suppressed_by);
    }
    buf_putc(out, '}');
}

static void add_extra(struct buf *out, const struct report_hit *hit) {
    struct report_field *extra = mem_calloc(hit->all_count + 1, sizeof *extra);
    report_json_fields(out, extra, report_column_extra(extra, hit));
    mem_free(extra);
}

static void add_columns(struct buf *out, const struct report_columns *columns,
                        const struct report_style *style, const struct report_hit *hit) {
    struct buf cell = BUF_INIT;
    buf_putc(out, '{');
    for (size_t i = 0; i < columns->count; i++) {
        enum report_column column = columns->ids[i];
        json_member(out, report_column_name(column));
        if (column == COLUMN_FIELDS) {
            report_json_fields(out, hit->fields, hit->field_count);
        } else if (column == COLUMN_EXTRA_FIELDS) {
            add_extra(out, hit);
        } else if (column == COLUMN_ALL_FIELDS) {
            report_json_fields(out, hit->all, hit->all_count);
        } else {
            buf_clear(&cell);
            report_column_cell(&cell, column, hit, style);
            json_out_string(out, buf_str(&cell));
        }
    }
    buf_putc(out, '}');
    buf_fini(&cell);
}

void report_json_hit(struct buf *out, const struct report_columns *columns,
                     const struct report_style *style, const struct report_hit *hit) {
    if (columns != NULL) {
        add_columns(out, columns, style, hit);
    } else {
        add_members(out, hit);
    }
}

/* --- the two forms --- */

static void add_line(struct buf *out, const struct report_form_view *view,
                     const struct report_hit *hit, bool is_first) {
    (void)is_first;
    report_json_hit(out, view->columns, &view->style, hit);
    buf_putc(out, '\n');
}

static void begin_array(struct buf *out, const struct report_form_view *view) {
    (void)view;
    buf_putc(out, '[');
}

static void add_item(struct buf *out, const struct report_form_view *view,
                     const struct report_hit *hit, bool is_first) {
    buf_add(out, is_first ? STR("\n") : STR(",\n"));
    report_json_hit(out, view->columns, &view->style, hit);
}

static void end_array(struct buf *out, const struct report_form_view *view,
                      const struct report_run *run) {
    (void)view, (void)run;
    buf_add(out, STR("\n]\n"));
}

const struct report_form_type report_jsonl = {.hit = add_line, .columns = REPORT_COLUMNS_OPTIONAL};

const struct report_form_type report_json = {
    .begin = begin_array, .hit = add_item, .end = end_array, .columns = REPORT_COLUMNS_OPTIONAL};
