#include "scan_correlation.h"

enum { MEMBERS_MAX = 2 * SIGMA_MEMBERS_MAX };

static struct report_member member_of(const struct sigma_correlation_member *member) {
    return (struct report_member){.place = {.file = member->origin,
                                            .time_ns = member->time_ns,
                                            .record_id = member->record,
                                            .line = member->line,
                                            .idx = member->idx},
                                  .rules = member->rules,
                                  .values = member->values,
                                  .value_count = member->value_count};
}

/* Counts are whole; shares and averages are not. */
static struct str value_text(struct arena *arena, double value) {
    if (value > -9e15 && value < 9e15 && (double)(int64_t)value == value) {
        return arena_printf(arena, "%lld", (long long)value);
    }
    return arena_printf(arena, "%.15g", value);
}

static size_t fill_members(struct report_member *members, const struct sigma_correlation_hit *hit) {
    size_t count = 0;
    for (size_t i = 0; i < hit->head_count; i++) {
        members[count++] = member_of(&hit->head[i]);
    }
    for (size_t i = 0; i < hit->tail_count; i++) {
        members[count++] = member_of(&hit->tail[i]);
    }
    return count;
}

static struct report_correlated_rule *rules_of(struct arena *arena,
                                               const struct sigma_correlation_hit *hit) {
    struct report_correlated_rule *rules = arena_array(arena, hit->rule_count, sizeof *rules);
    for (size_t i = 0; i < hit->rule_count; i++) {
        rules[i] = (struct report_correlated_rule){hit->rules[i].info, hit->rules[i].events};
    }
    return rules;
}

static struct report_alias *aliases_of(struct arena *arena,
                                       const struct sigma_correlation_hit *hit) {
    struct report_alias *aliases = arena_array(arena, hit->alias_count + 1, sizeof *aliases);
    for (size_t i = 0; i < hit->alias_count; i++) {
        const struct sigma_correlated_alias *a = &hit->aliases[i];
        aliases[i] = (struct report_alias){a->name, a->rule, a->field};
    }
    return aliases;
}

static struct report_field *fields_of(struct arena *arena,
                                      const struct sigma_correlation_hit *hit) {
    struct report_field *fields = arena_array(arena, hit->group_count + 1, sizeof *fields);
    for (size_t i = 0; i < hit->group_count; i++) {
        fields[i] = (struct report_field){hit->group_fields[i], hit->group_values[i]};
    }
    return fields;
}

/* The computer of all events, if they are grouped by it. */
static struct str computer_of(const struct report_field *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (str_eq(fields[i].name, STR("Computer")) ||
            str_eq(fields[i].name, STR("ComputerName")) ||
            str_eq(fields[i].name, STR("host.name"))) {
            return fields[i].value;
        }
    }
    return STR_EMPTY;
}

static struct str reason_of(struct arena *arena, const struct site_rule *section) {
    return section == NULL ? STR_EMPTY
                           : arena_printf(arena, "%.*s: %.*s", STR_ARG(section->owner),
                                          STR_ARG(section->reason));
}

bool scan_correlation_write(struct scan_output *out, const struct scan_correlation *correlation) {
    const struct sigma_correlation_hit *hit = correlation->hit;
    struct arena arena = ARENA_INIT;
    struct report_member members[MEMBERS_MAX];
    size_t member_count = fill_members(members, hit);
    const struct report_field *fields = fields_of(&arena, hit);
    const struct report_correlation c = {.type = hit->type,
                                         .fields = hit->fields,
                                         .field_count = hit->field_count,
                                         .rules = rules_of(&arena, hit),
                                         .rule_count = hit->rule_count,
                                         .aliases = aliases_of(&arena, hit),
                                         .alias_count = hit->alias_count,
                                         .groups = fields,
                                         .group_count = hit->group_count,
                                         .events = members,
                                         .event_count = member_count,
                                         .first_ns = hit->first_ns,
                                         .last_ns = hit->last_ns,
                                         .timespan_ns = hit->timespan_ns,
                                         .count = hit->count,
                                         .value = value_text(&arena, hit->value)};
    const struct report_hit view = {.rule = correlation->rule,
                                    .level = correlation->rule->level,
                                    .time_ns = hit->first_ns,
                                    .place = members[0].place,
                                    .dataset = STR_EMPTY,
                                    .computer = computer_of(fields, hit->group_count),
                                    .channel = STR_EMPTY,
                                    .provider = STR_EMPTY,
                                    .event_id = STR_EMPTY,
                                    .user = STR_EMPTY,
                                    .process = STR_EMPTY,
                                    .details = STR_EMPTY,
                                    .suppressed_by = reason_of(&arena, correlation->suppressed_by),
                                    .fields = fields,
                                    .field_count = hit->group_count,
                                    .correlation = &c};
    bool written = scan_output_report(out, &view);
    arena_fini(&arena);
    return written;
}
