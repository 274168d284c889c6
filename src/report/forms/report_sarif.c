/*
 * SARIF 2.1.0 (OASIS, sarif-v2.1.0-errata01): results first, as they come; the rules that had hits
 * follow as tool.driver.rules, which results name by index. Record files have a logical location
 * instead of a line.
 */
#include "hash.h"
#include "json_member.h"
#include "json_out.h"
#include "report_form.h"
#include "report_json.h"
#include "report_text.h"

/* Section 3.27.10 knows three levels. */
static struct str sarif_level(enum sigma_level level) {
    return level >= SIGMA_HIGH     ? STR("error")
           : level == SIGMA_MEDIUM ? STR("warning")
                                   : STR("note");
}

/* What code hosts sort by: 0.0 to 10.0. */
static struct str severity(enum sigma_level level) {
    static const struct str values[REPORT_LEVELS] = {
        STR_INIT("0.0"), STR_INIT("3.0"), STR_INIT("5.5"), STR_INIT("8.0"), STR_INIT("9.5")};
    return values[level];
}

static void add_segment(struct buf *out, struct str segment) {
    for (size_t i = 0; i < segment.len; i++) {
        char c = segment.ptr[i];
        if (ascii_is_alnum(c) || (c != '\0' && strchr("-._~", c) != NULL)) {
            buf_putc(out, c);
        } else {
            buf_printf(out, "%%%02X", (unsigned char)c);
        }
    }
}

/* A path as URI reference (RFC 3986): all but unreserved characters and '/' are escaped. Behind a
 * name "." and ".." come out of archives: they become "...", or who follows the reference would be
 * led to a file beside the archive. The hit's property "file" has the name as it is. */
static void add_uri(struct buf *out, struct str path) {
    bool has_name = false;
    struct str segment;
    buf_add(out, path.len > 0 && path.ptr[0] == '/' ? STR("\"file://") : STR("\""));
    for (size_t at = 0; at <= path.len; at += segment.len + 1) {
        struct str rest = str_skip(path, at);
        segment = str_head(rest, str_find_char(rest, '/'));
        bool is_dots = str_eq(segment, STR("..")) || str_eq(segment, STR("."));
        buf_add(out, at > 0 ? STR("/") : STR_EMPTY);
        add_segment(out, is_dots && has_name ? STR("...") : segment);
        has_name = has_name || (segment.len > 0 && !is_dots);
    }
    buf_putc(out, '"');
}

static void begin(struct buf *out, const struct report_form_view *view) {
    (void)view;
    buf_add(out, STR("{\"$schema\":\"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/"
                     "schemas/sarif-schema-2.1.0.json\",\"version\":\"2.1.0\","
                     "\"runs\":[{\"columnKind\":\"unicodeCodePoints\",\"results\":["));
}

/* --- results --- */

static void add_location(struct buf *out, const struct report_place *place, bool is_first) {
    buf_add(out, is_first ? STR("{\"physicalLocation\":{\"artifactLocation\":{\"uri\":")
                          : STR(",{\"physicalLocation\":{\"artifactLocation\":{\"uri\":"));
    add_uri(out, place->file);
    buf_putc(out, '}');
    if (place->line > 0) {
        buf_printf(out, ",\"region\":{\"startLine\":%u}}}", place->line);
        return;
    }
    buf_printf(out, "},\"logicalLocations\":[{\"name\":\"#%u\",\"kind\":\"record\"", place->idx);
    if (place->record_id != 0) {
        buf_printf(out, ",\"fullyQualifiedName\":\"EventRecordID %llu\"",
                   (unsigned long long)place->record_id);
    }
    buf_add(out, STR("}]}"));
}

/* A location of a correlation says which rules the event is of, and its values. */
static void add_member_location(struct buf *out, const struct report_correlation *c,
                                const struct report_member *member, bool is_first) {
    struct buf text = BUF_INIT;
    add_location(out, &member->place, is_first);
    report_text_member_rules(&text, c, member);
    buf_add(&text, member->value_count > 0 ? STR(": ") : STR_EMPTY);
    report_text_member_values(&text, member);
    if (text.len > 0) {
        out->len--; /* the end of the location */
        buf_add(out, STR(",\"message\":{\"text\":"));
        json_out_string(out, buf_str(&text));
        buf_add(out, STR("}}"));
    }
    buf_fini(&text);
}

static void add_locations(struct buf *out, const struct report_hit *hit) {
    const struct report_correlation *c = hit->correlation;
    buf_add(out, STR(",\"locations\":["));
    if (c == NULL) {
        add_location(out, &hit->place, true);
    } else if (c->event_count > 0) {
        add_member_location(out, c, &c->events[c->event_count - 1], true);
    }
    buf_putc(out, ']');
    if (c != NULL && c->event_count > 1) {
        buf_add(out, STR(",\"relatedLocations\":["));
        for (size_t i = 0; i + 1 < c->event_count; i++) {
            add_member_location(out, c, &c->events[i], i == 0);
        }
        buf_putc(out, ']');
    }
}

/* The same hit has the same print in another run over the same files. */
static void add_fingerprint(struct buf *out, const struct report_hit *hit) {
    struct buf key = BUF_INIT;
    buf_add(&key, hit->rule->id);
    buf_putc(&key, '\0');
    buf_add(&key, hit->place.file);
    buf_printf(&key, "|%u|%u|%llu|%lld", hit->place.line, hit->place.idx,
               (unsigned long long)hit->place.record_id,
               hit->is_time_received ? 0LL : (long long)hit->time_ns);
    /* several objects of JSON may stand on one line */
    for (size_t i = 0; hit->place.record_id == 0 && i < hit->field_count; i++) {
        buf_putc(&key, '\0');
        buf_add(&key, hit->fields[i].value);
    }
    for (size_t i = 0; hit->correlation != NULL && i < hit->correlation->group_count; i++) {
        buf_putc(&key, '\0');
        buf_add(&key, hit->correlation->groups[i].value);
    }
    buf_printf(out, ",\"partialFingerprints\":{\"konseki/v1\":\"%016llx\"}",
               (unsigned long long)hash_str(buf_str(&key)));
    buf_fini(&key);
}

static void add_properties(struct buf *out, const struct report_hit *hit) {
    buf_add(out, STR(",\"properties\":{\"level\":"));
    json_out_string(out, sigma_level_name(hit->level));
    if (!hit->is_time_received) {
        report_json_time(out, STR("time"), hit->time_ns);
    }
    json_member_text(out, STR("file"), hit->place.file);
    json_member_text(out, STR("computer"), hit->computer);
    json_member_text(out, STR("channel"), hit->channel);
    json_member_text(out, STR("event_id"), hit->event_id);
    buf_add(out, STR(",\"fields\":"));
    report_json_fields(out, hit->fields, hit->field_count);
    if (hit->correlation != NULL) {
        buf_add(out, STR(",\"correlation\":"));
        report_json_correlation(out, hit->correlation);
    }
    buf_putc(out, '}');
}

/* Section 3.35: why nobody needs to act on it. */
static void add_suppression(struct buf *out, const struct report_hit *hit) {
    if (hit->suppressed_by.len > 0) {
        buf_add(out, STR(",\"suppressions\":[{\"kind\":\"external\",\"justification\":"));
        json_out_string(out, hit->suppressed_by);
        buf_add(out, STR("}]"));
    }
}

static void add_result(struct buf *out, const struct report_form_view *view,
                       const struct report_hit *hit, bool is_first) {
    struct str address = {(const char *)&hit->rule, sizeof hit->rule};
    struct buf message = BUF_INIT;
    buf_add(out, is_first ? STR("\n{\"ruleId\":") : STR(",\n{\"ruleId\":"));
    json_out_string(out, hit->rule->id);
    buf_printf(out, ",\"ruleIndex\":%u", intern_find(&view->stats->rule_ids, address));
    json_member_text(out, STR("level"), sarif_level(hit->level));
    report_text_message(&message, hit);
    buf_add(out, STR(",\"message\":{\"text\":"));
    json_out_string(out, buf_str(&message));
    buf_putc(out, '}');
    add_locations(out, hit);
    add_fingerprint(out, hit);
    add_suppression(out, hit);
    add_properties(out, hit);
    buf_putc(out, '}');
    buf_fini(&message);
}

/* --- rules and the run --- */

static void add_list(struct buf *text, const char *title, const struct str *items, size_t count) {
    for (size_t i = 0; i < count; i++) {
        buf_printf(text, i == 0 ? "\n\n%s:\n- " : "\n- ", title);
        buf_add(text, items[i]);
    }
}

static void add_help(struct buf *out, const struct sigma_rule_info *rule) {
    struct buf text = BUF_INIT;
    buf_add(&text, rule->description.len > 0 ? rule->description : rule->title);
    add_list(&text, "False positives", rule->false_positives, rule->false_positive_count);
    add_list(&text, "References", rule->references, rule->reference_count);
    json_member_text(out, STR("name"), rule->title);
    buf_add(out, STR(",\"shortDescription\":{\"text\":"));
    json_out_string(out, rule->title.len > 0 ? rule->title : rule->id);
    buf_add(out, STR("},\"help\":{\"text\":"));
    json_out_string(out, buf_str(&text));
    buf_putc(out, '}');
    buf_fini(&text);
    if (rule->description.len > 0) {
        buf_add(out, STR(",\"fullDescription\":{\"text\":"));
        json_out_string(out, rule->description);
        buf_putc(out, '}');
    }
}

/* Tags must be unique (section 3.8.2). */
static bool is_repeated(const struct str *tags, size_t at) {
    for (size_t i = 0; i < at; i++) {
        if (str_eq(tags[i], tags[at])) {
            return true;
        }
    }
    return str_eq(tags[at], STR("security"));
}

static void add_rule(struct buf *out, const struct report_rule_row *row) {
    const struct sigma_rule_info *rule = row->rule;
    buf_add(out, STR("\n{\"id\":"));
    json_out_string(out, rule->id);
    add_help(out, rule);
    buf_add(out, STR(",\"defaultConfiguration\":{\"level\":"));
    json_out_string(out, sarif_level(rule->level));
    buf_add(out, STR("},\"properties\":{\"security-severity\":"));
    json_out_string(out, severity(rule->level));
    json_member_text(out, STR("status"), rule->status);
    json_member_text(out, STR("author"), rule->author);
    buf_add(out, STR(",\"tags\":[\"security\""));
    for (size_t i = 0; i < rule->tag_count; i++) {
        if (!is_repeated(rule->tags, i)) {
            buf_putc(out, ',');
            json_out_string(out, rule->tags[i]);
        }
    }
    buf_add(out, STR("]}}"));
}

static void add_notifications(struct buf *out, const struct report_run *run) {
    buf_add(out, STR(",\"toolExecutionNotifications\":["));
    for (size_t i = 0; i < run->failure_count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        buf_add(out, STR("{\"level\":\"error\",\"message\":{\"text\":"));
        json_out_string(out, run->failures[i]);
        buf_add(out, STR("}}"));
    }
    buf_add(out, STR("],\"toolConfigurationNotifications\":["));
    for (size_t i = 0; i < run->refusal_count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        buf_add(out, STR("{\"level\":\"warning\",\"message\":{\"text\":"));
        json_out_string(out, run->refusals[i]);
        buf_add(out, STR("}}"));
    }
    buf_putc(out, ']');
}

static void end(struct buf *out, const struct report_form_view *view,
                const struct report_run *run) {
    const struct report_stats *stats = view->stats;
    buf_add(out, STR("\n],\"tool\":{\"driver\":{\"name\":\"konseki\",\"version\":\"" KONSEKI_VERSION
                     "\",\"rules\":["));
    for (size_t i = 0; i < stats->rule_count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        add_rule(out, &stats->rules[i]);
    }
    buf_printf(out, "\n]}},\"invocations\":[{\"executionSuccessful\":%s",
               run->is_interrupted ? "false" : "true");
    report_json_time(out, STR("startTimeUtc"), run->started_wall_ns);
    report_json_time(out, STR("endTimeUtc"), run->started_wall_ns + run->elapsed_ns);
    add_notifications(out, run);
    buf_printf(out, ",\"properties\":{\"files\":%llu,\"events\":%llu,\"rules\":%zu}}]}]}\n",
               (unsigned long long)run->files, (unsigned long long)run->events, run->rules);
}

const struct report_form_type report_sarif = {
    .begin = begin, .hit = add_result, .end = end, .shows_details = true};
