#include "event_plan.h"

#include "binxml_value.h"
#include "mem.h"

/* One open element. */
struct frame {
    struct str name;
    size_t first_piece; /* of its content so far */
    size_t piece_count;
    size_t first_name_piece; /* EventData/Data: its Name attribute */
    size_t name_count;
    uint16_t depends_on;
    uint8_t place; /* of its children */
    uint8_t parent_place;
    bool has_name;
    bool has_children;
};

struct planner {
    struct plans *plans;
    const struct binxml_ops *ops;
    struct frame frames[BINXML_DEPTH_LIMIT + 1];
    size_t depth;
    bool in_start; /* inside a start tag, after its first attribute */
    struct str attribute;
    size_t attribute_first_piece;
};

void plans_fini(struct plans *plans) {
    mem_free(plans->items);
    mem_free(plans->pieces);
    memset(plans, 0, sizeof *plans);
}

void plans_clear(struct plans *plans) {
    plans->item_count = 0;
    plans->piece_count = 0;
}

static struct frame *top(struct planner *p) {
    return &p->frames[p->depth];
}

static struct plan_item *add_item(struct planner *p, enum plan_kind kind) {
    struct plans *plans = p->plans;
    MEM_GROW(plans->items, plans->item_capacity, plans->item_count + 1);
    struct plan_item *item = &plans->items[plans->item_count++];
    *item = (struct plan_item){
        .kind = (uint8_t)kind, .field = FIELD_NONE, .depends_on = BINXML_NO_VALUE};
    return item;
}

static void set_pieces(struct plan_item *item, size_t first, size_t count) {
    item->first_piece = (uint32_t)first;
    item->piece_count = (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX);
}

static void add_piece(struct planner *p, const struct binxml_op *op) {
    struct plans *plans = p->plans;
    MEM_GROW(plans->pieces, plans->piece_capacity, plans->piece_count + 1);
    plans->pieces[plans->piece_count++] = (struct plan_piece){.type = op->type,
                                                              .is_literal = op->kind == BINXML_TEXT,
                                                              .optional = op->optional,
                                                              .id = op->id,
                                                              .text_off = op->text_off,
                                                              .text_len = op->text_len};
}

static void end_attribute(struct planner *p) {
    if (!p->in_start) {
        return;
    }
    p->in_start = false;
    struct frame *f = top(p);
    size_t count = p->plans->piece_count - p->attribute_first_piece;
    uint32_t field =
        windows_attribute_field((enum windows_place)f->parent_place, f->name, p->attribute);
    if (field != FIELD_NONE) {
        struct plan_item *item = add_item(p, PLAN_OPTIONAL);
        item->field = field;
        set_pieces(item, p->attribute_first_piece, count);
    } else if (f->parent_place == PLACE_EVENT_DATA && str_eq(p->attribute, STR("Name"))) {
        f->has_name = true;
        f->first_name_piece = p->attribute_first_piece;
        f->name_count = count;
    }
    f->first_piece = p->plans->piece_count; /* text before an attribute is no text: dropped */
    f->piece_count = 0;
}

static void open_element(struct planner *p, const struct binxml_op *op) {
    end_attribute(p);
    struct frame *parent = top(p);
    parent->has_children = true;
    struct str name = binxml_op_text(p->ops, op);
    if (parent->place == PLACE_USER_DATA) {
        struct plan_item *item = add_item(p, PLAN_OPTIONAL);
        item->field = windows_user_data_field();
        add_piece(p, &(struct binxml_op){
                         .kind = BINXML_TEXT, .text_off = op->text_off, .text_len = op->text_len});
        set_pieces(item, p->plans->piece_count - 1, 1);
    }
    p->depth++;
    p->frames[p->depth] = (struct frame){
        .name = name,
        .first_piece = p->plans->piece_count,
        .depends_on = op->id,
        .parent_place = parent->place,
        .place = (uint8_t)windows_child_place((enum windows_place)parent->place, name)};
}

static void begin_attribute(struct planner *p, const struct binxml_op *op) {
    end_attribute(p);
    p->in_start = true;
    p->attribute = binxml_op_text(p->ops, op);
    p->attribute_first_piece = p->plans->piece_count;
}

/* A value that is BinXML by declaration is read on its own, in the place of the element. */
static void add_nested(struct planner *p, const struct binxml_op *op) {
    struct frame *f = top(p);
    f->has_children = true;
    struct plan_item *item = add_item(p, PLAN_NESTED);
    item->place = f->place;
    add_piece(p, op);
    set_pieces(item, p->plans->piece_count - 1, 1);
}

static void add_instance(struct planner *p, const struct binxml_op *op) {
    struct frame *f = top(p);
    f->has_children = true;
    struct plan_item *item = add_item(p, PLAN_INSTANCE);
    item->place = f->place;
    item->offset = op->offset;
}

/* The name of an EventData/Data element if it is literal as a whole. */
static bool literal_name(char *text, size_t size, size_t *len, struct planner *p,
                         const struct frame *f) {
    *len = 0;
    for (size_t i = 0; i < f->name_count; i++) {
        const struct plan_piece *piece = &p->plans->pieces[f->first_name_piece + i];
        if (!piece->is_literal) {
            return false;
        }
        size_t take = piece->text_len < size - *len ? piece->text_len : size - *len;
        memcpy(text + *len, p->ops->text.ptr + piece->text_off, take);
        *len += take;
    }
    return true;
}

static void set_body_name(struct planner *p, struct plan_item *item, const struct frame *f) {
    char text[512];
    size_t len;
    bool data = f->parent_place == PLACE_EVENT_DATA && str_eq(f->name, STR("Data"));
    if (!data || !f->has_name) {
        item->field = windows_body_field(f->name);
    } else if (literal_name(text, sizeof text, &len, p, f)) {
        item->field = windows_body_field(len > 0 ? str_make(text, len) : STR("Data"));
    } else {
        item->first_name_piece = (uint32_t)f->first_name_piece;
        item->name_count = (uint16_t)f->name_count;
    }
}

/* A leaf ended: what it is by its parent's place. */
static void add_leaf(struct planner *p, const struct frame *f) {
    enum windows_place place = (enum windows_place)f->parent_place;
    bool body = windows_keeps_empty(place);
    if (!body && (f->piece_count == 0 || windows_leaf_field(place, f->name) == FIELD_NONE)) {
        return;
    }
    struct plan_item *item = add_item(p, body ? PLAN_VALUE : PLAN_OPTIONAL);
    item->depends_on = f->depends_on;
    item->place = f->place;
    set_pieces(item, f->first_piece, f->piece_count);
    if (body) {
        set_body_name(p, item, f);
    } else {
        item->field = windows_leaf_field(place, f->name);
    }
}

static void close_element(struct planner *p) {
    end_attribute(p);
    const struct frame *f = top(p);
    if (!f->has_children) {
        add_leaf(p, f);
    }
    p->depth--;
}

static void add_content(struct planner *p, const struct binxml_op *op) {
    struct frame *f = top(p);
    if (!p->in_start && op->kind == BINXML_SUBSTITUTION && op->type == BINXML_FRAGMENT) {
        add_nested(p, op);
        return;
    }
    add_piece(p, op);
    f->piece_count += p->in_start ? 0 : 1;
}

static void plan_op(struct planner *p, const struct binxml_op *op) {
    switch (op->kind) {
    case BINXML_OPEN:
        open_element(p, op);
        break;
    case BINXML_ATTRIBUTE:
        begin_attribute(p, op);
        break;
    case BINXML_START_END:
        end_attribute(p);
        break;
    case BINXML_CLOSE:
        close_element(p);
        break;
    case BINXML_INSTANCE:
        add_instance(p, op);
        break;
    default:
        add_content(p, op);
        break;
    }
}

struct plan_range plans_add(struct plans *plans, const struct binxml_ops *ops, size_t first_op,
                            size_t op_count, enum windows_place place) {
    struct planner p = {.plans = plans, .ops = ops};
    p.frames[0].place = (uint8_t)place;
    size_t first = plans->item_count;
    for (size_t i = 0; i < op_count; i++) {
        plan_op(&p, &ops->items[first_op + i]);
    }
    return (struct plan_range){(uint32_t)first, (uint32_t)(plans->item_count - first)};
}
