/*
 * stats behind stats: results of groups go straight into a stage that has no groups of its own
 * ("timechart count | stats max(count)"), where only whole numbers are asked for: no rows are made,
 * and their order does not matter.
 */
#include "num.h"
#include "stats_priv.h"

enum {
    STATS_LINKS = 16,  /* aggregates of the next stage */
    NUMBER_BYTES = 20, /* of a whole number as text */
};

/* One aggregate of the next stage, and where its values come from. */
struct link {
    const struct aggregate *to;
    size_t from;  /* number of the aggregate; SIZE_MAX: rows are counted */
    int64_t best; /* MIN, MAX: so far */
    bool has_best;
};

/* Can the results be anything but whole numbers? */
static bool is_whole(const struct stats *s, size_t aggregate) {
    bool whole = true;
    for (uint32_t g = 0; g < s->groups.count && whole; g++) {
        const struct accumulator *a = &s->accumulators[g * s->aggregate_count + aggregate];
        whole =
            !accumulator_has_fractions(a) && a->integers >= INT64_MIN && a->integers <= INT64_MAX;
    }
    return whole;
}

static bool is_extreme(enum aggregate_fn fn) {
    return fn == FN_MIN || fn == FN_MAX;
}

/* Does the column name just one result, which is a whole number in all groups? */
static bool find_source(size_t *out, const struct stage *stage, const struct query_column *column) {
    const struct stage_spec *spec = stage->spec;
    size_t found = 0;
    if (column->is_pattern || column->field_count != 1 || schema_is_attribute(column->fields[0])) {
        return false;
    }
    for (size_t i = 0; i < spec->aggregate_count; i++) {
        const struct aggregate *a = &spec->aggregates[i];
        if (a->out_field == column->fields[0]) {
            bool fits = a->fn == FN_COUNT || a->fn == FN_DISTINCT ||
                        (a->fn == FN_SUM && is_whole(stage->state, i));
            found += fits ? 1 : 2;
            *out = i;
        }
    }
    for (size_t i = 0; i < spec->column_count; i++) {
        const struct query_column *group = &spec->columns[i];
        for (size_t f = 0; f < group->field_count; f++) {
            found += group->fields[f] == column->fields[0];
        }
    }
    return found == 1;
}

static bool make_link(struct link *out, const struct stage *stage, const struct aggregate *to) {
    struct order_key zero;
    *out = (struct link){.to = to, .from = SIZE_MAX};
    switch (to->fn) {
    case FN_COUNT:
        return !to->has_column || find_source(&out->from, stage, &to->column);
    case FN_SUM:
    case FN_AVG:
        return find_source(&out->from, stage, &to->column);
    case FN_MIN:
    case FN_MAX:
        order_key_init(&zero, STR("0"), to->column.type);
        return zero.rank == RANK_NUMBER && find_source(&out->from, stage, &to->column);
    default:
        return false;
    }
}

static void give_group(struct link *link, struct accumulator *to, const struct accumulator *from,
                       const struct aggregate *spec) {
    if (spec->fn == FN_SUM && from->count == 0) {
        return; /* absent */
    }
    int64_t number = spec->fn == FN_SUM ? (int64_t)from->integers : (int64_t)from->count;
    if (!is_extreme(link->to->fn)) {
        accumulator_add_sum(to, link->to->fn == FN_COUNT ? 0 : number, 1);
        return;
    }
    bool better = link->to->fn == FN_MIN ? number < link->best : number > link->best;
    if (better || !link->has_best) {
        link->best = number;
        link->has_best = true;
    }
}

static void give_all(struct link *link, struct accumulator *to, const struct stage *stage) {
    const struct stats *s = stage->state;
    if (link->from == SIZE_MAX) {
        to->count += s->groups.count;
        return;
    }
    for (uint32_t g = 0; g < s->groups.count; g++) {
        give_group(link, to, &s->accumulators[g * s->aggregate_count + link->from],
                   &stage->spec->aggregates[link->from]);
    }
}

/* The extreme of all as one value. */
static void give_best(const struct link *link, struct stats *to, size_t aggregate) {
    char text[NUMBER_BYTES];
    size_t len = num_format_i64(text, link->best);
    to->used_bytes += accumulator_add(&to->accumulators[aggregate], link->to, str_make(text, len),
                                      &to->sets[aggregate], 0);
}

bool stats_give_whole(struct stage *stage) {
    const struct stage_spec *spec = stage->spec;
    struct stage *next = stage->next;
    bool fills = spec->span_ns > 0 && spec->column_count == 1; /* spans without a group */
    if (next == NULL || next->impl != &stage_stats || fills || next->spec->column_count > 0 ||
        next->spec->aggregate_count > STATS_LINKS) {
        return false;
    }
    struct link links[STATS_LINKS];
    size_t count = next->spec->aggregate_count;
    for (size_t i = 0; i < count; i++) {
        if (!make_link(&links[i], stage, &next->spec->aggregates[i])) {
            return false;
        }
    }
    struct stats *to = next->state;
    (void)stats_find_group(next, to->ids); /* the only one */
    for (size_t i = 0; i < count; i++) {
        give_all(&links[i], &to->accumulators[i], stage);
        if (links[i].has_best) {
            give_best(&links[i], to, i);
        }
    }
    return true;
}
