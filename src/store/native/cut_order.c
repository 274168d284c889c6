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

struct seen {
    uint64_t bits[SEEN_BITS / 64];
    uint32_t distinct;
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
    char texts[JSON_ORDER_NUMBERS][NUMBER_TEXT_MAX];
    struct cut_variable variables[JSON_ORDER_NUMBERS];
};

void cut_order_destroy(struct cutter *c) {
    if (c->order != NULL) {
        json_order_fini(&c->order->order);
        mem_free(c->order->values);
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

/* Copies the values, with their slices where they are in the sorted text; false: one is torn. */
static bool place_values(struct cut_order *o, const struct batch *b, const struct row *row) {
    MEM_GROW(o->values, o->value_capacity, (size_t)row->value_count + 1);
    for (uint32_t i = 0; i < row->value_count; i++) {
        struct value *v = &o->values[i];
        *v = b->values[row->first_value + i];
        if (v->transform == TRANSFORM_NONE) {
            continue;
        }
        uint32_t *off = v->transform == TRANSFORM_SAME ? &v->text_off : &v->raw_off;
        uint32_t len = v->transform == TRANSFORM_SAME ? v->text_len : v->raw_len;
        bool inside = *off >= row->raw_off && *off - row->raw_off <= row->raw_len;
        if (!inside || !json_order_place(off, &o->order, *off - row->raw_off, len)) {
            return false;
        }
    }
    return true;
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
    make_view(o, *b, *row);
    make_variables(c);
    *b = &o->view;
    *row = &o->row;
    return o->order.number_count;
}

const struct cut_variable *cut_order_variables(const struct cutter *c) {
    return c->order->variables;
}
