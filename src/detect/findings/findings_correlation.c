/* Hits of correlations as JSON objects and rows of the findings file. */
#include "findings_db_priv.h"

#include "json_out.h"

/* Fields of group-by whose values are entities. */
static const struct {
    const char *field;
    enum entity_key key;
} entity_fields[] = {
    {"User", ENTITY_USER},
    {"TargetUserName", ENTITY_USER},
    {"SubjectUserName", ENTITY_USER},
    {"AccountName", ENTITY_USER},
    {"user.name", ENTITY_USER},
    {"cs-username", ENTITY_USER},
    {"Computer", ENTITY_HOST},
    {"ComputerName", ENTITY_HOST},
    {"host.name", ENTITY_HOST},
    {"WorkstationName", ENTITY_CLIENT},
    {"IpAddress", ENTITY_CLIENT},
    {"SourceIp", ENTITY_CLIENT},
    {"SourceAddress", ENTITY_CLIENT},
    {"src_ip", ENTITY_CLIENT},
    {"c-ip", ENTITY_CLIENT},
    {"source.ip", ENTITY_CLIENT},
    {"client.ip", ENTITY_CLIENT},
    {"DestinationIp", ENTITY_DESTINATION},
    {"DestinationHostname", ENTITY_DESTINATION},
    {"dst_ip", ENTITY_DESTINATION},
    {"destination.ip", ENTITY_DESTINATION},
    {"destination.domain", ENTITY_DESTINATION},
    {"cs-host", ENTITY_DESTINATION},
    {"DestinationPort", ENTITY_PORT},
    {"dst_port", ENTITY_PORT},
    {"destination.port", ENTITY_PORT},
};

static void add_time(struct buf *out, const char *name, int64_t time_ns) {
    char time[CIVIL_RFC3339_BYTES];
    size_t len = civil_format_rfc3339(time, time_ns);
    buf_printf(out, "\"%s\":\"%.*s\"", name, (int)len, time);
}

static void add_group(struct buf *out, const struct sigma_correlation_hit *hit) {
    buf_add(out, STR("\"group\":{"));
    for (size_t i = 0; i < hit->group_count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        json_out_string(out, hit->group_fields[i]);
        buf_putc(out, ':');
        json_out_string(out, hit->group_values[i]);
    }
    buf_putc(out, '}');
}

/* The rules that it is about, and how many of its events are of each. */
static void add_rules(struct buf *out, const struct sigma_correlation_hit *hit) {
    buf_add(out, STR(",\"rules\":["));
    for (size_t i = 0; i < hit->rule_count; i++) {
        buf_add(out, i > 0 ? STR(",{\"id\":") : STR("{\"id\":"));
        json_out_string(out, hit->rules[i].info->id);
        buf_add(out, STR(",\"title\":"));
        json_out_string(out, hit->rules[i].info->title);
        buf_printf(out, ",\"events\":%llu}", (unsigned long long)hit->rules[i].events);
    }
    buf_putc(out, ']');
}

/* Rows of one alias follow each other. */
static void add_aliases(struct buf *out, const struct sigma_correlation_hit *hit) {
    const struct sigma_correlated_alias *a = hit->aliases;
    for (size_t i = 0; i < hit->alias_count; i++) {
        bool goes_on = i > 0 && str_eq(a[i].name, a[i - 1].name);
        if (!goes_on) {
            buf_add(out, i == 0 ? STR(",\"aliases\":{") : STR("},"));
            json_out_string(out, a[i].name);
        }
        buf_add(out, goes_on ? STR(",") : STR(":{"));
        json_out_string(out, a[i].rule->id);
        buf_putc(out, ':');
        json_out_string(out, a[i].field);
    }
    buf_add(out, hit->alias_count > 0 ? STR("}}") : STR_EMPTY);
}

static void add_texts(struct buf *out, const char *name, const struct str *texts, size_t count) {
    buf_printf(out, ",\"%s\":", name);
    for (size_t i = 0; i < count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR("["));
        json_out_string(out, texts[i]);
    }
    buf_putc(out, ']');
}

/* The field itself, or one that the alias stands for. */
static bool is_entity(const struct sigma_correlation_hit *hit, struct str field,
                      enum entity_key key) {
    for (size_t i = 0; i < sizeof entity_fields / sizeof entity_fields[0]; i++) {
        struct str known = str_from_c(entity_fields[i].field);
        bool is_it = str_eq(field, known);
        for (size_t a = 0; a < hit->alias_count && !is_it; a++) {
            is_it = str_eq(hit->aliases[a].name, field) && str_eq(hit->aliases[a].field, known);
        }
        if (is_it && entity_fields[i].key == key) {
            return true;
        }
    }
    return false;
}

static void add_entities(struct buf *out, const struct sigma_correlation_hit *hit) {
    bool some = false;
    buf_add(out, STR(",\"entities\":{"));
    for (int key = 0; key < ENTITY_KEY_COUNT; key++) {
        bool of_key = false;
        for (size_t i = 0; i < hit->group_count; i++) {
            if (!is_entity(hit, hit->group_fields[i], (enum entity_key)key)) {
                continue;
            }
            if (!of_key) {
                struct str name = entity_key_name((enum entity_key)key);
                buf_printf(out, "%s\"%.*s\":[", some ? "," : "", STR_ARG(name));
            }
            buf_add(out, of_key ? STR(",") : STR_EMPTY);
            json_out_string(out, hit->group_values[i]);
            of_key = some = true;
        }
        buf_add(out, of_key ? STR("]") : STR_EMPTY);
    }
    buf_putc(out, '}');
}

/* The origin is "source NUL file" or "source NUL NUL peer" (rule_watch.c). */
static void add_member(struct buf *out, const struct sigma_correlation_hit *hit,
                       const struct sigma_correlation_member *member) {
    size_t end = str_find_char(member->origin, '\0');
    struct str source = str_head(member->origin, end);
    struct str file = end == STR_NONE ? STR_EMPTY : str_skip(member->origin, end + 1);
    bool is_peer = str_take_char(&file, '\0');
    buf_putc(out, '{');
    add_time(out, "@timestamp", member->time_ns);
    if (file.len > 0) {
        buf_add(out, is_peer ? STR(",\"peer\":") : STR(",\"file\":"));
        json_out_string(out, file);
    }
    if (file.len > 0 && !is_peer) {
        buf_printf(out, ",\"%s\":%u", member->line > 0 ? "line" : "idx",
                   member->line > 0 ? member->line : member->idx);
    }
    buf_add(out, STR(",\"source\":"));
    json_out_string(out, source);
    buf_add(out, STR(",\"id\":\""));
    json_out_escaped(out, source);
    buf_printf(out, "-%llu\",\"rules\":[", (unsigned long long)member->record);
    bool some = false;
    for (size_t i = 0; i < hit->rule_count; i++) {
        if ((member->rules >> i & 1) != 0) {
            buf_add(out, some ? STR(",") : STR_EMPTY);
            json_out_string(out, hit->rules[i].info->id);
            some = true;
        }
    }
    buf_putc(out, ']');
    if (member->value_count > 0) {
        add_texts(out, "values", member->values, member->value_count);
    }
    buf_putc(out, '}');
}

static void add_members(struct buf *out, const struct sigma_correlation_hit *hit) {
    buf_add(out, STR(",\"events\":["));
    for (size_t i = 0; i < hit->head_count + hit->tail_count; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_EMPTY);
        add_member(out, hit, i < hit->head_count ? &hit->head[i] : &hit->tail[i - hit->head_count]);
    }
    buf_putc(out, ']');
}

void correlation_hit_format(struct buf *out, const struct rule_hit *rule,
                            const struct sigma_correlation_hit *hit) {
    buf_putc(out, '{');
    add_time(out, "@timestamp", hit->first_ns);
    buf_printf(out, ",\"id\":\"%016llx\",\"version\":%u,", (unsigned long long)hit->id,
               hit->version);
    rule_hit_format_rule(out, rule, STR("correlation"));
    buf_printf(out, ",\"correlation\":{\"type\":\"%.*s\",", STR_ARG(hit->type));
    add_group(out, hit);
    add_aliases(out, hit);
    if (hit->field_count > 0) {
        add_texts(out, "fields", hit->fields, hit->field_count);
    }
    add_rules(out, hit);
    buf_putc(out, ',');
    add_time(out, "first", hit->first_ns);
    buf_putc(out, ',');
    add_time(out, "last", hit->last_ns);
    buf_printf(out, ",\"count\":%llu,\"value\":%.15g,\"timespan_s\":%lld}",
               (unsigned long long)hit->count, hit->value,
               (long long)(hit->timespan_ns / NS_PER_SECOND));
    add_entities(out, hit);
    add_members(out, hit);
    if (rule->suppressed_by.len > 0) {
        buf_add(out, STR(",\"suppressed\":true,\"suppressed_by\":"));
        json_out_string(out, rule->suppressed_by);
    }
    buf_putc(out, '}');
}

enum status findings_db_add_correlation_hit(struct findings_db *db, const struct rule_hit *rule,
                                            const struct sigma_correlation_hit *hit,
                                            struct err *err) {
    struct buf json = BUF_INIT;
    struct buf event = BUF_INIT;
    correlation_hit_format(&json, rule, hit);
    buf_printf(&event, "correlation %016llx", (unsigned long long)hit->id);
    const struct findings_hit kept = {.rule_id = rule->rule_id,
                                      .event = buf_str(&event),
                                      .level = rule->level,
                                      .time_ns = hit->first_ns,
                                      .json = buf_str(&json)};
    enum status status = findings_put_hit(db, &kept, err);
    buf_fini(&json);
    buf_fini(&event);
    return status;
}
