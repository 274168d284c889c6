#include "row_text.h"

#include "mem.h"

/* A text being resolved. */
struct resolver {
    const struct template *template;
    struct arena *arena;
    struct row_text_buffer *buffer;
    size_t count;
    uint32_t *ordinals; /* by piece, then by value */
    bool is_failed;     /* too long */
};

static bool add_operand(struct resolver *r, uint32_t operand);
static bool add_formula(struct resolver *r, const struct formula *f);

static void add(struct resolver *r, const struct row_text_element *e) {
    if (r->count >= ROW_TEXT_ELEMENTS) {
        r->is_failed = true;
        return;
    }
    MEM_GROW(r->buffer->elements, r->buffer->capacity, r->count + 1);
    r->buffer->elements[r->count++] = *e;
}

static void add_literal(struct resolver *r, struct str text) {
    struct row_text_element e = {.kind = ROW_TEXT_LITERAL, .literal = text};
    if (text.len > 0) {
        add(r, &e);
    }
}

static void add_column(struct resolver *r, uint32_t column, uint32_t index) {
    struct row_text_element e = {
        .kind = ROW_TEXT_VALUE, .column = column, .ordinal = r->ordinals[index]};
    add(r, &e);
}

static void add_unknown(struct resolver *r, bool is_digits) {
    struct row_text_element e = {.kind = ROW_TEXT_UNKNOWN, .is_digits = is_digits};
    add(r, &e);
}

static bool add_piece(struct resolver *r, uint32_t piece) {
    const struct template_piece *p = &r->template->pieces[piece];
    if (p->formula != NULL) {
        return add_formula(r, p->formula);
    }
    if (p->column == UINT32_MAX) {
        add_literal(r, p->literal);
    } else {
        add_column(r, p->column, piece);
    }
    return !r->is_failed;
}

static bool add_value(struct resolver *r, uint32_t value) {
    const struct template_value *v = &r->template->values[value];
    if (v->formula != NULL) {
        return add_formula(r, v->formula);
    }
    if (v->transform == TRANSFORM_NONE) {
        add_column(r, v->first, r->template->piece_count + value);
    }
    for (uint32_t i = 0; i < v->count && !r->is_failed; i++) {
        (void)add_piece(r, v->first + i);
    }
    return !r->is_failed;
}

static bool add_operand(struct resolver *r, uint32_t operand) {
    uint32_t pieces = r->template->piece_count;
    return operand < pieces ? add_piece(r, operand) : add_value(r, operand - pieces);
}

static bool add_join(struct resolver *r, const struct formula *f) {
    uint32_t next = 0;
    struct str pattern = f->pattern;
    while (pattern.len > 0 && !r->is_failed) {
        size_t end = str_find_char(pattern, '\0');
        add_literal(r, str_head(pattern, end == STR_NONE ? pattern.len : end));
        if (end == STR_NONE) {
            break;
        }
        pattern = str_skip(pattern, end + 1);
        if (next == f->operand_count) {
            add_unknown(r, false);
        } else {
            (void)add_operand(r, f->operands[next++]);
        }
    }
    if (next != f->operand_count) {
        add_unknown(r, false); /* it does not fit: putting the row together will say so */
    }
    return !r->is_failed;
}

/* A formula of one operand, on an element that the operand became. False: it cannot be one. */
static bool step_on(struct resolver *r, struct row_text_element *e, const struct formula *f) {
    if (e->kind == ROW_TEXT_VALUE && e->step_count < ROW_TEXT_STEPS) {
        if (e->steps == NULL) {
            e->steps = arena_array(r->arena, ROW_TEXT_STEPS, sizeof *e->steps);
        }
        e->steps[e->step_count++] = f;
        return true;
    }
    if (e->kind != ROW_TEXT_LITERAL) {
        return false;
    }
    struct buf printed = BUF_INIT;
    bool good = formula_print(&printed, f, &e->literal, 0, NULL);
    e->literal = good ? arena_str(r->arena, buf_str(&printed)) : e->literal;
    buf_fini(&printed);
    return good;
}

/* A formula of one operand: a step, if the operand is one element (or changing case, where each
 * element can be changed alone). */
static bool add_step(struct resolver *r, const struct formula *f) {
    size_t start = r->count;
    bool is_case = f->kind == FORMULA_LOWER || f->kind == FORMULA_UPPER;
    bool good = add_operand(r, f->operands[0]) && (is_case || r->count == start + 1);
    for (size_t i = start; i < r->count && good; i++) {
        good = step_on(r, &r->buffer->elements[i], f);
    }
    if (!good && !r->is_failed) {
        r->count = start;
        add_unknown(r, f->kind == FORMULA_SCALE);
    }
    return !r->is_failed;
}

/* The segment's formulas are known to end (segment_templates). */
static bool add_formula(struct resolver *r, const struct formula *f) {
    struct row_text_element time = {.kind = ROW_TEXT_TIME, .time = f};
    struct row_text_element start = {.kind = ROW_TEXT_UNKNOWN, .time = f};
    switch (f->kind) {
    case FORMULA_SAME:
        return add_operand(r, f->operands[0]);
    case FORMULA_JOIN:
        return add_join(r, f);
    case FORMULA_TIME:
        add(r, &time);
        break;
    case FORMULA_START:
        add(r, &start);
        break;
    case FORMULA_LOWER:
    case FORMULA_UPPER:
    case FORMULA_SCALE:
    case FORMULA_BEFORE:
    case FORMULA_AFTER:
    case FORMULA_JSON:
    case FORMULA_XML:
        return add_step(r, f);
    default:
        add_unknown(r, f->kind == FORMULA_SUM || f->kind == FORMULA_DIFFERENCE);
        break;
    }
    return !r->is_failed;
}

static bool has_own_column(const struct template_value *v) {
    return v->transform == TRANSFORM_NONE && v->formula == NULL;
}

/* Which value of its column each piece and value of its own takes. */
static void number_uses(struct resolver *r, uint32_t *next) {
    const struct template *t = r->template;
    for (uint32_t i = 0; i < t->piece_count; i++) {
        uint32_t column = t->pieces[i].column;
        r->ordinals[i] = column == UINT32_MAX ? 0 : next[column]++;
    }
    for (uint32_t i = 0; i < t->value_count; i++) {
        const struct template_value *v = &t->values[i];
        r->ordinals[t->piece_count + i] = has_own_column(v) ? next[v->first]++ : 0;
    }
    for (uint32_t i = 0; i < t->piece_count; i++) {
        if (t->pieces[i].column != UINT32_MAX) {
            next[t->pieces[i].column] = 0;
        }
    }
    for (uint32_t i = 0; i < t->value_count; i++) {
        if (has_own_column(&t->values[i])) {
            next[t->values[i].first] = 0;
        }
    }
}

/* The literals from `first` up to `end` as one. */
static struct str joined(const struct resolver *r, size_t first, size_t end) {
    const struct row_text_element *elements = r->buffer->elements;
    size_t len = 0;
    for (size_t i = first; i < end; i++) {
        len += elements[i].literal.len;
    }
    char *text = arena_alloc(r->arena, len + 1);
    size_t at = 0;
    for (size_t i = first; i < end; i++) {
        memcpy(text + at, elements[i].literal.ptr, elements[i].literal.len);
        at += elements[i].literal.len;
    }
    return str_make(text, len);
}

/* Makes neighbouring literals one. */
static void join_literals(struct resolver *r) {
    struct row_text_element *elements = r->buffer->elements;
    size_t kept = 0;
    for (size_t i = 0; i < r->count;) {
        size_t end = i + 1;
        while (elements[i].kind == ROW_TEXT_LITERAL && end < r->count &&
               elements[end].kind == ROW_TEXT_LITERAL) {
            end++;
        }
        struct row_text_element e = elements[i];
        if (end > i + 1) {
            e.literal = joined(r, i, end);
        }
        elements[kept++] = e;
        i = end;
    }
    r->count = kept;
}

void row_text_resolve(struct row_text *out, struct row_text_buffer *buffer, struct arena *arena,
                      const struct template *t, uint32_t *ordinals) {
    struct resolver r = {.template = t, .arena = arena, .buffer = buffer};
    r.ordinals = mem_calloc((size_t)t->piece_count + t->value_count + 1, sizeof *r.ordinals);
    number_uses(&r, ordinals);
    for (uint32_t i = t->order_count; i < t->piece_count && !r.is_failed; i++) {
        (void)add_piece(&r, i);
    }
    for (uint32_t i = 0; t->piece_count == 0 && i < t->value_count && !r.is_failed; i++) {
        if (i > 0) {
            add_literal(&r, STR("\n"));
        }
        (void)add_value(&r, i);
    }
    join_literals(&r);
    *out = (struct row_text){.elements = buffer->elements,
                             .is_resolved = !r.is_failed,
                             .is_values = t->piece_count == 0};
    out->count = r.is_failed ? 0 : (uint32_t)r.count;
    mem_free(r.ordinals);
}

bool row_text_apply(struct str *text, struct buf buffers[2], const struct row_text_element *e) {
    for (uint32_t i = 0; i < e->step_count; i++) {
        struct buf *out = &buffers[i % 2];
        buf_clear(out);
        if (!formula_print(out, e->steps[i], text, 0, NULL)) {
            return false;
        }
        *text = buf_str(out);
    }
    return true;
}
