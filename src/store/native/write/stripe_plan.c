/*
 * The cutter's columns become columns of the segment: each has one type (and shape) for the whole
 * segment, so that a column that changes its nature from one stripe to the next becomes two. Those
 * with few values share one column a kind: a chunk of its own would cost more than they hold.
 */
#include <stdlib.h>

#include "mem.h"
#include "stripe_priv.h"
#include "template_wire.h"

enum {
    SMALL_COLUMN = 64,     /* columns with fewer values are put together */
    CONTEXT_VALUES = 2048, /* a column with fewer has no context and is none */
    FREQUENT = 254,        /* entries of a dictionary in the order of frequency */
    NO_COLUMN = UINT32_MAX
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

/* The columns of each shape that go to shared ones, in the order of its variables. */
struct shared_uses {
    size_t *first; /* by shape, in columns; and the end */
    uint32_t *columns;
    size_t count;
    size_t capacity;
};

static void find_shared_uses(struct shared_uses *u, const struct stripe_work *k) {
    const struct stripe *s = k->s;
    struct template_reader r;
    struct template_item item;
    *u = (struct shared_uses){.first = mem_calloc(s->shape_count + 1, sizeof *u->first)};
    for (size_t i = 0; i < s->shape_count; i++) {
        template_reader_begin(&r,
                              str_make(s->shape_bytes.ptr + s->shapes[i].offset, s->shapes[i].len));
        while (template_reader_next(&item, &r)) {
            if (item.kind == TEMPLATE_ITEM_COLUMN && k->is_shared[item.column]) {
                MEM_GROW(u->columns, u->capacity, u->count + 1);
                u->columns[u->count++] = (uint32_t)item.column;
            }
        }
        u->first[i + 1] = u->count;
    }
}

/* Values of the shared columns in the order of rows, from all the columns that go there. */
static void fill_shared(struct stripe_work *k) {
    struct stripe *s = k->s;
    uint32_t *cursors = mem_calloc(s->column_count + 1, sizeof *cursors);
    struct buf scratch = BUF_INIT;
    struct shared_uses uses;
    find_shared_uses(&uses, k);
    for (size_t row = 0; row < s->row_count; row++) {
        uint32_t shape = s->rows[row].shape;
        for (size_t i = uses.first[shape]; i < uses.first[shape + 1]; i++) {
            uint32_t column = uses.columns[i];
            struct str text = column_values_text(&s->columns[column], cursors[column]++, &scratch);
            column_values_add(&k->shared[s->heads[column].kind], text,
                              (uint32_t)(row / SEGMENT_BLOCK_ROWS));
        }
    }
    mem_free(uses.first);
    mem_free(uses.columns);
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

/* --- codes --- */

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
                                 .has_context = w->context != 0,
                                 .is_context = w->is_context,
                                 .is_address = w->kind == COLUMN_OF_FIELD &&
                                               w->field != FIELD_NONE &&
                                               schema_type(w->field) == FIELD_TYPE_IP};
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

void stripe_plan_columns(struct stripe_work *k) {
    plan_columns(k);
    for (size_t i = 0; i < k->column_count; i++) {
        if (k->columns[i].values != NULL && k->w->columns[i].type == COLUMN_DICTIONARY) {
            map_codes(k, &k->columns[i]);
        }
    }
    if (k->w->effort == EFFORT_DEEP) {
        choose_contexts(k);
    }
}
