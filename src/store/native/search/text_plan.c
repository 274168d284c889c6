#include "text_plan.h"

#include "mem.h"

/* --- the text --- */

static bool ends_with(const struct automaton *a, char byte) {
    return (a->takes[(uint8_t)byte] & a->last) != 0;
}

/* Can the text of the element end with CR? */
static bool may_end_with_cr(const struct row_text_element *e, const struct segment *s) {
    bool digits = e->kind == ROW_TEXT_VALUE && e->step_count == 0 &&
                  s->columns[e->column].type == COLUMN_NUMBER;
    return e->kind != ROW_TEXT_TIME && !digits;
}

/* The search text ends before the row's terminator, LF or CR LF (expr_search_text). Where that is
 * not sure, a match that ends with such a byte has to be looked at again. */
static void cut_terminator(struct text_plan *plan, const struct segment *s,
                           const struct automaton *a) {
    struct row_text *text = &plan->text;
    struct row_text_element *last = text->count == 0 ? NULL : &text->elements[text->count - 1];
    if (last == NULL || last->kind != ROW_TEXT_LITERAL) {
        plan->verify = plan->verify || ends_with(a, '\n') || ends_with(a, '\r');
        return;
    }
    struct str *end = &last->literal;
    end->len -= end->len > 0 && end->ptr[end->len - 1] == '\n';
    if (end->len > 0) {
        end->len -= end->ptr[end->len - 1] == '\r';
    } else if (text->count > 1 && may_end_with_cr(last - 1, s)) {
        plan->verify = plan->verify || ends_with(a, '\r');
    }
    text->count -= end->len == 0;
}

bool text_plan_is_encoded(const struct template *t) {
    return (t->flags & TEMPLATE_ENCODED) != 0 && t->piece_count > 0;
}

void text_plan_init(struct text_plan *plan, struct text_walker *w, const struct segment *s,
                    const struct template *t, uint32_t *ordinals) {
    *plan = (struct text_plan){.kind = TEXT_PLAN_WHOLE, .verify = true};
    row_text_resolve(&plan->text, &w->arena, t, ordinals);
    /* rows without pieces: whether their values are searched depends on the row */
    plan->verify = plan->text.is_values;
    if (plan->text.is_resolved && !plan->text.is_values) {
        cut_terminator(plan, s, w->automaton);
    }
}

/* --- columns --- */

static bool same_steps(const struct row_text_element *a, const struct row_text_element *b) {
    bool same = a->column == b->column && a->step_count == b->step_count;
    for (uint32_t i = 0; same && i < a->step_count; i++) {
        const struct formula *f = a->steps[i];
        const struct formula *g = b->steps[i];
        same = f->kind == g->kind && f->k == g->k;
    }
    return same;
}

static uint32_t find_column(const struct text_columns *columns, const struct row_text_element *e) {
    uint32_t i = 0;
    while (i < columns->count && !same_steps(&columns->items[i].key, e)) {
        i++;
    }
    return i;
}

static uint32_t add_column(struct text_columns *columns, const struct segment *s,
                           const struct row_text_element *e) {
    uint32_t at = find_column(columns, e);
    if (at == columns->count) {
        MEM_GROW(columns->items, columns->capacity, columns->count + 1);
        columns->items[columns->count++] =
            (struct text_column){.key = *e, .column = &s->columns[e->column]};
    }
    return at;
}

/* --- where matches can be --- */

/* Positions before and behind each element. */
struct reach {
    uint64_t *useful; /* from which a match can be reached; useful[count]: at the end */
    uint64_t *before; /* of these: those that can be reached */
    bool *ends;       /* by element: a match can end in it */
};

static struct text_reach over_element(const struct text_plan *plan, const struct segment *s,
                                      const struct text_walker *w, struct text_columns *columns,
                                      uint32_t i, uint64_t positions) {
    const struct row_text_element *e = &plan->text.elements[i];
    if (e->kind != ROW_TEXT_VALUE) {
        return text_reach_over(w->automaton, e, NULL, positions);
    }
    uint32_t at = find_column(columns, e);
    struct text_column *c = at < columns->count ? &columns->items[at] : NULL;
    struct text_reach reach;
    if (c != NULL && c->from_start != NULL && positions == 0) {
        return (struct text_reach){c->positions, c->ends};
    }
    if (c != NULL && text_column_over(&reach.positions, &reach.ends, c, w, positions)) {
        return reach;
    }
    return text_reach_over(w->automaton, e, &s->columns[e->column], positions);
}

static void find_reach(struct reach *r, const struct text_plan *plan, const struct segment *s,
                       const struct text_walker *w, struct text_columns *columns) {
    uint32_t count = plan->text.count;
    r->useful[count] = 0;
    for (uint32_t i = count; i > 0; i--) {
        const struct row_text_element *e = &plan->text.elements[i - 1];
        const struct segment_column *column =
            e->kind == ROW_TEXT_VALUE ? &s->columns[e->column] : NULL;
        r->useful[i - 1] = text_reach_back(w->automaton, e, column, r->useful[i]);
    }
    r->before[0] = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct text_reach next = over_element(plan, s, w, columns, i, r->before[i]);
        r->before[i + 1] = next.positions & r->useful[i + 1];
        r->ends[i] = next.ends;
    }
}

/* A match can reach over the seam before element i. */
static bool is_live(const struct reach *r, uint32_t i) {
    return r->before[i] != 0;
}

/* Can a match begin in element i and come to something? */
static bool can_start(const struct text_plan *plan, const struct segment *s,
                      const struct text_walker *w, struct text_columns *columns,
                      const struct reach *r, uint32_t i) {
    struct text_reach reach = over_element(plan, s, w, columns, i, 0);
    return reach.ends || (reach.positions & r->useful[i + 1]) != 0;
}

static void add_span(struct text_plan *plan, struct text_walker *w, const struct segment *s,
                     const struct reach *r, uint32_t first, uint32_t end,
                     struct text_columns *columns) {
    struct text_span *span = &plan->spans[plan->span_count++];
    span->count = end - first;
    span->steps = arena_array(&w->arena, (size_t)span->count + 1, sizeof *span->steps);
    uint32_t start = span->count;
    for (uint32_t i = end; i > first; i--) {
        struct text_step *step = &span->steps[i - 1 - first];
        start = can_start(plan, s, w, columns, r, i - 1) ? i - 1 - first : start;
        step->element = &plan->text.elements[i - 1];
        step->useful = r->before[i];
        step->start = start;
        step->in = UINT32_MAX;
        if (step->element->kind == ROW_TEXT_VALUE) {
            step->column = add_column(columns, s, step->element);
            columns->items[step->column].useful |= step->useful;
        }
    }
}

/* Neighbours with live seams between them, if a match can end in one. */
static void find_spans(struct text_plan *plan, struct text_walker *w, const struct segment *s,
                       const struct reach *r, struct text_columns *columns) {
    uint32_t count = plan->text.count;
    for (uint32_t first = 0; first < count;) {
        uint32_t end = first + 1;
        bool ends = r->ends[first];
        while (end < count && is_live(r, end)) {
            ends = ends || r->ends[end];
            end++;
        }
        bool literal = end == first + 1 && plan->text.elements[first].kind == ROW_TEXT_LITERAL;
        if (ends && !literal) {
            add_span(plan, w, s, r, first, end, columns);
        }
        first = end;
    }
}

/* A literal that holds a match: then all rows do. */
static bool is_in_literal(struct text_plan *plan, struct dfa *dfa) {
    for (uint32_t i = 0; i < plan->text.count; i++) {
        const struct row_text_element *e = &plan->text.elements[i];
        uint32_t state =
            e->kind == ROW_TEXT_LITERAL ? dfa_run(dfa, DFA_START, e->literal) : DFA_START;
        if (dfa_is_end(state)) {
            plan->verify = plan->verify || state == DFA_MAYBE;
            return true;
        }
    }
    return false;
}

void text_plan_make(struct text_plan *plan, struct text_walker *w, const struct segment *s,
                    struct text_columns *columns) {
    if (!plan->text.is_resolved) {
        return;
    }
    size_t count = (size_t)plan->text.count + 1;
    struct reach r = {.before = mem_calloc(count, sizeof *r.before),
                      .useful = mem_calloc(count, sizeof *r.useful),
                      .ends = mem_calloc(count, sizeof *r.ends)};
    plan->span_count = 0;
    if (is_in_literal(plan, w->dfa)) {
        plan->kind = TEXT_PLAN_ALL;
    } else {
        find_reach(&r, plan, s, w, columns);
        plan->spans = arena_array(&w->arena, count, sizeof *plan->spans);
        find_spans(plan, w, s, &r, columns);
        plan->kind = plan->span_count > 0 ? TEXT_PLAN_SPANS : TEXT_PLAN_NONE;
    }
    mem_free(r.before);
    mem_free(r.useful);
    mem_free(r.ends);
}

/* --- counting values --- */

static void add_use(struct text_plan *plan, const uint8_t *is_read, uint32_t column) {
    if (is_read[column] == 0) {
        return;
    }
    for (uint32_t i = 0; i < plan->use_count; i++) {
        if (plan->uses[i].column == column) {
            plan->uses[i].count++;
            return;
        }
    }
    plan->uses[plan->use_count++] = (struct text_use){column, 1};
}

void text_plan_count(struct text_plan *plan, struct arena *arena, const struct segment *s,
                     const struct template *t, const uint8_t *is_read) {
    uint32_t read = 0;
    for (uint32_t c = 0; c < s->column_count; c++) {
        read += is_read[c];
    }
    plan->use_count = 0;
    plan->uses = arena_array(arena, (size_t)read + 1, sizeof *plan->uses);
    for (uint32_t i = 0; i < t->piece_count; i++) {
        if (t->pieces[i].column != UINT32_MAX) {
            add_use(plan, is_read, t->pieces[i].column);
        }
    }
    for (uint32_t i = 0; i < t->value_count; i++) {
        const struct template_value *v = &t->values[i];
        if (v->transform == TRANSFORM_NONE && v->formula == NULL) {
            add_use(plan, is_read, v->first);
        }
    }
}
