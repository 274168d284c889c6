#include "correlation_story.h"

#include <stdio.h>

#include "buf.h"
#include "civil.h"
#include "i18n.h"
#include "mem.h"
#include "num.h"
#include "output.h"
#include "report_text.h"

/* More different values than this are only counted: the events below show each. */
enum { VALUES_SHOWN = 20 };

struct story {
    const struct json_tree *hit;
    const struct json_tree *correlation;
    const struct json_tree *rules; /* those that it is about */
    const struct zone *zone;
    struct buf line;
};

/* --- a line --- */

static void add_visible(struct story *s, const char *text) {
    output_append_visible(&s->line, str_from_c(text));
}

static void add_time(struct story *s, const char *text) {
    int64_t ns;
    bool has_zone;
    if (civil_parse_rfc3339(&ns, &has_zone, str_from_c(text))) {
        output_append_local_time(&s->line, ns, s->zone);
    } else {
        add_visible(s, text);
    }
}

static void end_line(struct story *s) {
    buf_putc(&s->line, '\n');
    (void)fwrite(s->line.ptr, 1, s->line.len, stdout);
    buf_clear(&s->line);
}

/* "a", or "a, b" of a list. */
static void add_list(struct story *s, const struct json_tree *list) {
    for (size_t i = 0; i < json_tree_count(list); i++) {
        buf_add(&s->line, i > 0 ? STR(", ") : STR_EMPTY);
        add_visible(s, json_tree_value(json_tree_item(list, i)));
    }
}

/* --- what it says --- */

static void print_head(struct story *s) {
    const struct json_tree *rule = json_tree_child(s->hit, "rule");
    buf_printf(&s->line, "%s  sigma  %s  ", json_tree_text(rule, "level"),
               json_tree_text(s->hit, "id"));
    add_visible(s, json_tree_text(rule, "title"));
    end_line(s);
    buf_add(&s->line, str_from_c(_("rule ")));
    add_visible(s, json_tree_text(rule, "id"));
    buf_add(&s->line, STR("  "));
    add_visible(s, json_tree_text(rule, "path"));
    buf_add(&s->line, STR("  "));
    add_list(s, json_tree_child(rule, "tags"));
    end_line(s);
}

static void add_group(const char *name, const struct json_tree *value, void *ctx) {
    struct story *s = ctx;
    buf_add(&s->line, s->line.len > 0 ? STR(" ") : STR_EMPTY);
    add_visible(s, name);
    buf_putc(&s->line, '=');
    add_visible(s, json_tree_value(value));
}

static const char *title_of(const struct story *s, const char *id) {
    for (size_t i = 0; i < json_tree_count(s->rules); i++) {
        const struct json_tree *rule = json_tree_item(s->rules, i);
        if (str_eq(str_from_c(json_tree_text(rule, "id")), str_from_c(id))) {
            return json_tree_text(rule, "title");
        }
    }
    return id;
}

static void add_alias_field(const char *rule, const struct json_tree *field, void *ctx) {
    struct story *s = ctx;
    buf_add(&s->line, str_ends(buf_str(&s->line), STR("=")) ? STR(" ") : STR(", "));
    add_visible(s, json_tree_value(field));
    buf_add(&s->line, STR(" ("));
    add_visible(s, title_of(s, rule));
    buf_putc(&s->line, ')');
}

/* "  src = IpAddress (Failed logon), SourceIp (Connection)" */
static void print_alias(const char *name, const struct json_tree *fields, void *ctx) {
    struct story *s = ctx;
    buf_add(&s->line, STR("  "));
    add_visible(s, name);
    buf_add(&s->line, STR(" ="));
    json_tree_members(fields, add_alias_field, s);
    end_line(s);
}

static void print_span(struct story *s) {
    struct buf first = BUF_INIT;
    add_time(s, json_tree_text(s->correlation, "first"));
    buf_add(&first, buf_str(&s->line));
    buf_putc(&first, '\0');
    buf_clear(&s->line);
    add_time(s, json_tree_text(s->correlation, "last"));
    buf_putc(&s->line, '\0');
    printf(_("from %s to %s\n"), first.ptr, s->line.ptr);
    buf_clear(&s->line);
    buf_fini(&first);
}

static void print_measure(struct story *s) {
    const struct json_tree *c = s->correlation;
    uint64_t seconds = 0;
    (void)num_parse_u64(&seconds, str_from_c(json_tree_text(c, "timespan_s")));
    add_visible(s, json_tree_text(c, "type"));
    if (json_tree_count(json_tree_child(c, "fields")) > 0) {
        buf_add(&s->line, STR(" ("));
        add_list(s, json_tree_child(c, "fields"));
        buf_putc(&s->line, ')');
    }
    buf_printf(&s->line, _(": %s within "), json_tree_text(c, "value"));
    report_text_span(&s->line, (int64_t)seconds * NS_PER_SECOND);
    end_line(s);
    print_span(s);
}

static void print_rules(struct story *s) {
    size_t count = json_tree_count(s->rules);
    printf("%s", count > 0 ? _("\nEvents of each rule\n") : "");
    for (size_t i = 0; i < count; i++) {
        const struct json_tree *rule = json_tree_item(s->rules, i);
        buf_printf(&s->line, "  %8s  ", json_tree_text(rule, "events"));
        add_visible(s, json_tree_text(rule, "title"));
        buf_add(&s->line, STR("  "));
        add_visible(s, json_tree_text(rule, "id"));
        end_line(s);
    }
}

/* --- the values of the events that are shown --- */

struct counted {
    char *text;
    size_t count;
};

struct values {
    struct counted *items;
    size_t count;
    size_t capacity;
};

static void count_value(struct values *values, struct str text) {
    for (size_t i = 0; i < values->count; i++) {
        if (str_eq(str_from_c(values->items[i].text), text)) {
            values->items[i].count++;
            return;
        }
    }
    MEM_GROW(values->items, values->capacity, values->count + 1);
    values->items[values->count++] = (struct counted){mem_strdup(text.ptr, text.len), 1};
}

static void collect_values(struct story *s, struct values *values, const struct json_tree *events) {
    for (size_t i = 0; i < json_tree_count(events); i++) {
        const struct json_tree *list = json_tree_child(json_tree_item(events, i), "values");
        if (json_tree_count(list) > 0) {
            add_list(s, list);
            count_value(values, buf_str(&s->line));
            buf_clear(&s->line);
        }
    }
}

static void print_values(struct story *s, const struct json_tree *events) {
    struct values values = {NULL, 0, 0};
    collect_values(s, &values, events);
    if (values.count > 0) {
        printf(_("\nValues of the events shown: %zu different\n"), values.count);
    }
    for (size_t i = 0; i < values.count && i < VALUES_SHOWN; i++) {
        printf("  %8zu  %s\n", values.items[i].count, values.items[i].text);
    }
    if (values.count > VALUES_SHOWN) {
        printf(_("  and %zu more\n"), values.count - VALUES_SHOWN);
    }
    for (size_t i = 0; i < values.count; i++) {
        mem_free(values.items[i].text);
    }
    mem_free(values.items);
}

/* --- the events --- */

static void add_titles(struct story *s, const struct json_tree *ids) {
    for (size_t i = 0; i < json_tree_count(ids); i++) {
        buf_add(&s->line, i > 0 ? STR(" + ") : STR_EMPTY);
        add_visible(s, title_of(s, json_tree_value(json_tree_item(ids, i))));
    }
}

static void print_event(struct story *s, const struct json_tree *event) {
    const char *file = json_tree_text(event, "file");
    bool has_line = json_tree_child(event, "line") != NULL;
    buf_add(&s->line, STR("  "));
    add_time(s, json_tree_text(event, "@timestamp"));
    buf_add(&s->line, STR("  "));
    if (file[0] != '\0') {
        add_visible(s, file);
        buf_printf(&s->line, "%s%s", has_line ? ":" : "#",
                   json_tree_text(event, has_line ? "line" : "idx"));
    } else {
        add_visible(s, json_tree_text(event, "peer"));
    }
    buf_add(&s->line, STR("  "));
    add_visible(s, json_tree_text(event, "id"));
    buf_add(&s->line, STR("  "));
    add_titles(s, json_tree_child(event, "rules"));
    if (json_tree_count(json_tree_child(event, "values")) > 0) {
        buf_add(&s->line, STR("  "));
        add_list(s, json_tree_child(event, "values"));
    }
    end_line(s);
}

void correlation_story_print(const struct json_tree *hit, const struct zone *zone) {
    struct story s = {.hit = hit,
                      .correlation = json_tree_child(hit, "correlation"),
                      .zone = zone,
                      .line = BUF_INIT};
    const struct json_tree *events = json_tree_child(hit, "events");
    size_t count = json_tree_count(events);
    s.rules = json_tree_child(s.correlation, "rules");
    print_head(&s);
    json_tree_members(json_tree_child(s.correlation, "group"), add_group, &s);
    end_line(&s);
    json_tree_members(json_tree_child(s.correlation, "aliases"), print_alias, &s);
    print_measure(&s);
    if (json_tree_child(hit, "suppressed_by") != NULL) {
        printf("%s", _("\nExplained by "));
        add_visible(&s, json_tree_text(hit, "suppressed_by"));
        end_line(&s);
    }
    print_rules(&s);
    print_values(&s, events);
    printf(_("\nEvidence: %s event(s), %zu shown\n"), json_tree_text(s.correlation, "count"),
           count);
    for (size_t i = 0; i < count; i++) {
        print_event(&s, json_tree_item(events, i));
    }
    buf_fini(&s.line);
}
