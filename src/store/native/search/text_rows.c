/* Rows of a block, by the plans of their templates. */
#include "i18n.h"
#include "mem.h"
#include "text_match_priv.h"

/* --- one row --- */

static struct text_time *find_time(struct text_match *m, const struct formula *f) {
    for (size_t i = 0; i < m->time_count; i++) {
        const struct formula *known = m->times[i].formula;
        if (known == f ||
            (known->zone_seconds == f->zone_seconds && str_eq(known->pattern, f->pattern))) {
            return &m->times[i];
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
    return time;
}

static uint32_t run_time(struct text_match *m, const struct formula *f, int64_t time_ns,
                         uint32_t state) {
    struct text_time *time = find_time(m, f);
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

static uint32_t run_step(struct text_match *m, const struct block *b, struct text_step *step,
                         uint32_t row, uint32_t state) {
    const struct row_text_element *e = step->element;
    switch (e->kind) {
    case ROW_TEXT_LITERAL:
        if (step->in != state) {
            step->out = dfa_run(m->walker.dfa, state, e->literal);
            step->in = state;
        }
        return step->out;
    case ROW_TEXT_VALUE:
        return text_column_run(&m->columns.items[step->element->place], &m->walker, b,
                               m->cursors[e->column] + e->ordinal, state);
    case ROW_TEXT_TIME:
        return run_time(m, e->time, b->numbers[NUMBER_TIME][row], state);
    default:
        return DFA_MAYBE;
    }
}

static uint32_t run_span(struct text_match *m, const struct block *b, const struct text_span *span,
                         uint32_t row) {
    uint32_t state = DFA_START;
    for (uint32_t i = 0; i < span->count; i++) {
        struct text_step *step = &span->steps[i];
        if (state == DFA_START && step->start != i) {
            i = step->start - 1; /* nothing begins before; the loop goes on there */
            continue;
        }
        state = run_step(m, b, step, row, state);
        if (dfa_is_end(state)) {
            break;
        }
        if (state != DFA_START && (dfa_positions(m->walker.dfa, state) & step->useful) == 0) {
            state = DFA_START;
        }
    }
    return state;
}

/* DFA_MATCH, DFA_MAYBE, or something else: the row does not match. */
static uint32_t run_row(struct text_match *m, const struct block *b, const struct text_plan *plan,
                        uint32_t row) {
    uint32_t result = DFA_START;
    switch (plan->kind) {
    case TEXT_PLAN_NONE:
        return DFA_START;
    case TEXT_PLAN_ALL:
        result = DFA_MATCH;
        break;
    case TEXT_PLAN_WHOLE:
        return DFA_MAYBE;
    case TEXT_PLAN_SPANS:
        for (uint32_t i = 0; i < plan->span_count && result != DFA_MATCH; i++) {
            uint32_t state = run_span(m, b, &plan->spans[i], row);
            result = dfa_is_end(state) ? state : result;
        }
        break;
    }
    return result == DFA_MATCH && plan->verify ? DFA_MAYBE : result;
}

/* --- blocks: which templates can match --- */

/* False if the one value that the span looks at is nowhere in the block what is looked for. */
static enum status span_can_match(bool *can, struct text_match *m, struct block *b,
                                  const struct text_span *span, struct err *err) {
    *can = true;
    for (uint32_t i = 0; i < span->count; i++) {
        if (span->steps[i].element->kind != ROW_TEXT_VALUE) {
            continue;
        }
        struct text_column *c = &m->columns.items[span->steps[i].element->place];
        enum status status = text_column_begin(c, &m->walker, b, m->block_number, err);
        if (status != STATUS_OK) {
            return status;
        }
        *can = span->count > 1 || !c->excludes;
    }
    return STATUS_OK;
}

/* Columns of which the block's rows are counted: those that its live templates read. */
static void count_columns(struct text_match *m, const struct text_plan *plan) {
    for (uint32_t i = 0; plan->kind == TEXT_PLAN_SPANS && i < plan->span_count; i++) {
        for (uint32_t k = 0; k < plan->spans[i].count; k++) {
            const struct row_text_element *e = plan->spans[i].steps[k].element;
            if (e->kind == ROW_TEXT_VALUE) {
                m->counted[e->column] = m->block_number;
                m->cursors[e->column] = 0;
            }
        }
    }
}

/* True if one value of a dictionary tells of each row whether it matches. */
static bool is_told_by_one(struct text_met_template *met, struct text_match *m,
                           const struct text_plan *plan) {
    bool one = plan->kind == TEXT_PLAN_SPANS && plan->span_count == 1 && !plan->verify &&
               plan->spans[0].count == 1;
    const struct row_text_element *e = one ? plan->spans[0].steps[0].element : NULL;
    if (e == NULL || e->kind != ROW_TEXT_VALUE || m->columns.items[e->place].codes == NULL) {
        return false;
    }
    met->only = &m->columns.items[e->place];
    met->column = e->column;
    met->ordinal = e->ordinal;
    return true;
}

/* Looks at a template the first time that the block has a row of it. */
static enum status meet_template(struct text_match *m, struct block *b, uint32_t number,
                                 struct err *err) {
    const struct text_plan *plan = &m->plans[number];
    bool can = plan->kind == TEXT_PLAN_ALL || plan->kind == TEXT_PLAN_WHOLE;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; plan->kind == TEXT_PLAN_SPANS && i < plan->span_count; i++) {
        bool span_can = false;
        status = span_can_match(&span_can, m, b, &plan->spans[i], err);
        if (status != STATUS_OK) {
            return status;
        }
        can = can || span_can;
    }
    m->met_list[m->met_count++] = number;
    m->met[number] = TEXT_DEAD;
    if (can) {
        bool one = is_told_by_one(&m->met_templates[number], m, plan);
        m->met[number] = one ? TEXT_LIVE_ONE : TEXT_LIVE;
        m->any_live = true;
        count_columns(m, plan);
    }
    return STATUS_OK;
}

/* How many values of the counted columns a row of each template has. */
static void count_values(struct text_match *m) {
    m->step_count = 0;
    for (uint32_t i = 0; i < m->met_count; i++) {
        struct text_met_template *met = &m->met_templates[m->met_list[i]];
        struct text_plan *plan = &m->plans[m->met_list[i]];
        if (plan->uses == NULL) {
            text_plan_count(plan, &m->walker.arena, &m->segment->templates[m->met_list[i]],
                            m->is_read, m->read_count);
        }
        met->first = m->step_count;
        MEM_GROW(m->steps, m->step_capacity, (size_t)m->step_count + plan->use_count + 1);
        for (uint32_t k = 0; k < plan->use_count; k++) {
            if (m->counted[plan->uses[k].column] == m->block_number) {
                m->steps[m->step_count++] = plan->uses[k];
            }
        }
        met->end = m->step_count;
        uint8_t *kind = &m->met[m->met_list[i]];
        *kind = *kind == TEXT_DEAD && met->end > met->first ? TEXT_COUNTED : *kind;
    }
}

static void forget_block(struct text_match *m) {
    for (uint32_t i = 0; i < m->met_count; i++) {
        m->met[m->met_list[i]] = TEXT_NOT_MET;
    }
    m->met_count = 0;
    m->any_live = false;
    m->block_number++;
}

static enum status meet_templates(struct text_match *m, struct block *b, struct err *err) {
    enum status status = block_numbers(b, NUMBER_TEMPLATE, err);
    const int64_t *numbers = b->numbers[NUMBER_TEMPLATE];
    uint64_t count = m->segment->template_count;
    for (uint32_t row = 0; status == STATUS_OK && row < b->info->rows; row++) {
        uint64_t number = (uint64_t)numbers[row];
        if (number >= count) {
            return segment_damaged(m->segment, err, _("a row has no template"));
        }
        if (m->met[number] == TEXT_NOT_MET) {
            status = meet_template(m, b, (uint32_t)number, err);
        }
    }
    if (status == STATUS_OK && m->any_live) {
        count_values(m);
        status = m->reads_times ? block_numbers(b, NUMBER_TIME, err) : STATUS_OK;
    }
    return status;
}

/* --- blocks: rows --- */

static uint32_t match_row(struct text_match *m, const struct block *b, uint32_t number,
                          uint32_t row) {
    if (m->met[number] == TEXT_LIVE_ONE) {
        const struct text_met_template *met = &m->met_templates[number];
        uint32_t index = m->cursors[met->column] + met->ordinal;
        return index < met->only->value_count ? met->only->from_start[met->only->codes[index]]
                                              : DFA_MAYBE;
    }
    return run_row(m, b, &m->plans[number], row);
}

enum status text_rows_match(struct text_match *m, struct block *b, const uint64_t *care,
                            uint64_t *hits, uint64_t *maybe, struct err *err) {
    forget_block(m);
    enum status status = m->is_possible ? meet_templates(m, b, err) : STATUS_OK;
    if (status != STATUS_OK || !m->any_live) {
        return status;
    }
    const int64_t *numbers = b->numbers[NUMBER_TEMPLATE];
    for (uint32_t row = 0; row < b->info->rows; row++) {
        uint32_t number = (uint32_t)numbers[row];
        if (m->met[number] == TEXT_DEAD) {
            continue;
        }
        if (m->met[number] >= TEXT_LIVE && (care[row / 64] & text_row_bit(row)) != 0) {
            uint32_t result = match_row(m, b, number, row);
            hits[row / 64] |= result == DFA_MATCH ? text_row_bit(row) : 0;
            maybe[row / 64] |= result == DFA_MAYBE ? text_row_bit(row) : 0;
        }
        const struct text_met_template *met = &m->met_templates[number];
        for (uint32_t i = met->first; i < met->end; i++) {
            m->cursors[m->steps[i].column] += m->steps[i].count;
        }
    }
    return STATUS_OK;
}
