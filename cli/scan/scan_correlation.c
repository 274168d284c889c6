#include "scan_correlation.h"

enum { PLACES_MAX = 2 * SIGMA_MEMBERS_MAX };

static struct report_place place_of(const struct sigma_correlation_member *member) {
    return (struct report_place){.file = member->origin,
                                 .time_ns = member->time_ns,
                                 .record_id = member->record,
                                 .line = member->line,
                                 .idx = member->idx};
}

/* Counts are whole; shares and averages are not. */
static struct str value_text(struct arena *arena, double value) {
    if (value > -9e15 && value < 9e15 && (double)(int64_t)value == value) {
        return arena_printf(arena, "%lld", (long long)value);
    }
    return arena_printf(arena, "%.10g", value);
}

static size_t fill_places(struct report_place *places, const struct sigma_correlation_hit *hit) {
    size_t count = 0;
    for (size_t i = 0; i < hit->head_count; i++) {
        places[count++] = place_of(&hit->head[i]);
    }
    for (size_t i = 0; i < hit->tail_count; i++) {
        places[count++] = place_of(&hit->tail[i]);
    }
    return count;
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
    struct report_place places[PLACES_MAX];
    size_t place_count = fill_places(places, hit);
    const struct report_field *fields = fields_of(&arena, hit);
    const struct report_correlation c = {.type = hit->type,
                                         .groups = fields,
                                         .group_count = hit->group_count,
                                         .events = places,
                                         .event_count = place_count,
                                         .first_ns = hit->first_ns,
                                         .last_ns = hit->last_ns,
                                         .timespan_ns = hit->timespan_ns,
                                         .count = hit->count,
                                         .value = value_text(&arena, hit->value)};
    const struct report_hit view = {.rule = correlation->rule,
                                    .level = correlation->rule->level,
                                    .time_ns = hit->first_ns,
                                    .place = places[0],
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
