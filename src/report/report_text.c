#include "report_text.h"

#include "civil.h"
#include "num.h"

enum { VALUES_SHOWN = 10 };

void report_text_time(struct buf *out, int64_t ns, const struct zone *zone) {
    char text[CIVIL_RFC3339_BYTES];
    if (ns == TIME_NONE) {
        buf_putc(out, '-');
        return;
    }
    int64_t local = zone != NULL ? zone_to_local(zone, ns) : ns;
    (void)civil_format_rfc3339(text, local);
    if (zone == NULL) {
        buf_append(out, text, sizeof text);
        return;
    }
    int64_t minutes = (local - ns) / NS_PER_MINUTE;
    int64_t size = minutes < 0 ? -minutes : minutes;
    buf_append(out, text, 23);
    if (minutes == 0) {
        buf_putc(out, 'Z');
    } else {
        buf_printf(out, "%c%02d:%02d", minutes < 0 ? '-' : '+', (int)(size / 60 % 100),
                   (int)(size % 60));
    }
}

void report_text_place(struct buf *out, const struct report_place *place) {
    if (place->line == 0) {
        buf_printf(out, "#%u", place->idx);
    } else {
        buf_printf(out, "%u", place->line);
    }
}

void report_text_fields(struct buf *out, const struct report_field *fields, size_t count,
                        struct str separator) {
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && str_eq(fields[i].name, fields[i - 1].name)) {
            buf_add(out, STR(", "));
        } else {
            buf_add(out, i > 0 ? separator : STR_EMPTY);
            buf_add(out, fields[i].name);
            buf_add(out, STR(": "));
        }
        buf_add(out, fields[i].value);
    }
}

void report_text_span(struct buf *out, int64_t ns) {
    static const struct {
        int64_t ns;
        char unit;
    } units[] = {{NS_PER_DAY, 'd'}, {NS_PER_HOUR, 'h'}, {NS_PER_MINUTE, 'm'}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (ns >= units[i].ns && ns % units[i].ns == 0) {
            buf_printf(out, "%lld%c", (long long)(ns / units[i].ns), units[i].unit);
            return;
        }
    }
    buf_printf(out, "%llds", (long long)(ns / NS_PER_SECOND));
}

void report_text_member_rules(struct buf *out, const struct report_correlation *c,
                              const struct report_member *member) {
    bool some = false;
    for (size_t i = 0; i < c->rule_count && i < REPORT_RULES_MAX; i++) {
        if ((member->rules >> i & 1) != 0) {
            buf_add(out, some ? STR(" + ") : STR_EMPTY);
            buf_add(out, c->rules[i].info->title);
            some = true;
        }
    }
}

static void add_joined(struct buf *out, const struct str *texts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        buf_add(out, i > 0 ? STR(", ") : STR_EMPTY);
        buf_add(out, texts[i]);
    }
}

void report_text_member_values(struct buf *out, const struct report_member *member) {
    add_joined(out, member->values, member->value_count);
}

void report_text_events(struct buf *out, const struct report_correlation *c) {
    for (size_t i = 0; c != NULL && i < c->event_count; i++) {
        const struct report_place *place = &c->events[i].place;
        buf_add(out, i > 0 ? STR(" | ") : STR_EMPTY);
        buf_add(out, place->file);
        buf_add(out, place->line > 0 ? STR(":") : STR_EMPTY);
        report_text_place(out, place);
    }
}

static bool same_values(const struct report_member *a, const struct report_member *b) {
    bool same = a->value_count == b->value_count;
    for (size_t i = 0; i < a->value_count && same; i++) {
        same = str_eq(a->values[i], b->values[i]);
    }
    return same;
}

/* True if no earlier event has them. */
static bool has_new_values(const struct report_correlation *c, size_t at) {
    bool is_new = c->events[at].value_count > 0;
    for (size_t i = 0; i < at && is_new; i++) {
        is_new = !same_values(&c->events[i], &c->events[at]);
    }
    return is_new;
}

static void add_values(struct buf *out, const struct report_correlation *c) {
    size_t count = 0;
    buf_add(out, STR(" | "));
    add_joined(out, c->fields, c->field_count);
    for (size_t i = 0; i < c->event_count; i++) {
        if (has_new_values(c, i) && count++ < VALUES_SHOWN) {
            buf_add(out, count == 1 ? STR(": ") : c->field_count > 1 ? STR("; ") : STR(", "));
            report_text_member_values(out, &c->events[i]);
        }
    }
    if (count > VALUES_SHOWN) {
        buf_printf(out, " +%zu", count - VALUES_SHOWN);
    }
}

static void add_rules(struct buf *out, const struct report_correlation *c) {
    for (size_t i = 0; i < c->rule_count; i++) {
        buf_add(out, i > 0 ? STR(", ") : STR(" | rules: "));
        buf_add(out, c->rules[i].info->title);
        buf_printf(out, " (%llu)", (unsigned long long)c->rules[i].events);
    }
}

void report_text_correlation(struct buf *out, const struct report_correlation *c) {
    if (c == NULL) {
        return;
    }
    buf_add(out, c->type);
    buf_printf(out, ": %llu events in ", (unsigned long long)c->count);
    report_text_span(out, c->timespan_ns);
    if (c->value.len > 0) {
        buf_add(out, STR(", value "));
        buf_add(out, c->value);
    }
    if (c->group_count > 0) {
        buf_add(out, REPORT_SEPARATOR);
        report_text_fields(out, c->groups, c->group_count, REPORT_SEPARATOR);
    }
    if (c->rule_count > 1) {
        add_rules(out, c);
    }
    if (c->field_count > 0) {
        add_values(out, c);
    }
}

/* Runs of blanks that hold an end of a line or a tab become one blank. */
static void join_lines(struct buf *out) {
    size_t to = 0;
    for (size_t at = 0; at < out->len;) {
        size_t end = at;
        bool is_joined = false;
        for (; end < out->len && ascii_is_space(out->ptr[end]); end++) {
            is_joined = is_joined || out->ptr[end] != ' ';
        }
        if (is_joined) {
            out->ptr[to++] = ' ';
            at = end;
        } else {
            end = end > at ? end : at + 1;
            memmove(out->ptr + to, out->ptr + at, end - at);
            to += end - at;
            at = end;
        }
    }
    out->len = to;
}

void report_text_details(struct buf *out, const struct report_hit *hit, struct str separator) {
    struct buf parts = BUF_INIT;
    if (hit->details.len > 0) {
        buf_add(&parts, hit->details);
    } else if (hit->correlation != NULL) {
        report_text_correlation(&parts, hit->correlation);
    } else {
        report_text_fields(&parts, hit->fields, hit->field_count, STR(REPORT_PART_MARK));
    }
    join_lines(&parts);
    struct str rest = buf_str(&parts);
    struct str part;
    for (bool is_first = true; str_split_next(&part, &rest, REPORT_PART_MARK[0]);
         is_first = false) {
        buf_add(out, is_first ? STR_EMPTY : separator);
        buf_add(out, part);
    }
    buf_fini(&parts);
}

void report_text_message(struct buf *out, const struct report_hit *hit) {
    buf_add(out, hit->rule->title);
    buf_add(out, STR(": "));
    report_text_details(out, hit, REPORT_SEPARATOR);
}

void report_text_count(struct buf *out, uint64_t count) {
    char digits[20];
    size_t length = num_format_u64(digits, count);
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            buf_putc(out, ',');
        }
        buf_putc(out, digits[i]);
    }
}

void report_text_share(struct buf *out, uint64_t part, uint64_t whole) {
    if (whole == 0) {
        buf_putc(out, '-');
        return;
    }
    buf_printf(out, "%.2f %%", 100.0 * (double)part / (double)whole);
}
