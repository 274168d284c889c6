#include "group_values.h"

#include "i18n.h"
#include "mem.h"
#include "num.h"

enum {
    AHEAD = 8,
    DIRECT_MAX = 1 << 18,    /* ids in an array by the number that the codes make */
    IDENTITY_MAX = 1 << 16,  /* numbers that are ids themselves */
    SLOT_BYTES = 48,         /* memory of a value, about */
    SMALL_NUMBER = INT32_MAX /* numbers below are their own local ids */
};

/* One atom of a recipe: what its values are called among themselves. */
struct atom_maker {
    struct id_table pairs;   /* (what the atoms before make, compressed) */
    struct id_table numbers; /* numbers that are not small */
};

/* How the values of one recipe get their ids. */
struct group_maker {
    struct atom_maker *atoms;
    uint32_t code_count; /* of group_codes.h; 0: it has no such numbers */
    bool is_identity;    /* they are the ids, and texts are made when they are asked for */
    uint32_t *direct;    /* id + 1, by number; NULL until needed */
    struct id_table table;
    bool is_by_text;     /* an atom is a text: the whole text is made of each row */
    struct intern texts; /* of BY_TEXT; ids[] by their ids */
    uint32_t *ids;
    size_t id_capacity;
};

/* Being made: one number a row of the chunk, equal where all atoms so far are equal. */
struct folding {
    struct group_values *values;
    const struct group_recipe *recipe;
    struct group_maker *maker;
    const struct group_chunk *chunk;
    uint64_t limit; /* the numbers are below; 0: any */
};

static bool has_text(const struct group_plan *plan, const struct group_recipe *r) {
    bool has = false;
    for (uint32_t i = 0; i < r->atom_count; i++) {
        has = has || plan->segment->columns[r->atoms[i].column].type == COLUMN_TEXT;
    }
    return has;
}

void group_values_init(struct group_values *out, const struct group_plan *plan) {
    *out = (struct group_values){.plan = plan};
    const struct store_group_spec *spec = plan->spec;
    out->makers = mem_calloc(plan->recipe_count + 1, sizeof *out->makers);
    for (size_t i = 0; i < plan->recipe_count; i++) {
        struct group_maker *m = &out->makers[i];
        m->atoms = mem_calloc((size_t)plan->recipes[i].atom_count + 1, sizeof *m->atoms);
        m->code_count = group_codes_count(plan, &plan->recipes[i]);
        m->is_by_text = has_text(plan, &plan->recipes[i]);
    }
    group_streams_init(&out->streams, plan);
    out->keys = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->keys);
    out->numbers = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->numbers);
    out->codes = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->codes);
    out->ends = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->ends);
    for (uint32_t s = 0; s < plan->slot_count; s++) {
        out->ids[s] = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->ids[s]);
        out->integers[s] = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->integers[s]);
        out->slots[s].is_summed = s >= spec->key_count && s < spec->key_count + spec->sum_count;
    }
}

static void fini_maker(struct group_maker *m, uint32_t atom_count) {
    for (uint32_t k = 0; k < atom_count; k++) {
        id_table_fini(&m->atoms[k].pairs);
        id_table_fini(&m->atoms[k].numbers);
    }
    mem_free(m->atoms);
    mem_free(m->direct);
    id_table_fini(&m->table);
    intern_fini(&m->texts);
    mem_free(m->ids);
}

void group_values_fini(struct group_values *v) {
    for (size_t i = 0; i < v->plan->recipe_count; i++) {
        fini_maker(&v->makers[i], v->plan->recipes[i].atom_count);
    }
    for (uint32_t s = 0; s < v->plan->slot_count; s++) {
        mem_free(v->ids[s]);
        mem_free(v->integers[s]);
        mem_free(v->slots[s].texts);
        mem_free(v->slots[s].integers);
        mem_free(v->slots[s].kinds);
    }
    mem_free(v->makers);
    group_streams_fini(&v->streams);
    mem_free(v->keys);
    mem_free(v->numbers);
    mem_free(v->codes);
    buf_fini(&v->texts);
    group_text_codes_fini(&v->code_text);
    mem_free(v->ends);
    arena_fini(&v->arena);
}

size_t group_values_bytes(const struct group_values *v) {
    size_t bytes = v->text_bytes;
    for (uint32_t s = 0; s < v->plan->slot_count; s++) {
        bytes += (size_t)v->slots[s].count * SLOT_BYTES;
    }
    for (size_t i = 0; i < v->plan->recipe_count; i++) {
        const struct group_maker *m = &v->makers[i];
        bytes += id_table_bytes(&m->table) +
                 (m->direct != NULL ? m->code_count * sizeof *m->direct : 0) +
                 (size_t)m->texts.count * SLOT_BYTES;
        for (uint32_t k = 0; k < v->plan->recipes[i].atom_count; k++) {
            const struct atom_maker *a = &v->makers[i].atoms[k];
            bytes += id_table_bytes(&a->pairs) + id_table_bytes(&a->numbers);
        }
    }
    return bytes;
}

/* --- one number a row --- */

/* The numbers become small again, so that there is room for another atom's. */
static void compress(struct folding *f, struct id_table *table) {
    uint64_t *keys = f->values->keys;
    if (f->limit > 0 && f->limit <= UINT32_MAX) {
        return;
    }
    for (uint32_t i = 0; i < f->chunk->count; i++) {
        keys[i] = id_table_add(table, keys[i])->id_plus_1;
    }
    f->limit = UINT32_MAX;
}

static void fold_codes(struct folding *f, uint32_t atom) {
    struct group_values *v = f->values;
    struct group_atom a = f->recipe->atoms[atom];
    uint64_t count = (uint64_t)v->plan->segment->columns[a.column].dictionary_count + 1;
    const uint32_t *codes = group_streams_codes(&v->streams, a, f->chunk);
    compress(f, &f->maker->atoms[atom].pairs);
    for (uint32_t i = 0; i < f->chunk->count; i++) {
        v->keys[i] = v->keys[i] * count + codes[i];
    }
    f->limit = f->limit * count; /* both are below 2^32 */
}

/* Any number gets a number below 2^32: its own, or the next free one above. */
static uint32_t local_number(struct atom_maker *m, int64_t number) {
    if (number >= 0 && number < SMALL_NUMBER) {
        return (uint32_t)number;
    }
    return (uint32_t)SMALL_NUMBER + id_table_add(&m->numbers, (uint64_t)number)->id_plus_1;
}

static void fold_numbers(struct folding *f, uint32_t atom) {
    struct group_values *v = f->values;
    struct group_atom a = f->recipe->atoms[atom];
    struct atom_maker *m = &f->maker->atoms[atom];
    const int64_t *numbers = group_streams_numbers(v->numbers, &v->streams, a, f->chunk);
    bool first = f->limit == 1;
    compress(f, &m->pairs);
    for (uint32_t i = 0; i < f->chunk->count; i++) {
        v->keys[i] = v->keys[i] << 32 | local_number(m, numbers[i]);
    }
    f->limit = first ? (uint64_t)UINT32_MAX + 1 : 0;
}

static void fold(struct folding *f) {
    struct group_values *v = f->values;
    memset(v->keys, 0, f->chunk->count * sizeof *v->keys);
    f->limit = 1;
    for (uint32_t i = 0; i < f->recipe->atom_count; i++) {
        uint32_t column = f->recipe->atoms[i].column;
        if (v->plan->segment->columns[column].type == COLUMN_DICTIONARY) {
            fold_codes(f, i);
        } else {
            fold_numbers(f, i);
        }
    }
}

/* --- ids --- */

static void note_number(struct group_slot *slot, uint32_t id, struct str text) {
    double ignored;
    MEM_GROW(slot->integers, slot->integer_capacity, (size_t)id + 1);
    MEM_GROW(slot->kinds, slot->kind_capacity, (size_t)id + 1);
    slot->integers[id] = 0;
    slot->kinds[id] = GROUP_NUMBER_NONE;
    if (num_parse_i64(&slot->integers[id], text)) {
        slot->kinds[id] = GROUP_NUMBER_INTEGER;
    } else if (num_parse_double(&ignored, text)) {
        slot->kinds[id] = GROUP_NUMBER_FRACTION;
    }
}

static uint32_t add_value(struct group_values *v, uint32_t slot_number, struct str text) {
    struct group_slot *slot = &v->slots[slot_number];
    uint32_t id = slot->count++;
    MEM_GROW(slot->texts, slot->text_capacity, (size_t)id + 1);
    slot->texts[id] = text;
    v->text_bytes += text.len;
    if (slot->is_summed) {
        note_number(slot, id, text);
    }
    return id;
}

/* Appends the value's text in row `i` of the chunk. */
static enum status put_text(struct buf *out, struct folding *f, uint32_t i, struct err *err) {
    struct group_text_source source = {.recipe = f->recipe,
                                       .plan = f->values->plan,
                                       .streams = &f->values->streams,
                                       .row = group_chunk_row(f->chunk, i)};
    return group_text_put(out, &source, err);
}

/* The value's text, kept. */
static enum status keep_text(struct str *out, struct group_values *v, uint32_t recipe,
                             uint32_t number, struct err *err) {
    enum status status =
        group_text_of_number(&v->code_text, v->plan, &v->plan->recipes[recipe], number, err);
    if (status == STATUS_OK) {
        *out = arena_str(&v->arena, buf_str(&v->code_text.text));
    }
    return status;
}

/* A value of the rows that was not met before. */
static enum status new_value(uint32_t *id_plus_1, struct folding *f, uint32_t i, struct err *err) {
    struct group_values *v = f->values;
    buf_clear(&v->texts);
    enum status status = put_text(&v->texts, f, i, err);
    if (status == STATUS_OK) {
        struct str text = arena_str(&v->arena, buf_str(&v->texts));
        *id_plus_1 = add_value(v, f->recipe->slot, text) + 1;
    }
    return status;
}

/* The id of a whole text. */
static uint32_t text_id(struct folding *f, struct str text, uint64_t hash) {
    struct group_maker *m = f->maker;
    uint32_t before = m->texts.count;
    uint32_t id = intern_add_hashed(&m->texts, text, hash);
    if (m->texts.count > before) {
        MEM_GROW(m->ids, m->id_capacity, (size_t)id + 1);
        m->ids[id] = add_value(f->values, f->recipe->slot, intern_text(&m->texts, id));
    }
    return m->ids[id];
}

/* All texts of the chunk, then their ids: the table is large, so places in it are fetched ahead. */
static enum status text_ids(uint32_t *ids, struct folding *f, struct err *err) {
    struct group_values *v = f->values;
    uint32_t count = f->chunk->count;
    size_t *ends = v->ends;
    enum status status = STATUS_OK;
    buf_clear(&v->texts);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        size_t start = v->texts.len;
        status = put_text(&v->texts, f, i, err);
        ends[i] = v->texts.len;
        v->keys[i] = hash_str(str_skip(buf_str(&v->texts), start));
    }
    size_t start = 0;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (i + AHEAD < count) {
            intern_prefetch(&f->maker->texts, v->keys[i + AHEAD]);
        }
        struct str text = str_make(buf_str(&v->texts).ptr + start, ends[i] - start);
        ids[i] = text_id(f, text, v->keys[i]);
        start = ends[i];
    }
    return status;
}

static enum status table_ids(uint32_t *ids, struct folding *f, struct err *err) {
    struct id_table *table = &f->maker->table;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < f->chunk->count && status == STATUS_OK; i++) {
        uint32_t before = table->count;
        struct id_slot *known = id_table_add(table, f->values->keys[i]);
        if (table->count != before) {
            status = new_value(&known->id_plus_1, f, i, err);
        }
        ids[i] = known->id_plus_1 - 1;
    }
    return status;
}

/* --- ids of numbers (group_codes.h) --- */

enum status group_values_add_code(uint32_t *id, struct group_values *v, uint32_t recipe,
                                  uint32_t number, struct err *err) {
    struct str text;
    enum status status = keep_text(&text, v, recipe, number, err);
    if (status == STATUS_OK) {
        *id = add_value(v, v->plan->recipes[recipe].slot, text);
    }
    return status;
}

static enum status id_of_code(uint32_t *id, struct group_values *v, uint32_t recipe,
                              uint32_t number, struct err *err) {
    struct group_maker *m = &v->makers[recipe];
    uint32_t *known = m->direct != NULL ? &m->direct[number] : NULL;
    if (known == NULL) {
        known = &id_table_add(&m->table, number)->value;
    }
    enum status status = STATUS_OK;
    if (*known == 0) {
        status = group_values_add_code(id, v, recipe, number, err);
        *known = status == STATUS_OK ? *id + 1 : 0;
    }
    *id = *known - 1;
    return status;
}

/* The ids that are known; GROUP_NO_ID for others. True: there are others. */
static bool known_ids(uint32_t *restrict ids, const uint32_t *restrict direct,
                      const uint32_t *restrict numbers, uint32_t count) {
    uint32_t unknown = 0;
    for (uint32_t i = 0; i < count; i++) {
        ids[i] = direct[numbers[i]] - 1;
        unknown += ids[i] == GROUP_NO_ID;
    }
    return unknown > 0;
}

static enum status code_ids(uint32_t *ids, struct group_values *v, uint32_t recipe,
                            const uint32_t *numbers, uint32_t count, struct err *err) {
    struct group_maker *m = &v->makers[recipe];
    enum status status = STATUS_OK;
    if (m->direct == NULL && m->code_count <= DIRECT_MAX) {
        m->direct = mem_calloc(m->code_count, sizeof *m->direct);
    }
    if (m->direct != NULL && !known_ids(ids, m->direct, numbers, count)) {
        return STATUS_OK;
    }
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (m->direct == NULL && i + AHEAD < count) {
            id_table_prefetch(&m->table, numbers[i + AHEAD]);
        }
        status = id_of_code(&ids[i], v, recipe, numbers[i], err);
    }
    return status;
}

/* May the numbers of the recipe be the ids of its slot? Where groups are ids: nothing else needs
 * them to be few. */
static bool take_identity(struct group_values *v, uint32_t recipe) {
    const struct store_group_spec *spec = v->plan->spec;
    struct group_maker *m = &v->makers[recipe];
    struct group_slot *slot = &v->slots[0];
    if (v->plan->recipes[recipe].slot == 0 && spec->key_count == 1 && spec->span == NULL &&
        slot->count == 0 && m->code_count <= IDENTITY_MAX) {
        m->is_identity = true;
        v->identity = recipe;
        slot->count = m->code_count;
        MEM_GROW(slot->texts, slot->text_capacity, slot->count);
        memset(slot->texts, 0, slot->count * sizeof *slot->texts);
    }
    return m->is_identity;
}

enum status group_values_text(struct group_values *v, uint32_t slot, uint32_t id, struct err *err) {
    struct str *text = &v->slots[slot].texts[id];
    return text->ptr != NULL ? STATUS_OK : keep_text(text, v, v->identity, id, err);
}

static enum status dataset_ids(uint32_t *ids, struct folding *f, struct err *err) {
    struct group_values *v = f->values;
    const struct segment *s = v->plan->segment;
    struct id_table *table = &f->maker->table;
    enum status status = block_numbers(v->streams.block, NUMBER_DATASET, err);
    for (uint32_t i = 0; i < f->chunk->count && status == STATUS_OK; i++) {
        uint32_t row = f->chunk->first + group_chunk_row(f->chunk, i);
        uint64_t number = (uint64_t)v->streams.block->numbers[NUMBER_DATASET][row];
        if (number >= s->dataset_count) {
            return segment_damaged(s, err, _("a row's source, origin or dataset has no name"));
        }
        struct str name = dataset_info(s->datasets[number])->name;
        if (name.len == 0) {
            ids[i] = GROUP_NO_ID;
            continue;
        }
        uint32_t before = table->count;
        struct id_slot *known = id_table_add(table, number);
        if (table->count != before) {
            known->id_plus_1 = add_value(v, f->recipe->slot, name) + 1;
        }
        ids[i] = known->id_plus_1 - 1;
    }
    return status;
}

bool group_values_has_codes(const struct group_values *v, uint32_t recipe) {
    return v->makers[recipe].code_count > 0;
}

uint32_t group_values_code_count(const struct group_values *v, uint32_t recipe) {
    return v->makers[recipe].code_count;
}

const uint32_t *group_values_codes(struct group_values *v, uint32_t recipe,
                                   const struct group_chunk *chunk) {
    const struct group_recipe *r = &v->plan->recipes[recipe];
    return group_codes_of_rows(v->ids[r->slot], &v->streams, r, chunk);
}

enum status group_values_ids(const uint32_t **out, struct group_values *v, uint32_t recipe,
                             const struct group_chunk *chunk, struct err *err) {
    struct folding f = {.values = v,
                        .recipe = &v->plan->recipes[recipe],
                        .maker = &v->makers[recipe],
                        .chunk = chunk};
    uint32_t *ids = v->ids[f.recipe->slot];
    *out = ids;
    if (f.recipe->is_dataset) {
        return dataset_ids(ids, &f, err);
    }
    if (f.maker->is_by_text) {
        return text_ids(ids, &f, err);
    }
    if (f.maker->code_count > 0) {
        bool is_identity = f.maker->is_identity || take_identity(v, recipe);
        const uint32_t *numbers =
            group_codes_of_rows(is_identity ? ids : v->codes, &v->streams, f.recipe, chunk);
        if (is_identity) {
            *out = numbers;
            return STATUS_OK;
        }
        return code_ids(ids, v, recipe, numbers, chunk->count, err);
    }
    fold(&f);
    return table_ids(ids, &f, err);
}

/* --- sums --- */

/* A column of plain numbers, which need no ids. */
static bool is_plain_number(const struct group_plan *plan, const struct group_recipe *r) {
    if (r->is_dataset || r->piece_count != 1 || r->pieces[0].formula != NULL ||
        r->pieces[0].atom.column == GROUP_NO_COLUMN || r->transform > TRANSFORM_SAME) {
        return false;
    }
    const struct segment_column *c = &plan->segment->columns[r->pieces[0].atom.column];
    return c->type == COLUMN_NUMBER && c->shape.len == 0;
}

static bool all_positive(const int64_t *numbers, uint32_t count) {
    uint64_t any = 0;
    for (uint32_t i = 0; i < count; i++) {
        any |= (uint64_t)numbers[i];
    }
    return any >> 63 == 0;
}

enum status group_values_integers(const int64_t **out, const uint32_t **ids, bool *fits,
                                  struct group_values *v, uint32_t recipe,
                                  const struct group_chunk *chunk, struct err *err) {
    const struct group_recipe *r = &v->plan->recipes[recipe];
    *ids = NULL;
    if (is_plain_number(v->plan, r)) {
        *out = group_streams_numbers(v->integers[r->slot], &v->streams, r->pieces[0].atom, chunk);
        *fits = all_positive(*out, chunk->count);
        return STATUS_OK;
    }
    enum status status = group_values_ids(ids, v, recipe, chunk, err);
    const struct group_slot *slot = &v->slots[r->slot];
    int64_t *integers = v->integers[r->slot];
    *fits = true;
    *out = integers;
    for (uint32_t i = 0; i < chunk->count && status == STATUS_OK; i++) {
        uint32_t id = (*ids)[i];
        bool known = id != GROUP_NO_ID;
        integers[i] = known ? slot->integers[id] : 0;
        *fits = *fits && !(known && slot->kinds[id] == GROUP_NUMBER_FRACTION);
    }
    return status;
}
