/*
 * A block's rows are divided by the classes of their templates, each class is taken in chunks:
 * ids of the keys, numbers of the sums, ids of the sets; then the number of the group of each row;
 * then the counts and sums of the groups.
 */
#include "segment_groups.h"

#include "group_spans.h"
#include "group_values.h"
#include "i18n.h"
#include "mem.h"

enum { MAX_DIMENSIONS = STORE_GROUP_KEYS + 1, GROUP_BYTES = 32 };

struct segment_groups {
    const struct store_group_spec *spec;
    struct group_plan plan;
    struct group_values values;
    struct group_spans spans;
    struct id_table steps[MAX_DIMENSIONS];  /* (group by the keys before, id of this key) */
    struct id_table sets[STORE_GROUP_SETS]; /* (group, value) and their rows */
    uint32_t count;
    size_t capacity;
    uint64_t *rows; /* by group */
    int64_t *span_starts;
    uint32_t *keys[STORE_GROUP_KEYS];
    struct store_group_sum *sums; /* by group * sum_count */
    /* of the block at hand */
    struct group_rows block_rows;
    uint32_t *template_rows; /* by template: rows; 0 between blocks */
    uint16_t *class_rows;    /* selected rows, one class after the other */
    uint32_t *class_ends;    /* by class: in class_rows, while they are put there */
    uint32_t *classes;       /* that are present */
    uint32_t *class_starts;  /* of classes[i] in class_rows */
    uint32_t class_count;
    /* of the chunk at hand */
    uint32_t *span_ids;
    int64_t *times;
    uint32_t *groups;
};

/* What becomes of the selected rows of a block. */
struct group_outcome {
    uint64_t *selected; /* those that are not taken stay */
    uint64_t *without_key;
};

/* What a chunk's rows have. */
struct chunk_values {
    const uint32_t *dimensions[MAX_DIMENSIONS];
    uint32_t dimension_count;
    const int64_t *integers[STORE_GROUP_SUMS]; /* NULL: no value */
    const uint32_t *integer_ids[STORE_GROUP_SUMS];
    const uint32_t *set_ids[STORE_GROUP_SETS]; /* NULL: no value */
};

struct segment_groups *segment_groups_create(const struct store_group_spec *spec,
                                             struct segment *segment) {
    struct segment_groups *g = mem_calloc(1, sizeof *g);
    g->spec = spec;
    g->spans.spec = spec;
    group_plan_init(&g->plan, spec, segment);
    group_values_init(&g->values, &g->plan);
    size_t templates = (size_t)segment->template_count + 1;
    g->block_rows.templates = mem_alloc(SEGMENT_BLOCK_ROWS * sizeof *g->block_rows.templates);
    g->block_rows.present = mem_alloc(SEGMENT_BLOCK_ROWS * sizeof *g->block_rows.present);
    g->template_rows = mem_calloc(templates, sizeof *g->template_rows);
    g->class_rows = mem_alloc((SEGMENT_BLOCK_ROWS + 1) * sizeof *g->class_rows);
    g->class_ends = mem_calloc(g->plan.class_count + 1, sizeof *g->class_ends);
    g->classes = mem_alloc((g->plan.class_count + 1) * sizeof *g->classes);
    g->class_starts = mem_alloc((g->plan.class_count + 1) * sizeof *g->class_starts);
    g->span_ids = mem_alloc(GROUP_CHUNK_ROWS * sizeof *g->span_ids);
    g->times = mem_alloc(GROUP_CHUNK_ROWS * sizeof *g->times);
    g->groups = mem_alloc(GROUP_CHUNK_ROWS * sizeof *g->groups);
    return g;
}

void segment_groups_destroy(struct segment_groups **out) {
    struct segment_groups *g = *out;
    *out = NULL;
    if (g == NULL) {
        return;
    }
    group_values_fini(&g->values);
    group_plan_fini(&g->plan);
    group_spans_fini(&g->spans);
    for (size_t i = 0; i < MAX_DIMENSIONS; i++) {
        id_table_fini(&g->steps[i]);
    }
    for (size_t i = 0; i < STORE_GROUP_SETS; i++) {
        id_table_fini(&g->sets[i]);
    }
    for (size_t i = 0; i < STORE_GROUP_KEYS; i++) {
        mem_free(g->keys[i]);
    }
    mem_free(g->rows);
    mem_free(g->span_starts);
    mem_free(g->sums);
    mem_free(g->block_rows.templates);
    mem_free(g->block_rows.present);
    mem_free(g->template_rows);
    mem_free(g->class_rows);
    mem_free(g->class_ends);
    mem_free(g->classes);
    mem_free(g->class_starts);
    mem_free(g->span_ids);
    mem_free(g->times);
    mem_free(g->groups);
    mem_free(g);
}

size_t segment_groups_bytes(const struct segment_groups *g) {
    size_t bytes = group_values_bytes(&g->values) + id_table_bytes(&g->spans.ids);
    for (size_t i = 0; i < MAX_DIMENSIONS; i++) {
        bytes += id_table_bytes(&g->steps[i]);
    }
    for (size_t i = 0; i < STORE_GROUP_SETS; i++) {
        bytes += id_table_bytes(&g->sets[i]);
    }
    size_t keys = g->spec->key_count * sizeof *g->keys[0];
    return bytes + g->capacity * (GROUP_BYTES + keys + g->spec->sum_count * sizeof *g->sums);
}

/* --- groups --- */

static void grow_groups(struct segment_groups *g, uint32_t needed) {
    if (needed <= g->capacity) {
        return;
    }
    const struct store_group_spec *spec = g->spec;
    size_t old = g->capacity;
    g->capacity = mem_next_capacity(old, needed);
    g->rows = mem_realloc(g->rows, g->capacity, sizeof *g->rows);
    memset(g->rows + old, 0, (g->capacity - old) * sizeof *g->rows);
    if (spec->span != NULL) {
        g->span_starts = mem_realloc(g->span_starts, g->capacity, sizeof *g->span_starts);
    }
    for (size_t k = 0; k < spec->key_count; k++) {
        g->keys[k] = mem_realloc(g->keys[k], g->capacity, sizeof *g->keys[k]);
    }
    if (spec->sum_count > 0) {
        g->sums = mem_realloc(g->sums, g->capacity, spec->sum_count * sizeof *g->sums);
        memset(g->sums + old * spec->sum_count, 0,
               (g->capacity - old) * spec->sum_count * sizeof *g->sums);
    }
}

/* Notes what the next group's dimensions are. */
static void add_group(struct segment_groups *g, const uint32_t *ids) {
    uint32_t group = g->count++;
    grow_groups(g, g->count);
    if (g->spec->span != NULL) {
        g->span_starts[group] = g->spans.starts[*ids++];
    }
    for (size_t k = 0; k < g->spec->key_count; k++) {
        g->keys[k][group] = ids[k];
    }
}

/* With one dimension a group is its id. */
static const uint32_t *groups_by_id(struct segment_groups *g, const struct chunk_values *v) {
    bool by_span = g->spec->span != NULL;
    uint32_t ids = by_span ? g->spans.ids.count : g->values.slots[0].count;
    for (uint32_t id = g->count; id < ids; id++) {
        add_group(g, &id);
    }
    return v->dimensions[0];
}

static const uint32_t *groups_by_steps(struct segment_groups *g, const struct chunk_values *v,
                                       uint32_t count) {
    const uint32_t *before = v->dimensions[0];
    for (uint32_t d = 1; d < v->dimension_count; d++) {
        const uint32_t *own = v->dimensions[d];
        bool last = d + 1 == v->dimension_count;
        struct id_table *table = &g->steps[d];
        for (uint32_t i = 0; i < count; i++) {
            uint32_t known = table->count;
            g->groups[i] = id_table_add(table, (uint64_t)before[i] << 32 | own[i])->id_plus_1 - 1;
            if (last && table->count != known) {
                uint32_t ids[MAX_DIMENSIONS];
                for (uint32_t k = 0; k < v->dimension_count; k++) {
                    ids[k] = v->dimensions[k][i];
                }
                add_group(g, ids);
            }
        }
        before = g->groups;
    }
    return g->groups;
}

/* The group of each row of the chunk. */
static const uint32_t *find_groups(struct segment_groups *g, const struct chunk_values *v,
                                   uint32_t count) {
    if (v->dimension_count == 0) {
        if (g->count == 0) {
            add_group(g, NULL);
        }
        memset(g->groups, 0, count * sizeof *g->groups);
        return g->groups;
    }
    return v->dimension_count == 1 ? groups_by_id(g, v) : groups_by_steps(g, v, count);
}

/* --- sums and sets --- */

static void add_numbers(struct segment_groups *g, size_t which, const struct chunk_values *v,
                        const uint32_t *groups, uint32_t count) {
    const int64_t *integers = v->integers[which];
    const uint32_t *ids = v->integer_ids[which];
    const struct group_slot *slot = &g->values.slots[g->spec->key_count + which];
    bool any = g->spec->sums[which].any_text;
    size_t width = g->spec->sum_count;
    for (uint32_t i = 0; i < count; i++) {
        struct store_group_sum *sum = &g->sums[groups[i] * width + which];
        bool counts = ids == NULL || (ids[i] != GROUP_NO_ID &&
                                      (any || slot->kinds[ids[i]] == GROUP_NUMBER_INTEGER));
        sum->sum += integers[i];
        sum->count += counts;
    }
}

static void add_to_set(struct id_table *set, const uint32_t *ids, const uint32_t *groups,
                       uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (ids[i] != GROUP_NO_ID) {
            id_table_add(set, (uint64_t)groups[i] << 32 | ids[i])->rows++;
        }
    }
}

static void add_rows(struct segment_groups *g, const struct chunk_values *v, uint32_t count) {
    const uint32_t *groups = find_groups(g, v, count);
    for (uint32_t i = 0; i < count; i++) {
        g->rows[groups[i]]++;
    }
    for (size_t s = 0; s < g->spec->sum_count; s++) {
        if (v->integers[s] != NULL) {
            add_numbers(g, s, v, groups, count);
        }
    }
    for (size_t s = 0; s < g->spec->set_count; s++) {
        if (v->set_ids[s] != NULL) {
            add_to_set(&g->sets[s], v->set_ids[s], groups, count);
        }
    }
}

/* --- chunks --- */

static const uint32_t *chunk_spans(struct segment_groups *g, const struct block *b,
                                   const struct group_chunk *c) {
    const int64_t *times = b->numbers[NUMBER_TIME] + c->first;
    if (c->rows != NULL) {
        for (uint32_t i = 0; i < c->count; i++) {
            g->times[i] = b->numbers[NUMBER_TIME][c->rows[i]];
        }
        times = g->times;
    }
    group_spans_ids(g->span_ids, &g->spans, times, c->count);
    return g->span_ids;
}

static enum status take_keys(struct chunk_values *v, struct segment_groups *g, struct block *b,
                             const struct group_class *class, const struct group_chunk *c,
                             struct err *err) {
    enum status status = STATUS_OK;
    if (g->spec->span != NULL) {
        v->dimensions[v->dimension_count++] = chunk_spans(g, b, c);
    }
    for (size_t k = 0; k < g->spec->key_count && status == STATUS_OK; k++) {
        status = group_values_ids(&v->dimensions[v->dimension_count++], &g->values,
                                  class->recipes[k] - 1, c, err);
    }
    return status;
}

static enum status take_sums(struct chunk_values *v, bool *fits, struct segment_groups *g,
                             const struct group_class *class, const struct group_chunk *c,
                             struct err *err) {
    enum status status = STATUS_OK;
    for (size_t s = 0; s < g->spec->sum_count && status == STATUS_OK && *fits; s++) {
        uint32_t recipe = class->recipes[g->spec->key_count + s];
        if (recipe > 0) {
            status = group_values_integers(&v->integers[s], &v->integer_ids[s], fits, &g->values,
                                           recipe - 1, c, err);
        }
    }
    return status;
}

static enum status take_sets(struct chunk_values *v, struct segment_groups *g,
                             const struct group_class *class, const struct group_chunk *c,
                             struct err *err) {
    enum status status = STATUS_OK;
    for (size_t s = 0; s < g->spec->set_count && status == STATUS_OK; s++) {
        uint32_t recipe = class->recipes[g->spec->key_count + g->spec->sum_count + s];
        if (recipe > 0) {
            status = group_values_ids(&v->set_ids[s], &g->values, recipe - 1, c, err);
        }
    }
    return status;
}

static void unselect(uint64_t *selected, const struct group_chunk *c) {
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t row = group_chunk_row(c, i);
        selected[row / 64] &= ~(UINT64_C(1) << (row % 64));
    }
}

/* All of the chunk's rows, or none. */
static enum status take_chunk(struct segment_groups *g, struct block *b,
                              const struct group_class *class, const struct group_chunk *c,
                              uint64_t *selected, struct err *err) {
    struct chunk_values v = {.dimension_count = 0};
    bool fits = true;
    enum status status = take_sums(&v, &fits, g, class, c, err);
    if (status == STATUS_OK && fits) {
        status = take_keys(&v, g, b, class, c, err);
    }
    if (status == STATUS_OK && fits) {
        status = take_sets(&v, g, class, c, err);
    }
    if (status == STATUS_OK && fits) {
        add_rows(g, &v, c->count);
        unselect(selected, c);
    }
    return status;
}

static enum status take_class(struct segment_groups *g, struct block *b,
                              const struct group_class *class, const uint16_t *rows, uint32_t count,
                              uint64_t *selected, struct err *err) {
    enum status status = STATUS_OK;
    for (uint32_t at = 0; at < count && status == STATUS_OK; at += GROUP_CHUNK_ROWS) {
        uint32_t left = count - at;
        struct group_chunk chunk = {.rows = rows == NULL ? NULL : rows + at,
                                    .first = at,
                                    .count = left < GROUP_CHUNK_ROWS ? left : GROUP_CHUNK_ROWS};
        status = take_chunk(g, b, class, &chunk, selected, err);
    }
    return status;
}

/* --- blocks --- */

/* Which templates the rows have, and how many rows each. */
static enum status list_templates(struct segment_groups *g, struct block *b, struct err *err) {
    struct group_rows *rows = &g->block_rows;
    uint32_t limit = g->plan.segment->template_count;
    const struct intpack_view *view;
    rows->present_count = 0;
    enum status status = block_number_view(&view, b, NUMBER_TEMPLATE, err);
    if (status == STATUS_OK && !intpack_unpack_small(rows->templates, view, limit)) {
        status = segment_damaged(g->plan.segment, err, _("a row has no template"));
    }
    for (uint32_t row = 0; row < b->info->rows && status == STATUS_OK; row++) {
        uint32_t template = rows->templates[row];
        if (g->template_rows[template]++ == 0) {
            rows->present[rows->present_count++] = template;
        }
    }
    return status;
}

static bool is_all_selected(const uint64_t *selected, uint32_t rows) {
    uint64_t all = UINT64_MAX;
    for (uint32_t i = 0; i < rows / 64; i++) {
        all &= selected[i];
    }
    uint64_t rest = (UINT64_C(1) << (rows % 64)) - 1;
    return all == UINT64_MAX && (rest == 0 || (selected[rows / 64] & rest) == rest);
}

/* Sorts the selected rows by their classes: those of classes[i] stand in class_rows from
 * class_starts[i] to class_ends[classes[i]]. */
static void sort_rows(struct segment_groups *g, uint32_t rows, const uint64_t *selected) {
    const struct group_rows *in = &g->block_rows;
    for (uint32_t i = 0; i < in->present_count; i++) { /* class_ends count rows, for a moment */
        uint32_t class = g->plan.class_of[in->present[i]];
        if (g->class_ends[class] == 0) {
            g->classes[g->class_count++] = class;
        }
        g->class_ends[class] += g->template_rows[in->present[i]];
    }
    uint32_t at = 0;
    for (uint32_t i = 0; i < g->class_count; i++) {
        uint32_t count = g->class_ends[g->classes[i]];
        g->class_starts[i] = at;
        g->class_ends[g->classes[i]] = at;
        at += count;
    }
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t *end = &g->class_ends[g->plan.class_of[in->templates[row]]];
        g->class_rows[*end] = (uint16_t)row; /* the next one overwrites it if it is not selected */
        *end += selected[row / 64] >> (row % 64) & 1;
    }
}

/* Is the row's dataset a key, and can it be without a name? */
static bool may_lack_dataset(const struct segment_groups *g, const struct group_class *class) {
    bool is_key = false;
    for (size_t k = 0; k < g->spec->key_count; k++) {
        is_key = is_key || g->plan.recipes[class->recipes[k] - 1].is_dataset;
    }
    const struct segment *s = g->plan.segment;
    bool lacks = false;
    for (size_t i = 0; i < s->dataset_count; i++) {
        lacks = lacks || dataset_info(s->datasets[i])->name.len == 0;
    }
    return is_key && lacks;
}

/* Takes rows of datasets without a name off the list. */
static enum status drop_unnamed(uint16_t *rows, uint32_t *count, struct segment_groups *g,
                                struct block *b, struct group_outcome *out, struct err *err) {
    const struct segment *s = g->plan.segment;
    enum status status = block_numbers(b, NUMBER_DATASET, err);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < *count && status == STATUS_OK; i++) {
        uint16_t row = rows[i];
        uint64_t number = (uint64_t)b->numbers[NUMBER_DATASET][row];
        bool named = number >= s->dataset_count || dataset_info(s->datasets[number])->name.len > 0;
        rows[kept] = row;
        kept += named;
        if (!named) {
            out->selected[row / 64] &= ~(UINT64_C(1) << (row % 64));
            *out->without_key += 1;
        }
    }
    *count = kept;
    return status;
}

static enum status add_class(struct segment_groups *g, struct block *b, uint32_t number,
                             uint16_t *rows, uint32_t count, struct group_outcome *out,
                             struct err *err) {
    const struct group_class *class = &g->plan.classes[number];
    struct group_chunk list = {.rows = rows, .count = count};
    enum status status = STATUS_OK;
    switch (class->action) {
    case GROUP_LEAVE:
        return STATUS_OK;
    case GROUP_WITHOUT_KEY:
        unselect(out->selected, &list);
        *out->without_key += count;
        return STATUS_OK;
    case GROUP_TAKE:
        break;
    }
    if (may_lack_dataset(g, class)) {
        status = drop_unnamed(rows, &count, g, b, out, err);
    }
    return status == STATUS_OK ? take_class(g, b, class, rows, count, out->selected, err) : status;
}

/* All rows of the block are of one class, and all are selected. */
static bool is_whole(const struct segment_groups *g, const struct block *b,
                     const uint64_t *selected) {
    uint32_t first = g->plan.class_of[g->block_rows.present[0]];
    const struct group_class *class = &g->plan.classes[first];
    bool same = class->action == GROUP_TAKE && !may_lack_dataset(g, class);
    for (uint32_t i = 1; i < g->block_rows.present_count && same; i++) {
        same = g->plan.class_of[g->block_rows.present[i]] == first;
    }
    return same && is_all_selected(selected, b->info->rows);
}

static enum status add_classes(struct segment_groups *g, struct block *b, struct group_outcome *out,
                               struct err *err) {
    enum status status = STATUS_OK;
    g->class_count = 0;
    sort_rows(g, b->info->rows, out->selected);
    for (uint32_t i = 0; i < g->class_count && status == STATUS_OK; i++) {
        uint32_t class = g->classes[i];
        uint32_t first = g->class_starts[i];
        uint32_t count = g->class_ends[class] - first;
        status = add_class(g, b, class, g->class_rows + first, count, out, err);
    }
    for (uint32_t i = 0; i < g->class_count; i++) {
        g->class_ends[g->classes[i]] = 0;
    }
    return status;
}

enum status segment_groups_add(struct segment_groups *g, struct block *b, uint64_t *selected,
                               uint64_t *without_key, struct err *err) {
    struct group_outcome out = {.selected = selected, .without_key = without_key};
    enum status status = list_templates(g, b, err);
    if (status == STATUS_OK && b->info->rows > 0) {
        status = group_values_block(&g->values, b, &g->block_rows, err);
    }
    if (status == STATUS_OK && g->spec->span != NULL) {
        status = block_numbers(b, NUMBER_TIME, err);
    }
    if (status == STATUS_OK && b->info->rows > 0) {
        uint32_t class = g->plan.class_of[g->block_rows.present[0]];
        status = is_whole(g, b, selected)
                     ? take_class(g, b, &g->plan.classes[class], NULL, b->info->rows, selected, err)
                     : add_classes(g, b, &out, err);
    }
    for (uint32_t i = 0; i < g->block_rows.present_count; i++) {
        g->template_rows[g->block_rows.present[i]] = 0;
    }
    return status;
}

/* --- out --- */

/* Room for what a set has. */
struct set_lists {
    uint32_t *groups;
    uint32_t *values;
    uint32_t *rows;
};

static void list_set(struct store_group_set *out, struct set_lists *lists,
                     const struct id_table *set, const struct group_slot *slot) {
    lists->groups = mem_alloc(((size_t)set->count + 1) * sizeof *lists->groups);
    lists->values = mem_alloc(((size_t)set->count + 1) * sizeof *lists->values);
    lists->rows = mem_alloc(((size_t)set->count + 1) * sizeof *lists->rows);
    size_t count = 0;
    for (size_t i = 0; i < set->slot_count; i++) {
        const struct id_slot *s = &set->slots[i];
        if (s->id_plus_1 != 0) {
            lists->groups[count] = (uint32_t)(s->key >> 32);
            lists->values[count] = (uint32_t)s->key;
            lists->rows[count++] = s->rows;
        }
    }
    *out = (struct store_group_set){.count = count,
                                    .groups = lists->groups,
                                    .values = lists->values,
                                    .rows = lists->rows,
                                    .texts = {slot->texts, slot->count}};
}

enum status segment_groups_give(struct segment_groups *g, store_groups_fn *fn, void *ctx,
                                struct err *err) {
    const struct store_group_spec *spec = g->spec;
    struct store_groups out = {.count = g->count,
                               .rows = g->rows,
                               .spans = spec->span != NULL ? g->span_starts : NULL,
                               .sums = g->sums};
    struct set_lists lists[STORE_GROUP_SETS] = {{NULL, NULL, NULL}};
    for (size_t k = 0; k < spec->key_count; k++) {
        out.keys[k] = g->keys[k];
        out.key_texts[k] =
            (struct store_group_texts){g->values.slots[k].texts, g->values.slots[k].count};
    }
    for (size_t s = 0; s < spec->set_count; s++) {
        list_set(&out.sets[s], &lists[s], &g->sets[s],
                 &g->values.slots[spec->key_count + spec->sum_count + s]);
    }
    enum status status = g->count > 0 ? fn(&out, ctx, err) : STATUS_OK;
    for (size_t s = 0; s < spec->set_count; s++) {
        mem_free(lists[s].groups);
        mem_free(lists[s].values);
        mem_free(lists[s].rows);
    }
    return status;
}
