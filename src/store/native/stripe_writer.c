/*
 * The cutter's columns become columns of the segment: each has one type (and shape) for the whole
 * segment, so that a column that changes its nature from one stripe to the next becomes two. Those
 * with few values share one column a kind: a chunk of its own would cost more than they hold.
 */
#include "stripe_writer.h"

#include <stdlib.h>

#include "check.h"
#include "chunk_writer.h"
#include "mem.h"
#include "stripe_context.h"
#include "template_wire.h"

enum {
    SMALL_COLUMN = 64,     /* columns with fewer values are put together */
    CONTEXT_VALUES = 2048, /* a column with fewer has no context and is none */
    FREQUENT = 254,        /* entries of a dictionary in the order of frequency */
    NO_COLUMN = UINT32_MAX
};

/* A column of the segment that has values in this stripe. */
struct stripe_column {
    uint32_t number; /* in the segment */
    struct column_values *values;
    uint32_t *codes; /* DICTIONARY: the stripe's codes -> the segment's */
    uint32_t first_new;
    struct chunk_habit habit;
};

struct stripe_work {
    struct segment_writer *w;
    struct stripe *s;
    struct stripe_column *columns; /* by number */
    size_t column_count;
    uint32_t *map;   /* the cutter's column -> the segment's */
    bool *is_shared; /* the cutter's columns: goes with the small ones */
    struct column_values shared[COLUMN_KIND_COUNT];
    struct context_set contexts; /* merging only */
    uint32_t *template_numbers;  /* by the stripe's shape */
    uint32_t *name_numbers;      /* by the stripe's name */
    struct chunk_habit habits[ROW_CHUNK_COUNT];
    int64_t *numbers; /* scratch: one block */
    size_t number_capacity;
};

/* --- columns --- */

static uint32_t find_written(const struct segment_writer *w, uint32_t cut_column,
                             enum column_kind kind, enum column_type type,
                             const struct number_shape *shape) {
    for (size_t i = 0; i < w->column_count; i++) {
        const struct written_column *c = &w->columns[i];
        if (c->cut_column == cut_column && c->kind == kind && c->type == type &&
            str_eq(number_shape_str(&c->shape), number_shape_str(shape))) {
            return (uint32_t)i;
        }
    }
    return NO_COLUMN;
}

/* The segment's column for values of this type; NO_COLUMN if there is none and too many exist. */
static uint32_t written_column(struct segment_writer *w, uint32_t cut_column,
                               const struct cut_column *head, enum column_type type,
                               const struct number_shape *shape) {
    uint32_t known = find_written(w, cut_column, head->kind, type, shape);
    if (known != NO_COLUMN) {
        return known;
    }
    if (cut_column != WRITTEN_SHARED && w->column_count >= SEGMENT_MAX_COLUMNS) {
        return NO_COLUMN;
    }
    MEM_GROW(w->columns, w->column_capacity, w->column_count + 1);
    w->columns[w->column_count] = (struct written_column){.cut_column = cut_column,
                                                          .kind = head->kind,
                                                          .field = head->field,
                                                          .type = type,
                                                          .shape = *shape};
    return (uint32_t)w->column_count++;
}

static struct number_shape shape_of(const struct column_values *v, enum column_type type) {
    static const struct number_shape none = {.len = 0};
    return type == COLUMN_NUMBER ? v->shape : none;
}

static void use_column(struct stripe_work *k, uint32_t number, struct column_values *values) {
    k->columns[number] = (struct stripe_column){.number = number, .values = values};
}

static void plan_column(struct stripe_work *k, size_t i) {
    struct column_values *v = &k->s->columns[i];
    bool thorough = k->w->effort == EFFORT_DEEP;
    bool small = v->count < SMALL_COLUMN;
    enum column_type type = column_values_plan(v, thorough);
    struct number_shape shape = shape_of(v, type);
    const struct cut_column *head = &k->s->heads[i];
    uint32_t number = small ? find_written(k->w, (uint32_t)i, head->kind, type, &shape)
                            : written_column(k->w, (uint32_t)i, head, type, &shape);
    k->map[i] = number;
    k->is_shared[i] = number == NO_COLUMN;
}

/* Values of the shared columns in the order of rows, from all the columns that go there. */
static void fill_shared(struct stripe_work *k) {
    struct stripe *s = k->s;
    uint32_t *cursors = mem_calloc(s->column_count + 1, sizeof *cursors);
    struct buf scratch = BUF_INIT;
    struct template_reader r;
    struct template_item item;
    bool *concerned = mem_calloc(s->shape_count + 1, sizeof *concerned);
    for (size_t i = 0; i < s->shape_count; i++) {
        template_reader_begin(&r,
                              str_make(s->shape_bytes.ptr + s->shapes[i].offset, s->shapes[i].len));
        while (template_reader_next(&item, &r)) {
            concerned[i] =
                concerned[i] || (item.kind == TEMPLATE_ITEM_COLUMN && k->is_shared[item.column]);
        }
    }
    for (size_t row = 0; row < s->row_count; row++) {
        const struct stripe_shape *shape = &s->shapes[s->rows[row].shape];
        if (!concerned[s->rows[row].shape]) {
            continue;
        }
        template_reader_begin(&r, str_make(s->shape_bytes.ptr + shape->offset, shape->len));
        while (template_reader_next(&item, &r)) {
            if (item.kind == TEMPLATE_ITEM_COLUMN && k->is_shared[item.column]) {
                struct str text =
                    column_values_text(&s->columns[item.column], cursors[item.column]++, &scratch);
                column_values_add(&k->shared[s->heads[item.column].kind], text,
                                  (uint32_t)(row / SEGMENT_BLOCK_ROWS));
            }
        }
    }
    mem_free(concerned);
    mem_free(cursors);
    buf_fini(&scratch);
}

static void plan_shared(struct stripe_work *k, uint32_t numbers[COLUMN_KIND_COUNT]) {
    for (unsigned kind = 0; kind < COLUMN_KIND_COUNT; kind++) {
        struct column_values *v = &k->shared[kind];
        const struct cut_column head = {.kind = (enum column_kind)kind, .field = FIELD_NONE};
        numbers[kind] = NO_COLUMN;
        if (v->count > 0) {
            enum column_type type = column_values_plan(v, true);
            struct number_shape shape = shape_of(v, type);
            numbers[kind] = written_column(k->w, WRITTEN_SHARED, &head, type, &shape);
        }
    }
}

static void plan_columns(struct stripe_work *k) {
    struct stripe *s = k->s;
    bool any_shared = false;
    k->map = mem_calloc(s->column_count + 1, sizeof *k->map);
    k->is_shared = mem_calloc(s->column_count + 1, sizeof *k->is_shared);
    for (size_t i = 0; i < s->column_count; i++) {
        if (s->columns[i].count > 0) {
            plan_column(k, i);
            any_shared = any_shared || k->is_shared[i];
        }
    }
    uint32_t shared[COLUMN_KIND_COUNT];
    if (any_shared) {
        fill_shared(k);
    }
    plan_shared(k, shared);
    k->column_count = k->w->column_count;
    k->columns = mem_calloc(k->column_count + 1, sizeof *k->columns);
    for (size_t i = 0; i < s->column_count; i++) {
        if (s->columns[i].count > 0 && !k->is_shared[i]) {
            use_column(k, k->map[i], &s->columns[i]);
        } else if (s->columns[i].count > 0) {
            k->map[i] = shared[s->heads[i].kind];
        }
    }
    for (unsigned kind = 0; kind < COLUMN_KIND_COUNT; kind++) {
        if (shared[kind] != NO_COLUMN) {
            use_column(k, shared[kind], &k->shared[kind]);
        }
    }
}

/* --- dictionaries --- */

struct ranked {
    uint32_t code;
    uint32_t uses;
};

/* The most frequent first. */
static int by_uses(const void *a, const void *b) {
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->uses != y->uses) {
        return x->uses > y->uses ? -1 : 1;
    }
    return x->code < y->code ? -1 : x->code > y->code;
}

static int by_code(const void *a, const void *b) {
    const struct ranked *x = a;
    const struct ranked *y = b;
    return x->code < y->code ? -1 : x->code > y->code;
}

/* The stripe's codes in the order in which the segment gets to know them. */
static struct ranked *rank_codes(const struct column_values *v) {
    uint32_t distinct = v->distinct.count;
    struct ranked *ranked = mem_calloc((size_t)distinct + 1, sizeof *ranked);
    for (uint32_t i = 0; i < distinct; i++) {
        ranked[i].code = i;
    }
    for (uint32_t i = 0; i < v->count; i++) {
        ranked[v->codes[i]].uses++;
    }
    qsort(ranked, distinct, sizeof *ranked, by_uses);
    if (distinct > FREQUENT) {
        qsort(ranked + FREQUENT, distinct - FREQUENT, sizeof *ranked, by_code);
    }
    return ranked;
}

/* Entries that the segment has not yet are added: the most frequent ones have the smallest codes,
 * which fit a byte; the others stand in the order of first use, which packed arrays know too
 * (INTPACK_ESCAPE). */
static void map_codes(struct stripe_work *k, struct stripe_column *c) {
    struct intern *dictionary = &k->w->columns[c->number].dictionary;
    const struct column_values *v = c->values;
    uint32_t distinct = v->distinct.count;
    struct ranked *ranked = rank_codes(v);
    c->codes = mem_alloc(((size_t)distinct + 1) * sizeof *c->codes);
    c->first_new = dictionary->count;
    for (uint32_t i = 0; i < distinct; i++) {
        c->codes[ranked[i].code] =
            intern_add(dictionary, intern_text(&v->distinct, ranked[i].code));
    }
    k->w->columns[c->number].entries[k->w->stripe_count] = dictionary->count - c->first_new;
    mem_free(ranked);
}

/* Texts from `first` on of an interned list, one after the other. */
static void gather_texts(struct buf *bytes, uint32_t *offsets, const struct intern *texts,
                         uint32_t first) {
    for (uint32_t i = first; i < texts->count; i++) {
        offsets[i - first] = (uint32_t)bytes->len;
        buf_add(bytes, intern_text(texts, i));
    }
    offsets[texts->count - first] = (uint32_t)bytes->len;
}

static void put_dictionary(struct stripe_work *k, struct buf *directory, struct stripe_column *c) {
    const struct intern *dictionary = &k->w->columns[c->number].dictionary;
    uint32_t count = dictionary->count - c->first_new;
    if (count == 0) {
        return;
    }
    struct buf bytes = BUF_INIT;
    uint32_t *offsets = mem_alloc(((size_t)count + 1) * sizeof *offsets);
    gather_texts(&bytes, offsets, dictionary, c->first_new);
    struct text_array texts = {bytes.ptr == NULL ? "" : bytes.ptr, offsets, count};
    chunk_add_texts(k->w, &texts);
    chunk_put(k->w, directory, CHUNK_OF_TEXT, &c->habit);
    mem_free(offsets);
    buf_fini(&bytes);
}

/* --- contexts --- */

static void add_context_column(struct stripe_work *k, const struct stripe_column *c) {
    const struct written_column *w = &k->w->columns[c->number];
    const struct column_values *v = c->values;
    struct context_column *x = &k->contexts.columns[k->contexts.count++];
    *x = (struct context_column){.number = c->number,
                                 .count = v->count,
                                 .entries = w->dictionary.count,
                                 .context = CONTEXT_NONE,
                                 .is_fixed = w->is_old,
                                 .is_context = w->is_context};
    x->codes = mem_alloc(((size_t)v->count + 1) * sizeof *x->codes);
    for (uint32_t i = 0; i < v->count; i++) {
        x->codes[i] = c->codes[v->codes[i]];
    }
}

/* Contexts that were chosen in earlier stripes, as places in the set. */
static void find_old_contexts(struct stripe_work *k) {
    struct context_set *set = &k->contexts;
    for (size_t i = 0; i < set->count; i++) {
        uint32_t context = k->w->columns[set->columns[i].number].context;
        for (size_t j = 0; context != 0 && j < set->count; j++) {
            if (set->columns[j].number == context - 1) {
                set->columns[i].context = (uint32_t)j;
            }
        }
    }
}

/* Columns of which some follow from others. */
static void choose_contexts(struct stripe_work *k) {
    struct context_set *set = &k->contexts;
    for (size_t i = 0; i < k->column_count && set->count < CONTEXT_COLUMNS; i++) {
        const struct stripe_column *c = &k->columns[i];
        if (c->codes != NULL && k->w->columns[i].cut_column != WRITTEN_SHARED &&
            c->values->count >= CONTEXT_VALUES && c->values->distinct.count > 1) {
            add_context_column(k, c);
        }
    }
    context_align(set, k->s, k->map);
    find_old_contexts(k);
    context_choose(set);
    for (size_t i = 0; i < set->count; i++) {
        struct context_column *x = &set->columns[i];
        if (x->context != CONTEXT_NONE && !x->is_fixed) {
            k->w->columns[x->number].context = set->columns[x->context].number + 1;
            k->w->columns[set->columns[x->context].number].is_context = true;
        }
    }
}

/* --- templates and names --- */

static void map_templates(struct stripe_work *k) {
    struct stripe *s = k->s;
    struct buf bytes = BUF_INIT;
    k->template_numbers = mem_calloc(s->shape_count + 1, sizeof *k->template_numbers);
    for (size_t i = 0; i < s->shape_count; i++) {
        buf_clear(&bytes);
        template_renumber(&bytes,
                          str_make(s->shape_bytes.ptr + s->shapes[i].offset, s->shapes[i].len),
                          k->map, &s->fields, &k->w->fields);
        k->template_numbers[i] = intern_add(&k->w->templates, buf_str(&bytes));
    }
    buf_fini(&bytes);
}

static void map_names(struct stripe_work *k) {
    const struct intern *names = &k->s->names;
    k->name_numbers = mem_calloc((size_t)names->count + 1, sizeof *k->name_numbers);
    for (uint32_t i = 0; i < names->count; i++) {
        k->name_numbers[i] = intern_add(&k->w->names, intern_text(names, i));
    }
}

/* --- row numbers --- */

static int64_t row_number(struct stripe_work *k, const struct stripe_row *row,
                          enum row_number which) {
    switch (which) {
    case NUMBER_TEMPLATE:
        return k->template_numbers[row->shape];
    case NUMBER_ARRIVAL:
        return (int64_t)row->arrival;
    case NUMBER_SEQUENCE:
        return (int64_t)row->sequence;
    case NUMBER_TIME:
        return row->time_ns;
    case NUMBER_RECEIVE:
        return row->receive_ns;
    case NUMBER_SOURCE:
        return k->name_numbers[row->source];
    case NUMBER_ORIGIN:
        return row->origin == 0 ? 0 : (int64_t)k->name_numbers[row->origin - 1] + 1;
    case NUMBER_LINE:
        return row->line;
    case NUMBER_RECORD_ID:
        return (int64_t)row->record_id;
    case NUMBER_IDX:
        return row->idx;
    case NUMBER_FLAGS:
        return row->flags;
    case NUMBER_CHARSET:
        return row->charset;
    case NUMBER_CONTAINER_BACK:
        return row->container_back;
    case NUMBER_CONTAINER_OFF:
        return row->container_off;
    case NUMBER_CONTAINER_LEN:
        return row->container_len;
    default:
        return segment_writer_dataset(k->w, row->dataset);
    }
}

static void pack_row_numbers(struct stripe_work *k, size_t from, size_t count,
                             enum row_number which) {
    for (size_t i = 0; i < count; i++) {
        k->numbers[i] = row_number(k, &k->s->rows[from + i], which);
    }
    chunk_add_numbers(k->w, k->numbers, count);
}

static void put_row_numbers(struct stripe_work *k, struct buf *directory, size_t from,
                            size_t count) {
    int64_t min = INT64_MAX;
    int64_t max = INT64_MIN;
    for (size_t i = from; i < from + count; i++) {
        int64_t t = k->s->rows[i].time_ns;
        min = t < min ? t : min;
        max = t > max ? t : max;
    }
    wire_put_i64(directory, min);
    wire_put_u64(directory, (uint64_t)max - (uint64_t)min);
    pack_row_numbers(k, from, count, NUMBER_TEMPLATE);
    chunk_put(k->w, directory, CHUNK_OF_NUMBERS, &k->habits[ROW_CHUNK_TEMPLATE]);
    pack_row_numbers(k, from, count, NUMBER_TIME);
    chunk_put(k->w, directory, CHUNK_OF_NUMBERS, &k->habits[ROW_CHUNK_TIME]);
    for (int which = 0; which < ROW_NUMBER_COUNT; which++) {
        if (which != NUMBER_TEMPLATE && which != NUMBER_TIME) {
            pack_row_numbers(k, from, count, (enum row_number)which);
        }
    }
    chunk_put(k->w, directory, CHUNK_OF_NUMBERS, &k->habits[ROW_CHUNK_REST]);
}

/* --- values --- */

/* The codes of a column with a context, as rows of the block have them. */
static void add_guessed(struct stripe_work *k, const struct stripe_column *c, size_t block,
                        uint32_t count) {
    size_t i = 0;
    while (i < k->contexts.count && k->contexts.columns[i].number != c->number) {
        i++;
    }
    if (i == k->contexts.count || k->contexts.columns[i].context == CONTEXT_NONE) {
        chunk_add_guessed(k->w, k->numbers, NULL, count);
        return;
    }
    size_t from = block * SEGMENT_BLOCK_ROWS;
    size_t to = from + SEGMENT_BLOCK_ROWS;
    int64_t *residuals = mem_alloc(((size_t)count + 1) * sizeof *residuals);
    size_t found = context_residuals(residuals, &k->contexts, i, from,
                                     to < k->s->row_count ? to : k->s->row_count);
    CHECK(found == count);
    chunk_add_guessed(k->w, k->numbers, residuals, count);
    mem_free(residuals);
}

static void put_codes(struct stripe_work *k, struct buf *directory, struct stripe_column *c,
                      size_t block, uint32_t count) {
    uint32_t from = c->values->block_start[block];
    MEM_GROW(k->numbers, k->number_capacity, count);
    for (uint32_t i = 0; i < count; i++) {
        k->numbers[i] = c->codes[c->values->codes[from + i]];
    }
    if (k->w->columns[c->number].context != 0) {
        add_guessed(k, c, block, count);
    } else {
        chunk_add_numbers(k->w, k->numbers, count);
    }
    chunk_put(k->w, directory, CHUNK_OF_NUMBERS, &c->habit);
}

static void put_numbers(struct stripe_work *k, struct buf *directory, struct stripe_column *c,
                        uint32_t from, uint32_t count) {
    const struct column_values *v = c->values;
    int64_t min = v->numbers[from];
    int64_t max = v->numbers[from];
    for (uint32_t i = from; i < from + count; i++) {
        min = v->numbers[i] < min ? v->numbers[i] : min;
        max = v->numbers[i] > max ? v->numbers[i] : max;
    }
    wire_put_i64(directory, min);
    wire_put_u64(directory, (uint64_t)max - (uint64_t)min);
    chunk_add_numbers(k->w, v->numbers + from, count);
    chunk_put(k->w, directory, CHUNK_OF_NUMBERS, &c->habit);
}

static void put_text_values(struct stripe_work *k, struct buf *directory, struct stripe_column *c,
                            uint32_t from, uint32_t count) {
    const struct column_values *v = c->values;
    struct buf bytes = BUF_INIT;
    struct buf scratch = BUF_INIT;
    uint32_t *offsets = mem_alloc(((size_t)count + 1) * sizeof *offsets);
    for (uint32_t i = 0; i < count; i++) {
        offsets[i] = (uint32_t)bytes.len;
        buf_add(&bytes, column_values_text(v, from + i, &scratch));
    }
    offsets[count] = (uint32_t)bytes.len;
    struct text_array texts = {bytes.ptr == NULL ? "" : bytes.ptr, offsets, count};
    chunk_add_texts(k->w, &texts);
    chunk_put(k->w, directory, CHUNK_OF_TEXT, &c->habit);
    mem_free(offsets);
    buf_fini(&scratch);
    buf_fini(&bytes);
}

static void put_values(struct stripe_work *k, struct buf *directory, struct stripe_column *c,
                       size_t block) {
    uint32_t from = c->values->block_start[block];
    uint32_t count = c->values->block_start[block + 1] - from;
    wire_put_u64(directory, count);
    if (count == 0) {
        return;
    }
    switch (k->w->columns[c->number].type) {
    case COLUMN_DICTIONARY:
        put_codes(k, directory, c, block, count);
        break;
    case COLUMN_NUMBER:
        put_numbers(k, directory, c, from, count);
        break;
    default:
        put_text_values(k, directory, c, from, count);
        break;
    }
}

/* --- words --- */

/* A column's texts: each new entry of a dictionary once, else every value. */
static void add_column_tokens(struct stripe_work *k, const struct stripe_column *c) {
    const struct written_column *column = &k->w->columns[c->number];
    struct token_set *tokens = &k->w->tokens;
    struct buf scratch = BUF_INIT;
    bool zoned =
        column->type == COLUMN_NUMBER && number_shape_is_zoned(number_shape_str(&column->shape));
    if (column->kind == COLUMN_OF_BINARY || zoned) {
        return;
    }
    if (column->type == COLUMN_DICTIONARY) {
        for (uint32_t i = c->first_new; i < column->dictionary.count; i++) {
            token_set_add(tokens, intern_text(&column->dictionary, i));
        }
        return;
    }
    for (uint32_t i = 0; i < c->values->count; i++) {
        token_set_add(tokens, column_values_text(c->values, i, &scratch));
    }
    buf_fini(&scratch);
}

static void add_literal_tokens(struct stripe_work *k) {
    const struct stripe *s = k->s;
    struct template_reader r;
    struct template_item item;
    for (size_t i = 0; i < s->shape_count; i++) {
        template_reader_begin(&r,
                              str_make(s->shape_bytes.ptr + s->shapes[i].offset, s->shapes[i].len));
        while (template_reader_next(&item, &r)) {
            if (item.kind == TEMPLATE_ITEM_LITERAL) {
                token_set_add(&k->w->tokens, item.literal);
            }
        }
    }
}

/* --- the stripe --- */

static void put_column_list(struct stripe_work *k, struct buf *directory) {
    uint64_t used = 0;
    for (size_t i = 0; i < k->column_count; i++) {
        used += k->columns[i].values != NULL;
    }
    wire_put_u64(directory, used);
    size_t last = 0;
    for (size_t i = 0; i < k->column_count; i++) {
        if (k->columns[i].values != NULL) {
            wire_put_u64(directory, i - last);
            last = i;
        }
    }
}

static void put_blocks(struct stripe_work *k, struct buf *directory) {
    for (size_t from = 0; from < k->s->row_count; from += SEGMENT_BLOCK_ROWS) {
        size_t left = k->s->row_count - from;
        put_row_numbers(k, directory, from, left < SEGMENT_BLOCK_ROWS ? left : SEGMENT_BLOCK_ROWS);
        for (size_t i = 0; i < k->column_count; i++) {
            if (k->columns[i].values != NULL) {
                put_values(k, directory, &k->columns[i], from / SEGMENT_BLOCK_ROWS);
            }
        }
    }
}

static void put_dictionaries(struct stripe_work *k, struct buf *directory) {
    for (size_t i = 0; i < k->column_count; i++) {
        struct stripe_column *c = &k->columns[i];
        if (c->values == NULL) {
            continue;
        }
        add_column_tokens(k, c);
        if (k->w->columns[i].type == COLUMN_DICTIONARY) {
            put_dictionary(k, directory, c);
        }
    }
}

static void work_fini(struct stripe_work *k) {
    for (size_t i = 0; i < k->column_count; i++) {
        mem_free(k->columns[i].codes);
    }
    for (unsigned kind = 0; kind < COLUMN_KIND_COUNT; kind++) {
        column_values_fini(&k->shared[kind]);
    }
    context_fini(&k->contexts);
    mem_free(k->columns);
    mem_free(k->map);
    mem_free(k->is_shared);
    mem_free(k->template_numbers);
    mem_free(k->name_numbers);
    mem_free(k->numbers);
}

void stripe_write(struct buf *directory, struct segment_writer *w, struct stripe *s) {
    struct stripe_work k = {.w = w, .s = s};
    MEM_GROW(k.numbers, k.number_capacity, SEGMENT_BLOCK_ROWS);
    plan_columns(&k);
    for (size_t i = 0; i < k.column_count; i++) {
        if (k.columns[i].values != NULL && w->columns[i].type == COLUMN_DICTIONARY) {
            map_codes(&k, &k.columns[i]);
        }
    }
    if (w->effort == EFFORT_DEEP) {
        choose_contexts(&k);
    }
    map_templates(&k);
    map_names(&k);
    put_column_list(&k, directory);
    put_blocks(&k, directory);
    put_dictionaries(&k, directory);
    add_literal_tokens(&k);
    token_set_add_all(&w->tokens, &s->tokens);
    for (size_t i = 0; i < k.column_count; i++) {
        w->columns[i].is_old = w->columns[i].is_old || k.columns[i].values != NULL;
    }
    work_fini(&k);
}
