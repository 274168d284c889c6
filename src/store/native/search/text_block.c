/* Rows of a block, by the plans of their templates: templates are numbered in the block, each is
 * looked at once; then the rows of those that can match are gone through. */
#include "text_match_priv.h"

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
    if (status == STATUS_OK) {
        text_column_look(c);
        *is_known = c->is_quiet || (span->count == 1 && c->excludes);
    }
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
            state = text_row_literal(m, step, state);
        } else if (step->element->kind == ROW_TEXT_VALUE) {
            status = begin_span(&is_known, &state, m, b, span, i, err);
        } else {
            is_known = false;
        }
        bool goes_on = !is_known || dfa_is_end(state) || text_row_is_useful(m, step, state);
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

/* Most templates of a block that values tell of are told of by the same ones. */
static void join_group(struct text_match *m, struct text_met *met) {
    const struct text_met *group = m->group == NULL ? met : m->group;
    bool same = group->told == met->told && group->verify == met->verify &&
                memcmp(group->ordinals, met->ordinals, sizeof met->ordinals) == 0;
    m->group = group;
    met->kind = same ? TEXT_GROUPED : TEXT_LIVE;
}

/* Looks at a template the first time that the block has a row of it. */
static enum status meet_template(struct text_match *m, struct block *b, uint32_t number,
                                 struct err *err) {
    const struct text_plan *plan = &m->plans[number];
    bool can = false;
    enum status status = plan_can_match(&can, m, b, plan, err);
    struct text_met *met = &m->met[m->met_count++];
    *met = (struct text_met){.template = number, .kind = TEXT_DEAD, .verify = plan->verify};
    m->met_of[number] = m->met_count - 1;
    if (can) {
        met->kind = plan->kind == TEXT_PLAN_ALL && !plan->verify ? TEXT_ALL : TEXT_LIVE;
        met->told = plan->kind == TEXT_PLAN_SPANS ? plan->told : NULL;
        if (met->told != NULL) {
            text_told_ordinals(met->ordinals, plan);
            join_group(m, met);
        }
        m->any_live = true;
    }
    static const uint8_t bits[] = {[TEXT_DEAD] = 0,
                                   [TEXT_ALL] = TEXT_IS_ALL,
                                   [TEXT_LIVE] = TEXT_IS_LIVE,
                                   [TEXT_GROUPED] = TEXT_IS_GROUPED};
    m->kinds[number] = bits[met->kind];
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
        m->kinds[m->met[i].template] = TEXT_IS_UNMET;
    }
    m->met_count = 0;
    m->group = NULL;
    m->any_live = false;
    m->block_number++;
}

/* --- blocks: rows --- */

enum { WORDS = SEGMENT_BLOCK_ROWS / 64 };

/* What templates tell of the rows. */
struct told_rows {
    uint64_t all[WORDS]; /* they match */
    uint64_t live[WORDS];
    uint64_t grouped[WORDS];
};

/* The lowest bits of eight bytes. */
static uint64_t gather_bits(uint64_t bytes) {
    return (bytes & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56;
}

/* The kinds of the templates of up to eight rows, a byte each. */
static inline uint64_t kinds_of(const uint8_t *kinds, const uint32_t *templates, uint32_t count) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        bytes |= (uint64_t)kinds[templates[i]] << (8 * i);
    }
    return bytes;
}

static void tell_rows(struct told_rows *out, uint32_t row, uint64_t bytes) {
    out->all[row / 64] |= gather_bits(bytes) << (row % 64);
    out->live[row / 64] |= gather_bits(bytes >> 1) << (row % 64);
    out->grouped[row / 64] |= gather_bits(bytes >> 2) << (row % 64);
}

static enum status meet_rows(struct text_match *m, struct block *b, uint32_t row, uint32_t count,
                             struct err *err) {
    enum status status = STATUS_OK;
    for (uint32_t i = row; i < row + count && status == STATUS_OK; i++) {
        if (m->kinds[b->templates[i]] == TEXT_IS_UNMET) {
            status = meet_template(m, b, b->templates[i], err);
        }
    }
    return status;
}

/* Most rows have a template that is met already, and cannot match. */
static enum status meet_templates(struct told_rows *out, struct text_match *m, struct block *b,
                                  struct err *err) {
    static const uint64_t unmet = UINT64_C(0x0101010101010101) * TEXT_IS_UNMET;
    enum status status = block_templates(b, err);
    uint32_t rows = b->info->rows;
    for (uint32_t row = 0; row < rows && status == STATUS_OK; row += 8) {
        const uint32_t *templates = &b->templates[row];
        uint32_t count = rows - row < 8 ? rows - row : 8;
        uint64_t bytes =
            count == 8 ? kinds_of(m->kinds, templates, 8) : kinds_of(m->kinds, templates, count);
        if ((bytes & unmet) != 0) {
            status = meet_rows(m, b, row, count, err);
            bytes = kinds_of(m->kinds, templates, count);
        }
        if (bytes != 0 && status == STATUS_OK) {
            tell_rows(out, row, bytes);
        }
    }
    return status;
}

/* One value of all rows: classes before it become those behind it. Rows without the value get any.
 */
static void run_column(uint8_t *classes, const struct text_told_value *v,
                       const struct text_cursor *c, uint32_t ordinal, uint32_t rows) {
    const uint32_t *codes = v->column->codes;
    const uint32_t last = v->column->value_count - 1;
    if (!v->is_number && c->each != UINT32_MAX && ordinal < c->each) {
        codes += ordinal;
        for (uint32_t row = 0; row < rows; row++, codes += c->each) {
            classes[row] = v->next[classes[row] * v->entry_count + *codes];
        }
        return;
    }
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t index = text_values_before(c, row) + ordinal;
        index = index < last ? index : last;
        uint32_t entry = v->is_number ? index : codes[index];
        classes[row] = v->next[classes[row] * v->entry_count + entry];
    }
}

/* Rows of the group, all at once, value by value. False: the block has not the values that its rows
 * need; each row tells. */
static bool run_group(struct text_match *m, const struct block *b, const uint64_t *rows,
                      uint64_t *hits, uint64_t *maybe) {
    uint8_t classes[SEGMENT_BLOCK_ROWS] = {0};
    const struct text_told *told = m->group->told;
    for (uint32_t i = 0; i < told->value_count; i++) {
        const struct text_told_value *v = &told->values[i];
        const struct text_cursor *c = text_row_cursor(m, b, v->column->key.column);
        if (c->all != v->column->value_count || c->all == 0) {
            return false;
        }
        run_column(classes, v, c, m->group->ordinals[i], b->info->rows);
    }
    for (uint32_t row = 0; row < b->info->rows; row += 8) {
        uint64_t bytes;
        memcpy(&bytes, classes + row, sizeof bytes);
        uint64_t match = gather_bits(bytes) << (row % 64) & rows[row / 64];
        uint64_t may = gather_bits(bytes >> 1) << (row % 64) & rows[row / 64];
        hits[row / 64] |= m->group->verify ? 0 : match;
        maybe[row / 64] |= m->group->verify ? match | may : may;
    }
    return true;
}

/* Row by row: those of `rows`. */
static void run_rows(struct text_match *m, struct block *b, const uint64_t *rows, uint64_t *hits,
                     uint64_t *maybe) {
    for (uint32_t i = 0; i < WORDS; i++) {
        for (uint64_t left = rows[i]; left != 0 && m->status == STATUS_OK; left &= left - 1) {
            uint32_t result = text_row_run(m, b, i * 64 + (uint32_t)__builtin_ctzll(left));
            hits[i] |= result == DFA_MATCH ? left & -left : 0;
            maybe[i] |= result == DFA_MAYBE ? left & -left : 0;
        }
    }
}

enum status text_block_match(struct text_match *m, struct block *b, const uint64_t *care,
                             uint64_t *hits, uint64_t *maybe, struct err *err) {
    struct told_rows told;
    memset(&told, 0, sizeof told);
    forget_block(m);
    enum status status = block_may_match(m, b) ? meet_templates(&told, m, b, err) : STATUS_OK;
    if (status != STATUS_OK || !m->any_live) {
        return status;
    }
    m->status = STATUS_OK;
    m->err = err;
    for (uint32_t i = 0; i < WORDS; i++) {
        hits[i] |= told.all[i] & care[i];
        told.live[i] &= care[i];
        told.grouped[i] &= care[i];
    }
    if (m->group != NULL && !run_group(m, b, told.grouped, hits, maybe)) {
        run_rows(m, b, told.grouped, hits, maybe);
    }
    run_rows(m, b, told.live, hits, maybe);
    return m->status;
}
