#include "template_wire.h"

#include "check.h"
#include "layout.h"

void template_reader_begin_wire(struct template_reader *r, const struct wire *w) {
    *r = (struct template_reader){.wire = *w};
    r->flags = wire_u64(&r->wire);
}

void template_reader_begin(struct template_reader *r, struct str bytes) {
    struct wire w = wire_make(bytes.ptr, bytes.len);
    template_reader_begin_wire(r, &w);
}

static bool next_piece(struct template_item *out, struct template_reader *r) {
    uint64_t op = wire_u64(&r->wire);
    if (op == TEMPLATE_END) {
        r->in_values = true;
        r->values_left = wire_count(&r->wire, wire_left(&r->wire));
        return template_reader_next(out, r);
    }
    *out = (struct template_item){.kind = TEMPLATE_ITEM_COLUMN};
    if (op == TEMPLATE_LITERAL) {
        out->kind = TEMPLATE_ITEM_LITERAL;
        out->literal = wire_str(&r->wire);
    } else if (op == TEMPLATE_FORMULA) {
        out->kind = TEMPLATE_ITEM_FORMULA;
        r->wire.failed = !formula_decode(&out->formula, &r->wire) || r->wire.failed;
    } else {
        out->column = op - TEMPLATE_COLUMN;
    }
    return !r->wire.failed;
}

static bool next_value(struct template_item *out, struct template_reader *r) {
    if (r->values_left == 0) {
        return false;
    }
    r->values_left--;
    *out = (struct template_item){.is_value = true, .field = wire_u64(&r->wire)};
    uint64_t transform = wire_count(&r->wire, VALUE_FORMULA);
    if (transform == TRANSFORM_NONE) {
        out->kind = TEMPLATE_ITEM_COLUMN;
        out->column = wire_u64(&r->wire);
    } else if (transform == VALUE_FORMULA) {
        out->kind = TEMPLATE_ITEM_FORMULA;
        r->wire.failed = !formula_decode(&out->formula, &r->wire) || r->wire.failed;
    } else {
        out->kind = TEMPLATE_ITEM_RUN;
        out->transform = (enum transform)transform;
        out->first = wire_u64(&r->wire);
        out->count = wire_u64(&r->wire);
    }
    return !r->wire.failed;
}

bool template_reader_next(struct template_item *out, struct template_reader *r) {
    if (r->wire.failed) {
        return false;
    }
    return r->in_values ? next_value(out, r) : next_piece(out, r);
}

/* --- writing with other numbers --- */

static void put_piece(struct buf *out, const struct template_item *item, const uint32_t *columns) {
    switch (item->kind) {
    case TEMPLATE_ITEM_LITERAL:
        wire_put_u64(out, TEMPLATE_LITERAL);
        wire_put_str(out, item->literal);
        break;
    case TEMPLATE_ITEM_FORMULA:
        wire_put_u64(out, TEMPLATE_FORMULA);
        formula_encode(out, &item->formula);
        break;
    default:
        wire_put_u64(out, TEMPLATE_COLUMN + (uint64_t)columns[item->column]);
        break;
    }
}

static void put_value(struct buf *out, const struct template_item *item, const uint32_t *columns,
                      const struct intern *from, struct intern *to) {
    wire_put_u64(out, intern_add(to, intern_text(from, (uint32_t)item->field)));
    switch (item->kind) {
    case TEMPLATE_ITEM_FORMULA:
        wire_put_u64(out, VALUE_FORMULA);
        formula_encode(out, &item->formula);
        break;
    case TEMPLATE_ITEM_COLUMN:
        wire_put_u64(out, TRANSFORM_NONE);
        wire_put_u64(out, columns[item->column]);
        break;
    default:
        wire_put_u64(out, item->transform);
        wire_put_u64(out, item->first);
        wire_put_u64(out, item->count);
        break;
    }
}

void template_renumber(struct buf *out, struct str bytes, const uint32_t *columns,
                       const struct intern *from, struct intern *to) {
    struct template_reader r;
    struct template_item item;
    bool in_values = false;
    template_reader_begin(&r, bytes);
    wire_put_u64(out, r.flags);
    while (template_reader_next(&item, &r)) {
        if (item.is_value && !in_values) {
            wire_put_u64(out, TEMPLATE_END);
            wire_put_u64(out, r.values_left + 1);
            in_values = true;
        }
        if (item.is_value) {
            put_value(out, &item, columns, from, to);
        } else {
            put_piece(out, &item, columns);
        }
    }
    if (!in_values) {
        wire_put_u64(out, TEMPLATE_END);
        wire_put_u64(out, 0);
    }
    CHECK(!r.wire.failed && wire_left(&r.wire) == 0);
}

/* --- words of formulas --- */

static bool is_word_byte(char c) {
    return ascii_is_alnum(c) || c == '_' || (uint8_t)c >= 0x80;
}

/* The name of a month or day (its part begins at `at`) is a word of its own. */
static bool stands_alone(struct str pattern, size_t at) {
    bool left = at == 0 || !is_word_byte(pattern.ptr[at - 1]);
    char next = at + 2 < pattern.len ? pattern.ptr[at + 2] : ' ';
    return left && next != '%' && !is_word_byte(next);
}

/* A pattern (time_text.h) whose letters outside of parts are none but T and Z. */
static bool pattern_is_zoned(struct str pattern) {
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        if (c == '%' && i + 1 < pattern.len) {
            char part = pattern.ptr[i + 1];
            if ((part == 'b' || part == 'a') && !stands_alone(pattern, i)) {
                return false;
            }
            i++;
        } else if (is_word_byte(c) && !ascii_is_digit(c) && c != 'T' && c != 'Z') {
            return false;
        }
    }
    return true;
}

bool template_formula_is_zoned(const struct formula *f) {
    switch (f->kind) {
    case FORMULA_SCALE:
    case FORMULA_SUM:
    case FORMULA_DIFFERENCE:
        return true;
    case FORMULA_TIME:
    case FORMULA_START:
        return pattern_is_zoned(f->pattern);
    default:
        return false;
    }
}
