#include "group_values.h"

#include "group_text.h"
#include "i18n.h"
#include "mem.h"
#include "num.h"

enum {
    AHEAD = 8,
    DIRECT_MAX = 1 << 18,    /* ids in an array by the number that the codes make */
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
    size_t direct_size; /* 0: `table` is used */
    uint32_t *direct;   /* id + 1, by the number that the codes make; NULL until needed */
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
        m->direct_size = direct_size(plan, &plan->recipes[i]);
        m->is_by_text = has_text(plan, &plan->recipes[i]);
    }
    out->streams = mem_calloc((size_t)plan->column_count + 1, sizeof *out->streams);
    out->keys = mem_alloc(GROUP_WINDOW_ROWS * sizeof *out->keys);
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
    for (uint32_t i = 0; i < v->plan->column_count; i++) {
        mem_free(v->streams[i].places);
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
    buf_fini(&v->texts);
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
        bytes += id_table_bytes(&m->table) + (m->direct != NULL ? m->direct_size : 0) +
                 (size_t)m->texts.count * SLOT_BYTES;
        for (uint32_t k = 0; k < v->plan->recipes[i].atom_count; k++) {
            const struct atom_maker *a = &v->makers[i].atoms[k];
            bytes += id_table_bytes(&a->pairs) + id_table_bytes(&a->numbers);
        }
    }
    return bytes;
}

/* --- where values stand --- */

/* Do the rows of all templates in the window use the column just `times` times? */
static bool all_use(const uint16_t *uses, const struct group_rows *rows, uint16_t times) {
    for (uint32_t i = 0; i < rows->present_count; i++) {
        if (uses[rows->present[i]] != times) {
            return false;
        }
    }
    return true;
}

/* Notes where the values of each row begin. */
static void count_through(struct group_stream *s, const uint16_t *uses,
                          const struct group_rows *rows) {
    if (s->places == NULL) {
        s->places = mem_alloc(GROUP_WINDOW_ROWS * sizeof *s->places);
    }
    uint32_t at = s->first; /* at most 8192 x 65535 */
    uint32_t *places = s->places;
    const uint32_t *templates = rows->templates;
    for (uint32_t i = 0, count = rows->count; i < count; i++) {
        places[i] = at;
        at += uses[templates[i]];
    }
    s->next = at;
}

static enum status next_window(struct group_values *v, uint32_t place,
                               const struct group_rows *rows, struct err *err) {
    const struct group_column *column = &v->plan->columns[place];
    struct group_stream *s = &v->streams[place];
    struct block *b = v->block;
    s->first = s->next;
    if (all_use(column->uses, rows, 0)) {
        return STATUS_OK;
    }
    s->is_by_row = all_use(column->uses, rows, 1);
    if (s->is_by_row) {
        s->next = s->first + rows->count;
    } else {
        count_through(s, column->uses, rows);
    }
    if (s->next > b->info->column_counts[column->column]) {
        return segment_damaged(v->plan->segment, err, _("a column has too few values"));
    }
    bool loaded =
        b->columns[column->column].codes != NULL || b->columns[column->column].numbers != NULL;
    return loaded ? STATUS_OK : block_column_codes(b, column->column, err);
}

void group_values_block(struct group_values *v, struct block *block) {
    v->block = block;
    for (uint32_t i = 0; i < v->plan->column_count; i++) {
        v->streams[i].next = 0;
    }
}

enum status group_values_window(struct group_values *v, const struct group_rows *rows,
                                struct err *err) {
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < v->plan->column_count && status == STATUS_OK; i++) {
        status = next_window(v, i, rows, err);
    }
    return status;
}

/* Where in its column the atom stands, of each row of the chunk. */
static void list_places(uint32_t *out, const struct group_stream *s, uint32_t ordinal,
                        const struct group_chunk *c) {
    uint32_t count = c->count;
    const uint16_t *rows = c->rows;
    const uint32_t *places = s->places;
    uint32_t first = s->first + ordinal;
    for (uint32_t i = 0; i < count; i++) {
        out[i] = rows != NULL ? rows[i] : i;
    }
    if (s->is_by_row) {
        for (uint32_t i = 0; i < count; i++) {
            out[i] += first;
        }
    } else {
        for (uint32_t i = 0; i < count; i++) {
            out[i] = places[out[i]] + ordinal;
        }
    }
}

static const struct group_stream *stream_of(const struct group_values *v, struct group_atom atom) {
    return &v->streams[v->plan->place_of[atom.column] - 1];
}

/* The codes of the atom in the chunk: as they stand in the block, or picked out. */
static const uint32_t *atom_codes(struct group_values *v, struct group_atom atom,
                                  const struct group_chunk *c) {
    const uint32_t *codes = v->block->columns[atom.column].codes;
    if (stream_of(v, atom)->is_by_row && c->rows == NULL) {
        return codes + stream_of(v, atom)->first;
    }
    uint32_t *picked = v->codes;
    list_places(picked, stream_of(v, atom), atom.ordinal, c);
    for (uint32_t i = 0; i < c->count; i++) {
        picked[i] = codes[picked[i]];
    }
    return picked;
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

static void fold_numbers(struct folding *f, uint32_t atom) {
    struct group_values *v = f->values;
    struct group_atom a = f->recipe->atoms[atom];
    struct atom_maker *m = &f->maker->atoms[atom];
    const int64_t *numbers = v->block->columns[a.column].numbers;
    bool first = f->limit == 1;
    compress(f, &m->pairs);
    list_places(v->codes, stream_of(v, a), a.ordinal, f->chunk);
    for (uint32_t i = 0; i < f->chunk->count; i++) {
        v->keys[i] = v->keys[i] << 32 | local_number(m, numbers[v->codes[i]]);
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
    struct group_text_source source = {.block = f->values->block,
                                       .recipe = f->recipe,
                                       .plan = f->values->plan,
                                       .values = f->values,
                                       .row = group_chunk_row(f->chunk, i)};
    return group_text_put(out, &source, err);
}

/* A value that was not met before. */
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

/* By the numbers of the rows (keys), or by codes as they are. */
static uint64_t direct_index(const struct folding *f, const uint32_t *codes, uint32_t i) {
    return codes != NULL ? codes[i] : f->values->keys[i];
}

/* The ids that are known; GROUP_NO_ID for others. True: there are others. */
static bool known_ids(uint32_t *restrict ids, const uint32_t *restrict direct,
                      const uint32_t *restrict codes, const uint64_t *restrict keys,
                      uint32_t count) {
    uint32_t unknown = 0;
    if (codes != NULL) {
        for (uint32_t i = 0; i < count; i++) {
            ids[i] = direct[codes[i]] - 1;
            unknown += ids[i] == GROUP_NO_ID;
        }
    } else {
        for (uint32_t i = 0; i < count; i++) {
            ids[i] = direct[keys[i]] - 1;
            unknown += ids[i] == GROUP_NO_ID;
        }
    }
    return unknown > 0;
}

static enum status direct_ids(uint32_t *ids, struct folding *f, const uint32_t *codes,
                              struct err *err) {
    uint32_t *direct = f->maker->direct;
    uint32_t count = f->chunk->count;
    enum status status = STATUS_OK;
    if (!known_ids(ids, direct, codes, f->values->keys, count)) {
        return STATUS_OK;
    }
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        uint32_t *known = &direct[direct_index(f, codes, i)];
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
        uint32_t row = f->chunk->first + group_chunk_row(f->chunk, i);
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
    if (f.maker->is_by_text) {
        return text_ids(ids, &f, err);
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
    const int64_t *numbers = v->block->columns[atom.column].numbers;
    if (stream_of(v, atom)->is_by_row && c->rows == NULL) {
        return numbers + stream_of(v, atom)->first;
    }
    int64_t *picked = v->integers[r->slot];
    list_places(v->codes, stream_of(v, atom), atom.ordinal, c);
    for (uint32_t i = 0; i < c->count; i++) {
        picked[i] = numbers[v->codes[i]];
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
