#include "segment_groups.h"

#include "hash.h"
#include "i18n.h"
#include "intern.h"
#include "mem.h"
#include "num.h"
#include "number_text.h"
#include "transform.h"

enum { NO_VALUE = 0, NUMBER_CACHE = 1024, NO_COLUMN = UINT32_MAX };

/* Where rows of one template have the value of a field. */
enum place_kind {
    PLACE_NONE,
    PLACE_DATASET,
    PLACE_PIECES, /* one column, or pieces of text that are put together */
    PLACE_ROW     /* only the whole row tells */
};

struct place_piece {
    uint32_t column; /* NO_COLUMN: literal */
    uint32_t ordinal;
    struct str literal;
};

struct place {
    enum place_kind kind;
    enum transform transform;
    struct place_piece *pieces;
    uint32_t piece_count;
};

/* How many values of a column a row of a template takes. */
struct column_use {
    uint32_t column;
    uint32_t count;
};

struct template_plan {
    bool made;
    bool leaves;      /* only whole rows tell a value */
    bool without_key; /* its rows have no value for a key */
    struct place places[STORE_GROUP_KEYS + STORE_GROUP_SUMS];
    struct column_use *uses; /* of the columns that some place reads */
    uint32_t use_count;
};

/* Ids of a column's values: of codes, and of numbers that were met lately. */
struct column_ids {
    uint32_t *of_code; /* id, 0 = not asked yet */
    int64_t cached_numbers[NUMBER_CACHE];
    uint32_t cached_ids[NUMBER_CACHE];
};

struct group {
    uint32_t ids[STORE_GROUP_KEYS]; /* in texts, + 1; NO_VALUE: none */
    int64_t span_ns;
    uint64_t rows;
};

struct segment_groups {
    const struct store_group_spec *spec;
    struct segment *segment;
    struct arena arena;
    struct template_plan *plans; /* by template */
    uint8_t *is_read;            /* by column: a place reads it */
    struct column_ids **columns; /* by column; NULL until a key asks */
    struct intern texts;
    struct group *groups;
    struct store_group_sum *sums; /* by group * sum_count */
    size_t count;
    size_t capacity;
    size_t sum_capacity;
    uint32_t *slots; /* group + 1 */
    size_t slot_count;
    int64_t span_start;
    int64_t span_end;
    uint32_t *cursors; /* by column: values of the block's rows before this one */
    struct buf text;
    struct buf decoded;
};

struct segment_groups *segment_groups_create(const struct store_group_spec *spec,
                                             struct segment *segment) {
    struct segment_groups *g = mem_calloc(1, sizeof *g);
    g->spec = spec;
    g->segment = segment;
    g->plans = mem_calloc((size_t)segment->template_count + 1, sizeof *g->plans);
    g->is_read = mem_calloc(segment->column_count + 1, 1);
    g->columns = mem_calloc(segment->column_count + 1, sizeof *g->columns);
    g->cursors = mem_calloc(segment->column_count + 1, sizeof *g->cursors);
    g->span_start = INT64_MAX; /* no span is known */
    g->span_end = INT64_MIN;
    return g;
}

void segment_groups_destroy(struct segment_groups **out) {
    struct segment_groups *g = *out;
    *out = NULL;
    if (g == NULL) {
        return;
    }
    mem_free(g->plans);
    mem_free(g->is_read);
    mem_free(g->columns);
    mem_free(g->cursors);
    mem_free(g->groups);
    mem_free(g->sums);
    mem_free(g->slots);
    intern_fini(&g->texts);
    buf_fini(&g->text);
    buf_fini(&g->decoded);
    arena_fini(&g->arena);
    mem_free(g);
}

/* --- where values stand --- */

/* Values of `column` in a row of the template before piece `piece` and value `value`. */
static uint32_t uses_before(const struct template *t, uint32_t column, uint32_t piece,
                            uint32_t value) {
    uint32_t uses = 0;
    for (uint32_t i = 0; i < piece; i++) {
        uses += t->pieces[i].column == column;
    }
    for (uint32_t i = 0; i < value; i++) {
        const struct template_value *v = &t->values[i];
        uses += v->transform == TRANSFORM_NONE && v->formula == NULL && v->first == column;
    }
    return uses;
}

/* False if the piece is printed by a formula. */
static bool place_piece(struct place_piece *out, struct segment_groups *g, const struct template *t,
                        uint32_t piece) {
    const struct template_piece *p = &t->pieces[piece];
    if (p->formula != NULL) {
        return false;
    }
    *out = (struct place_piece){.column = p->column, .literal = p->literal};
    if (p->column != NO_COLUMN) {
        out->ordinal = uses_before(t, p->column, piece, 0);
        g->is_read[p->column] = 1;
    }
    return true;
}

static void place_value(struct place *out, struct segment_groups *g, const struct template *t,
                        uint32_t value) {
    const struct template_value *v = &t->values[value];
    bool extra = v->transform == TRANSFORM_NONE;
    out->kind = v->formula != NULL ? PLACE_ROW : PLACE_PIECES;
    out->transform = extra ? TRANSFORM_SAME : v->transform;
    out->piece_count = extra ? 1 : v->count;
    out->pieces = arena_array(&g->arena, (size_t)out->piece_count + 1, sizeof *out->pieces);
    if (extra && v->formula == NULL) {
        out->pieces[0].column = v->first;
        out->pieces[0].ordinal = uses_before(t, v->first, t->piece_count, value);
        g->is_read[v->first] = 1;
        return;
    }
    for (uint32_t i = 0; i < v->count && out->kind == PLACE_PIECES; i++) {
        if (!place_piece(&out->pieces[i], g, t, v->first + i)) {
            out->kind = PLACE_ROW;
        }
    }
}

static void place_field(struct place *out, struct segment_groups *g, const struct template *t,
                        const struct store_group_field *field) {
    for (size_t f = 0; f < field->count && out->kind == PLACE_NONE; f++) {
        if (field->fields[f] == FIELD_EVENT_DATASET) {
            out->kind = PLACE_DATASET;
        }
        for (uint32_t v = 0; v < t->value_count; v++) {
            if (t->values[v].field == field->fields[f]) {
                bool again = out->kind != PLACE_NONE;
                place_value(out, g, t, v);
                out->kind = again ? PLACE_ROW : out->kind; /* a list */
            }
        }
    }
}

static void plan_template(struct segment_groups *g, uint32_t number) {
    struct template_plan *plan = &g->plans[number];
    const struct template *t = &g->segment->templates[number];
    for (size_t i = 0; i < g->spec->key_count; i++) {
        place_field(&plan->places[i], g, t, &g->spec->keys[i]);
        plan->leaves = plan->leaves || plan->places[i].kind == PLACE_ROW;
        plan->without_key =
            plan->without_key || (plan->places[i].kind == PLACE_NONE && !g->spec->keys[i].optional);
    }
    for (size_t i = 0; i < g->spec->sum_count; i++) {
        struct place *place = &plan->places[STORE_GROUP_KEYS + i];
        place_field(place, g, t, &g->spec->sums[i]);
        plan->leaves = plan->leaves || place->kind == PLACE_ROW;
    }
}

static void count_uses(struct segment_groups *g, uint32_t number) {
    struct template_plan *plan = &g->plans[number];
    const struct template *t = &g->segment->templates[number];
    plan->uses =
        arena_array(&g->arena, (size_t)t->piece_count + t->value_count + 1, sizeof *plan->uses);
    for (uint32_t c = 0; c < g->segment->column_count; c++) {
        uint32_t uses = g->is_read[c] != 0 ? uses_before(t, c, t->piece_count, t->value_count) : 0;
        if (uses > 0) {
            plan->uses[plan->use_count++] = (struct column_use){c, uses};
        }
    }
}

/* All templates together, because a column that one reads is counted in the rows of all. */
static void make_plans(struct segment_groups *g) {
    if (g->plans[0].made) {
        return;
    }
    g->plans[0].made = true;
    for (uint32_t t = 0; t < g->segment->template_count; t++) {
        plan_template(g, t);
    }
    for (uint32_t t = 0; t < g->segment->template_count; t++) {
        count_uses(g, t);
    }
}

/* --- values of the row at hand --- */

static enum status put_text(struct buf *out, struct segment_groups *g, struct block *b,
                            const struct place *place, struct err *err) {
    enum status status = STATUS_OK;
    buf_clear(out);
    for (uint32_t i = 0; i < place->piece_count && status == STATUS_OK; i++) {
        const struct place_piece *p = &place->pieces[i];
        if (p->column == NO_COLUMN) {
            buf_add(out, p->literal);
        } else {
            status = block_put_value(out, b, p->column, g->cursors[p->column] + p->ordinal, err);
        }
    }
    if (status == STATUS_OK && place->transform > TRANSFORM_SAME) {
        buf_clear(&g->decoded);
        if (!transform_decode(&g->decoded, buf_str(out), place->transform)) {
            return segment_damaged(g->segment, err, _("a value cannot be decoded"));
        }
        buf_clear(out);
        buf_add(out, buf_str(&g->decoded));
    }
    return status;
}

static enum status text_id(uint32_t *id, struct segment_groups *g, struct block *b,
                           const struct place *place, struct err *err) {
    enum status status = put_text(&g->text, g, b, place, err);
    *id = status == STATUS_OK ? intern_add(&g->texts, buf_str(&g->text)) + 1 : NO_VALUE;
    return status;
}

static struct column_ids *ids_of(struct segment_groups *g, uint32_t column) {
    if (g->columns[column] == NULL) {
        g->columns[column] = arena_alloc(&g->arena, sizeof *g->columns[column]);
        uint32_t entries = g->segment->columns[column].dictionary_count;
        g->columns[column]->of_code = arena_array(&g->arena, (size_t)entries + 1, sizeof(uint32_t));
    }
    return g->columns[column];
}

/* A value that is one column as it stands: by its code or number, the text only once. */
static enum status column_id(uint32_t *id, struct segment_groups *g, struct block *b,
                             const struct place *place, struct err *err) {
    uint32_t column = place->pieces[0].column;
    struct block_column *c = &b->columns[column];
    uint32_t index = g->cursors[column] + place->pieces[0].ordinal;
    struct column_ids *ids = ids_of(g, column);
    uint32_t *known = NULL;
    if (index < c->count && c->codes != NULL) {
        known = &ids->of_code[c->codes[index]];
    } else if (index < c->count && c->numbers != NULL) {
        size_t slot = (size_t)hash_u64((uint64_t)c->numbers[index]) % NUMBER_CACHE;
        known = &ids->cached_ids[slot];
        *known = ids->cached_numbers[slot] == c->numbers[index] ? *known : NO_VALUE;
        ids->cached_numbers[slot] = c->numbers[index];
    }
    if (known != NULL && *known != NO_VALUE) {
        *id = *known;
        return STATUS_OK;
    }
    enum status status = text_id(id, g, b, place, err);
    if (known != NULL && status == STATUS_OK) {
        *known = *id;
    }
    return status;
}

static enum status key_id(uint32_t *id, struct segment_groups *g, struct block *b, uint32_t row,
                          const struct place *place, struct err *err) {
    *id = NO_VALUE;
    if (place->kind == PLACE_DATASET) {
        int64_t number;
        enum status status = block_number_at(&number, b, NUMBER_DATASET, row, err);
        if (status == STATUS_OK && (uint64_t)number < g->segment->dataset_count) {
            struct str name = dataset_info(g->segment->datasets[number])->name;
            *id = name.len > 0 ? intern_add(&g->texts, name) + 1 : NO_VALUE;
        }
        return status;
    }
    if (place->kind == PLACE_NONE) {
        return STATUS_OK;
    }
    bool single = place->piece_count == 1 && place->pieces[0].column != NO_COLUMN &&
                  place->transform <= TRANSFORM_SAME;
    return single ? column_id(id, g, b, place, err) : text_id(id, g, b, place, err);
}

/* *fits false: the value is no integer. */
static enum status sum_value(int64_t *out, bool *fits, struct segment_groups *g, struct block *b,
                             const struct place *place, struct err *err) {
    bool single = place->piece_count == 1 && place->transform <= TRANSFORM_SAME;
    uint32_t column = single ? place->pieces[0].column : NO_COLUMN;
    if (column != NO_COLUMN && b->columns[column].numbers != NULL &&
        g->segment->columns[column].shape.len == 0) {
        uint32_t index = g->cursors[column] + place->pieces[0].ordinal;
        *fits = index < b->columns[column].count && b->columns[column].numbers[index] >= 0;
        *out = *fits ? b->columns[column].numbers[index] : 0;
        return STATUS_OK;
    }
    enum status status = put_text(&g->text, g, b, place, err);
    *fits = status == STATUS_OK && num_parse_i64(out, buf_str(&g->text));
    return status;
}

/* --- groups --- */

static uint64_t group_hash(const struct segment_groups *g, const struct group *key) {
    uint64_t hash = hash_u64((uint64_t)key->span_ns);
    for (size_t i = 0; i < g->spec->key_count; i++) {
        hash = hash_u64(hash ^ key->ids[i]);
    }
    return hash;
}

static void grow_slots(struct segment_groups *g) {
    mem_free(g->slots);
    g->slot_count = g->slot_count == 0 ? 1024 : g->slot_count * 2;
    g->slots = mem_calloc(g->slot_count, sizeof *g->slots);
    for (size_t i = 0; i < g->count; i++) {
        size_t at = (size_t)group_hash(g, &g->groups[i]) & (g->slot_count - 1);
        while (g->slots[at] != 0) {
            at = (at + 1) & (g->slot_count - 1);
        }
        g->slots[at] = (uint32_t)i + 1;
    }
}

static bool same_group(const struct segment_groups *g, const struct group *a,
                       const struct group *b) {
    return a->span_ns == b->span_ns &&
           memcmp(a->ids, b->ids, g->spec->key_count * sizeof *a->ids) == 0;
}

static size_t find_group(struct segment_groups *g, const struct group *key) {
    if (g->count * 2 >= g->slot_count) {
        grow_slots(g);
    }
    size_t at = (size_t)group_hash(g, key) & (g->slot_count - 1);
    for (; g->slots[at] != 0; at = (at + 1) & (g->slot_count - 1)) {
        if (same_group(g, &g->groups[g->slots[at] - 1], key)) {
            return g->slots[at] - 1;
        }
    }
    MEM_GROW(g->groups, g->capacity, g->count + 1);
    MEM_GROW(g->sums, g->sum_capacity, (g->count + 1) * g->spec->sum_count + 1);
    memset(g->sums + g->count * g->spec->sum_count, 0, g->spec->sum_count * sizeof *g->sums);
    g->groups[g->count] = *key;
    g->slots[at] = (uint32_t)++g->count;
    return g->count - 1;
}

static int64_t span_of(struct segment_groups *g, int64_t time_ns) {
    if (time_ns < g->span_start || time_ns >= g->span_end) {
        g->span_start = g->spec->span(time_ns, &g->span_end, g->spec->span_ctx);
    }
    return g->span_start;
}

enum row_result { ROW_TAKEN, ROW_WITHOUT_KEY, ROW_LEFT };

static enum status take_keys(struct group *key, enum row_result *result, struct segment_groups *g,
                             struct block *b, uint32_t row, const struct template_plan *plan,
                             struct err *err) {
    *key = (struct group){.span_ns = 0};
    enum status status = STATUS_OK;
    if (g->spec->span != NULL) {
        key->span_ns = span_of(g, b->numbers[NUMBER_TIME][row]);
    }
    for (size_t i = 0; i < g->spec->key_count && status == STATUS_OK; i++) {
        status = key_id(&key->ids[i], g, b, row, &plan->places[i], err);
        if (key->ids[i] == NO_VALUE && !g->spec->keys[i].optional) {
            *result = ROW_WITHOUT_KEY;
        }
    }
    return status;
}

static enum status take_row(enum row_result *result, struct segment_groups *g, struct block *b,
                            uint32_t row, const struct template_plan *plan, struct err *err) {
    struct group key;
    int64_t values[STORE_GROUP_SUMS] = {0};
    bool has[STORE_GROUP_SUMS] = {false};
    *result = plan->leaves ? ROW_LEFT : plan->without_key ? ROW_WITHOUT_KEY : ROW_TAKEN;
    if (*result != ROW_TAKEN) {
        return STATUS_OK;
    }
    enum status status = take_keys(&key, result, g, b, row, plan, err);
    for (size_t i = 0; i < g->spec->sum_count && status == STATUS_OK && *result == ROW_TAKEN; i++) {
        const struct place *place = &plan->places[STORE_GROUP_KEYS + i];
        has[i] = place->kind == PLACE_PIECES;
        bool fits = true;
        if (has[i]) {
            status = sum_value(&values[i], &fits, g, b, place, err);
        }
        *result = fits ? *result : ROW_LEFT;
    }
    if (status != STATUS_OK || *result != ROW_TAKEN) {
        return status;
    }
    size_t group = find_group(g, &key);
    g->groups[group].rows++;
    for (size_t i = 0; i < g->spec->sum_count; i++) {
        struct store_group_sum *sum = &g->sums[group * g->spec->sum_count + i];
        sum->count += has[i];
        sum->sum += values[i];
    }
    return STATUS_OK;
}

/* --- blocks --- */

static enum status load_columns(struct segment_groups *g, struct block *b, struct err *err) {
    enum status status = block_numbers(b, NUMBER_TEMPLATE, err);
    if (status == STATUS_OK && g->spec->span != NULL) {
        status = block_numbers(b, NUMBER_TIME, err);
    }
    for (uint32_t c = 0; c < g->segment->column_count && status == STATUS_OK; c++) {
        g->cursors[c] = 0;
        if (g->is_read[c] != 0 && b->info->column_counts[c] > 0) {
            status = block_column_codes(b, c, err);
        }
    }
    return status;
}

enum status segment_groups_add(struct segment_groups *g, struct block *b, uint64_t *rows,
                               uint64_t *without_key, struct err *err) {
    make_plans(g);
    enum status status = load_columns(g, b, err);
    for (uint32_t row = 0; row < b->info->rows && status == STATUS_OK; row++) {
        uint64_t number = (uint64_t)b->numbers[NUMBER_TEMPLATE][row];
        if (number >= g->segment->template_count) {
            return segment_damaged(g->segment, err, _("a row has no template"));
        }
        const struct template_plan *plan = &g->plans[number];
        uint64_t bit = UINT64_C(1) << (row % 64);
        if ((rows[row / 64] & bit) != 0) {
            enum row_result result;
            status = take_row(&result, g, b, row, plan, err);
            rows[row / 64] &= result == ROW_LEFT ? UINT64_MAX : ~bit;
            *without_key += result == ROW_WITHOUT_KEY;
        }
        for (uint32_t i = 0; i < plan->use_count; i++) {
            g->cursors[plan->uses[i].column] += plan->uses[i].count;
        }
    }
    return status;
}

enum status segment_groups_give(struct segment_groups *g, store_group_fn *fn, void *ctx,
                                struct err *err) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < g->count && status == STATUS_OK; i++) {
        const struct group *group = &g->groups[i];
        struct store_group out = {.span_ns = group->span_ns,
                                  .rows = group->rows,
                                  .sums = g->sums + i * g->spec->sum_count};
        for (size_t k = 0; k < g->spec->key_count; k++) {
            out.has_key[k] = group->ids[k] != NO_VALUE;
            out.keys[k] = out.has_key[k] ? intern_text(&g->texts, group->ids[k] - 1) : STR_EMPTY;
        }
        status = fn(&out, ctx, err);
    }
    return status;
}
