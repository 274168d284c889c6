/*
 * Aggregations on the store's columns: which can be computed so, and what comes of it taken into
 * the groups. Texts of a part are looked up once each, then all goes by ids.
 */
#include "columnar.h"
#include "hash.h"
#include "mem.h"
#include "stats_priv.h"

/* --- what the store is asked --- */

static int64_t span_bounds(int64_t time_ns, int64_t *end_ns, const void *ctx) {
    const struct stage_spec *spec = ctx;
    int64_t start = stats_span_start(spec, time_ns);
    int64_t next = start > INT64_MAX - spec->span_ns ? INT64_MAX : start + spec->span_ns;
    /* Beside a change of the clock a span is longer or shorter: then each time is asked anew. */
    bool regular = next > time_ns && stats_span_start(spec, next - 1) == start;
    *end_ns = regular ? next : start;
    return start;
}

static bool columnar_field(struct store_group_field *out, const struct query_column *column) {
    *out = (struct store_group_field){.fields = column->fields, .count = column->field_count};
    bool good =
        !column->is_pattern && column->field_count > 0 && column->field_count <= STORE_GROUP_FIELDS;
    for (size_t i = 0; i < column->field_count && good; i++) {
        bool is_dataset = column->fields[i] == FIELD_EVENT_DATASET && column->field_count == 1;
        good = !schema_is_attribute(column->fields[i]) || is_dataset;
    }
    return good;
}

/* How the store computes an aggregate. */
enum columnar_kind { COLUMNAR_NOT, COLUMNAR_ROWS, COLUMNAR_SUM, COLUMNAR_SET };

static enum columnar_kind kind_of(const struct aggregate *a) {
    switch (a->fn) {
    case FN_COUNT:
        return a->has_column ? COLUMNAR_SUM : COLUMNAR_ROWS;
    case FN_SUM:
    case FN_AVG:
        return COLUMNAR_SUM;
    case FN_DISTINCT:
    case FN_MIN:
    case FN_MAX:
    case FN_PERCENTILE:
        return COLUMNAR_SET;
    case FN_STDEV: /* its last digits follow from the order of the rows */
    case FN_VALUES:
    case FN_FIRST:
    case FN_LAST:
        break;
    }
    return COLUMNAR_NOT;
}

static bool add_sum(struct store_group_spec *out, const struct aggregate *a) {
    bool good = a->has_column && out->sum_count < STORE_GROUP_SUMS &&
                columnar_field(&out->sums[out->sum_count], &a->column) &&
                a->column.fields[0] != FIELD_EVENT_DATASET;
    if (good) {
        out->sums[out->sum_count++].any_text = a->fn == FN_COUNT;
    }
    return good;
}

static bool add_set(struct store_group_spec *out, const struct aggregate *a) {
    bool good = a->has_column && out->set_count < STORE_GROUP_SETS &&
                columnar_field(&out->sets[out->set_count], &a->column);
    if (good) {
        out->sets[out->set_count++].counted = a->fn == FN_PERCENTILE;
    }
    return good;
}

bool columnar_spec(struct store_group_spec *out, const struct stage_spec *stage) {
    *out = (struct store_group_spec){.span_ctx = stage};
    bool good = stage->kind == STAGE_STATS && stage->column_count <= STORE_GROUP_KEYS;
    out->span = stage->span_ns > 0 ? span_bounds : NULL;
    for (size_t i = stage->span_ns > 0 ? 1 : 0; i < stage->column_count && good; i++) {
        good = columnar_field(&out->keys[out->key_count++], &stage->columns[i]);
    }
    for (size_t i = 0; i < stage->aggregate_count && good; i++) {
        const struct aggregate *a = &stage->aggregates[i];
        switch (kind_of(a)) {
        case COLUMNAR_ROWS:
            break;
        case COLUMNAR_SUM:
            good = add_sum(out, a);
            break;
        case COLUMNAR_SET:
            good = add_set(out, a);
            break;
        case COLUMNAR_NOT:
            good = false;
            break;
        }
    }
    return good;
}

/* --- what comes back --- */

enum { AHEAD = 8 };

/* The ids that the part's texts have here (mem_free). There may be many: the place of each is
 * fetched some texts ahead. */
static uint32_t *map_texts(struct stats *s, struct intern *to,
                           const struct store_group_texts *texts) {
    uint32_t *ids = mem_alloc((texts->count + 1) * sizeof *ids);
    uint64_t *hashes = mem_alloc((texts->count + 1) * sizeof *hashes);
    intern_reserve(to, (uint32_t)texts->count);
    for (size_t i = 0; i < texts->count; i++) {
        hashes[i] = texts->texts[i].ptr != NULL ? hash_str(texts->texts[i]) : 0;
    }
    for (size_t i = 0; i < texts->count; i++) {
        if (texts->texts[i].ptr == NULL) {
            continue;
        }
        if (i + AHEAD < texts->count) {
            intern_prefetch(to, hashes[i + AHEAD]);
        }
        uint32_t before = to->count;
        ids[i] = intern_add_hashed(to, texts->texts[i], hashes[i]);
        s->used_bytes += to->count > before ? texts->texts[i].len + STATS_TEXT_BYTES : 0;
    }
    mem_free(hashes);
    return ids;
}

/* The ids that the columns of the part's groups have here, group by group (mem_free). Groups
 * without rows have any. */
static uint32_t *map_columns(struct stats *s, const struct store_groups *in, size_t width,
                             size_t first) {
    uint32_t *ids = mem_calloc(in->count * width + 1, sizeof *ids);
    for (size_t k = first; k < width; k++) {
        uint32_t *keys = map_texts(s, &s->groups.texts[k], &in->key_texts[k - first]);
        const uint32_t *of_group = in->keys[k - first];
        for (size_t i = 0; i < in->count; i++) {
            ids[i * width + k] = in->rows[i] > 0 ? keys[of_group[i]] : 0;
        }
        mem_free(keys);
    }
    int64_t last = 0;
    uint32_t id = 0;
    bool any = false;
    for (size_t i = 0; first > 0 && i < in->count; i++) {
        if (in->rows[i] > 0 && (!any || in->spans[i] != last)) {
            last = in->spans[i];
            id = stats_span_id(s, last);
            any = true;
        }
        ids[i * width] = id;
    }
    return ids;
}

/* The groups of the part here (mem_free); UINT32_MAX: forget it. */
static uint32_t *map_groups(struct stage *stage, const struct store_groups *in) {
    struct stats *s = stage->state;
    size_t width = stage->spec->column_count;
    uint32_t *ids = map_columns(s, in, width, stage->spec->span_ns > 0 ? 1 : 0);
    uint32_t *groups = mem_alloc((in->count + 1) * sizeof *groups);
    stats_groups_reserve(&s->groups, in->count);
    for (size_t i = 0; i < in->count; i++) {
        if (i + AHEAD < in->count) {
            stats_groups_prefetch(&s->groups, ids + (i + AHEAD) * width);
        }
        groups[i] = in->rows[i] > 0 ? stats_find_group(stage, ids + i * width) : UINT32_MAX;
    }
    mem_free(ids);
    return groups;
}

static struct accumulator *accumulator_of(const struct stats *s, uint32_t group, size_t aggregate) {
    return &s->accumulators[(size_t)group * s->aggregate_count + aggregate];
}

/* The store's sum number `which`; SIZE_MAX: the rows themselves are counted. */
static void take_sums(struct stats *s, size_t aggregate, size_t which, size_t sum_count,
                      const struct store_groups *in, const uint32_t *groups) {
    for (size_t i = 0; i < in->count; i++) {
        if (groups[i] == UINT32_MAX) {
            continue;
        }
        struct accumulator *a = accumulator_of(s, groups[i], aggregate);
        if (which == SIZE_MAX) {
            a->count += in->rows[i];
        } else {
            const struct store_group_sum *sum = &in->sums[i * sum_count + which];
            accumulator_add_sum(a, sum->sum, sum->count);
        }
    }
}

static enum status take_set(struct stage *stage, size_t aggregate, const struct store_group_set *in,
                            const uint32_t *groups, struct err *err) {
    struct stats *s = stage->state;
    const struct aggregate *spec = &stage->spec->aggregates[aggregate];
    struct aggregate_set *set = &s->sets[aggregate];
    bool distinct = spec->fn == FN_DISTINCT;
    uint32_t *ids = distinct ? map_texts(s, &set->texts, &in->texts) : NULL;
    enum status status = stage_check_memory(stage, s->used_bytes, err);
    if (distinct && status == STATUS_OK) {
        aggregate_set_reserve(set, in->count);
    }
    for (size_t i = 0; i < in->count && status == STATUS_OK; i++) {
        uint32_t group = groups[in->groups[i]];
        struct accumulator *a = accumulator_of(s, group, aggregate);
        if (distinct) {
            if (i + AHEAD < in->count) {
                aggregate_set_prefetch(set, groups[in->groups[i + AHEAD]],
                                       ids[in->values[i + AHEAD]]);
            }
            s->used_bytes += accumulator_add_distinct(a, ids[in->values[i]], set, group);
            continue;
        }
        struct str text = in->texts.texts[in->values[i]];
        uint64_t before = a->count;
        s->used_bytes += accumulator_add(a, spec, text, set, group);
        if (spec->fn == FN_PERCENTILE && a->count > before && in->rows[i] > 1) {
            s->used_bytes += accumulator_repeat(a, in->rows[i] - 1);
        }
        status = stage_check_memory(stage, s->used_bytes, err);
    }
    mem_free(ids);
    return status;
}

enum status columnar_add(struct stage *stage, const struct store_groups *in, struct err *err) {
    struct stats *s = stage->state;
    const struct stage_spec *spec = stage->spec;
    uint32_t *groups = map_groups(stage, in);
    enum status status = stage_check_memory(stage, s->used_bytes, err);
    size_t sum_count = 0;
    for (size_t i = 0; i < spec->aggregate_count; i++) {
        sum_count += kind_of(&spec->aggregates[i]) == COLUMNAR_SUM;
    }
    size_t sum = 0;
    size_t set = 0;
    for (size_t i = 0; i < spec->aggregate_count && status == STATUS_OK; i++) {
        enum columnar_kind kind = kind_of(&spec->aggregates[i]);
        if (kind == COLUMNAR_SET) {
            status = take_set(stage, i, &in->sets[set++], groups, err);
        } else {
            take_sums(s, i, kind == COLUMNAR_SUM ? sum++ : SIZE_MAX, sum_count, in, groups);
        }
    }
    mem_free(groups);
    return status == STATUS_OK ? stage_check_memory(stage, s->used_bytes, err) : status;
}
