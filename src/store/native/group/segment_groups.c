/*
 * A block is taken in windows, the rows of a window by the classes of their templates:
 * ids of the keys, numbers of the sums, ids of the sets; then the number of the group of each row;
 * then the counts and sums of the groups.
 */
#include "segment_groups.h"

#include "group_sets.h"
#include "group_spans.h"
#include "i18n.h"
#include "mem.h"
#include "pair_table.h"

enum { MAX_DIMENSIONS = STORE_GROUP_KEYS + 1, GROUP_BYTES = 32, AHEAD = 12 };

struct segment_groups {
    const struct store_group_spec *spec;
    struct group_plan plan;
    struct group_values values;
    struct group_sets sets;
    struct group_spans spans;
    struct pair_table steps[MAX_DIMENSIONS]; /* (group by the keys before, id of this key) */
    uint32_t count;
    size_t capacity;
    uint64_t *rows; /* by group */
    int64_t *span_starts;
    uint32_t *keys[STORE_GROUP_KEYS];
    struct store_group_sum *sums; /* by group * sum_count */
    int64_t *small_sums;          /* likewise: parts of the sums */
    uint32_t *missing;            /* likewise: rows without a value */
    struct group_rows window;
    /* of the chunk at hand */
    uint32_t *span_ids;
    int64_t *times;
    uint32_t *groups;
    uint32_t *new_rows; /* at which groups came */
};

/* What becomes of the selected rows of a block. */
struct group_outcome {
    uint64_t *selected; /* those that are not taken stay */
    uint64_t *without_key;
};

/* What a chunk's rows have. */
struct chunk_values {
    const uint32_t *dimensions[MAX_DIMENSIONS];
    uint32_t limits[MAX_DIMENSIONS]; /* their ids are below */
    uint32_t dimension_count;
    const int64_t *integers[STORE_GROUP_SUMS]; /* NULL: no value */
    const uint32_t *integer_ids[STORE_GROUP_SUMS];
    struct group_set_values sets;
};

struct segment_groups *segment_groups_create(const struct store_group_spec *spec,
                                             struct segment *segment) {
    struct segment_groups *g = mem_calloc(1, sizeof *g);
    g->spec = spec;
    g->spans.spec = spec;
    group_plan_init(&g->plan, spec, segment);
    group_values_init(&g->values, &g->plan);
    group_rows_init(&g->window, &g->plan);
    group_sets_init(&g->sets, &g->values);
    g->span_ids = mem_alloc(GROUP_WINDOW_ROWS * sizeof *g->span_ids);
    g->times = mem_alloc(GROUP_WINDOW_ROWS * sizeof *g->times);
    g->groups = mem_alloc(GROUP_WINDOW_ROWS * sizeof *g->groups);
    g->new_rows = mem_alloc(GROUP_WINDOW_ROWS * sizeof *g->new_rows);
    return g;
}

void segment_groups_destroy(struct segment_groups **out) {
    struct segment_groups *g = *out;
    *out = NULL;
    if (g == NULL) {
        return;
    }
    group_sets_fini(&g->sets);
    group_values_fini(&g->values);
    group_rows_fini(&g->window);
    group_plan_fini(&g->plan);
    group_spans_fini(&g->spans);
    for (size_t i = 0; i < MAX_DIMENSIONS; i++) {
        pair_table_fini(&g->steps[i]);
    }
    for (size_t i = 0; i < STORE_GROUP_KEYS; i++) {
        mem_free(g->keys[i]);
    }
    mem_free(g->rows);
    mem_free(g->span_starts);
    mem_free(g->sums);
    mem_free(g->small_sums);
    mem_free(g->missing);
    mem_free(g->span_ids);
    mem_free(g->times);
    mem_free(g->groups);
    mem_free(g->new_rows);
    mem_free(g);
}

size_t segment_groups_bytes(const struct segment_groups *g) {
    size_t bytes =
        group_values_bytes(&g->values) + group_sets_bytes(&g->sets) + id_table_bytes(&g->spans.ids);
    for (size_t i = 0; i < MAX_DIMENSIONS; i++) {
        bytes += pair_table_bytes(&g->steps[i]);
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
        size_t bytes = spec->sum_count * sizeof *g->small_sums;
        g->small_sums = mem_realloc(g->small_sums, g->capacity, bytes);
        memset(g->small_sums + old * spec->sum_count, 0, (g->capacity - old) * bytes);
        bytes = spec->sum_count * sizeof *g->missing;
        g->missing = mem_realloc(g->missing, g->capacity, bytes);
        memset(g->missing + old * spec->sum_count, 0, (g->capacity - old) * bytes);
    }
}

static const uint32_t no_ids[MAX_DIMENSIONS];

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

/* Groups that came with this chunk: each one's dimensions are those of the row at which it came. */
static void add_new_groups(struct segment_groups *g, const struct chunk_values *v, uint32_t found) {
    for (uint32_t i = 0; i < found; i++) {
        uint32_t ids[MAX_DIMENSIONS];
        for (uint32_t k = 0; k < v->dimension_count; k++) {
            ids[k] = v->dimensions[k][g->new_rows[i]];
        }
        add_group(g, ids);
    }
}

/* What the last step takes: each row's group by the dimensions before, and the last one. */
static struct pair_rows last_pairs(struct segment_groups *g, const struct chunk_values *v,
                                   uint32_t count) {
    struct pair_rows pairs = {
        .firsts = v->dimensions[0], .count = count, .first_limit = v->limits[0]};
    uint32_t last = v->dimension_count - 1;
    for (uint32_t d = 1; d < last; d++) {
        pairs.seconds = v->dimensions[d];
        pairs.second_limit = v->limits[d];
        (void)pair_table_ids(g->groups, g->new_rows, &g->steps[d], &pairs);
        pairs.firsts = g->groups;
        pairs.first_limit = g->steps[d].count;
    }
    pairs.seconds = v->dimensions[last];
    pairs.second_limit = v->limits[last];
    return pairs;
}

static const uint32_t *groups_by_steps(struct segment_groups *g, const struct chunk_values *v,
                                       uint32_t count) {
    struct pair_rows pairs = last_pairs(g, v, count);
    struct pair_table *last = &g->steps[v->dimension_count - 1];
    add_new_groups(g, v, pair_table_ids(g->groups, g->new_rows, last, &pairs));
    return g->groups;
}

/* Where rows are only counted, nobody has to know which group each is in. */
static bool count_by_steps(struct segment_groups *g, const struct chunk_values *v, uint32_t count) {
    if (v->dimension_count < 2 || g->spec->sum_count + g->spec->set_count > 0) {
        return false;
    }
    struct pair_rows pairs = last_pairs(g, v, count);
    struct pair_table *last = &g->steps[v->dimension_count - 1];
    grow_groups(g, g->count + count);
    add_new_groups(g, v, pair_table_count(g->rows, g->new_rows, last, &pairs));
    return true;
}

/* The group of each row of the chunk. */
static const uint32_t *find_groups(struct segment_groups *g, const struct chunk_values *v,
                                   uint32_t count) {
    if (v->dimension_count == 0) {
        if (g->count == 0) {
            add_group(g, no_ids);
        }
        memset(g->groups, 0, count * sizeof *g->groups);
        return g->groups;
    }
    return v->dimension_count == 1 ? groups_by_id(g, v) : groups_by_steps(g, v, count);
}

/* --- sums and sets --- */

/* Rows without a value for the sum: most have one, so these are counted. ids NULL: all lack it. */
static void count_missing(struct segment_groups *g, size_t which, const uint32_t *ids,
                          const uint32_t *groups, uint32_t count) {
    const struct group_slot *slot = &g->values.slots[g->spec->key_count + which];
    bool any = g->spec->sums[which].any_text;
    size_t width = g->spec->sum_count;
    for (uint32_t i = 0; i < count; i++) {
        bool counts = ids != NULL && ids[i] != GROUP_NO_ID &&
                      (any || slot->kinds[ids[i]] == GROUP_NUMBER_INTEGER);
        g->missing[groups[i] * width + which] += !counts;
    }
}

/* Small numbers cannot overflow 64 bits in a segment's rows. */
static bool are_small(const int64_t *integers, uint32_t count) {
    uint64_t any = 0;
    for (uint32_t i = 0; i < count; i++) {
        any |= (uint64_t)integers[i];
    }
    return any < INT64_MAX / SEGMENT_MAX_ROWS;
}

static void add_numbers(struct segment_groups *g, size_t which, const struct chunk_values *v,
                        const uint32_t *groups, uint32_t count) {
    const int64_t *integers = v->integers[which];
    size_t width = g->spec->sum_count;
    int64_t *small = g->small_sums + which;
    if (are_small(integers, count)) {
        for (uint32_t i = 0; i < count; i++) {
            small[groups[i] * width] += integers[i];
        }
    } else {
        for (uint32_t i = 0; i < count; i++) {
            g->sums[groups[i] * width + which].sum += integers[i];
        }
    }
}

/* Rows and the only sum in one go: most of the time goes to waiting for the group's number. */
static bool add_only_sum(struct segment_groups *g, const struct chunk_values *v,
                         const uint32_t *groups, uint32_t count) {
    const int64_t *integers = v->integers[0];
    if (g->spec->sum_count != 1 || integers == NULL || !are_small(integers, count)) {
        return false;
    }
    uint64_t *rows = g->rows;
    int64_t *sums = g->small_sums;
    for (uint32_t i = 0; i < count; i++) {
        rows[groups[i]]++;
        sums[groups[i]] += integers[i];
    }
    return true;
}

static void add_sums(struct segment_groups *g, const struct chunk_values *v, const uint32_t *groups,
                     uint32_t count) {
    for (size_t s = 0; s < g->spec->sum_count; s++) {
        if (v->integers[s] != NULL) {
            add_numbers(g, s, v, groups, count);
        }
    }
}

/* `groups` NULL: all are of the first. */
static void count_rows(uint64_t *rows, const uint32_t *groups, uint32_t count) {
    if (groups == NULL) {
        rows[0] += count;
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        rows[groups[i]]++;
    }
}

static void add_rows(struct segment_groups *g, const struct chunk_values *v, uint32_t count) {
    if (count_by_steps(g, v, count)) {
        return;
    }
    const uint32_t *groups = find_groups(g, v, count);
    if (!add_only_sum(g, v, groups, count)) {
        count_rows(g->rows, v->dimension_count > 0 ? groups : NULL, count);
        add_sums(g, v, groups, count);
    }
    for (size_t s = 0; s < g->spec->sum_count; s++) {
        if (v->integers[s] == NULL || v->integer_ids[s] != NULL) {
            count_missing(g, s, v->integer_ids[s], groups, count);
        }
    }
    group_sets_add(&g->sets, &v->sets, groups, count, g->count);
}

/* --- chunks --- */

static const uint32_t *chunk_spans(struct segment_groups *g, const struct block *b,
                                   const struct group_chunk *c) {
    const int64_t *times = b->numbers[NUMBER_TIME] + c->first;
    for (uint32_t i = 0; c->rows != NULL && i < c->count; i++) {
        g->times[i] = times[c->rows[i]];
    }
    group_spans_ids(g->span_ids, &g->spans, c->rows == NULL ? times : g->times, c->count);
    return g->span_ids;
}

static enum status take_keys(struct chunk_values *v, struct segment_groups *g, struct block *b,
                             const struct group_class *class, const struct group_chunk *c,
                             struct err *err) {
    enum status status = STATUS_OK;
    if (g->spec->span != NULL) {
        v->dimensions[v->dimension_count++] = chunk_spans(g, b, c);
        v->limits[0] = g->spans.ids.count;
    }
    for (size_t k = 0; k < g->spec->key_count && status == STATUS_OK; k++) {
        uint32_t d = v->dimension_count++;
        status = group_values_ids(&v->dimensions[d], &g->values, class->recipes[k] - 1, c, err);
        v->limits[d] = g->values.slots[k].count;
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

static void unselect(uint64_t *selected, const struct group_chunk *c) {
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t row = c->first + group_chunk_row(c, i);
        selected[row / 64] &= ~(UINT64_C(1) << (row % 64));
    }
}

/* All of the chunk's rows, or none. */
static enum status take_chunk(bool *taken, struct segment_groups *g, struct block *b,
                              const struct group_class *class, const struct group_chunk *c,
                              struct err *err) {
    struct chunk_values v = {.dimension_count = 0};
    *taken = true;
    enum status status = take_sums(&v, taken, g, class, c, err);
    if (status != STATUS_OK || !*taken) {
        return status;
    }
    status = take_keys(&v, g, b, class, c, err);
    if (status == STATUS_OK) {
        status = group_sets_values(&v.sets, &g->sets, class, c, err);
    }
    if (status == STATUS_OK) {
        add_rows(g, &v, c->count);
    }
    return status;
}

/* --- windows --- */

static bool is_named(const struct segment *s, uint64_t dataset) {
    return dataset < s->dataset_count && dataset_info(s->datasets[dataset])->name.len > 0;
}

/* Is the row's dataset a key, and can it be without a name? */
static bool may_lack_dataset(const struct segment_groups *g, const struct group_class *class) {
    const struct segment *s = g->plan.segment;
    bool is_key = false;
    for (size_t k = 0; k < g->spec->key_count && g->plan.reads_dataset; k++) {
        is_key = is_key || g->plan.recipes[class->recipes[k] - 1].is_dataset;
    }
    bool lacks = false;
    for (size_t i = 0; i < s->dataset_count && is_key; i++) {
        lacks = lacks || !is_named(s, i);
    }
    return lacks;
}

/* Divides the chunk: rows of datasets with a name go to *kept (in `room`), the others are
 * unselected and counted. */
static enum status drop_unnamed(struct group_chunk *kept, uint16_t *room, struct segment_groups *g,
                                struct block *b, const struct group_chunk *c,
                                struct group_outcome *out, struct err *err) {
    enum status status = block_numbers(b, NUMBER_DATASET, err);
    *kept = (struct group_chunk){.first = c->first, .rows = room};
    for (uint32_t i = 0; i < c->count && status == STATUS_OK; i++) {
        uint32_t row = group_chunk_row(c, i);
        uint64_t dataset = (uint64_t)b->numbers[NUMBER_DATASET][c->first + row];
        if (is_named(g->plan.segment, dataset)) {
            room[kept->count++] = (uint16_t)row;
        } else {
            out->selected[(c->first + row) / 64] &= ~(UINT64_C(1) << ((c->first + row) % 64));
            *out->without_key += 1;
        }
    }
    return status;
}

/* *taken false: the rows of the chunk stay selected. */
static enum status add_chunk(bool *taken, struct segment_groups *g, struct block *b,
                             uint32_t number, const struct group_chunk *c,
                             struct group_outcome *out, struct err *err) {
    const struct group_class *class = &g->plan.classes[number];
    uint16_t room[GROUP_WINDOW_ROWS];
    struct group_chunk chunk = *c;
    enum status status = STATUS_OK;
    *taken = false;
    if (class->action == GROUP_WITHOUT_KEY) {
        *out->without_key += c->count;
        *taken = true;
    } else if (class->action == GROUP_TAKE) {
        if (may_lack_dataset(g, class)) {
            status = drop_unnamed(&chunk, room, g, b, c, out, err);
        }
        if (status == STATUS_OK) {
            status = take_chunk(taken, g, b, class, &chunk, err);
        }
    }
    return status;
}

/* The rows of each class. */
static enum status add_chunks(struct segment_groups *g, struct block *b, struct group_outcome *out,
                              struct err *err) {
    const struct group_rows *w = &g->window;
    bool taken[GROUP_WINDOW_CLASSES] = {false};
    bool all = true;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < w->class_count && status == STATUS_OK; i++) {
        struct group_chunk chunk = group_rows_chunk(w, i);
        status = add_chunk(&taken[i], g, b, w->classes[i], &chunk, out, err);
        all = all && taken[i];
    }
    if (all) {
        group_rows_unselect(w, out->selected);
        return status;
    }
    for (uint32_t i = 0; i < w->class_count; i++) {
        struct group_chunk chunk = group_rows_chunk(w, i);
        if (taken[i]) {
            unselect(out->selected, &chunk);
        }
    }
    return status;
}

/* All rows are of one class and selected. */
static enum status add_whole(struct segment_groups *g, struct block *b, struct group_outcome *out,
                             struct err *err) {
    struct group_chunk all = {.first = g->window.first, .count = g->window.count};
    bool taken = false;
    enum status status =
        take_chunk(&taken, g, b, &g->plan.classes[g->window.classes[0]], &all, err);
    if (status == STATUS_OK && taken) {
        group_rows_unselect(&g->window, out->selected);
    }
    return status;
}

static enum status add_window(struct segment_groups *g, struct block *b, struct group_outcome *out,
                              struct err *err) {
    const struct group_rows *w = &g->window;
    const struct group_class *first = &g->plan.classes[w->classes[0]];
    if (w->class_count == 1 && first->action == GROUP_TAKE && !may_lack_dataset(g, first) &&
        group_rows_all_selected(w, out->selected)) {
        return add_whole(g, b, out, err);
    }
    bool sorted = group_rows_sort(&g->window, out->selected);
    return sorted ? add_chunks(g, b, out, err) : STATUS_OK;
}

/* --- blocks --- */

static enum status load_rows(const struct segment_groups *g, struct block *b, struct err *err) {
    enum status status = g->plan.slot_count > 0 ? block_templates(b, err) : STATUS_OK;
    if (status == STATUS_OK && g->spec->span != NULL) {
        status = block_numbers(b, NUMBER_TIME, err);
    }
    return status;
}

/* Nothing is asked for but how many rows there are. */
static void count_selected(struct segment_groups *g, uint64_t *selected) {
    if (g->count == 0) {
        add_group(g, no_ids);
    }
    for (size_t i = 0; i < SEGMENT_BLOCK_ROWS / 64; i++) {
        g->rows[0] += (uint64_t)__builtin_popcountll(selected[i]);
        selected[i] = 0;
    }
}

enum status segment_groups_add(struct segment_groups *g, struct block *b, uint64_t *selected,
                               uint64_t *without_key, struct err *err) {
    if (g->plan.slot_count == 0 && g->spec->span == NULL) {
        count_selected(g, selected);
        return STATUS_OK;
    }
    struct group_outcome out = {.selected = selected, .without_key = without_key};
    enum status status = load_rows(g, b, err);
    if (status == STATUS_OK) {
        const uint32_t *templates = g->plan.slot_count > 0 ? b->templates : NULL;
        group_rows_block(&g->window, templates, b->info->rows);
        group_streams_block(&g->values.streams, b);
    }
    while (status == STATUS_OK && group_rows_next(&g->window)) {
        status = group_streams_window(&g->values.streams, &g->window, err);
        if (status == STATUS_OK) {
            status = add_window(g, b, &out, err);
        }
    }
    return status;
}

/* --- out --- */

static void finish_sums(struct segment_groups *g) {
    size_t sum_count = g->spec->sum_count;
    for (size_t i = 0; i < (size_t)g->count * sum_count; i++) {
        g->sums[i].sum += g->small_sums[i];
        g->sums[i].count = g->rows[i / sum_count] - g->missing[i];
        g->small_sums[i] = 0;
    }
}

/* The texts of key `k` in groups that have rows. */
static enum status finish_key(struct store_group_texts *out, struct segment_groups *g, uint32_t k,
                              struct err *err) {
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < g->count && status == STATUS_OK; i++) {
        if (g->rows[i] > 0) {
            status = group_values_text(&g->values, k, g->keys[k][i], err);
        }
    }
    *out = (struct store_group_texts){g->values.slots[k].texts, g->values.slots[k].count};
    return status;
}

enum status segment_groups_give(struct segment_groups *g, store_groups_fn *fn, void *ctx,
                                struct err *err) {
    const struct store_group_spec *spec = g->spec;
    finish_sums(g);
    struct store_groups out = {.count = g->count,
                               .rows = g->rows,
                               .spans = spec->span != NULL ? g->span_starts : NULL,
                               .sums = g->sums};
    enum status status = STATUS_OK;
    for (uint32_t k = 0; k < spec->key_count && status == STATUS_OK; k++) {
        out.keys[k] = g->keys[k];
        status = finish_key(&out.key_texts[k], g, k, err);
    }
    for (size_t s = 0; s < spec->set_count && status == STATUS_OK; s++) {
        status = group_sets_list(&out.sets[s], &g->sets, s, err);
    }
    if (status == STATUS_OK && g->count > 0) {
        status = fn(&out, ctx, err);
    }
    for (size_t s = 0; s < spec->set_count; s++) {
        group_sets_release(&out.sets[s]);
    }
    return status;
}
