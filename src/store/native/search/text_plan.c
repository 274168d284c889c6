#include "text_plan.h"

#include "mem.h"

/* --- the text --- */

/* The search text ends before the row's terminator, LF or CR LF (expr_search_text). Where that is
 * not sure: a match that ends with such a byte is looked at again in any case (dfa.h). */
static void cut_terminator(struct row_text *text) {
    struct row_text_element *last = text->count == 0 ? NULL : &text->elements[text->count - 1];
    if (last == NULL || last->kind != ROW_TEXT_LITERAL) {
        return;
    }
    struct str *end = &last->literal;
    end->len -= end->len > 0 && end->ptr[end->len - 1] == '\n';
    end->len -= end->len > 0 && end->ptr[end->len - 1] == '\r';
    text->count -= end->len == 0;
}

static bool same_steps(const struct row_text_element *a, const struct row_text_element *b) {
    bool same = a->column == b->column && a->step_count == b->step_count;
    for (uint32_t i = 0; same && i < a->step_count; i++) {
        const struct formula *f = a->steps[i];
        const struct formula *g = b->steps[i];
        same = f->kind == g->kind && f->k == g->k;
    }
    return same;
}

static uint32_t place_of(struct text_columns *columns, const struct segment *s,
                         const struct row_text_element *e) {
    uint32_t *link = &columns->first[e->column];
    while (*link != 0 && !same_steps(&columns->items[*link - 1].key, e)) {
        link = &columns->items[*link - 1].next;
    }
    if (*link == 0) {
        *link = (uint32_t)columns->count + 1; /* before growing moves it */
        uint32_t place = (uint32_t)columns->count;
        MEM_GROW(columns->items, columns->capacity, columns->count + 1);
        columns->items[columns->count++] =
            (struct text_column){.key = *e, .column = &s->columns[e->column]};
        return place;
    }
    return *link - 1;
}

struct text_column *text_planner_column(struct text_planner *p, uint32_t column) {
    const struct row_text_element e = {.kind = ROW_TEXT_VALUE, .column = column};
    uint32_t place = place_of(p->columns, p->segment, &e); /* it may move them */
    return &p->columns->items[place];
}

static void resolve(struct text_plan *plan, struct text_planner *p, const struct template *t) {
    row_text_resolve(&plan->text, &p->text, &p->walker->arena, t, p->ordinals);
    /* rows without pieces: whether their values are searched depends on the row */
    plan->verify = plan->text.is_values;
    if (plan->text.is_resolved && !plan->text.is_values) {
        cut_terminator(&plan->text);
    }
    for (uint32_t i = 0; i < plan->text.count; i++) {
        struct row_text_element *e = &plan->text.elements[i];
        if (e->kind == ROW_TEXT_VALUE) {
            e->place = place_of(p->columns, p->segment, e);
        }
    }
}

/* --- where matches can be --- */

void text_planner_fini(struct text_planner *p) {
    mem_free(p->useful);
    mem_free(p->before);
    mem_free(p->ends);
    mem_free(p->behind);
    mem_free(p->spans);
    mem_free(p->ordinals);
    mem_free(p->text.elements);
}

static struct text_reach over_element(const struct text_planner *p, uint32_t i,
                                      uint64_t positions) {
    const struct row_text_element *e = &p->plan->text.elements[i];
    struct text_reach reach;
    switch (e->kind) {
    case ROW_TEXT_VALUE:
        return text_column_over(&p->columns->items[e->place], p->walker, positions);
    case ROW_TEXT_LITERAL: /* no match is in it: is_in_literal */
        reach = (struct text_reach){.positions = p->plan->behind[i]};
        reach.positions |= text_reach_on(&reach.ends, p->walker->automaton, e->literal, positions);
        return reach;
    default:
        return text_reach_over(p->walker->automaton, e, NULL, positions);
    }
}

/* Over an element that nothing reaches from before: most are. */
static inline struct text_reach start_in(const struct text_planner *p, uint32_t i) {
    const struct row_text_element *e = &p->plan->text.elements[i];
    if (e->kind == ROW_TEXT_LITERAL) {
        return (struct text_reach){.positions = p->plan->behind[i]};
    }
    const struct text_column *c = e->kind == ROW_TEXT_VALUE ? &p->columns->items[e->place] : NULL;
    return c != NULL && c->has_start ? c->start : over_element(p, i, 0);
}

/* From the first element to the last; false: no match can end anywhere. */
static bool reach_forward(struct text_planner *p) {
    bool ends = false;
    p->before[0] = 0;
    for (uint32_t i = 0; i < p->plan->text.count; i++) {
        bool fresh = p->before[i] == 0;
        struct text_reach next = fresh ? start_in(p, i) : over_element(p, i, p->before[i]);
        p->before[i + 1] = next.positions & p->useful[i + 1];
        p->ends[i] = next.ends;
        ends = ends || next.ends;
    }
    return ends;
}

/* Seams that nothing can cross need no look. */
static void reach_back(struct text_planner *p) {
    uint32_t count = p->plan->text.count;
    p->useful[count] = 0;
    for (uint32_t i = count; i > 0; i--) {
        const struct row_text_element *e = &p->plan->text.elements[i - 1];
        uint64_t useful = p->useful[i];
        if (p->before[i - 1] == 0) {
            p->useful[i - 1] = 0;
        } else if (e->kind == ROW_TEXT_VALUE) {
            p->useful[i - 1] = text_column_back(&p->columns->items[e->place], p->walker, useful);
        } else {
            p->useful[i - 1] = text_reach_back(p->walker->automaton, e, NULL, useful);
        }
    }
}

/* Most templates have no match: these are told by going forward once. */
static bool find_reach(struct text_planner *p) {
    size_t count = (size_t)p->plan->text.count + 1;
    MEM_GROW(p->useful, p->useful_capacity, count);
    MEM_GROW(p->before, p->before_capacity, count);
    MEM_GROW(p->ends, p->end_capacity, count);
    memset(p->useful, 0xff, count * sizeof *p->useful);
    if (!reach_forward(p)) {
        return false;
    }
    reach_back(p);
    return reach_forward(p);
}

/* A match can reach over the seam before element i. */
static bool is_live(const struct text_planner *p, uint32_t i) {
    return p->before[i] != 0;
}

/* Can a match begin in element i and come to something? */
static bool can_start(const struct text_planner *p, uint32_t i) {
    struct text_reach reach = start_in(p, i);
    return reach.ends || (reach.positions & p->useful[i + 1]) != 0;
}

static void add_span(const struct text_planner *p, uint32_t first, uint32_t end) {
    struct text_span *span = &p->spans[p->plan->span_count++];
    span->count = end - first;
    span->steps = arena_array(&p->walker->arena, (size_t)span->count + 1, sizeof *span->steps);
    uint32_t start = span->count;
    for (uint32_t i = end; i > first; i--) {
        struct text_step *step = &span->steps[i - 1 - first];
        start = can_start(p, i - 1) ? i - 1 - first : start;
        step->element = &p->plan->text.elements[i - 1];
        step->useful = p->before[i];
        step->start = start;
        step->in = UINT32_MAX;
        step->skip_in = UINT32_MAX;
        if (step->element->kind == ROW_TEXT_VALUE) {
            struct text_column *column = &p->columns->items[step->element->place];
            column->useful |= step->useful;
            column->is_read = true;
        }
    }
}

/* Neighbours with live seams between them, if a match can end in one. */
static void find_spans(struct text_planner *p) {
    struct text_plan *plan = p->plan;
    uint32_t count = plan->text.count;
    MEM_GROW(p->spans, p->span_capacity, (size_t)count + 1);
    plan->span_count = 0;
    for (uint32_t first = 0; first < count;) {
        uint32_t end = first + 1;
        bool ends = p->ends[first];
        while (end < count && is_live(p, end)) {
            ends = ends || p->ends[end];
            end++;
        }
        bool literal = end == first + 1 && plan->text.elements[first].kind == ROW_TEXT_LITERAL;
        if (ends && !literal) {
            add_span(p, first, end);
        }
        first = end;
    }
    plan->spans = arena_array(&p->walker->arena, (size_t)plan->span_count + 1, sizeof *plan->spans);
    memcpy(plan->spans, p->spans, plan->span_count * sizeof *plan->spans);
    plan->kind = plan->span_count > 0 ? TEXT_PLAN_SPANS : TEXT_PLAN_NONE;
}

static bool is_ascii(struct str text) {
    bool ascii = true;
    for (size_t i = 0; i < text.len; i++) {
        ascii = ascii && (uint8_t)text.ptr[i] < 0x80;
    }
    return ascii;
}

/* True if a match that begins and ends in the literal is one whatever comes behind. */
static bool is_sure(const struct text_planner *p, const struct row_text *text, uint32_t literal) {
    bool goes_on = false; /* so the row does not end here */
    for (uint32_t i = literal + 1; i < text->count; i++) {
        goes_on = goes_on || text->elements[i].kind == ROW_TEXT_LITERAL;
    }
    return goes_on && p->walker->automaton->is_exact && is_ascii(text->elements[literal].literal);
}

/* The state behind a literal, from the start. If it has not what every match holds, the bytes that
 * a match which goes on behind it can have begun in tell. */
static uint32_t run_literal(const struct text_walker *w, struct str literal) {
    size_t longest = w->automaton->longest;
    if (w->has_literal && longest < literal.len && substring_find(&w->literal, literal) == NULL) {
        literal = str_skip(literal, literal.len - longest);
    }
    return dfa_run(w->dfa, DFA_START, literal);
}

/* A literal that holds a match: then all rows do. Else notes the positions behind literals. */
static bool is_in_literal(struct text_planner *p, struct text_plan *plan) {
    MEM_GROW(p->behind, p->behind_capacity, (size_t)plan->text.count + 1);
    plan->behind = p->behind;
    for (uint32_t i = 0; i < plan->text.count; i++) {
        const struct row_text_element *e = &plan->text.elements[i];
        if (e->kind != ROW_TEXT_LITERAL) {
            continue;
        }
        uint32_t state = run_literal(p->walker, e->literal);
        if (dfa_is_end(state)) {
            bool sure = state == DFA_MATCH || is_sure(p, &plan->text, i);
            plan->verify = plan->verify || !sure;
            return true;
        }
        p->behind[i] = dfa_positions(p->walker->dfa, state);
    }
    return false;
}

static void keep_text(struct text_plan *plan, struct arena *arena) {
    size_t count = plan->text.count;
    struct row_text_element *kept = arena_array(arena, count + 1, sizeof *kept);
    uint64_t *behind = arena_array(arena, count + 1, sizeof *behind);
    memcpy(kept, plan->text.elements, count * sizeof *kept);
    memcpy(behind, plan->behind, count * sizeof *behind);
    plan->text.elements = kept;
    plan->behind = behind;
}

/* The text of a template that is decided is not kept. */
void text_plan_make(struct text_planner *p, struct text_plan *plan, const struct template *t) {
    *plan = (struct text_plan){.kind = TEXT_PLAN_WHOLE};
    resolve(plan, p, t);
    p->plan = plan;
    if (!plan->text.is_resolved) {
        plan->verify = true;
    } else if (is_in_literal(p, plan)) {
        plan->kind = TEXT_PLAN_ALL;
    } else if (find_reach(p)) {
        keep_text(plan, &p->walker->arena);
        find_spans(p);
        return;
    } else {
        plan->kind = TEXT_PLAN_NONE;
    }
    plan->text.elements = NULL;
    plan->behind = NULL;
    plan->text.count = 0;
}

void text_plan_narrow(struct text_planner *p, struct text_plan *plan) {
    p->plan = plan;
    if (find_reach(p)) {
        find_spans(p);
    } else {
        plan->kind = TEXT_PLAN_NONE;
    }
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

void text_plan_count(struct text_plan *plan, struct arena *arena, const struct template *t,
                     const uint8_t *is_read, uint32_t read) {
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
