/*
 * A plain reader of one row: the stored form of a shape and the row's variables give the raw bytes
 * and the values back. Written after docs/formats/segment.md and as simple as can be, so that the
 * cutter is tested by something else than the segment reader.
 */
#ifndef KONSEKI_CUT_PRINT_H
#define KONSEKI_CUT_PRINT_H

#include "cut.h"
#include "formula.h"
#include "json_order.h"
#include "mem.h"
#include "num.h"
#include "transform.h"

enum { CUT_PRINT_MAX = 8192 };

struct cut_printer {
    uint32_t *column_map; /* identity */
    uint32_t column_count;
    struct intern fields;
    struct buf shape;
    struct {
        struct str literal;
        bool is_formula;
        bool known;
        struct formula formula;
        struct buf text;
    } pieces[CUT_PRINT_MAX];
    uint32_t piece_count;
    uint32_t order_count; /* pieces that are order numbers */
    struct {
        uint32_t field; /* in fields */
        uint32_t how;
        uint32_t first;
        uint32_t count;
        bool known;
        struct formula formula;
        struct buf text;
    } values[CUT_PRINT_MAX];
    uint32_t value_count;
    struct buf raw;
    struct json_order order;
};

static inline void cut_printer_fini(struct cut_printer *p) {
    for (uint32_t i = 0; i < CUT_PRINT_MAX; i++) {
        buf_fini(&p->pieces[i].text);
        buf_fini(&p->values[i].text);
    }
    mem_free(p->column_map);
    intern_fini(&p->fields);
    buf_fini(&p->shape);
    buf_fini(&p->raw);
    json_order_fini(&p->order);
}

static inline bool cut_print_take(struct buf *out, const struct cut *cut, uint32_t *at,
                                  uint64_t column) {
    if (*at >= cut->variable_count || cut->variables[*at].column != column) {
        return false;
    }
    buf_append(out, cut->variables[*at].ptr, cut->variables[*at].len);
    (*at)++;
    return true;
}

/* Takes the shape apart; variables go to their pieces and values. */
static inline bool cut_print_parse(struct cut_printer *p, const struct cut *cut) {
    struct wire w = wire_make(p->shape.ptr, p->shape.len);
    uint64_t flags = wire_u64(&w);
    p->order_count = (uint32_t)(flags >> TEMPLATE_ORDER_SHIFT);
    if ((p->order_count > 0) != ((flags & TEMPLATE_ORDERED) != 0)) {
        return false;
    }
    uint32_t variable = 0;
    uint64_t op;
    for (p->piece_count = 0; (op = wire_u64(&w)) != TEMPLATE_END; p->piece_count++) {
        if (w.failed || p->piece_count == CUT_PRINT_MAX) {
            return false;
        }
        struct buf *text = &p->pieces[p->piece_count].text;
        buf_clear(text);
        p->pieces[p->piece_count].is_formula = op == TEMPLATE_FORMULA;
        p->pieces[p->piece_count].known = op != TEMPLATE_FORMULA;
        if (op == TEMPLATE_LITERAL) {
            buf_add(text, wire_str(&w));
        } else if (op == TEMPLATE_FORMULA) {
            if (!formula_decode(&p->pieces[p->piece_count].formula, &w)) {
                return false;
            }
        } else if (!cut_print_take(text, cut, &variable, op - TEMPLATE_COLUMN)) {
            return false;
        }
    }
    uint64_t count = wire_u64(&w);
    for (p->value_count = 0; p->value_count < count; p->value_count++) {
        uint32_t i = p->value_count;
        if (w.failed || i == CUT_PRINT_MAX) {
            return false;
        }
        buf_clear(&p->values[i].text);
        p->values[i].field = (uint32_t)wire_u64(&w);
        p->values[i].how = (uint32_t)wire_u64(&w);
        p->values[i].known = p->values[i].how == TRANSFORM_NONE;
        if (p->values[i].how == VALUE_FORMULA) {
            if (!formula_decode(&p->values[i].formula, &w)) {
                return false;
            }
        } else if (p->values[i].how == TRANSFORM_NONE) {
            if (!cut_print_take(&p->values[i].text, cut, &variable, wire_u64(&w))) {
                return false;
            }
        } else {
            p->values[i].first = (uint32_t)wire_u64(&w);
            p->values[i].count = (uint32_t)wire_u64(&w);
        }
    }
    return !w.failed && wire_left(&w) == 0 && variable == cut->variable_count;
}

/* The text of an operand; false if it is not known yet. */
static inline bool cut_print_operand(struct str *out, struct cut_printer *p, uint32_t operand,
                                     struct buf *scratch) {
    if (operand < p->piece_count) {
        *out = buf_str(&p->pieces[operand].text);
        return p->pieces[operand].known;
    }
    uint32_t i = operand - p->piece_count;
    if (i >= p->value_count) {
        return false;
    }
    if (p->values[i].how == TRANSFORM_NONE || p->values[i].how == VALUE_FORMULA) {
        *out = buf_str(&p->values[i].text);
        return p->values[i].known;
    }
    bool known = true;
    buf_clear(scratch);
    for (uint32_t k = 0; k < p->values[i].count; k++) {
        known = known && p->pieces[p->values[i].first + k].known;
        buf_add(scratch, buf_str(&p->pieces[p->values[i].first + k].text));
    }
    *out = buf_str(scratch);
    return known;
}

static inline bool cut_print_formula(struct buf *out, struct cut_printer *p,
                                     const struct formula *f, int64_t time_ns) {
    struct buf scratch[FORMULA_MAX_OPERANDS] = {{NULL, 0, 0}};
    struct str operands[FORMULA_MAX_OPERANDS];
    bool good = true;
    for (uint32_t i = 0; i < f->operand_count; i++) {
        good = good && cut_print_operand(&operands[i], p, f->operands[i], &scratch[i]);
    }
    good = good && formula_print(out, f, operands, time_ns, NULL);
    for (uint32_t i = 0; i < f->operand_count; i++) {
        buf_fini(&scratch[i]);
    }
    return good;
}

/* Puts the sorted text into the order of the row. */
static inline bool cut_print_order(struct cut_printer *p) {
    uint64_t numbers[JSON_ORDER_NUMBERS];
    for (uint32_t i = 0; i < p->order_count; i++) {
        if (!num_parse_u64(&numbers[i], buf_str(&p->pieces[i].text))) {
            return false;
        }
    }
    bool good = json_order_restore(&p->order, buf_str(&p->raw), numbers, p->order_count);
    buf_clear(&p->raw);
    buf_add(&p->raw, buf_str(&p->order.text));
    return good;
}

/* True if the cut gives the row back, byte for byte, with its values in order (in that of the
 * sorted text if the row is an object that was sorted). */
static inline bool cut_prints_row(struct cut_printer *p, const struct cutter *c,
                                  const struct cut *cut, const struct batch *b,
                                  const struct row *row) {
    uint32_t columns = cutter_column_count(c);
    if (columns > p->column_count) {
        p->column_map = mem_realloc(p->column_map, columns, sizeof *p->column_map);
        for (uint32_t i = 0; i < columns; i++) {
            p->column_map[i] = i;
        }
        p->column_count = columns;
    }
    buf_clear(&p->shape);
    cutter_put_shape(&p->shape, c, cut->shape, p->column_map, &p->fields);
    if (!cut_print_parse(p, cut)) {
        return false;
    }
    buf_clear(&p->raw);
    for (uint32_t i = 0; i < p->piece_count; i++) {
        if (p->pieces[i].is_formula &&
            !cut_print_formula(&p->pieces[i].text, p, &p->pieces[i].formula, row->time_ns)) {
            return false;
        }
        p->pieces[i].known = true;
        if (i >= p->order_count) {
            buf_add(&p->raw, buf_str(&p->pieces[i].text));
        }
    }
    if (p->order_count > 0 && !cut_print_order(p)) {
        return false;
    }
    bool good = str_eq(buf_str(&p->raw), batch_raw(b, row)) && p->value_count == row->value_count;
    for (uint32_t i = 0; i < p->value_count && good; i++) {
        const struct value *v = &cut->batch->values[cut->row->first_value + i];
        struct buf text = BUF_INIT;
        struct buf scratch = BUF_INIT;
        struct str slice = STR_EMPTY;
        if (p->values[i].how == VALUE_FORMULA) {
            good = cut_print_formula(&p->values[i].text, p, &p->values[i].formula, row->time_ns);
            p->values[i].known = true;
        }
        good = good && cut_print_operand(&slice, p, p->piece_count + i, &scratch);
        bool escaped = p->values[i].how == TRANSFORM_JSON || p->values[i].how == TRANSFORM_XML;
        good =
            good && transform_decode(&text, slice,
                                     escaped ? (enum transform)p->values[i].how : TRANSFORM_SAME);
        good = good && str_eq(buf_str(&text), batch_value_text(cut->batch, v)) &&
               str_eq(intern_text(&p->fields, p->values[i].field), schema_name(v->field));
        buf_fini(&text);
        buf_fini(&scratch);
    }
    return good;
}

#endif
