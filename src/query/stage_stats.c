/*
 * stats, count, timechart: groups by the values of the columns. A field with several values puts
 * the event into the group of each of them. Events without a value to group by are left out and
 * counted (query_run_stats.without_group). Groups come out in the order of their columns.
 *
 * timechart: the first group column is the start of the span that the event lies in, on the
 * calendar of the zone; without `by` the spans without events come out too, with count 0.
 */
#include "mem.h"
#include "stats_priv.h"

enum { GROUP_BYTES = 64 };

static void *stats_create(struct stage *stage) {
    struct stats *s = mem_calloc(1, sizeof *s);
    s->aggregate_count = stage->spec->aggregate_count;
    s->sets = mem_calloc(s->aggregate_count, sizeof *s->sets);
    s->ids = mem_calloc(stage->spec->column_count + 1, sizeof *s->ids);
    stats_groups_init(&s->groups, stage->spec->column_count);
    return s;
}

static void stats_destroy(void *state) {
    struct stats *s = state;
    for (size_t i = 0; i < (size_t)s->groups.count * s->aggregate_count; i++) {
        accumulator_fini(&s->accumulators[i]);
    }
    for (size_t i = 0; i < s->aggregate_count; i++) {
        aggregate_set_fini(&s->sets[i]);
    }
    mem_free(s->accumulators);
    mem_free(s->sets);
    mem_free(s->ids);
    stats_groups_fini(&s->groups);
    buf_fini(&s->scratch);
    buf_fini(&s->value_scratch);
    mem_free(s);
}

/* --- keys --- */

uint32_t stats_text_id(struct stats *s, struct intern *texts, struct str text) {
    uint32_t before = texts->count;
    uint32_t id = intern_add(texts, text);
    s->used_bytes += texts->count > before ? text.len + STATS_TEXT_BYTES : 0;
    return id;
}

uint32_t stats_span_id(struct stats *s, int64_t start_ns) {
    struct str text = str_make((const char *)&start_ns, sizeof start_ns);
    return stats_text_id(s, &s->groups.texts[0], text);
}

static int64_t floor_to(int64_t value, int64_t step, int64_t origin) {
    int64_t rest = (value - origin) % step;
    return value - (rest < 0 ? rest + step : rest);
}

int64_t stats_span_start(const struct stage_spec *spec, int64_t ns) {
    int64_t monday = 4 * NS_PER_DAY; /* 1970-01-05 */
    int64_t origin = spec->span_ns % (7 * NS_PER_DAY) == 0 ? monday : 0;
    int64_t local = zone_to_local(spec->zone, ns);
    return zone_to_utc(spec->zone, floor_to(local, spec->span_ns, origin));
}

/* --- rows in --- */

uint32_t stats_find_group(struct stage *stage, const uint32_t *ids) {
    struct stats *s = stage->state;
    size_t width = stage->spec->aggregate_count;
    uint32_t before = s->groups.count;
    uint32_t group = stats_groups_find(&s->groups, ids);
    if (s->groups.count > before) {
        size_t needed = ((size_t)group + 1) * width;
        MEM_GROW(s->accumulators, s->accumulator_capacity, needed);
        memset(s->accumulators + (size_t)group * width, 0, width * sizeof *s->accumulators);
        s->used_bytes += GROUP_BYTES + width * sizeof *s->accumulators;
    }
    return group;
}

/* All values of the column in the row; false if there are none. */
static bool add_values(struct stats *s, struct accumulator *a, const struct aggregate *spec,
                       struct aggregate_set *set, uint32_t group, const struct batch *batch,
                       const struct row *row) {
    const struct query_column *column = &spec->column;
    bool found = false;
    for (size_t f = 0; f < column->field_count && !found; f++) {
        uint32_t field = column->fields[f];
        struct str text;
        if (schema_is_attribute(field)) {
            found = batch_get(&text, batch, row, field, &s->value_scratch);
            s->used_bytes += found ? accumulator_add(a, spec, text, set, group) : 0;
            continue;
        }
        for (uint32_t i = 0; i < row->value_count; i++) {
            const struct value *v = &batch->values[row->first_value + i];
            if (v->field == field) {
                s->used_bytes += accumulator_add(a, spec, batch_value_text(batch, v), set, group);
                found = true;
            }
        }
    }
    return found;
}

static void add_to_group(struct stage *stage, const struct batch *batch, const struct row *row) {
    struct stats *s = stage->state;
    uint32_t group = stats_find_group(stage, s->ids);
    for (size_t i = 0; i < stage->spec->aggregate_count; i++) {
        const struct aggregate *spec = &stage->spec->aggregates[i];
        struct accumulator *a = &s->accumulators[group * stage->spec->aggregate_count + i];
        if (!spec->has_column) {
            a->count++;
        } else {
            (void)add_values(s, a, spec, &s->sets[i], group, batch, row);
        }
    }
}

/* Puts the row into every group that its values name, column by column. False: a column has no
 * value. */
static bool add_grouped(struct stage *stage, size_t column_index, const struct batch *batch,
                        const struct row *row) {
    struct stats *s = stage->state;
    if (column_index == stage->spec->column_count) {
        add_to_group(stage, batch, row);
        return true;
    }
    const struct query_column *column = &stage->spec->columns[column_index];
    struct intern *texts = &s->groups.texts[column_index];
    bool found = false;
    for (size_t f = 0; f < column->field_count && !found; f++) {
        uint32_t field = column->fields[f];
        struct str text;
        if (schema_is_attribute(field)) {
            if (batch_get(&text, batch, row, field, &s->scratch)) {
                s->ids[column_index] = stats_text_id(s, texts, text);
                found = add_grouped(stage, column_index + 1, batch, row);
            }
            continue;
        }
        for (uint32_t i = 0; i < row->value_count; i++) {
            const struct value *v = &batch->values[row->first_value + i];
            if (v->field == field) {
                s->ids[column_index] = stats_text_id(s, texts, batch_value_text(batch, v));
                found |= add_grouped(stage, column_index + 1, batch, row);
            }
        }
    }
    return found;
}

static enum status stats_push(struct stage *stage, const struct batch *batch, const struct row *row,
                              struct err *err) {
    struct stats *s = stage->state;
    size_t first = 0;
    if (stage->spec->span_ns > 0) {
        s->ids[0] = stats_span_id(s, stats_span_start(stage->spec, row->time_ns));
        first = 1;
    }
    if (!add_grouped(stage, first, batch, row)) {
        stage->run->stats->without_group++;
    }
    return stage_check_memory(stage, s->used_bytes, err);
}

const struct stage_impl stage_stats = {stats_create, stats_destroy, stats_push, stats_finish};
