/* The groups of `stats` as rows, in the order of their columns. */
#include <stdlib.h>

#include "mem.h"
#include "num.h"
#include "stats_priv.h"

enum { EMPTY_SPANS_MAX = 100000 };

/* A distinct text of a column, to be sorted. */
struct ranked {
    struct order_key key;
    int64_t span;
    uint32_t id;
};

/* Values that are equal as values ("1", "1.0") are ordered by their bytes, so that the order does
 * not depend on which came first. */
static int compare_texts(const void *left, const void *right) {
    const struct ranked *a = left;
    const struct ranked *b = right;
    int order = order_compare(&a->key, &b->key);
    return order != 0 ? order : str_compare(a->key.text, b->key.text);
}

static int compare_spans(const void *left, const void *right) {
    const struct ranked *a = left;
    const struct ranked *b = right;
    return a->span < b->span ? -1 : a->span > b->span;
}

static int64_t span_of_text(struct str text) {
    int64_t span;
    memcpy(&span, text.ptr, sizeof span);
    return span;
}

/* Where each text of the column stands in their order (mem_free). */
static uint32_t *rank_texts(const struct stage_spec *spec, const struct intern *texts,
                            size_t column) {
    bool is_span = column == 0 && spec->span_ns > 0;
    struct ranked *items = mem_alloc(((size_t)texts->count + 1) * sizeof *items);
    uint32_t *ranks = mem_alloc(((size_t)texts->count + 1) * sizeof *ranks);
    for (uint32_t i = 0; i < texts->count; i++) {
        items[i] = (struct ranked){.id = i};
        if (is_span) {
            items[i].span = span_of_text(intern_text(texts, i));
        } else {
            order_key_init(&items[i].key, intern_text(texts, i), spec->columns[column].type);
            items[i].key.text = intern_text(texts, i);
        }
    }
    qsort(items, texts->count, sizeof *items, is_span ? compare_spans : compare_texts);
    for (uint32_t i = 0; i < texts->count; i++) {
        ranks[items[i].id] = i;
    }
    mem_free(items);
    return ranks;
}

/* Sorts the groups by one column, stably: as many steps as there are groups and texts. */
static void sort_by_column(uint32_t *order, uint32_t *room, const struct stats_groups *g,
                           size_t column, const uint32_t *ranks) {
    uint32_t distinct = g->texts[column].count;
    uint32_t *starts = mem_calloc((size_t)distinct + 1, sizeof *starts);
    for (uint32_t i = 0; i < g->count; i++) {
        starts[ranks[g->ids[(size_t)i * g->width + column]] + 1]++;
    }
    for (uint32_t i = 0; i < distinct; i++) {
        starts[i + 1] += starts[i];
    }
    for (uint32_t i = 0; i < g->count; i++) {
        room[starts[ranks[g->ids[(size_t)order[i] * g->width + column]]]++] = order[i];
    }
    memcpy(order, room, g->count * sizeof *order);
    mem_free(starts);
}

/* The groups in the order of their columns (mem_free). */
static uint32_t *sort_groups(struct stage *stage) {
    const struct stats *s = stage->state;
    const struct stats_groups *g = &s->groups;
    uint32_t *order = mem_alloc(((size_t)g->count + 1) * sizeof *order);
    uint32_t *room = mem_alloc(((size_t)g->count + 1) * sizeof *room);
    for (uint32_t i = 0; i < g->count; i++) {
        order[i] = i;
    }
    for (size_t column = g->width; column > 0; column--) { /* the last decides least */
        uint32_t *ranks = rank_texts(stage->spec, &g->texts[column - 1], column - 1);
        sort_by_column(order, room, g, column - 1, ranks);
        mem_free(ranks);
    }
    mem_free(room);
    return order;
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

static int64_t group_span(const struct stats *s, uint32_t group) {
    return span_of_text(stats_groups_text(&s->groups, group, 0));
}

static enum status emit_group(struct stage *stage, uint32_t group, struct batch *out,
                              struct err *err) {
    struct stats *s = stage->state;
    const struct stage_spec *spec = stage->spec;
    batch_clear(out);
    struct row *row = batch_row_begin(out, 0, 0);
    row->source = intern_add(&out->names, STR(""));
    for (size_t i = 0; i < spec->column_count; i++) {
        if (i == 0 && spec->span_ns > 0) {
            batch_row(out)->time_ns = group_span(s, group);
        } else {
            add_group_value(out, &spec->columns[i], stats_groups_text(&s->groups, group, i));
        }
    }
    for (size_t i = 0; i < spec->aggregate_count; i++) {
        accumulator_result(&s->accumulators[(size_t)group * spec->aggregate_count + i],
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
    int64_t at = stats_span_start(spec, from + spec->span_ns);
    for (int i = 0; at < to && at > from && i < EMPTY_SPANS_MAX && status == STATUS_OK; i++) {
        status = emit_empty_span(stage, at, out, err);
        int64_t next = stats_span_start(spec, at + spec->span_ns);
        at = next > at ? next : to;
    }
    return status;
}

enum status stats_finish(struct stage *stage, struct err *err) {
    struct stats *s = stage->state;
    const struct stage_spec *spec = stage->spec;
    struct batch out;
    batch_init(&out);
    if (spec->column_count == 0) { /* one row, also of nothing */
        (void)stats_find_group(stage, s->ids);
    }
    if (stats_give_whole(stage)) {
        batch_fini(&out);
        return STATUS_OK;
    }
    uint32_t *order = sort_groups(stage);
    bool fills = spec->span_ns > 0 && spec->column_count == 1;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < s->groups.count && status == STATUS_OK; i++) {
        if (fills && i > 0) {
            status =
                fill_gap(stage, group_span(s, order[i - 1]), group_span(s, order[i]), &out, err);
        }
        if (status == STATUS_OK) {
            status = emit_group(stage, order[i], &out, err);
        }
    }
    mem_free(order);
    batch_fini(&out);
    return status;
}
