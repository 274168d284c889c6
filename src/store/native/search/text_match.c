#include "text_match.h"

#include "i18n.h"
#include "mem.h"

/* A time that was printed last, by pattern and zone. */
struct text_time {
    const struct formula *formula;
    struct time_cache cache;
    bool has_fraction;
    int64_t second; /* of the state behind, where no fraction is printed */
    uint32_t in;
    uint32_t out;
    bool is_known;
};

struct text_match {
    struct segment *segment;
    struct text_walker walker;
    struct text_plan *plans; /* by template */
    struct text_columns columns;
    struct text_time *times;
    size_t time_count;
    size_t time_capacity;
    uint64_t block_number; /* 1 + blocks before */
    uint32_t *cursors;     /* by column of the segment: values of the block's rows before */
    uint64_t *counted;     /* by column: block_number of the block that counted it last */
    struct met_template {
        uint64_t block_number; /* of the block that had a row of it last */
        uint32_t first;        /* `steps` of its rows */
        uint32_t end;
        bool is_live;   /* its rows may match */
    } * met;            /* by template */
    uint32_t *met_list; /* templates that the block has */
    uint32_t met_count;
    struct text_use *steps; /* of counted columns, template after template */
    uint32_t step_count;
    size_t step_capacity;
    bool any_live;
    bool is_possible;
    bool reads_times;
    bool has_encoded; /* the segment has templates that are left to `encoded` */
    struct buf text;  /* scratch: a time */
    /* Rows in other encodings: for what ASCII must be in their bytes (is_ascii_kept); else NULL */
    struct text_match *encoded;
    struct automaton literal; /* of `encoded` */
};

/* --- making --- */

static uint64_t bit_of(uint32_t row) {
    return UINT64_C(1) << (row % 64);
}

/* Plans the templates that are not decided yet. */
static void make_plans(struct text_match *m, enum text_plan_kind kind) {
    for (uint32_t t = 0; t < m->segment->template_count; t++) {
        if (m->plans[t].kind == kind) {
            text_plan_make(&m->plans[t], &m->walker, &m->columns);
        }
    }
}

/* First by what is known without reading values; then by the dictionaries that this left. */
static enum status prepare(struct text_match *m, struct err *err) {
    make_plans(m, TEXT_PLAN_WHOLE);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < m->columns.count && status == STATUS_OK; i++) {
        if (m->columns.items[i].is_read) {
            status = text_column_prepare(&m->columns.items[i], &m->walker, m->segment, err);
        }
    }
    if (status == STATUS_OK && m->columns.count > 0) {
        make_plans(m, TEXT_PLAN_SPANS);
    }
    return status;
}

static void note_reads(struct text_match *m, uint8_t *is_read, const struct text_plan *plan) {
    m->is_possible = m->is_possible || plan->kind != TEXT_PLAN_NONE;
    for (uint32_t i = 0; plan->kind == TEXT_PLAN_SPANS && i < plan->span_count; i++) {
        for (uint32_t k = 0; k < plan->spans[i].count; k++) {
            const struct row_text_element *e = plan->spans[i].steps[k].element;
            m->reads_times = m->reads_times || e->kind == ROW_TEXT_TIME;
            if (e->kind == ROW_TEXT_VALUE) {
                is_read[e->column] = 1;
            }
        }
    }
}

static void count_uses(struct text_match *m) {
    const struct segment *s = m->segment;
    uint8_t *is_read = mem_calloc(s->column_count + 1, 1);
    for (uint32_t t = 0; t < s->template_count; t++) {
        note_reads(m, is_read, &m->plans[t]);
    }
    for (uint32_t t = 0; t < s->template_count && m->is_possible; t++) {
        text_plan_count(&m->plans[t], &m->walker.arena, s, &s->templates[t], is_read);
    }
    mem_free(is_read);
}

/* Plans only templates whose rows are encoded, or only the others. */
static void init_plans(struct text_match *m, bool of_encoded) {
    const struct segment *s = m->segment;
    bool any_encoded = false;
    for (uint32_t t = 0; t < s->template_count; t++) {
        bool is_encoded = text_plan_is_encoded(&s->templates[t]);
        any_encoded = any_encoded || is_encoded;
        if (is_encoded == of_encoded) {
            text_plan_init(&m->plans[t], &m->walker, s, &s->templates[t], &m->columns, m->cursors);
        } else {
            m->plans[t] = (struct text_plan){.kind = of_encoded ? TEXT_PLAN_NONE : TEXT_PLAN_WHOLE,
                                             .verify = true};
        }
    }
    m->has_encoded = any_encoded && !of_encoded;
}

static enum status create(struct text_match **out, const struct automaton *automaton,
                          struct segment *s, bool of_encoded, struct err *err) {
    struct text_match *m = mem_calloc(1, sizeof *m);
    m->segment = s;
    m->walker = (struct text_walker){.automaton = automaton, .dfa = dfa_create(automaton)};
    m->walker.has_literal = automaton->literal.len > 1;
    if (m->walker.has_literal) {
        m->walker.literal = substring_make(automaton->literal, automaton->ignores_case);
    }
    m->plans = mem_calloc((size_t)s->template_count + 1, sizeof *m->plans);
    m->met = mem_calloc((size_t)s->template_count + 1, sizeof *m->met);
    m->met_list = mem_calloc((size_t)s->template_count + 1, sizeof *m->met_list);
    m->counted = mem_calloc(s->column_count + 1, sizeof *m->counted);
    m->cursors = mem_calloc(s->column_count + 1, sizeof *m->cursors);
    m->columns.first = mem_calloc(s->column_count + 1, sizeof *m->columns.first);
    init_plans(m, of_encoded);
    enum status status = prepare(m, err);
    if (status != STATUS_OK) {
        text_match_destroy(&m);
        return status;
    }
    count_uses(m);
    *out = m;
    return STATUS_OK;
}

enum status text_match_create(struct text_match **out, const struct automaton *automaton,
                              struct segment *s, struct err *err) {
    struct text_match *m = NULL;
    enum status status = segment_templates(s, err);
    if (status == STATUS_OK) {
        status = segment_notes(s, err);
    }
    if (status == STATUS_OK) {
        status = create(&m, automaton, s, false, err);
    }
    if (status == STATUS_OK && m->has_encoded && automaton->literal.len > 0) {
        automaton_of_literal(&m->literal, &m->walker.arena, automaton->literal,
                             automaton->ignores_case);
        status = create(&m->encoded, &m->literal, s, true, err);
    }
    if (status != STATUS_OK) {
        text_match_destroy(&m);
        return status;
    }
    *out = m;
    return STATUS_OK;
}

void text_match_destroy(struct text_match **match) {
    struct text_match *m = *match;
    if (m == NULL) {
        return;
    }
    for (size_t i = 0; i < m->columns.count; i++) {
        text_column_fini(&m->columns.items[i]);
    }
    mem_free(m->columns.items);
    mem_free(m->columns.first);
    mem_free(m->times);
    mem_free(m->plans);
    mem_free(m->met);
    mem_free(m->met_list);
    mem_free(m->counted);
    mem_free(m->steps);
    mem_free(m->cursors);
    text_match_destroy(&m->encoded);
    dfa_destroy(&m->walker.dfa);
    buf_fini(&m->text);
    arena_fini(&m->walker.arena);
    mem_free(m);
    *match = NULL;
}

bool text_match_is_possible(const struct text_match *match) {
    return match->is_possible;
}

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
    struct met_template *met = &m->met[number];
    met->block_number = m->block_number;
    met->is_live = can;
    m->met_list[m->met_count++] = number;
    if (can) {
        m->any_live = true;
        count_columns(m, plan);
    }
    return STATUS_OK;
}

/* How many values of the counted columns a row of each template has. */
static void count_values(struct text_match *m) {
    m->step_count = 0;
    for (uint32_t i = 0; i < m->met_count; i++) {
        struct met_template *met = &m->met[m->met_list[i]];
        const struct text_plan *plan = &m->plans[m->met_list[i]];
        met->first = m->step_count;
        MEM_GROW(m->steps, m->step_capacity, (size_t)m->step_count + plan->use_count + 1);
        for (uint32_t k = 0; k < plan->use_count; k++) {
            if (m->counted[plan->uses[k].column] == m->block_number) {
                m->steps[m->step_count++] = plan->uses[k];
            }
        }
        met->end = m->step_count;
    }
}

static enum status meet_templates(struct text_match *m, struct block *b, struct err *err) {
    enum status status = block_numbers(b, NUMBER_TEMPLATE, err);
    m->block_number++;
    m->met_count = 0;
    m->any_live = false;
    for (uint32_t row = 0; status == STATUS_OK && row < b->info->rows; row++) {
        uint64_t number = (uint64_t)b->numbers[NUMBER_TEMPLATE][row];
        if (number >= m->segment->template_count) {
            return segment_damaged(m->segment, err, _("a row has no template"));
        }
        if (m->met[number].block_number != m->block_number) {
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

static enum status match_rows(struct text_match *m, struct block *b, const uint64_t *care,
                              uint64_t *hits, uint64_t *maybe, struct err *err) {
    m->any_live = false;
    enum status status = m->is_possible ? meet_templates(m, b, err) : STATUS_OK;
    if (status != STATUS_OK || !m->any_live) {
        return status;
    }
    for (uint32_t row = 0; row < b->info->rows; row++) {
        uint32_t number = (uint32_t)b->numbers[NUMBER_TEMPLATE][row];
        const struct met_template *met = &m->met[number];
        if (met->is_live && (care[row / 64] & bit_of(row)) != 0) {
            uint32_t result = run_row(m, b, &m->plans[number], row);
            hits[row / 64] |= result == DFA_MATCH ? bit_of(row) : 0;
            maybe[row / 64] |= result == DFA_MAYBE ? bit_of(row) : 0;
        }
        for (uint32_t i = met->first; i < met->end; i++) {
            m->cursors[m->steps[i].column] += m->steps[i].count;
        }
    }
    return STATUS_OK;
}

/* True if runs of ASCII in the row's search text are the same bytes in the row, so that they can be
 * looked for there. */
static enum status keeps_ascii(bool *keeps, struct block *b, uint32_t row, struct err *err) {
    int64_t charset = 0;
    int64_t flags = 0;
    enum status status = block_number_at(&charset, b, NUMBER_CHARSET, row, err);
    if (status == STATUS_OK) {
        status = block_number_at(&flags, b, NUMBER_FLAGS, row, err);
    }
    *keeps = (charset == CHARSET_CP932 || charset == CHARSET_EUC_JP) &&
             (flags & (ROW_IN_CONTAINER | ROW_DERIVED)) == 0;
    return status;
}

/* Of the rows that are encoded: those whose bytes cannot hold what each match holds are no longer
 * maybe. */
static enum status rule_out_encoded(struct text_match *m, struct block *b, uint64_t *maybe,
                                    struct err *err) {
    uint64_t encoded[SEGMENT_BLOCK_ROWS / 64] = {0};
    uint64_t can[SEGMENT_BLOCK_ROWS / 64] = {0};
    bool any = false;
    for (uint32_t row = 0; row < b->info->rows; row++) {
        uint32_t number = (uint32_t)b->numbers[NUMBER_TEMPLATE][row];
        bool is_encoded = text_plan_is_encoded(&m->segment->templates[number]);
        encoded[row / 64] |= is_encoded ? maybe[row / 64] & bit_of(row) : 0;
        any = any || is_encoded;
    }
    enum status status = STATUS_OK;
    if (any) {
        status = match_rows(m->encoded, b, encoded, can, can, err);
    }
    for (uint32_t row = 0; any && row < b->info->rows && status == STATUS_OK; row++) {
        bool keeps = false;
        if (((encoded[row / 64] & ~can[row / 64]) & bit_of(row)) != 0) {
            status = keeps_ascii(&keeps, b, row, err);
            maybe[row / 64] &= keeps ? ~bit_of(row) : UINT64_MAX;
        }
    }
    return status;
}

enum status text_match_block(struct text_match *m, struct block *b, const uint64_t *care,
                             uint64_t *hits, uint64_t *maybe, struct err *err) {
    enum status status = match_rows(m, b, care, hits, maybe, err);
    uint64_t any = 0;
    for (size_t i = 0; i < SEGMENT_BLOCK_ROWS / 64; i++) {
        any |= maybe[i];
    }
    return status == STATUS_OK && any != 0 && m->encoded != NULL
               ? rule_out_encoded(m, b, maybe, err)
               : status;
}
