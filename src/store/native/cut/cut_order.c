/* Rows that are JSON objects with their members in any order: they are cut in their sorted form. */
#include "cut_priv.h"

#include "hash.h"
#include "mem.h"
#include "num.h"

enum {
    LOOK_ROWS = 256,   /* of a segment: they show whether sorting makes rows alike */
    SEEN_BITS = 1024,  /* distinct hashes, counted roughly */
    MIN_ORDERS = 48,   /* so many orders ... */
    ORDERS_A_FORM = 3, /* ... and so many times more than sorted forms: sorting pays */
    NUMBER_TEXT_MAX = 20
};

static const uint64_t no_slice = UINT64_MAX;

struct seen {
    uint64_t bits[SEEN_BITS / 64];
    uint32_t distinct;
};

/* Where a value goes: slices as they stand in the sorted text, then what is no slice, by field. */
struct place {
    uint64_t key;
    uint32_t field;
    uint32_t value; /* in the row */
};

struct cut_order {
    struct json_order order;
    bool pays;
    uint32_t looked;
    struct seen forms;
    struct seen orders;
    struct batch view; /* the sorted row: what is not its own is borrowed */
    struct row row;
    struct value *values;
    size_t value_capacity;
    struct place *places;
    size_t place_capacity;
    uint32_t
        *last; /* scratch, by field: value of the row that was placed last, + 1; zero between */
    size_t last_capacity;
    char texts[JSON_ORDER_NUMBERS][NUMBER_TEXT_MAX];
    struct cut_variable variables[JSON_ORDER_NUMBERS];
};

void cut_order_destroy(struct cutter *c) {
    if (c->order != NULL) {
        json_order_fini(&c->order->order);
        mem_free(c->order->values);
        mem_free(c->order->places);
        mem_free(c->order->last);
        mem_free(c->order);
        c->order = NULL;
    }
}

void cut_order_begin_segment(struct cutter *c) {
    if (c->order != NULL) {
        c->order->looked = 0;
        c->order->forms = (struct seen){.distinct = 0};
        c->order->orders = (struct seen){.distinct = 0};
    }
}

static void note_hash(struct seen *s, uint64_t hash) {
    uint32_t bit = (uint32_t)hash % SEEN_BITS;
    s->distinct += (s->bits[bit / 64] >> bit % 64 & 1) == 0;
    s->bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* Once it has paid it stays so: rows in one order cost next to nothing when sorted. */
static void look(struct cut_order *o) {
    o->looked++;
    note_hash(&o->forms, o->order.keys_hash);
    note_hash(&o->orders, o->order.order_hash);
    o->pays = o->pays || (o->orders.distinct >= MIN_ORDERS &&
                          o->orders.distinct >= o->forms.distinct * ORDERS_A_FORM);
}

static bool is_object(const struct batch *b, const struct row *row) {
    return row->raw_len > 2 && b->raw.ptr[row->raw_off] == '{' && row->charset == CHARSET_UTF8 &&
           (row->flags & ROW_IN_CONTAINER) == 0;
}

static bool goes_before(const struct place *a, const struct place *b) {
    return a->key != b->key       ? a->key < b->key
           : a->field != b->field ? a->field < b->field
                                  : a->value < b->value;
}

static void sort_places(struct place *places, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        struct place p = places[i];
        uint32_t at = i;
        for (; at > 0 && goes_before(&p, &places[at - 1]); at--) {
            places[at] = places[at - 1];
        }
        places[at] = p;
    }
}

/* True if values of one field follow each other as before: the first one counts. */
static bool fields_keep_order(struct cut_order *o, uint32_t count) {
    bool good = true;
    for (uint32_t i = 0; i < count; i++) {
        const struct place *p = &o->places[i];
        if (p->field >= o->last_capacity) {
            size_t before = o->last_capacity;
            MEM_GROW(o->last, o->last_capacity, (size_t)p->field + 1);
            memset(o->last + before, 0, (o->last_capacity - before) * sizeof *o->last);
        }
        good = good && p->value >= o->last[p->field];
        o->last[p->field] = p->value + 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        o->last[o->places[i].field] = 0;
    }
    return good;
}

/* Copies the values, with their slices where they are in the sorted text, and in its order. False:
 * a slice is torn, or values of one field would change places. */
static bool place_values(struct cut_order *o, const struct batch *b, const struct row *row) {
    const struct value *values = b->values + row->first_value;
    MEM_GROW(o->places, o->place_capacity, (size_t)row->value_count + 1);
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &values[i];
        o->places[i] = (struct place){no_slice, v->field, i};
        if (v->transform == TRANSFORM_NONE) {
            continue;
        }
        uint32_t off = (v->transform == TRANSFORM_SAME ? v->text_off : v->raw_off) - row->raw_off;
        uint32_t len = v->transform == TRANSFORM_SAME ? v->text_len : v->raw_len;
        uint32_t place;
        if (off > row->raw_len || !json_order_place(&place, &o->order, off, len)) {
            return false;
        }
        o->places[i].key = place;
    }
    sort_places(o->places, row->value_count);
    return fields_keep_order(o, row->value_count);
}

static void copy_values(struct cut_order *o, const struct batch *b, const struct row *row) {
    MEM_GROW(o->values, o->value_capacity, (size_t)row->value_count + 1);
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct place *p = &o->places[i];
        struct value *v = &o->values[i];
        *v = b->values[row->first_value + p->value];
        if (v->transform != TRANSFORM_NONE) {
            *(v->transform == TRANSFORM_SAME ? &v->text_off : &v->raw_off) = (uint32_t)p->key;
        }
    }
}

/* The sorted row in a batch of its own, which borrows the values' texts. */
static void make_view(struct cut_order *o, const struct batch *b, const struct row *row) {
    o->row = *row;
    o->row.raw_off = 0;
    o->row.first_value = 0;
    o->view.raw = o->order.text;
    o->view.text = b->text;
    o->view.names = b->names;
    o->view.rows = &o->row;
    o->view.row_count = 1;
    o->view.values = o->values;
    o->view.value_count = row->value_count;
}

static void make_variables(struct cutter *c) {
    struct cut_order *o = c->order;
    for (uint32_t i = 0; i < o->order.number_count; i++) {
        size_t len = num_format_u64(o->texts[i], o->order.numbers[i]);
        o->variables[i] = (struct cut_variable){
            o->texts[i], (uint32_t)len, cut_find_column(c, COLUMN_OF_BINARY, FIELD_NONE, i + 1)};
    }
}

uint32_t cut_order_apply(struct cutter *c, const struct batch **b, const struct row **row) {
    struct cut_order *o = c->order;
    if (!is_object(*b, *row) || (o != NULL && !o->pays && o->looked >= LOOK_ROWS)) {
        return 0;
    }
    if (o == NULL) {
        o = c->order = mem_calloc(1, sizeof *o);
    }
    if (!json_order_sort(&o->order, batch_raw(*b, *row))) {
        return 0;
    }
    if (o->looked < LOOK_ROWS) {
        look(o);
    }
    if (!o->pays || o->order.number_count == 0 || !place_values(o, *b, *row)) {
        return 0;
    }
    copy_values(o, *b, *row);
    make_view(o, *b, *row);
    make_variables(c);
    *b = &o->view;
    *row = &o->row;
    return o->order.number_count;
}

const struct cut_variable *cut_order_variables(const struct cutter *c) {
    return c->order->variables;
}
