/*
 * Rows of a block, by the plans of their templates: templates are numbered in the block, each is
 * looked at once; then the rows of those that can match are gone through. A column is unpacked when
 * the first row asks for it.
 */
#include "i18n.h"
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

static void begin_cursor(struct text_match *m, struct text_cursor *c, uint32_t column) {
    MEM_GROW(c->uses, c->use_capacity, m->met_count);
    c->block_number = m->block_number;
    c->row = 0;
    c->count = 0;
    for (uint32_t i = 0; i < m->met_count; i++) {
        c->uses[i] = uses_of(m, m->met[i].template, column);
        c->each = i == 0 || c->uses[i] == c->each ? c->uses[i] : UINT32_MAX;
    }
}

/* The column's values of the rows before `row`, which is none before the last one asked for. */
static inline uint32_t values_before(struct text_match *m, uint32_t column, uint32_t row) {
    struct text_cursor *c = &m->cursors[column];
    if (c->block_number != m->block_number) {
        begin_cursor(m, c, column);
    }
    if (c->each != UINT32_MAX) {
        return row * c->each;
    }
    for (; c->row < row; c->row++) {
        c->count += c->uses[m->numbers[c->row]];
    }
    return c->count;
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
    return text_column_run(c, &m->walker, b, values_before(m, e->column, row) + e->ordinal, state);
}

static inline uint32_t run_literal(struct text_match *m, struct text_step *step, uint32_t state) {
    if (step->in != state) {
        step->out = dfa_run(m->walker.dfa, state, step->element->literal);
        step->in = state;
    }
    return step->out;
}

static inline bool is_useful(const struct text_match *m, struct text_step *step, uint32_t state) {
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
            next = run_literal(m, step, state);
        } else {
            same = step->element->kind == ROW_TEXT_VALUE &&
                   text_column_is_same(&next, &m->columns.items[step->element->place], &m->walker,
                                       state);
        }
        if (same) {
            state = dfa_is_end(next) || is_useful(m, step, next) ? next : DFA_START;
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
        return run_literal(m, step, state);
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
            bool lasts = dfa_is_end(state) || is_useful(m, step, state);
            state = lasts ? state : DFA_START;
            i++;
        }
        if (dfa_is_end(state)) {
            return state;
        }
    }
    return DFA_START;
}

static inline uint32_t run_told(struct text_match *m, const struct text_met *met, uint32_t row) {
    const struct text_told *told = met->told;
    uint32_t class = 0;
    for (uint32_t i = 0; i < told->value_count; i++) {
        const struct text_told_value *v = &told->values[i];
        const struct text_column *c = v->column;
        uint32_t index = values_before(m, c->key.column, row) + met->ordinals[i];
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

static inline uint32_t run_row(struct text_match *m, struct block *b, uint32_t row) {
    const struct text_met *met = &m->met[m->numbers[row]];
    uint32_t result =
        met->told != NULL ? run_told(m, met, row) : run_plan(m, b, &m->plans[met->template], row);
    return result == DFA_MATCH && met->verify ? DFA_MAYBE : result;
}

/* --- blocks: which templates can match --- */

/* The first column in which a match of the span can begin: is it known to begin in none of its
 * values? Then *state is behind all of them. */
static enum status begin_span(bool *is_known, uint32_t *state, struct text_match *m,
                              struct block *b, const struct text_span *span, uint32_t step,
                              struct err *err) {
    struct text_column *c = &m->columns.items[span->steps[step].element->place];
    *is_known = text_column_is_one(state, c, &m->walker, b->info, *state);
    if (*is_known || *state != DFA_START) {
        return STATUS_OK;
    }
    enum status status = text_column_begin(c, &m->walker, b, m->block_number, err);
    text_column_look(c);
    *is_known = c->is_quiet || (span->count == 1 && c->excludes);
    return status;
}

/* False if the values that the block has cannot be what the span looks for: as far as all rows lead
 * to one state. */
static enum status span_can_match(bool *can, struct text_match *m, struct block *b,
                                  const struct text_span *span, struct err *err) {
    uint32_t state = DFA_START;
    enum status status = STATUS_OK;
    bool is_known = true;
    for (uint32_t i = 0; i < span->count && is_known && !dfa_is_end(state); i++) {
        struct text_step *step = &span->steps[i];
        if (state == DFA_START && step->start != i) {
            i = step->start - 1;
            continue;
        }
        if (step->element->kind == ROW_TEXT_LITERAL) {
            state = run_literal(m, step, state);
        } else if (step->element->kind == ROW_TEXT_VALUE) {
            status = begin_span(&is_known, &state, m, b, span, i, err);
        } else {
            is_known = false;
        }
        bool goes_on = !is_known || dfa_is_end(state) || is_useful(m, step, state);
        state = goes_on ? state : DFA_START;
    }
    *can = !is_known || dfa_is_end(state);
    return status;
}

static enum status plan_can_match(bool *can, struct text_match *m, struct block *b,
                                  const struct text_plan *plan, struct err *err) {
    enum status status = STATUS_OK;
    if (plan->kind == TEXT_PLAN_SPANS && plan->told != NULL) {
        status = text_told_begin(plan->told, &m->walker, b, m->block_number, err);
        *can = !plan->told->excludes;
        return status;
    }
    *can = plan->kind == TEXT_PLAN_ALL || plan->kind == TEXT_PLAN_WHOLE;
    for (uint32_t i = 0; plan->kind == TEXT_PLAN_SPANS && i < plan->span_count; i++) {
        status = *can ? status : span_can_match(can, m, b, &plan->spans[i], err);
    }
    return status;
}

/* Looks at a template the first time that the block has a row of it. */
static enum status meet_template(struct text_match *m, struct block *b, uint32_t number,
                                 struct err *err) {
    const struct text_plan *plan = &m->plans[number];
    bool can = false;
    enum status status = plan_can_match(&can, m, b, plan, err);
    struct text_met *met = &m->met[m->met_count++];
    *met = (struct text_met){.template = number, .kind = TEXT_DEAD, .verify = plan->verify};
    m->met_of[number] = m->met_count;
    if (can) {
        met->kind = plan->kind == TEXT_PLAN_ALL && !plan->verify ? TEXT_ALL : TEXT_LIVE;
        met->told = plan->kind == TEXT_PLAN_SPANS ? plan->told : NULL;
        if (met->told != NULL) {
            text_told_ordinals(met->ordinals, plan);
        }
        m->any_live = true;
    }
    return status;
}

/* --- blocks: which templates they can have --- */

/* False if a column that each row of the template has a value of has none in the block. */
static bool block_has_values(const struct block *b, const struct template *t) {
    const uint32_t *counts = b->info->column_counts;
    bool has = true;
    for (uint32_t i = 0; i < t->piece_count && has; i++) {
        has = t->pieces[i].column == UINT32_MAX || counts[t->pieces[i].column] > 0;
    }
    for (uint32_t i = 0; i < t->value_count && has; i++) {
        const struct template_value *v = &t->values[i];
        has = v->transform != TRANSFORM_NONE || v->formula != NULL || counts[v->first] > 0;
    }
    return has;
}

static bool block_may_match(const struct text_match *m, const struct block *b) {
    bool may = false;
    for (uint32_t i = 0; i < m->possible_count && !may; i++) {
        may = block_has_values(b, &m->segment->templates[m->possible[i]]);
    }
    return may;
}

static void forget_block(struct text_match *m) {
    for (uint32_t i = 0; i < m->met_count; i++) {
        m->met_of[m->met[i].template] = 0;
    }
    m->met_count = 0;
    m->any_live = false;
    m->block_number++;
}

static enum status meet_templates(struct text_match *m, struct block *b, struct err *err) {
    enum status status = block_templates(b, err);
    const uint32_t *templates = b->templates;
    uint16_t *numbers = m->numbers;
    uint32_t *met_of = m->met_of;
    for (uint32_t row = 0, rows = b->info->rows; status == STATUS_OK && row < rows;) {
        uint32_t number = 1; /* most rows have a template that is met already */
        for (; row < rows && (number = met_of[templates[row]]) != 0; row++) {
            numbers[row] = (uint16_t)(number - 1);
        }
        if (number == 0) {
            status = meet_template(m, b, templates[row], err);
        }
    }
    return status;
}

/* --- blocks: rows --- */

enum { FLAG_ALL = 1, FLAG_LIVE = 2 };

/* What templates tell of the rows. */
struct told_rows {
    uint64_t all[SEGMENT_BLOCK_ROWS / 64]; /* they match */
    uint64_t live[SEGMENT_BLOCK_ROWS / 64];
    uint8_t flags[SEGMENT_BLOCK_ROWS + 1]; /* by template of the block, and of no row */
};

/* The lowest bits of eight bytes. */
static uint64_t gather_bits(uint64_t bytes) {
    return (bytes & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56;
}

static void tell_rows(struct told_rows *out, struct text_match *m, uint32_t rows) {
    memset(out->all, 0, sizeof out->all);
    memset(out->live, 0, sizeof out->live);
    for (uint32_t i = 0; i < m->met_count; i++) {
        enum text_met_kind kind = m->met[i].kind;
        out->flags[i] = kind == TEXT_ALL ? FLAG_ALL : kind == TEXT_LIVE ? FLAG_LIVE : 0;
    }
    out->flags[m->met_count] = 0;
    for (uint32_t row = rows; row % 8 != 0; row++) {
        m->numbers[row] = (uint16_t)m->met_count;
    }
    for (uint32_t row = 0; row < rows; row += 8) {
        const uint16_t *numbers = &m->numbers[row];
        uint64_t bytes = 0;
        for (uint32_t i = 0; i < 8; i++) {
            bytes |= (uint64_t)out->flags[numbers[i]] << (8 * i);
        }
        out->all[row / 64] |= gather_bits(bytes) << (row % 64);
        out->live[row / 64] |= gather_bits(bytes >> 1) << (row % 64);
    }
}

enum status text_rows_match(struct text_match *m, struct block *b, const uint64_t *care,
                            uint64_t *hits, uint64_t *maybe, struct err *err) {
    forget_block(m);
    enum status status = block_may_match(m, b) ? meet_templates(m, b, err) : STATUS_OK;
    if (status != STATUS_OK || !m->any_live) {
        return status;
    }
    struct told_rows told;
    tell_rows(&told, m, b->info->rows);
    m->status = STATUS_OK;
    m->err = err;
    for (uint32_t i = 0; i < SEGMENT_BLOCK_ROWS / 64; i++) {
        hits[i] |= told.all[i] & care[i];
        for (uint64_t left = told.live[i] & care[i]; left != 0 && m->status == STATUS_OK;
             left &= left - 1) {
            uint32_t row = i * 64 + (uint32_t)__builtin_ctzll(left);
            uint32_t result = run_row(m, b, row);
            hits[i] |= result == DFA_MATCH ? left & -left : 0;
            maybe[i] |= result == DFA_MAYBE ? left & -left : 0;
        }
    }
    return m->status;
}
