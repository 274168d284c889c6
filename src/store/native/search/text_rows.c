/* One row after the other, by the plans of their templates. A column is unpacked when the first row
 * asks for it. */
#include "mem.h"
#include "text_match_priv.h"

enum { MAX_SKIP_MOVES = 64 };

/* --- values of rows --- */

static uint32_t uses_of(struct text_match *m, uint32_t template, uint32_t column) {
    struct text_plan *plan = &m->plans[template];
    if (plan->uses == NULL) {
        text_plan_count(plan, &m->walker.arena, &m->segment->templates[template], m->is_read,
                        m->read_count);
    }
    for (uint32_t i = 0; i < plan->use_count; i++) {
        if (plan->uses[i].column == column) {
            return plan->uses[i].count;
        }
    }
    return 0;
}

static void begin_cursor(struct text_match *m, struct text_cursor *c, uint32_t column,
                         const struct block *b) {
    uint32_t rows = b->info->rows;
    MEM_GROW(c->uses, c->use_capacity, m->met_count);
    c->block_number = m->block_number;
    for (uint32_t i = 0; i < m->met_count; i++) {
        c->uses[i] = uses_of(m, m->met[i].template, column);
        c->each = i == 0 || c->uses[i] == c->each ? c->uses[i] : UINT32_MAX;
    }
    c->all = c->each * rows;
    if (c->each != UINT32_MAX) {
        return;
    }
    if (c->firsts == NULL) {
        c->firsts = mem_calloc(SEGMENT_BLOCK_ROWS, sizeof *c->firsts);
    }
    uint32_t count = 0;
    for (uint32_t row = 0; row < rows; row++) {
        c->firsts[row] = count;
        count += c->uses[m->met_of[b->templates[row]]];
    }
    c->all = count;
}

const struct text_cursor *text_row_cursor(struct text_match *m, const struct block *b,
                                          uint32_t column) {
    struct text_cursor *c = &m->cursors[column];
    if (c->block_number != m->block_number) {
        begin_cursor(m, c, column, b);
    }
    return c;
}

/* --- one row --- */

static uint32_t find_time(struct text_match *m, const struct formula *f) {
    for (size_t i = 0; i < m->time_count; i++) {
        const struct formula *known = m->times[i].formula;
        if (known->zone_seconds == f->zone_seconds && str_eq(known->pattern, f->pattern)) {
            return (uint32_t)i + 1;
        }
    }
    MEM_GROW(m->times, m->time_capacity, m->time_count + 1);
    struct text_time *time = &m->times[m->time_count++];
    *time = (struct text_time){.formula = f};
    for (size_t i = 0; i + 1 < f->pattern.len; i++) {
        bool part = f->pattern.ptr[i] == '%';
        time->has_fraction = time->has_fraction || (part && ascii_is_digit(f->pattern.ptr[i + 1]));
        i += part;
    }
    return (uint32_t)m->time_count;
}

static uint32_t run_time(struct text_match *m, struct block *b, struct text_step *step,
                         uint32_t row, uint32_t state) {
    const struct formula *f = step->element->time;
    if (b->numbers[NUMBER_TIME] == NULL) {
        m->status = block_numbers(b, NUMBER_TIME, m->err);
    }
    if (m->status != STATUS_OK) {
        return DFA_MAYBE;
    }
    step->time = step->time == 0 ? find_time(m, f) : step->time;
    struct text_time *time = &m->times[step->time - 1];
    int64_t time_ns = b->numbers[NUMBER_TIME][row];
    int64_t second = time_ns / NS_PER_SECOND - (time_ns % NS_PER_SECOND < 0);
    if (time->is_known && time->second == second && time->in == state) {
        return time->out;
    }
    buf_clear(&m->text);
    time_text_print(&m->text, f->pattern, f->zone_seconds, time_ns, &time->cache);
    uint32_t out = dfa_run(m->walker.dfa, state, buf_str(&m->text));
    time->is_known = !time->has_fraction;
    time->second = second;
    time->in = state;
    time->out = out;
    return out;
}

static inline uint32_t run_value(struct text_match *m, struct block *b,
                                 const struct row_text_element *e, uint32_t row, uint32_t state) {
    struct text_column *c = &m->columns.items[e->place];
    if (c->block_number != m->block_number) {
        m->status = text_column_begin(c, &m->walker, b, m->block_number, m->err);
        if (m->status != STATUS_OK) {
            return DFA_MAYBE;
        }
    }
    return text_column_run(c, &m->walker, b,
                           text_values_before(text_row_cursor(m, b, e->column), row) + e->ordinal,
                           state);
}

uint32_t text_row_literal(struct text_match *m, struct text_step *step, uint32_t state) {
    if (step->in != state) {
        step->out = dfa_run(m->walker.dfa, state, step->element->literal);
        step->in = state;
    }
    return step->out;
}

bool text_row_is_useful(const struct text_match *m, struct text_step *step, uint32_t state) {
    if (state == DFA_START || state == step->fine) {
        return true;
    }
    bool useful = (dfa_positions(m->walker.dfa, state) & step->useful) != 0;
    step->fine = useful ? state : step->fine;
    return useful;
}

/* From `state` before step i: skips steps that lead to the same state whatever the row has. */
static void find_skip(struct text_match *m, const struct text_span *span, uint32_t i,
                      uint32_t state) {
    struct text_step *first = &span->steps[i];
    bool same = true;
    first->skip_in = state;
    first->skip_moves++;
    for (; i < span->count && same && state != DFA_START && !dfa_is_end(state); i += same) {
        struct text_step *step = &span->steps[i];
        uint32_t next = state;
        if (step->element->kind == ROW_TEXT_LITERAL) {
            next = text_row_literal(m, step, state);
        } else {
            same = step->element->kind == ROW_TEXT_VALUE &&
                   text_column_is_same(&next, &m->columns.items[step->element->place], &m->walker,
                                       state);
        }
        if (same) {
            state = dfa_is_end(next) || text_row_is_useful(m, step, next) ? next : DFA_START;
        }
    }
    first->skip_to = i;
    first->skip_out = state;
}

/* The state behind a step. */
static uint32_t run_step(struct text_match *m, struct block *b, struct text_step *step,
                         uint32_t row, uint32_t state) {
    switch (step->element->kind) {
    case ROW_TEXT_LITERAL:
        return text_row_literal(m, step, state);
    case ROW_TEXT_VALUE:
        return run_value(m, b, step->element, row, state);
    case ROW_TEXT_TIME:
        return run_time(m, b, step, row, state);
    default:
        return DFA_MAYBE;
    }
}

/* A match that begins in none of the steps before the next start is not looked for there; what has
 * begun skips the steps that tell nothing. */
static uint32_t run_span(struct text_match *m, struct block *b, const struct text_span *span,
                         uint32_t row) {
    uint32_t state = DFA_START;
    for (uint32_t i = 0; i < span->count;) {
        struct text_step *step = &span->steps[i];
        if (state == DFA_START && step->start != i) {
            i = step->start;
            continue;
        }
        if (state != DFA_START && step->skip_in != state && step->skip_moves < MAX_SKIP_MOVES) {
            find_skip(m, span, i, state);
        }
        if (step->skip_in == state && step->skip_to > i) {
            i = step->skip_to;
            state = step->skip_out;
        } else {
            state = run_step(m, b, step, row, state);
            bool lasts = dfa_is_end(state) || text_row_is_useful(m, step, state);
            state = lasts ? state : DFA_START;
            i++;
        }
        if (dfa_is_end(state)) {
            return state;
        }
    }
    return DFA_START;
}

static uint32_t run_told(struct text_match *m, const struct block *b, const struct text_met *met,
                         uint32_t row) {
    const struct text_told *told = met->told;
    uint32_t class = 0;
    for (uint32_t i = 0; i < told->value_count; i++) {
        const struct text_told_value *v = &told->values[i];
        const struct text_column *c = v->column;
        uint32_t index =
            text_values_before(text_row_cursor(m, b, c->key.column), row) + met->ordinals[i];
        if (index >= c->value_count) {
            return DFA_MAYBE;
        }
        uint32_t entry = v->is_number ? index : c->codes[index];
        class = v->next[class * v->entry_count + entry];
    }
    return class;
}

/* DFA_MATCH, DFA_MAYBE, or something else: the row does not match. */
static uint32_t run_plan(struct text_match *m, struct block *b, const struct text_plan *plan,
                         uint32_t row) {
    uint32_t result = DFA_START;
    if (plan->kind != TEXT_PLAN_SPANS) {
        return DFA_MAYBE; /* ALL that have to be verified, WHOLE */
    }
    for (uint32_t i = 0; i < plan->span_count && result != DFA_MATCH; i++) {
        uint32_t state = run_span(m, b, &plan->spans[i], row);
        result = dfa_is_end(state) ? state : result;
    }
    return result;
}

uint32_t text_row_run(struct text_match *m, struct block *b, uint32_t row) {
    const struct text_met *met = text_met_of_row(m, b, row);
    uint32_t result = met->told != NULL ? run_told(m, b, met, row)
                                        : run_plan(m, b, &m->plans[met->template], row);
    return result == DFA_MATCH && met->verify ? DFA_MAYBE : result;
}
