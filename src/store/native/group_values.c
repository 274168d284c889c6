#include "group_values.h"

#include "group_text.h"
#include "i18n.h"
#include "mem.h"
#include "num.h"

enum {
    DIRECT_MAX = 1 << 18,    /* ids in an array by the number that the codes make */
    SLOT_BYTES = 48,         /* memory of a value, about */
    SMALL_NUMBER = INT32_MAX /* numbers below are their own local ids */
};

/* One atom of a recipe: what its values are called among themselves. */
struct atom_maker {
    struct id_table pairs;   /* (what the atoms before make, compressed) */
    struct id_table numbers; /* numbers that are not small */
    struct intern texts;
};

/* How the values of one recipe get their ids. */
struct group_maker {
    struct atom_maker *atoms;
    size_t direct_size; /* 0: `table` is used */
    uint32_t *direct;   /* id + 1, by the number that the codes make; NULL until needed */
    struct id_table table;
};

/* Being made: one number a row of the chunk, equal where all atoms so far are equal. */
struct folding {
    struct group_values *values;
    const struct group_recipe *recipe;
    struct group_maker *maker;
    const struct group_chunk *chunk;
    uint64_t limit; /* the numbers are below; 0: any */
};

/* How many numbers the codes of all atoms can make; 0: too many, or not only codes. */
static size_t direct_size(const struct group_plan *plan, const struct group_recipe *r) {
    size_t size = r->is_dataset ? 0 : 1;
    for (uint32_t i = 0; i < r->atom_count && size > 0; i++) {
        const struct segment_column *c = &plan->segment->columns[r->atoms[i].column];
        bool few = c->type == COLUMN_DICTIONARY && c->dictionary_count < DIRECT_MAX;
        size *= few ? (size_t)c->dictionary_count + 1 : 0;
        size = size <= DIRECT_MAX ? size : 0;
    }
    return size;
}

void group_values_init(struct group_values *out, const struct group_plan *plan) {
    *out = (struct group_values){.plan = plan};
    const struct store_group_spec *spec = plan->spec;
    out->makers = mem_calloc(plan->recipe_count + 1, sizeof *out->makers);
    for (size_t i = 0; i < plan->recipe_count; i++) {
        struct group_maker *m = &out->makers[i];
        m->atoms = mem_calloc((size_t)plan->recipes[i].atom_count + 1, sizeof *m->atoms);
        m->direct_size = direct_size(plan, &plan->recipes[i]);
    }
    out->streams = mem_calloc((size_t)plan->column_count + 1, sizeof *out->streams);
    out->keys = mem_alloc(GROUP_CHUNK_ROWS * sizeof *out->keys);
    out->codes = mem_alloc(GROUP_CHUNK_ROWS * sizeof *out->codes);
    for (uint32_t s = 0; s < plan->slot_count; s++) {
        out->ids[s] = mem_alloc(GROUP_CHUNK_ROWS * sizeof *out->ids[s]);
        out->integers[s] = mem_alloc(GROUP_CHUNK_ROWS * sizeof *out->integers[s]);
        out->slots[s].is_summed = s >= spec->key_count && s < spec->key_count + spec->sum_count;
    }
}

static void fini_maker(struct group_maker *m, uint32_t atom_count) {
    for (uint32_t k = 0; k < atom_count; k++) {
        id_table_fini(&m->atoms[k].pairs);
        id_table_fini(&m->atoms[k].numbers);
        intern_fini(&m->atoms[k].texts);
    }
    mem_free(m->atoms);
    mem_free(m->direct);
    id_table_fini(&m->table);
}

void group_values_fini(struct group_values *v) {
    for (size_t i = 0; i < v->plan->recipe_count; i++) {
        fini_maker(&v->makers[i], v->plan->recipes[i].atom_count);
    }
    for (uint32_t i = 0; i < v->plan->column_count; i++) {
        mem_free(v->streams[i].before);
    }
    for (uint32_t s = 0; s < v->plan->slot_count; s++) {
        mem_free(v->ids[s]);
        mem_free(v->integers[s]);
        mem_free(v->slots[s].texts);
        mem_free(v->slots[s].integers);
        mem_free(v->slots[s].kinds);
    }
    mem_free(v->makers);
    mem_free(v->streams);
    mem_free(v->keys);
    mem_free(v->codes);
    buf_fini(&v->text);
    arena_fini(&v->arena);
}

size_t group_values_bytes(const struct group_values *v) {
    size_t bytes = v->text_bytes;
    for (uint32_t s = 0; s < v->plan->slot_count; s++) {
        bytes += (size_t)v->slots[s].count * SLOT_BYTES;
    }
    for (size_t i = 0; i < v->plan->recipe_count; i++) {
        const struct group_maker *m = &v->makers[i];
        bytes += id_table_bytes(&m->table) + (m->direct != NULL ? m->direct_size : 0);
        for (uint32_t k = 0; k < v->plan->recipes[i].atom_count; k++) {
            const struct atom_maker *a = &v->makers[i].atoms[k];
            bytes += id_table_bytes(&a->pairs) + id_table_bytes(&a->numbers) +
                     (size_t)a->texts.count * SLOT_BYTES;
        }
    }
    return bytes;
}

/* --- where values stand --- */

/* Counts through the rows; false if the block has fewer values than its rows use. */
static bool count_through(struct group_stream *s, const uint16_t *uses, const uint32_t *templates,
                          uint32_t rows, uint32_t limit) {
    if (s->before == NULL) {
        s->before = mem_alloc(SEGMENT_BLOCK_ROWS * sizeof *s->before);
    }
    uint32_t at = 0; /* at most 8192 x 65535 */
    for (uint32_t row = 0; row < rows; row++) {
        s->before[row] = at;
        at += uses[templates[row]];
    }
    return at <= limit;
}

/* Do the rows of all templates in the block use the column just once? */
static bool is_by_row(const uint16_t *uses, const struct group_rows *rows) {
    for (uint32_t i = 0; i < rows->present_count; i++) {
        if (uses[rows->present[i]] != 1) {
            return false;
        }
    }
    return true;
}

enum status group_values_block(struct group_values *v, struct block *block,
                               const struct group_rows *rows, struct err *err) {
    const struct group_plan *plan = v->plan;
    v->block = block;
    for (uint32_t i = 0; i < plan->column_count; i++) {
        uint32_t column = plan->columns[i].column;
        uint32_t count = block->info->column_counts[column];
        struct group_stream *s = &v->streams[i];
        const uint16_t *uses = plan->columns[i].uses;
        s->is_by_row = is_by_row(uses, rows);
        bool good = s->is_by_row
                        ? block->info->rows <= count
                        : count_through(s, uses, rows->templates, block->info->rows, count);
        if (!good) {
            return segment_damaged(plan->segment, err, _("a column has too few values"));
        }
        enum status status = count > 0 ? block_column_codes(block, column, err) : STATUS_OK;
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* The codes of the atom in the chunk: as they stand in the block, or picked out. */
static const uint32_t *atom_codes(struct group_values *v, struct group_atom atom,
                                  const struct group_chunk *c) {
    const struct group_stream *s = &v->streams[v->plan->place_of[atom.column] - 1];
    const uint32_t *codes = v->block->columns[atom.column].codes;
    if (s->is_by_row && c->rows == NULL) {
        return codes + c->first;
    }
    for (uint32_t i = 0; i < c->count; i++) {
        v->codes[i] = codes[group_values_index(v, atom, group_chunk_row(c, i))];
    }
    return v->codes;
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
    const uint32_t *codes = atom_codes(v, a, f->chunk);
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

static uint32_t local_text(struct group_values *v, struct atom_maker *m,
                           const struct block_column *c, uint32_t index) {
    uint32_t before = m->texts.count;
    uint32_t at = c->offsets[index];
    uint32_t id = intern_add(&m->texts, str_make(c->bytes + at, c->offsets[index + 1] - at));
    v->text_bytes += m->texts.count > before ? c->offsets[index + 1] - at : 0;
    return id;
}

static void fold_others(struct folding *f, uint32_t atom) {
    struct group_values *v = f->values;
    struct group_atom a = f->recipe->atoms[atom];
    struct atom_maker *m = &f->maker->atoms[atom];
    const struct block_column *c = &v->block->columns[a.column];
    bool first = f->limit == 1;
    compress(f, &m->pairs);
    for (uint32_t i = 0; i < f->chunk->count; i++) {
        uint32_t index = group_values_index(v, a, group_chunk_row(f->chunk, i));
        uint32_t local =
            c->numbers != NULL ? local_number(m, c->numbers[index]) : local_text(v, m, c, index);
        v->keys[i] = v->keys[i] << 32 | local;
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
            fold_others(f, i);
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

/* A value that was not met before: its text, of row `i` of the chunk. */
static enum status new_value(uint32_t *id_plus_1, struct folding *f, uint32_t i, struct err *err) {
    struct group_values *v = f->values;
    struct group_text_source source = {.block = v->block,
                                       .recipe = f->recipe,
                                       .plan = v->plan,
                                       .values = v,
                                       .row = group_chunk_row(f->chunk, i)};
    enum status status = group_text_put(&v->text, &source, err);
    if (status == STATUS_OK) {
        struct str text = arena_str(&v->arena, buf_str(&v->text));
        *id_plus_1 = add_value(v, f->recipe->slot, text) + 1;
    }
    return status;
}

static enum status direct_ids(uint32_t *ids, struct folding *f, const uint32_t *codes,
                              struct err *err) {
    uint32_t *direct = f->maker->direct;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < f->chunk->count && status == STATUS_OK; i++) {
        uint32_t *known = &direct[codes != NULL ? codes[i] : f->values->keys[i]];
        if (*known == 0) {
            status = new_value(known, f, i, err);
        }
        ids[i] = *known - 1;
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

static enum status dataset_ids(uint32_t *ids, struct folding *f, struct err *err) {
    struct group_values *v = f->values;
    const struct segment *s = v->plan->segment;
    struct id_table *table = &f->maker->table;
    enum status status = block_numbers(v->block, NUMBER_DATASET, err);
    for (uint32_t i = 0; i < f->chunk->count && status == STATUS_OK; i++) {
        uint32_t row = group_chunk_row(f->chunk, i);
        uint64_t number = (uint64_t)v->block->numbers[NUMBER_DATASET][row];
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
    if (f.maker->direct_size > 0 && f.maker->direct == NULL) {
        f.maker->direct = mem_calloc(f.maker->direct_size, sizeof *f.maker->direct);
    }
    if (f.maker->direct != NULL && f.recipe->atom_count == 1) {
        return direct_ids(ids, &f, atom_codes(v, f.recipe->atoms[0], chunk), err);
    }
    fold(&f);
    return f.maker->direct != NULL ? direct_ids(ids, &f, NULL, err) : table_ids(ids, &f, err);
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

static const int64_t *plain_numbers(struct group_values *v, const struct group_recipe *r,
                                    const struct group_chunk *c) {
    struct group_atom atom = r->pieces[0].atom;
    const struct group_stream *s = &v->streams[v->plan->place_of[atom.column] - 1];
    const int64_t *numbers = v->block->columns[atom.column].numbers;
    if (s->is_by_row && c->rows == NULL) {
        return numbers + c->first;
    }
    int64_t *picked = v->integers[r->slot];
    for (uint32_t i = 0; i < c->count; i++) {
        picked[i] = numbers[group_values_index(v, atom, group_chunk_row(c, i))];
    }
    return picked;
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
        *out = plain_numbers(v, r, chunk);
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
