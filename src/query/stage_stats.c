/*
 * stats, count, timechart: groups by the values of the columns. A field with several values puts
 * the event into the group of each of them. Events without a value to group by are left out and
 * counted (query_run_stats.without_group). Groups come out in the order of their columns.
 *
 * timechart: the first group column is the start of the span that the event lies in, on the
 * calendar of the zone; without `by` the spans without events come out too, with count 0.
 */
#include <stdlib.h>

#include "accumulator.h"
#include "columnar.h"
#include "mem.h"
#include "num.h"

enum { GROUP_BYTES = 160, EMPTY_SPANS_MAX = 100000 };

struct stats {
    size_t aggregate_count;
    struct intern groups;             /* key: each column's text, with its length before it */
    struct accumulator *accumulators; /* by group * aggregate_count + aggregate */
    size_t accumulator_capacity;
    struct aggregate_set *sets; /* by aggregate */
    struct buf key;
    struct buf scratch;
    struct buf value_scratch;
    uint64_t used_bytes;
};

static void *stats_create(struct stage *stage) {
    struct stats *s = mem_calloc(1, sizeof *s);
    s->aggregate_count = stage->spec->aggregate_count;
    s->sets = mem_calloc(s->aggregate_count, sizeof *s->sets);
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
    intern_fini(&s->groups);
    buf_fini(&s->key);
    buf_fini(&s->scratch);
    buf_fini(&s->value_scratch);
    mem_free(s);
}

/* --- keys --- */

static void key_append(struct buf *key, struct str text) {
    uint32_t length = (uint32_t)text.len;
    buf_append(key, &length, sizeof length);
    buf_add(key, text);
}

static struct str key_next(struct str *key) {
    uint32_t length;
    memcpy(&length, key->ptr, sizeof length);
    struct str text = str_make(key->ptr + sizeof length, length);
    *key = str_skip(*key, sizeof length + length);
    return text;
}

static int64_t floor_to(int64_t value, int64_t step, int64_t origin) {
    int64_t rest = (value - origin) % step;
    return value - (rest < 0 ? rest + step : rest);
}

/* Start of the span of the time; spans of a day and more follow the calendar of the zone, weeks
 * begin on Monday. */
static int64_t span_start(const struct stage_spec *spec, int64_t ns) {
    int64_t monday = 4 * NS_PER_DAY; /* 1970-01-05 */
    int64_t origin = spec->span_ns % (7 * NS_PER_DAY) == 0 ? monday : 0;
    int64_t local = zone_to_local(spec->zone, ns);
    return zone_to_utc(spec->zone, floor_to(local, spec->span_ns, origin));
}

/* --- rows in --- */

static uint32_t find_group(struct stage *stage) {
    struct stats *s = stage->state;
    size_t width = stage->spec->aggregate_count;
    uint32_t before = s->groups.count;
    uint32_t group = intern_add(&s->groups, buf_str(&s->key));
    if (group == before) {
        size_t needed = ((size_t)group + 1) * width;
        MEM_GROW(s->accumulators, s->accumulator_capacity, needed);
        memset(s->accumulators + (size_t)group * width, 0, width * sizeof *s->accumulators);
        s->used_bytes += s->key.len + GROUP_BYTES + width * sizeof *s->accumulators;
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
    uint32_t group = find_group(stage);
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
    size_t length = s->key.len;
    bool found = false;
    for (size_t f = 0; f < column->field_count && !found; f++) {
        uint32_t field = column->fields[f];
        struct str text;
        if (schema_is_attribute(field)) {
            if (batch_get(&text, batch, row, field, &s->scratch)) {
                key_append(&s->key, text);
                found = add_grouped(stage, column_index + 1, batch, row);
            }
            s->key.len = length;
            continue;
        }
        for (uint32_t i = 0; i < row->value_count; i++) {
            const struct value *v = &batch->values[row->first_value + i];
            if (v->field == field) {
                key_append(&s->key, batch_value_text(batch, v));
                found |= add_grouped(stage, column_index + 1, batch, row);
                s->key.len = length;
            }
        }
    }
    return found;
}

static enum status stats_push(struct stage *stage, const struct batch *batch, const struct row *row,
                              struct err *err) {
    struct stats *s = stage->state;
    size_t first = 0;
    buf_clear(&s->key);
    if (stage->spec->span_ns > 0) {
        int64_t start = span_start(stage->spec, row->time_ns);
        key_append(&s->key, str_make((const char *)&start, sizeof start));
        first = 1;
    }
    if (!add_grouped(stage, first, batch, row)) {
        stage->run->stats->without_group++;
    }
    return stage_check_memory(stage, s->used_bytes, err);
}

/* --- groups of the store's columns in --- */

static int64_t span_bounds(int64_t time_ns, int64_t *end_ns, const void *ctx) {
    const struct stage_spec *spec = ctx;
    int64_t start = span_start(spec, time_ns);
    int64_t next = start > INT64_MAX - spec->span_ns ? INT64_MAX : start + spec->span_ns;
    /* Beside a change of the clock a span is longer or shorter: then each time is asked anew. */
    bool regular = next > time_ns && span_start(spec, next - 1) == start;
    *end_ns = regular ? next : start;
    return start;
}

static bool columnar_field(struct store_group_field *out, const struct query_column *column) {
    *out = (struct store_group_field){.fields = column->fields, .count = column->field_count};
    bool good =
        !column->is_pattern && column->field_count > 0 && column->field_count <= STORE_GROUP_FIELDS;
    for (size_t i = 0; i < column->field_count && good; i++) {
        good = !schema_is_attribute(column->fields[i]) || column->fields[i] == FIELD_EVENT_DATASET;
    }
    return good;
}

static bool is_sum(enum aggregate_fn fn) {
    return fn == FN_SUM || fn == FN_AVG;
}

bool columnar_spec(struct store_group_spec *out, const struct stage_spec *stage) {
    *out = (struct store_group_spec){.span_ctx = stage};
    bool good = stage->kind == STAGE_STATS && stage->column_count < STORE_GROUP_KEYS;
    out->span = stage->span_ns > 0 ? span_bounds : NULL;
    for (size_t i = stage->span_ns > 0 ? 1 : 0; i < stage->column_count && good; i++) {
        good = columnar_field(&out->keys[out->key_count++], &stage->columns[i]);
    }
    size_t distinct = 0;
    for (size_t i = 0; i < stage->aggregate_count && good; i++) {
        const struct aggregate *a = &stage->aggregates[i];
        if (a->fn == FN_COUNT && !a->has_column) {
            continue;
        }
        bool sum = is_sum(a->fn) && out->sum_count < STORE_GROUP_SUMS;
        good = a->has_column && (sum || (a->fn == FN_DISTINCT && distinct++ == 0));
        struct store_group_field field;
        good = good && columnar_field(&field, &a->column);
        if (good && sum) {
            out->sums[out->sum_count++] = field;
        } else if (good) {
            field.optional = true;
            out->keys[out->key_count++] = field;
        }
    }
    return good;
}

static void add_sum(struct accumulator *a, const struct store_group_sum *sum) {
    a->integers += sum->sum;
    a->count += sum->count;
}

enum status columnar_add(struct stage *stage, const struct store_group *in, struct err *err) {
    struct stats *s = stage->state;
    const struct stage_spec *spec = stage->spec;
    size_t key = 0;
    buf_clear(&s->key);
    if (spec->span_ns > 0) {
        key_append(&s->key, str_make((const char *)&in->span_ns, sizeof in->span_ns));
    }
    for (size_t i = spec->span_ns > 0 ? 1 : 0; i < spec->column_count; i++) {
        key_append(&s->key, in->keys[key++]);
    }
    uint32_t group = find_group(stage);
    const struct store_group_sum *sum = in->sums;
    for (size_t i = 0; i < spec->aggregate_count; i++) {
        const struct aggregate *a = &spec->aggregates[i];
        struct accumulator *accumulator = &s->accumulators[group * spec->aggregate_count + i];
        if (is_sum(a->fn)) {
            add_sum(accumulator, sum++);
        } else if (a->fn == FN_COUNT) {
            accumulator->count += in->rows;
        } else if (in->has_key[key]) { /* the distinct one is the last key */
            s->used_bytes += accumulator_add(accumulator, a, in->keys[key], &s->sets[i], group);
        }
    }
    return stage_check_memory(stage, s->used_bytes, err);
}

/* --- groups out --- */

struct group_item {
    uint32_t group;
    struct order_key *keys;
    size_t key_count;
};

static int compare_groups(const void *left, const void *right) {
    const struct group_item *a = left;
    const struct group_item *b = right;
    for (size_t i = 0; i < a->key_count; i++) {
        int order = order_compare(&a->keys[i], &b->keys[i]);
        if (order != 0) {
            return order;
        }
    }
    return a->group < b->group ? -1 : 1;
}

static void read_keys(struct group_item *item, const struct stage_spec *spec, struct str key) {
    for (size_t i = 0; i < spec->column_count; i++) {
        struct str text = key_next(&key);
        if (i == 0 && spec->span_ns > 0) {
            item->keys[0] = (struct order_key){.rank = RANK_NUMBER, .is_integer = true};
            memcpy(&item->keys[0].integer, text.ptr, sizeof item->keys[0].integer);
        } else {
            order_key_init(&item->keys[i], text, spec->columns[i].type);
        }
    }
}

static struct group_item *sorted_groups(struct stage *stage, struct arena *arena) {
    struct stats *s = stage->state;
    size_t width = stage->spec->column_count;
    struct group_item *items = mem_calloc((size_t)s->groups.count + 1, sizeof *items);
    for (uint32_t i = 0; i < s->groups.count; i++) {
        items[i] =
            (struct group_item){i, arena_array(arena, width + 1, sizeof(struct order_key)), width};
        read_keys(&items[i], stage->spec, intern_text(&s->groups, i));
    }
    qsort(items, s->groups.count, sizeof *items, compare_groups);
    return items;
}

static uint32_t flags_of(struct str names) {
    uint32_t flags = 0;
    struct str name;
    while (str_split_next(&name, &names, ',')) {
        for (uint32_t bit = 0; bit < 31; bit++) {
            flags |= str_eq(row_flag_name(bit), name) ? 1u << bit : 0;
        }
    }
    return flags;
}

/* An attribute of the row becomes that attribute of the row made here. */
static void set_attribute(struct batch *out, uint32_t field, struct str text) {
    struct row *row = batch_row(out);
    uint64_t number = 0;
    bool has_zone;
    (void)num_parse_u64(&number, text);
    switch (field) {
    case FIELD_TIMESTAMP:
        (void)civil_parse_rfc3339(&row->time_ns, &has_zone, text);
        break;
    case FIELD_EVENT_CREATED:
        (void)civil_parse_rfc3339(&row->receive_ns, &has_zone, text);
        break;
    case FIELD_EVENT_DATASET:
        row->dataset = (uint16_t)(dataset_find(text) % DATASET_COUNT);
        break;
    case FIELD_EVENT_ID: { /* <source>-<sequence> */
        size_t dash = str_rfind_char(text, '-');
        (void)num_parse_u64(&row->sequence, str_skip(text, dash == STR_NONE ? 0 : dash + 1));
        row->source = intern_add(&out->names, str_head(text, dash == STR_NONE ? 0 : dash));
        break;
    }
    case FIELD_EVENT_SEQUENCE:
        row->sequence = number;
        break;
    case FIELD_SOURCE:
        row->source = intern_add(&out->names, text);
        break;
    case FIELD_ORIGIN:
        row->origin = intern_add(&out->names, text);
        break;
    case FIELD_LINE:
        row->line = (uint32_t)number;
        break;
    case FIELD_RECORD_ID:
        row->record_id = number;
        break;
    case FIELD_RECORD_INDEX:
        row->idx = (uint32_t)number;
        row->dataset = DATASET_WINDOWS_EVTX; /* only its rows have an index */
        break;
    case FIELD_ARRIVAL:
        row->arrival = number;
        break;
    case FIELD_FLAGS:
        row->flags = flags_of(text);
        break;
    case FIELD_EVENT_ORIGINAL:
        row->raw_off = (uint32_t)out->raw.len;
        row->raw_len = (uint32_t)text.len;
        buf_add(&out->raw, text);
        break;
    default:
        break;
    }
}

static void add_group_value(struct batch *out, const struct query_column *column, struct str text) {
    uint32_t field = column->field_count == 1 ? column->fields[0] : schema_field(column->name);
    if (schema_is_attribute(field)) {
        set_attribute(out, field, text);
    } else {
        batch_add(out, field, text);
    }
}

static enum status emit_group(struct stage *stage, const struct group_item *item, struct batch *out,
                              struct err *err) {
    struct stats *s = stage->state;
    const struct stage_spec *spec = stage->spec;
    batch_clear(out);
    struct row *row = batch_row_begin(out, 0, 0);
    row->source = intern_add(&out->names, STR(""));
    struct str key = intern_text(&s->groups, item->group);
    for (size_t i = 0; i < spec->column_count; i++) {
        struct str text = key_next(&key);
        if (i == 0 && spec->span_ns > 0) {
            memcpy(&batch_row(out)->time_ns, text.ptr, sizeof(int64_t));
        } else {
            add_group_value(out, &spec->columns[i], text);
        }
    }
    for (size_t i = 0; i < spec->aggregate_count; i++) {
        accumulator_result(&s->accumulators[(size_t)item->group * spec->aggregate_count + i],
                           &spec->aggregates[i], out, &s->sets[i]);
    }
    return stage_emit(stage, out, batch_row(out), err);
}

/* A span in which nothing was: counts are 0, other results are absent. */
static enum status emit_empty_span(struct stage *stage, int64_t start, struct batch *out,
                                   struct err *err) {
    batch_clear(out);
    struct row *row = batch_row_begin(out, 0, 0);
    row->source = intern_add(&out->names, STR(""));
    row->time_ns = start;
    struct accumulator nothing = {0};
    for (size_t i = 0; i < stage->spec->aggregate_count; i++) {
        accumulator_result(&nothing, &stage->spec->aggregates[i], out, NULL);
    }
    return stage_emit(stage, out, batch_row(out), err);
}

static enum status fill_gap(struct stage *stage, int64_t from, int64_t to, struct batch *out,
                            struct err *err) {
    const struct stage_spec *spec = stage->spec;
    enum status status = STATUS_OK;
    int64_t at = span_start(spec, from + spec->span_ns);
    for (int i = 0; at < to && at > from && i < EMPTY_SPANS_MAX && status == STATUS_OK; i++) {
        status = emit_empty_span(stage, at, out, err);
        int64_t next = span_start(spec, at + spec->span_ns);
        at = next > at ? next : to;
    }
    return status;
}

static enum status stats_finish(struct stage *stage, struct err *err) {
    struct stats *s = stage->state;
    const struct stage_spec *spec = stage->spec;
    struct arena arena = ARENA_INIT;
    struct batch out;
    batch_init(&out);
    if (spec->column_count == 0) { /* one row, also of nothing */
        buf_clear(&s->key);
        (void)find_group(stage);
    }
    struct group_item *items = sorted_groups(stage, &arena);
    bool fills = spec->span_ns > 0 && spec->column_count == 1;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < s->groups.count && status == STATUS_OK; i++) {
        if (fills && i > 0) {
            status =
                fill_gap(stage, items[i - 1].keys[0].integer, items[i].keys[0].integer, &out, err);
        }
        if (status == STATUS_OK) {
            status = emit_group(stage, &items[i], &out, err);
        }
    }
    mem_free(items);
    arena_fini(&arena);
    batch_fini(&out);
    return status;
}

const struct stage_impl stage_stats = {stats_create, stats_destroy, stats_push, stats_finish};
